// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

#include "configsync/tree/project.h"

#include <gtest/gtest.h>

#include "tests/unit/configsync/tree/model.h"
#include "tests/unit/configsync/tree/random_edits.h"
#include "tests/unit/configsync/tree/test_schema.h"

namespace configsync {
namespace {

// A node stays or not by its path and a seed.
Selector RandomSelector(std::uint64_t seed) {
  return [seed](const SchemaNode&, const Path& path) {
    const Hash hash = Sha256(std::to_string(seed) + PathText(path));
    const bool may_be_whole = hash.bytes[1] < 128;
    if (hash.bytes[0] < 40) return Keep::kNothing;
    if (hash.bytes[0] < 120 && may_be_whole) return Keep::kWhole;
    return hash.bytes[0] < 200 ? Keep::kInside : Keep::kItself;
  };
}

// The same without sharing and without a past.
bool ProjectModel(Model& model, const SchemaNode& schema, Path& path, const Selector& selector) {
  const Keep keep = path.empty() ? Keep::kItself : selector(schema, path);
  if (keep == Keep::kNothing) return false;
  const bool is_list = schema.kind == NodeKind::kList || schema.kind == NodeKind::kLeafList;
  const bool is_entry = is_list && !path.back().keys.empty();
  if (keep == Keep::kWhole || schema.is_leaf() ||
      (is_entry && schema.kind == NodeKind::kLeafList)) {
    return true;
  }
  if (is_list && !is_entry) {
    std::erase_if(model.entries, [&](auto& entry) {
      path.back().keys = entry.keys;
      const bool stays = ProjectModel(entry.model, schema, path, selector);
      path.back().keys.clear();
      return !stays;
    });
    return !model.entries.empty();
  }
  bool has_more = false;
  for (auto child = model.children.begin(); child != model.children.end();) {
    path.push_back({child->first, {}});
    const bool stays =
        child->first->is_key || ProjectModel(child->second, *child->first, path, selector);
    path.pop_back();
    has_more = has_more || (stays && !child->first->is_key);
    child = stays ? std::next(child) : model.children.erase(child);
  }
  const bool can_be_empty = schema.kind != NodeKind::kContainer || path.empty();
  return has_more || (keep == Keep::kItself && can_be_empty);
}

class TreeProject : public testing::Test {
 protected:
  Tree ByClass(const Tree& tree, Mode mode = Mode::kActivePassive, bool holds = false) {
    return Projector(
               ClassSelector(schema_.root(), mode, [holds](std::string_view) { return holds; }))
        .Project(tree);
  }
  TestSchema schema_;
};

TEST_F(TreeProject, ClassesDecideWhatTravels) {
  const Tree tree = schema_.Make(
      {schema_.Set("/system/host-name", "a"), schema_.Set("/system/timeouts/tcp-syn", "5"),
       schema_.Set("/policy/rule[r]/action", "permit"), schema_.Set("/policy/rule[r]/note", "mine"),
       schema_.Set("/interfaces/interface[e]/mtu", "1500"),
       schema_.Set("/interfaces/interface[e]/unit[0]/address", "x"),
       schema_.Set("/interfaces/interface[e]/zone", "lan"), schema_.Set("/interfaces/interface[f]"),
       schema_.Set("/ha/priority", "100")});
  const std::vector<Edit> travelling = {
      schema_.Set("/system/timeouts/tcp-syn", "5"), schema_.Set("/policy/rule[r]/action", "permit"),
      schema_.Set("/interfaces/interface[e]/zone", "lan"), schema_.Set("/interfaces/interface[f]"),
      schema_.Set("/interfaces/interface[e]/unit[0]")};
  EXPECT_EQ(ByClass(tree), schema_.Make(travelling));
  EXPECT_EQ(ByClass(tree, Mode::kActiveActive, true), schema_.Make(travelling));
  EXPECT_EQ(ByClass(tree, Mode::kActivePassive, true),
            Applied(schema_.Make(travelling), {schema_.Set("/ha/priority", "100")}));
}

TEST_F(TreeProject, WhatTravelsWholeIsShared) {
  // A key goes with its entry, whatever is said of it.
  schema_.Change("/zones/zone/name").sync = {SyncClass::kUnique, SyncClass::kUnique};
  const Tree tree =
      schema_.Make({schema_.Set("/zones/zone[z]"), schema_.Set("/system/host-name", "a"),
                    schema_.Set("/policy/rule[r]/action", "permit")});
  const Tree projected = ByClass(tree);
  for (const std::string_view path : {"/zones", "/policy"}) {
    EXPECT_EQ(tree.Find(schema_.PathOf(path)), projected.Find(schema_.PathOf(path))) << path;
  }
  EXPECT_EQ(projected.Find(schema_.PathOf("/system")), nullptr);
}

TEST_F(TreeProject, AnEntryOfAnotherNodesOwnStaysOnlyWithWhatTravels) {
  schema_.Change("/interfaces/interface").sync = {SyncClass::kUnique, SyncClass::kUnique};
  const Tree tree = schema_.Make({schema_.Set("/interfaces/interface[e]/zone", "lan"),
                                  schema_.Set("/interfaces/interface[e]/mtu", "1500"),
                                  schema_.Set("/interfaces/interface[f]"),
                                  schema_.Set("/interfaces/interface[g]/mtu", "1500")});
  EXPECT_EQ(ByClass(tree), schema_.Make({schema_.Set("/interfaces/interface[e]/zone", "lan")}));
}

TEST_F(TreeProject, NothingIsAnEmptyTree) {
  const Tree tree = schema_.Make({schema_.Set("/system/host-name", "a")});
  EXPECT_EQ(ByClass(tree), schema_.Empty());
}

TEST_F(TreeProject, DoesWhatTheModelDoesAndIsIdempotent) {
  for (std::uint64_t seed = 0; seed < 1500; ++seed) {
    RandomEdits edits(schema_.root(), seed);
    const Tree tree = edits.Walk(schema_.Empty(), 10 + edits.Below(80));
    const Selector selector = RandomSelector(seed);
    const Tree projected = Projector(selector).Project(tree);
    Model model = ModelOf(tree);
    Path path;
    ASSERT_TRUE(ProjectModel(model, schema_.root(), path, selector));
    ASSERT_EQ(ModelOf(projected), model) << "seed " << seed;
    const Tree by_class = ByClass(tree);
    ASSERT_EQ(ByClass(by_class), by_class) << "seed " << seed;
  }
}

TEST_F(TreeProject, ThePastChangesNothing) {
  for (std::uint64_t seed = 0; seed < 300; ++seed) {
    RandomEdits edits(schema_.root(), seed);
    Projector by_path(RandomSelector(seed));
    Projector by_class(
        ClassSelector(schema_.root(), Mode::kActivePassive, [](std::string_view) { return true; }));
    Tree tree = edits.Walk(schema_.Empty(), 40);
    for (int i = 0; i < 10; ++i) {
      const Tree projected = by_path.Project(tree);
      ASSERT_EQ(projected, Projector(RandomSelector(seed)).Project(tree)) << "seed " << seed;
      ASSERT_EQ(ModelOf(projected), ModelOf(Projector(RandomSelector(seed)).Project(tree)));
      ASSERT_EQ(by_class.Project(tree), ByClass(tree, Mode::kActivePassive, true));
      tree = edits.Walk(tree, edits.Below(8));
    }
  }
}

}  // namespace
}  // namespace configsync
