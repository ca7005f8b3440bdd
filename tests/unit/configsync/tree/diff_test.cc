// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

#include <gtest/gtest.h>

#include <algorithm>
#include <numeric>

#include "configsync/tree/order_diff.h"
#include "configsync/tree/tree.h"
#include "tests/unit/configsync/tree/model.h"
#include "tests/unit/configsync/tree/random_edits.h"
#include "tests/unit/configsync/tree/test_schema.h"

namespace configsync {
namespace {

// "+ /policy/rule[name='a'] behind b".
std::string TextOf(const Change& change) {
  constexpr std::string_view kSigns = "+-~>";
  std::string text(1, kSigns[static_cast<std::size_t>(change.kind)]);
  text += " " + PathText(change.path);
  if (change.after) text += change.after->empty() ? " first" : " behind " + change.after->at(0);
  return text;
}

std::vector<std::string> TextsOf(const std::vector<Change>& changes) {
  std::vector<std::string> texts;
  for (const Change& change : changes) texts.push_back(TextOf(change));
  return texts;
}

using Texts = std::vector<std::string>;

class TreeDiff : public testing::Test {
 protected:
  Tree Rules(const std::vector<std::string>& names) {
    std::vector<Edit> edits;
    for (const std::string& name : names)
      edits.push_back(schema_.Set("/policy/rule[" + name + "]"));
    return schema_.Make(edits);
  }
  Texts RulesDiff(const std::vector<std::string>& before, const std::vector<std::string>& after) {
    const Tree a = Rules(before);
    const Tree b = Rules(after);
    const std::vector<Change> changes = Diff(a, b);
    EXPECT_EQ(Applied(a, EditsOf(changes)), b);
    return TextsOf(changes);
  }

