// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

#include "configsync/tree/references.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <set>

#include "tests/unit/configsync/tree/random_edits.h"
#include "tests/unit/configsync/tree/test_schema.h"

namespace configsync {
namespace {

using Texts = std::vector<std::string>;

class TreeReferences : public testing::Test {
 protected:
  static Texts PathsOf(const Problems& problems) {
    Texts paths;
    for (const Problem& problem : problems.list) paths.push_back(problem.path);
    return paths;
  }
  static Texts Missing(const Tree& tree) {
    Problems problems;
    ReferenceIndex(tree).Check(problems);
    return PathsOf(problems);
  }
  // By looking at everything.
  Texts NaiveMissing(const Tree& tree) {
    std::set<std::pair<const SchemaNode*, std::string>> targets;
    std::vector<std::pair<std::string, const Node*>> references;
    Collect(tree.root(), {}, targets, references);
    Texts paths;
    for (const auto& [path, node] : references) {
      const SchemaNode& schema = node->schema();
      const std::string value(node->value());
      if (!schema.IsReference(value)) continue;
      const bool found = std::ranges::any_of(schema.leafref_targets, [&](const SchemaNode* target) {
        return targets.contains({target, value});
      });
      if (!found) paths.push_back(path);
    }
    return paths;
  }
  void Collect(const Node& node, const Path& path,
               std::set<std::pair<const SchemaNode*, std::string>>& targets,
               std::vector<std::pair<std::string, const Node*>>& references) {
    if (node.role() == NodeRole::kLeaf) targets.emplace(&node.schema(), node.value());
    const bool has_value = node.role() == NodeRole::kLeaf || node.role() == NodeRole::kValue;
    if (has_value && !node.schema().leafref_targets.empty())
      references.emplace_back(PathText(path), &node);
    for (const NodePtr& child : node.children()) {
      Path below = path;
      below.push_back({&child->schema(), {}});
      Collect(*child, below, targets, references);
    }
    node.VisitEntries([&](const Node& entry) {
      Path below = path;
      for (std::size_t i = 0; i < entry.key_count(); ++i) {
        below.back().keys.emplace_back(entry.key(i));
      }
      Collect(entry, below, targets, references);
      return true;
    });
  }

