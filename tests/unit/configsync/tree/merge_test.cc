// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

#include "configsync/tree/merge.h"

#include <gtest/gtest.h>

#include "tests/unit/configsync/tree/model.h"
#include "tests/unit/configsync/tree/random_edits.h"
#include "tests/unit/configsync/tree/test_schema.h"

namespace configsync {
namespace {

class TreeMerge : public testing::Test {
 protected:
  Tree Rules(const std::string& names) {
    std::vector<Edit> edits;
    for (const char name : names)
      edits.push_back(schema_.Set("/policy/rule[" + std::string(1, name) + "]"));
    return schema_.Make(edits);
  }
  // Orders as letters; a conflict is shown as its reason and letters behind.
  std::string MergeRules(const std::string& base, const std::string& mine,
                         const std::string& theirs, Prefer prefer = Prefer::kMine) {
    const MergeResult merged = Merge(Rules(base), Rules(mine), Rules(theirs), prefer);
    std::string text;
    const Node* rules = merged.tree.Find(schema_.PathOf("/policy/rule"));
    if (rules != nullptr) {
      rules->VisitEntries([&](const Node& rule) {
        text += rule.key(0);
        return true;
      });
    }
    for (const Conflict& conflict : merged.conflicts) {
      text += conflict.reason == ConflictReason::kSamePlace ? " place " : " apart ";
      text += conflict.mine->key(0);
      text += conflict.theirs->key(0);
    }
    return text;
  }

