// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

#include <gtest/gtest.h>

#include <algorithm>
#include <map>

#include "configsync/tree/tree.h"
#include "tests/unit/configsync/tree/model.h"
#include "tests/unit/configsync/tree/random_edits.h"
#include "tests/unit/configsync/tree/test_schema.h"

namespace configsync {
namespace {

class TreeApply : public testing::Test {
 protected:
  std::vector<std::string> Names(const Tree& tree, std::string_view list) {
    std::vector<std::string> names;
    const Node* node = tree.Find(schema_.PathOf(list));
    if (node == nullptr) return names;
    node->VisitEntries([&](const Node& entry) {
      names.emplace_back(entry.key(0));
      return true;
    });
    return names;
  }
  void ExpectRefused(const Tree& tree, const Edit& edit, absl::StatusCode code,
                     std::string_view text) {
    const absl::StatusOr<Tree> applied = tree.Apply(std::vector<Edit>{edit});
    ASSERT_FALSE(applied.ok());
    EXPECT_EQ(applied.status().code(), code);
    EXPECT_NE(applied.status().message().find(text.data()), absl::string_view::npos)
        << applied.status();
  }

  TestSchema schema_;
};

TEST_F(TreeApply, ASetMakesTheWayThere) {
  const Tree tree = schema_.Make({schema_.Set("/policy/rule[r1]/action", "permit")});
  ASSERT_NE(tree.Find(schema_.PathOf("/policy/rule[r1]/action")), nullptr);
  EXPECT_EQ(tree.Find(schema_.PathOf("/policy/rule[r1]/action"))->value(), "permit");
  EXPECT_EQ(tree.Find(schema_.PathOf("/policy/rule[r1]/name"))->value(), "r1");
  EXPECT_EQ(tree.Find(schema_.PathOf("/policy/rule[r2]")), nullptr);
  EXPECT_EQ(tree.Find({}), &tree.root());
}

TEST_F(TreeApply, WhatGetsEmptyGoes) {
  const Tree tree = schema_.Make({schema_.Set("/system/timeouts/tcp-syn", "5")});
  const Tree empty = Applied(tree, {schema_.Delete("/system/timeouts/tcp-syn")});
  EXPECT_TRUE(empty.root().children().empty());
  EXPECT_EQ(empty, schema_.Empty());
  // A presence container means something without contents, and so does an entry.
  const Tree rule = schema_.Make({schema_.Set("/policy/rule[a]/commit-before-forward"),
                                  schema_.Set("/policy/rule[a]/protocol[tcp]")});
  const Tree without = Applied(rule, {schema_.Delete("/policy/rule[a]/protocol[tcp]")});
  EXPECT_NE(without.Find(schema_.PathOf("/policy/rule[a]/commit-before-forward")), nullptr);
  EXPECT_EQ(without.Find(schema_.PathOf("/policy/rule[a]/protocol")), nullptr);
}

TEST_F(TreeApply, UsersOrderWhatTheyOrder) {
  Tree tree = schema_.Make({schema_.Set("/policy/rule[b]"), schema_.Set("/policy/rule[a]"),
                            schema_.SetBehind("/policy/rule[c]", {}),
                            schema_.SetBehind("/policy/rule[d]", {"b"})});
  EXPECT_EQ(Names(tree, "/policy/rule"), (std::vector<std::string>{"c", "b", "d", "a"}));
  tree =
      Applied(tree, {schema_.Move("/policy/rule[a]", {}), schema_.Move("/policy/rule[c]", {"d"})});
  EXPECT_EQ(Names(tree, "/policy/rule"), (std::vector<std::string>{"a", "b", "d", "c"}));
}

TEST_F(TreeApply, NumbersSortAsNumbersAndNamesAsNames) {
  const Tree tree = schema_.Make({schema_.Set("/interfaces/interface[e]/unit[10]"),
                                  schema_.Set("/interfaces/interface[e]/unit[9]"),
                                  schema_.Set("/interfaces/interface[e]/unit[-3]"),
                                  schema_.Set("/interfaces/interface[e]/unit[-20]"),
                                  schema_.Set("/interfaces/interface[e]/unit[-30]"),
                                  schema_.Set("/interfaces/interface[e]/unit[11]"),
                                  schema_.Set("/zones/zone[b]"), schema_.Set("/zones/zone[a]")});
  EXPECT_EQ(Names(tree, "/interfaces/interface[e]/unit"),
            (std::vector<std::string>{"-30", "-20", "-3", "9", "10", "11"}));
  EXPECT_EQ(Names(tree, "/zones/zone"), (std::vector<std::string>{"a", "b"}));
}

TEST_F(TreeApply, RefusesWithThePath) {
  const Tree tree = schema_.Make({schema_.Set("/policy/rule[a]"), schema_.Set("/zones/zone[z]")});
  const auto kInvalid = absl::StatusCode::kInvalidArgument;
  const auto kNotFound = absl::StatusCode::kNotFound;
  ExpectRefused(tree, schema_.Set("/policy/rule[a]/name", "b"), kInvalid,
                "/policy/rule[name='a']/name");
  ExpectRefused(tree, schema_.Delete("/policy/rule[a]/name"), kInvalid, "delete its entry");
  ExpectRefused(tree, schema_.Delete("/policy/rule[b]"), kNotFound, "/policy/rule[name='b']");
  ExpectRefused(tree, schema_.Delete("/nat"), kNotFound, "/nat");
  ExpectRefused(tree, schema_.Set("/policy"), kInvalid, "container without presence");
  ExpectRefused(tree, schema_.Set("/policy/rule[a]", "x"), kInvalid, "only a leaf");
  ExpectRefused(tree, schema_.Set("/policy/rule"), kInvalid, "0 keys");
  ExpectRefused(tree, schema_.Set("/routing/route[p]"), kInvalid, "needs 2");
  ExpectRefused(tree, schema_.SetBehind("/policy/rule[b]", {"x"}), kNotFound, "name='x'");
  ExpectRefused(tree, schema_.Move("/policy/rule[a]", {"x"}), kNotFound, "name='x'");
  ExpectRefused(tree, schema_.Move("/policy/rule[a]", {"a"}), kInvalid, "behind itself");
  ExpectRefused(tree, schema_.Move("/zones/zone[z]", {}), kInvalid, "users order");
  ExpectRefused(tree, schema_.Move("/policy/rule[x]", {}), kNotFound, "cannot be moved");
  Edit loose = schema_.Set("/policy/rule[a]/action", "permit");
  loose.path.erase(loose.path.begin());
  ExpectRefused(tree, loose, kInvalid, "no child of the one before");
  ExpectRefused(tree, schema_.Set("/system/host-name", std::string(kValueBytesMax + 1, 'x')),
                kInvalid, "limit");
  ExpectRefused(tree, Edit{}, kInvalid, "0 steps");
}

TEST_F(TreeApply, AllEditsOrNone) {
  const Tree tree = schema_.Make({schema_.Set("/policy/rule[a]/action", "permit")});
  const Hash hash = tree.hash();
  const Model model = ModelOf(tree);
  EXPECT_FALSE(tree.Apply(std::vector<Edit>{schema_.Set("/policy/rule[a]/action", "deny"),
                                            schema_.Delete("/policy/rule[b]")})
                   .ok());
  EXPECT_EQ(tree.hash(), hash);
  EXPECT_EQ(ModelOf(tree), model);
}

TEST_F(TreeApply, SharesWhatItDoesNotTouch) {
  const Tree before = schema_.Make({schema_.Set("/policy/rule[a]/action", "permit"),
                                    schema_.Set("/policy/rule[b]/action", "permit"),
                                    schema_.Set("/zones/zone[z]")});
  const Tree after = Applied(before, {schema_.Set("/policy/rule[a]/action", "deny")});
  for (const std::string_view path : {"/zones", "/policy/rule[b]", "/policy/rule[a]/name"}) {
    EXPECT_EQ(before.Find(schema_.PathOf(path)), after.Find(schema_.PathOf(path))) << path;
  }
  EXPECT_NE(before.Find(schema_.PathOf("/policy/rule[a]")),
            after.Find(schema_.PathOf("/policy/rule[a]")));
}

TEST_F(TreeApply, DoesWhatTheModelDoes) {
  std::size_t done = 0;
  for (std::uint64_t seed = 0; seed < 300; ++seed) {
    RandomEdits edits(schema_.root(), seed);
    Tree tree = schema_.Empty();
    Model model;
    for (int i = 0; i < 60; ++i) {
      const Edit edit = edits.Next();
      Model next = model;
      const bool can = ApplyToModel(next, edit);
      const absl::StatusOr<Tree> applied = tree.Apply(std::vector<Edit>{edit});
      ASSERT_TRUE(!applied.ok() || can) << "seed " << seed << " step " << i << PathText(edit.path);
      if (!applied.ok()) continue;
      ++done;
      ASSERT_EQ(ModelOf(*applied), next) << "seed " << seed << " step " << i;
      ASSERT_EQ(applied->hash() == tree.hash(), next == model) << "seed " << seed << " step " << i;
      tree = *applied;
      model = std::move(next);
    }
  }
  EXPECT_GT(done, 3000U);
}

// All trees of all walks: those that are equal, and no others, have equal hashes.
TEST_F(TreeApply, HashesAreEqualIffTheTreesMeanTheSame) {
  std::map<Hash, Model> models;
  std::size_t met = 0;
  for (std::uint64_t seed = 0; seed < 400; ++seed) {
    RandomEdits edits(schema_.root(), seed);
    edits.name_count = 2;
    Tree tree = schema_.Empty();
    for (int i = 0; i < 30; ++i) {
      tree = edits.Walk(tree, 1);
      const auto [found, is_new] = models.emplace(tree.hash(), ModelOf(tree));
      ASSERT_EQ(found->second, ModelOf(tree)) << "seed " << seed;
      if (!is_new) ++met;
    }
  }
  std::vector<const Model*> all;
  for (const auto& [hash, model] : models) all.push_back(&model);
  EXPECT_GT(met, 100U);
  for (std::size_t i = 1; i < all.size(); ++i) {
    for (std::size_t j = i - std::min<std::size_t>(i, 40); j < i; ++j) {
      ASSERT_NE(*all[i], *all[j]);
    }
  }
}

TEST_F(TreeApply, OneBatchIsTheSameAsManyEdits) {
  for (std::uint64_t seed = 0; seed < 60; ++seed) {
    RandomEdits edits(schema_.root(), seed);
    edits.name_count = seed % 2 == 0 ? 6 : 300;  // Long orders are worked on apart.
    Tree one_by_one = schema_.Empty();
    std::vector<Edit> batch;
    for (int i = 0; i < 1500; ++i) {
      const Edit edit = edits.Next();
      const absl::StatusOr<Tree> applied = one_by_one.Apply(std::vector<Edit>{edit});
      if (!applied.ok()) continue;
      one_by_one = *applied;
      batch.push_back(edit);
    }
    ASSERT_EQ(schema_.Make(batch).hash(), one_by_one.hash()) << "seed " << seed;
    const std::size_t half = batch.size() / 2;
    const std::vector<Edit> first(batch.begin(), batch.begin() + static_cast<std::ptrdiff_t>(half));
    const std::vector<Edit> rest(batch.begin() + static_cast<std::ptrdiff_t>(half), batch.end());
    const Tree middle = schema_.Make(first);
    const Hash middle_hash = middle.hash();
    const Tree end = Applied(middle, rest);
    ASSERT_EQ(end.hash(), one_by_one.hash()) << "seed " << seed;
    ASSERT_EQ(ModelOf(end), ModelOf(one_by_one)) << "seed " << seed;
    ASSERT_EQ(middle.hash(), middle_hash);
    ASSERT_EQ(schema_.Make(first).hash(), middle_hash);
  }
}

}  // namespace
}  // namespace configsync