  TestSchema schema_;
};

TEST_F(TreeReferences, AMissingTargetIsAProblemWithARemedy) {
  const Tree tree = schema_.Make(
      {schema_.Set("/policy/rule[r]/from-zone", "lan"), schema_.Set("/zones/zone[wan]"),
       schema_.Set("/policy/rule[r]/to-zone", "wan"), schema_.Set("/policy/rule[r]/source[web]")});
  Problems problems;
  ReferenceIndex(tree).Check(problems);
  ASSERT_EQ(problems.list.size(), 2U);
  EXPECT_EQ(problems.list[0].code, "MISSING_TARGET");
  EXPECT_EQ(problems.list[0].path, "/policy/rule[name='r']/from-zone");
  EXPECT_EQ(problems.list[0].value, "lan");
  EXPECT_EQ(problems.list[0].text, "it refers to 'lan', which is not in /zones/zone");
  EXPECT_EQ(problems.list[0].remedy,
            "make 'lan' in /zones/zone, or change or delete the reference");
  EXPECT_EQ(problems.list[1].path, "/policy/rule[name='r']/source[.='web']");
  EXPECT_EQ(problems.list[1].text,
            "it refers to 'web', which is not in /objects/address or /objects/address-group");
}

TEST_F(TreeReferences, AUnionsOtherMembersAreNoReferences) {
  EXPECT_EQ(Missing(schema_.Make({schema_.Set("/policy/rule[r]/source[10.0.0.0/8]")})), Texts{});
}

TEST_F(TreeReferences, AnyOfAUnionsTargetsWillDo) {
  const Tree tree = schema_.Make(
      {schema_.Set("/policy/rule[r]/source[web]"), schema_.Set("/objects/address-group[web]")});
  EXPECT_EQ(Missing(tree), Texts{});
}

TEST_F(TreeReferences, TheIndexFollowsTheTree) {
  const Tree sound = schema_.Make({schema_.Set("/zones/zone[lan]"),
                                   schema_.Set("/policy/rule[r]/from-zone", "lan"),
                                   schema_.Set("/policy/rule[s]/from-zone", "lan")});
  ReferenceIndex index(sound);
  const Tree broken = Applied(sound, {schema_.Delete("/zones/zone[lan]")});
  index.MoveTo(broken);
  Problems problems;
  index.Check(problems);
  EXPECT_EQ(PathsOf(problems),
            (Texts{"/policy/rule[name='r']/from-zone", "/policy/rule[name='s']/from-zone"}));
  index.MoveTo(sound);
  problems = {};
  index.Check(problems);
  EXPECT_TRUE(problems.empty());
}

TEST_F(TreeReferences, TheIndexFindsWhatALookAtEverythingFinds) {
  std::size_t missing = 0;
  for (std::uint64_t seed = 0; seed < 300; ++seed) {
    RandomEdits edits(schema_.root(), seed);
    Tree tree = schema_.Empty();
    ReferenceIndex index(tree);
    for (int i = 0; i < 12; ++i) {
      tree = edits.Walk(tree, 1 + edits.Below(10));
      index.MoveTo(tree);
      Problems problems;
      index.Check(problems);
      ASSERT_EQ(PathsOf(problems), NaiveMissing(tree)) << "seed " << seed;
      ASSERT_EQ(Missing(tree), NaiveMissing(tree)) << "seed " << seed;
      missing += problems.list.size();
    }
  }
  EXPECT_GT(missing, 1000U);
}

TEST_F(TreeReferences, ReferrersOfAnEntryAreFound) {
  const Tree tree = schema_.Make(
      {schema_.Set("/objects/address[web]"), schema_.Set("/objects/address-group[web]"),
       schema_.Set("/objects/address-group[all]/member[web]"),
       schema_.Set("/policy/rule[r]/source[web]"), schema_.Set("/policy/rule[s]/source[all]")});
  Texts paths;
  for (const Path& path : ReferrersOf(tree, schema_.PathOf("/objects/address[web]"))) {
    paths.push_back(PathText(path));
  }
  EXPECT_EQ(paths, (Texts{"/objects/address-group[name='all']/member[.='web']",
                          "/policy/rule[name='r']/source[.='web']"}));
  EXPECT_TRUE(ReferrersOf(tree, schema_.PathOf("/objects/address[x]")).empty());
}

TEST_F(TreeReferences, AClosureHasAllThatIsNeededAndWhy) {
  schema_.Change("/policy/rule/action").depends = {"/system/timeouts"};
  const Tree tree = schema_.Make(
      {schema_.Set("/objects/address[web]/prefix", "10.0.0.1/32"),
       schema_.Set("/objects/address[ftp]"), schema_.Set("/objects/address-group[all]/member[web]"),
       schema_.Set("/zones/zone[lan]"), schema_.Set("/policy/rule[r]/source[all]"),
       schema_.Set("/policy/rule[r]/from-zone", "lan"),
       schema_.Set("/policy/rule[r]/to-zone", "gone"),
       schema_.Set("/policy/rule[r]/action", "permit"),
       schema_.Set("/system/timeouts/tcp-syn", "5"), schema_.Set("/policy/rule[s]/source[ftp]")});
  Texts texts;
  const std::vector<Path> start = {schema_.PathOf("/policy/rule[r]")};
  for (const Dependency& dependency : Closure(tree, start)) {
    texts.push_back(PathText(dependency.path) + " < " + PathText(dependency.because));
  }
  EXPECT_EQ(texts,
            (Texts{"/zones/zone[name='lan'] < /policy/rule[name='r']/from-zone",
                   "/objects/address-group[name='all'] < /policy/rule[name='r']/source[.='all']",
                   "/system/timeouts < /policy/rule[name='r']/action",
                   "/objects/address[name='web'] < "
                   "/objects/address-group[name='all']/member[.='web']"}));
  // What is inside of the beginning is not beside it.
  EXPECT_TRUE(Closure(tree, std::vector<Path>{Path()}).empty());
  EXPECT_TRUE(Closure(tree, std::vector<Path>{schema_.PathOf("/objects")}).empty());
}

TEST_F(TreeReferences, AClosureOfARingEnds) {
  const Tree tree = schema_.Make({schema_.Set("/objects/address-group[a]/member[b]"),
                                  schema_.Set("/objects/address-group[b]/member[a]")});
  const std::vector<Path> start = {schema_.PathOf("/objects/address-group[a]")};
  EXPECT_EQ(Closure(tree, start).size(), 1U);
}

}  // namespace
}  // namespace configsync