  TestSchema schema_;
};

TEST_F(TreeDiff, EqualTreesHaveNone) {
  const Tree tree = Rules({"a", "b"});
  EXPECT_TRUE(Diff(tree, tree).empty());
  EXPECT_TRUE(Diff(tree, Rules({"a", "b"})).empty());
  EXPECT_TRUE(Diff(schema_.Empty(), schema_.Empty()).empty());
}

TEST_F(TreeDiff, ShowsEachKindOfChangeAtItsTopmostNode) {
  const Tree a = schema_.Make({schema_.Set("/system/host-name", "x"), schema_.Set("/nat/pool[p]"),
                               schema_.Set("/policy/rule[r]/source[any]")});
  const Tree b = schema_.Make(
      {schema_.Set("/system/host-name", "y"), schema_.Set("/zones/zone[z]/id", "1"),
       schema_.Set("/policy/rule[r]/source[lan]"), schema_.Set("/policy/rule[s]/action", "deny")});
  EXPECT_EQ(TextsOf(Diff(a, b)), (Texts{"~ /system/host-name", "+ /zones", "- /nat",
                                        "- /policy/rule[name='r']/source[.='any']",
                                        "+ /policy/rule[name='r']/source[.='lan']",
                                        "+ /policy/rule[name='s'] behind r"}));
}

TEST_F(TreeDiff, MovesAreAsFewAsCanBe) {
  EXPECT_EQ(RulesDiff({"a", "b", "c", "d", "e"}, {"b", "c", "d", "e", "a"}),
            (Texts{"> /policy/rule[name='a'] behind e"}));
  EXPECT_EQ(RulesDiff({"a", "b", "c", "d", "e"}, {"e", "a", "b", "c", "d"}),
            (Texts{"> /policy/rule[name='e'] first"}));
  EXPECT_EQ(RulesDiff({"a", "b", "c", "d", "e"}, {"a", "c", "d", "x", "b"}),
            (Texts{"- /policy/rule[name='e']", "+ /policy/rule[name='x'] behind d",
                   "> /policy/rule[name='b'] behind x"}));
}

TEST_F(TreeDiff, AMovedAndChangedEntryIsBoth) {
  const Tree a = schema_.Make({schema_.Set("/policy/rule[a]"), schema_.Set("/policy/rule[b]"),
                               schema_.Set("/policy/rule[c]/action", "deny")});
  const Tree b = Applied(
      a, {schema_.Move("/policy/rule[c]", {}), schema_.Set("/policy/rule[c]/action", "permit")});
  EXPECT_EQ(TextsOf(Diff(a, b)),
            (Texts{"> /policy/rule[name='c'] first", "~ /policy/rule[name='c']/action"}));
}

TEST_F(TreeDiff, LongestIncreasingIsLongest) {
  std::mt19937_64 random(1);
  for (int round = 0; round < 500; ++round) {
    std::vector<std::size_t> values(1 + random() % 9);
    std::iota(values.begin(), values.end(), 0);
    std::shuffle(values.begin(), values.end(), random);
    const std::vector<bool> in = LongestIncreasing(values);
    std::size_t best = 0;
    for (std::size_t set = 0; set < (1U << values.size()); ++set) {
      std::vector<std::size_t> chosen;
      for (std::size_t i = 0; i < values.size(); ++i) {
        if ((set >> i & 1) != 0) chosen.push_back(values[i]);
      }
      if (std::is_sorted(chosen.begin(), chosen.end())) best = std::max(best, chosen.size());
    }
    std::vector<std::size_t> kept;
    for (std::size_t i = 0; i < values.size(); ++i) {
      if (in[i]) kept.push_back(values[i]);
    }
    ASSERT_TRUE(std::is_sorted(kept.begin(), kept.end()));
    ASSERT_EQ(kept.size(), best);
  }
}

void ExpectDiffLeads(const Tree& a, const Tree& b, std::uint64_t seed) {
  const std::vector<Change> changes = Diff(a, b);
  ASSERT_EQ(changes.empty(), a.hash() == b.hash()) << "seed " << seed;
  const absl::StatusOr<Tree> applied = a.Apply(EditsOf(changes));
  ASSERT_TRUE(applied.ok()) << "seed " << seed << " " << applied.status();
  ASSERT_EQ(applied->hash(), b.hash()) << "seed " << seed;
  ASSERT_EQ(ModelOf(*applied), ModelOf(b)) << "seed " << seed;
}

TEST_F(TreeDiff, LeadsFromAnyTreeToAnyOther) {
  for (std::uint64_t seed = 0; seed < 3000; ++seed) {
    RandomEdits edits(schema_.root(), seed);
    edits.name_count = 2 + seed % 9;
    const Tree base = edits.Walk(schema_.Empty(), edits.Below(60));
    const Tree a = edits.Walk(base, edits.Below(20));
    const Tree b = edits.Walk(base, edits.Below(20));
    ExpectDiffLeads(a, b, seed);
    ExpectDiffLeads(b, a, seed);
    ExpectDiffLeads(schema_.Empty(), b, seed);
    ExpectDiffLeads(a, schema_.Empty(), seed);
  }
}

TEST_F(TreeDiff, LeadsThroughLongOrders) {
  for (std::uint64_t seed = 0; seed < 40; ++seed) {
    RandomEdits edits(schema_.root(), seed);
    edits.name_count = 400;
    const Tree base = edits.Walk(schema_.Empty(), 3000);
    const Tree b = edits.Walk(base, 1 + edits.Below(200));
    ExpectDiffLeads(base, b, seed);
    ExpectDiffLeads(b, base, seed);
  }
}

// Fewer moves than entries outside of a longest common order cannot be: counted naively.
TEST_F(TreeDiff, MovesAreTheFewestOfAnyShuffle) {
  std::mt19937_64 random(5);
  for (int round = 0; round < 300; ++round) {
    std::vector<std::string> names;
    for (int i = 0; i < 9; ++i) names.push_back(std::string(1, static_cast<char>('a' + i)));
    std::vector<std::string> shuffled = names;
    std::shuffle(shuffled.begin() + static_cast<std::ptrdiff_t>(random() % 9), shuffled.end(),
                 random);
    std::size_t longest = 0;
    for (std::size_t set = 0; set < 512; ++set) {
      std::vector<std::string> chosen;
      for (std::size_t i = 0; i < 9; ++i) {
        if ((set >> i & 1) != 0) chosen.push_back(shuffled[i]);
      }
      if (std::is_sorted(chosen.begin(), chosen.end())) longest = std::max(longest, chosen.size());
    }
    ASSERT_EQ(RulesDiff(names, shuffled).size(), 9 - longest);
  }
}

}  // namespace
}  // namespace configsync