  TestSchema schema_;
};

TEST_F(TreeMerge, ChangesOfBothSidesStand) {
  const Tree base =
      schema_.Make({schema_.Set("/policy/rule[a]/action", "deny"),
                    schema_.Set("/policy/rule[a]/source[any]"), schema_.Set("/zones/zone[z]")});
  const Tree mine = Applied(base, {schema_.Set("/policy/rule[a]/action", "permit"),
                                   schema_.Set("/policy/rule[a]/source[lan]")});
  const Tree theirs = Applied(
      base, {schema_.Delete("/zones/zone[z]"), schema_.Delete("/policy/rule[a]/source[any]"),
             schema_.Set("/policy/rule[a]/id", "7")});
  const MergeResult merged = Merge(base, mine, theirs);
  EXPECT_TRUE(merged.conflicts.empty());
  EXPECT_EQ(merged.tree, schema_.Make({schema_.Set("/policy/rule[a]/action", "permit"),
                                       schema_.Set("/policy/rule[a]/source[lan]"),
                                       schema_.Set("/policy/rule[a]/id", "7")}));
}

TEST_F(TreeMerge, TwoValuesAreAConflict) {
  const Tree base = schema_.Make({schema_.Set("/system/host-name", "a")});
  const Tree mine = schema_.Make({schema_.Set("/system/host-name", "b")});
  const Tree theirs = schema_.Make({schema_.Set("/system/host-name", "c")});
  const MergeResult merged = Merge(base, mine, theirs);
  ASSERT_EQ(merged.conflicts.size(), 1U);
  const Conflict& conflict = merged.conflicts[0];
  EXPECT_EQ(PathText(conflict.path), "/system/host-name");
  EXPECT_EQ(conflict.reason, ConflictReason::kBothChanged);
  EXPECT_EQ(conflict.base->value(), "a");
  EXPECT_EQ(conflict.mine->value(), "b");
  EXPECT_EQ(conflict.theirs->value(), "c");
  EXPECT_EQ(merged.tree, mine);
  EXPECT_EQ(Merge(base, mine, theirs, Prefer::kTheirs).tree, theirs);
}

TEST_F(TreeMerge, DeletingWhatTheOtherChangedIsAConflict) {
  const Tree base = schema_.Make({schema_.Set("/policy/rule[a]/action", "deny"),
                                  schema_.Set("/policy/rule[b]/action", "deny")});
  const Tree mine = Applied(base, {schema_.Delete("/policy/rule[a]")});
  const Tree theirs = Applied(base, {schema_.Set("/policy/rule[a]/action", "permit")});
  const MergeResult merged = Merge(base, mine, theirs);
  ASSERT_EQ(merged.conflicts.size(), 1U);
  EXPECT_EQ(PathText(merged.conflicts[0].path), "/policy/rule[name='a']");
  EXPECT_EQ(merged.conflicts[0].reason, ConflictReason::kDeletedAndChanged);
  EXPECT_EQ(merged.tree, mine);
  // The rule stays, at its place.
  EXPECT_EQ(Merge(base, mine, theirs, Prefer::kTheirs).tree, theirs);
}

TEST_F(TreeMerge, OrdersOfBothSidesStandWhereTheyDoNotMeet) {
  EXPECT_EQ(MergeRules("abcd", "xabcd", "abcdy"), "xabcdy");
  EXPECT_EQ(MergeRules("abcd", "axbcd", "abcyd"), "axbcyd");
  EXPECT_EQ(MergeRules("abcd", "bcda", "abcyd"), "bcyda");
  EXPECT_EQ(MergeRules("abcd", "abd", "abcyd"), "abyd");
  EXPECT_EQ(MergeRules("abcdef", "bcadef", "abcdfe"), "bcadfe");
  EXPECT_EQ(MergeRules("abc", "axbc", "axbc"), "axbc");
  EXPECT_EQ(MergeRules("", "ab", "ab"), "ab");
}

TEST_F(TreeMerge, TheSamePlaceIsAConflict) {
  EXPECT_EQ(MergeRules("ab", "axb", "ayb"), "axyb place xy");
  EXPECT_EQ(MergeRules("ab", "axb", "ayb", Prefer::kTheirs), "ayxb place xy");
  EXPECT_EQ(MergeRules("ab", "abx", "aby"), "abxy place xy");
  EXPECT_EQ(MergeRules("", "ab", "ba"), "ab place ab");
  EXPECT_EQ(MergeRules("", "ab", "ba", Prefer::kTheirs), "ba place ab");
  EXPECT_EQ(MergeRules("", "axb", "ab"), "axb");
  EXPECT_EQ(MergeRules("", "axb", "ayb"), "axyb place xy");
}

TEST_F(TreeMerge, OneEntryAtTwoPlacesIsAConflict) {
  EXPECT_EQ(MergeRules("abcdef", "bcadef", "bcdeaf"), "bcadef apart aa");
  EXPECT_EQ(MergeRules("abcdef", "bcadef", "bcdeaf", Prefer::kTheirs), "bcdeaf apart aa");
  EXPECT_EQ(MergeRules("ab", "xab", "abx"), "xab apart xx");
}

TEST_F(TreeMerge, KeepsItsLaws) {
  std::size_t conflict_count = 0;
  std::size_t clean_count = 0;
  for (std::uint64_t seed = 0; seed < 3000; ++seed) {
    RandomEdits edits(schema_.root(), seed);
    edits.name_count = 2 + seed % 7;
    const Tree base = edits.Walk(schema_.Empty(), edits.Below(60));
    const Tree x = edits.Walk(base, 1 + edits.Below(12));
    const Tree y = edits.Walk(base, 1 + edits.Below(12));
    for (const Prefer prefer : {Prefer::kMine, Prefer::kTheirs}) {
      ASSERT_EQ(Merge(base, x, base, prefer).tree, x) << "seed " << seed;
      ASSERT_EQ(Merge(base, base, y, prefer).tree, y) << "seed " << seed;
      ASSERT_EQ(Merge(base, x, x, prefer).tree, x) << "seed " << seed;
      ASSERT_TRUE(Merge(base, x, base, prefer).conflicts.empty()) << "seed " << seed;
    }
    const MergeResult merged = Merge(base, x, y);
    const MergeResult turned = Merge(base, y, x, Prefer::kTheirs);
    ASSERT_EQ(merged.tree, turned.tree) << "seed " << seed;
    ASSERT_EQ(ModelOf(merged.tree), ModelOf(turned.tree)) << "seed " << seed;
    ASSERT_EQ(merged.conflicts.size(), turned.conflicts.size()) << "seed " << seed;
    (merged.conflicts.empty() ? clean_count : conflict_count) += 1;
    if (merged.conflicts.empty()) {
      ASSERT_EQ(merged.tree, Merge(base, y, x).tree) << "seed " << seed;
    }
  }
  EXPECT_GT(conflict_count, 100U);
  EXPECT_GT(clean_count, 100U);
}

// Without a conflict, every change of either side is in the result; but nothing is left of a move
// of an entry that the other side deleted.
TEST_F(TreeMerge, LosesNothing) {
  std::size_t seen = 0;
  for (std::uint64_t seed = 0; seed < 2000; ++seed) {
    RandomEdits edits(schema_.root(), seed);
    const Tree base = edits.Walk(schema_.Empty(), edits.Below(60));
    const Tree x = edits.Walk(base, 1 + edits.Below(8));
    const Tree y = edits.Walk(base, 1 + edits.Below(8));
    const MergeResult merged = Merge(base, x, y);
    if (!merged.conflicts.empty()) continue;
    for (const Tree& side : {x, y}) {
      for (const Change& change : Diff(base, side)) {
        if (change.kind == ChangeKind::kMoved) continue;
        const Node* found = merged.tree.Find(change.path);
        const bool is_container = change.path.back().node->kind == NodeKind::kContainer;
        if (change.kind == ChangeKind::kRemoved) {
          ASSERT_TRUE(found == nullptr || is_container) << "seed " << seed << PathText(change.path);
        } else {
          ASSERT_NE(found, nullptr) << "seed " << seed << PathText(change.path);
          ASSERT_EQ(found->value(), change.after_node->value()) << "seed " << seed;
        }
        ++seen;
      }
    }
  }
  EXPECT_GT(seen, 1000U);
}

}  // namespace
}  // namespace configsync
