// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

// What travels because others need it (F16).

#include <random>

#include "tests/unit/configsync/select/select_fixture.h"

namespace configsync {
namespace {

using Paths = std::vector<std::string>;

TEST(Dependencies, F16_OnlyTheFirewallBringsWhatItsRulesReferTo) {
  const Tree tree = With(FullTree(), CategoriesOffBut({"firewall"}));
  EXPECT_EQ(SpecOf(tree).dependencies,
            (Paths{"/nat/pool[name='pool1']", "/objects/address-group[name='all']",
                   "/objects/address[name='db']", "/objects/address[name='web']",
                   "/qos/class[name='voice']", "/routing/table[name='isp2']",
                   "/zones/zone[name='inside']", "/zones/zone[name='outside']"}));
  const Tree part = PartFor(tree);
  EXPECT_TRUE(Has(part, "/objects/address[name='db']/prefix"));
  EXPECT_FALSE(Has(part, "/objects/address[name='spare']"));
  EXPECT_FALSE(Has(part, "/qos/class[name='bulk']"));
  Problems problems;
  OurSchema().Judge(part, problems);
  EXPECT_TRUE(problems.empty()) << TextOf(problems);
}

TEST(Dependencies, F16_WhatIsSelectedAnywayIsNoDependency) {
  EXPECT_TRUE(SpecOf(FullTree()).dependencies.empty());
  EXPECT_EQ(SpecOf(With(FullTree(), CategoriesOffBut({"firewall", "objects", "zones", "nat"})))
                .dependencies,
            (Paths{"/qos/class[name='voice']", "/routing/table[name='isp2']"}));
}

TEST(Dependencies, F16_AMapThatLeavesThemOutDoesNotHold) {
  const Tree tree =
      With(FullTree(), MapEdits({"include /policy/rule[name='two']", "exclude /objects"}));
  EXPECT_EQ(SpecOf(tree).dependencies,
            (Paths{"/objects/address[name='web']", "/zones/zone[name='outside']"}));
  const Tree part = PartFor(tree);
  EXPECT_TRUE(Has(part, "/objects/address[name='web']/prefix"));
  EXPECT_FALSE(Has(part, "/policy/rule[name='one']"));
}

TEST(Dependencies, F16_AnnotatedOnesTravelToo) {
  const Tree tree = With(FullTree(), MapEdits({"include /vpn/remote-access"}));
  const Paths dependencies = SpecOf(tree).dependencies;
  EXPECT_NE(std::ranges::find(dependencies, "/users"), dependencies.end());
  const Tree part = PartFor(tree);
  EXPECT_TRUE(Has(part, "/users/user[name='ann']"));
  EXPECT_TRUE(Has(part, "/certificates/certificate[name='vpn']"));
}

TEST(Dependencies, NeverAgainstAClassOrAWithheldCategory) {
  const Tree tree = With(FullTree(), CategoriesOffBut({"vpn"}));
  const Tree part = PartFor(tree);
  EXPECT_TRUE(Has(part, "/interfaces/interface[name='wan']/port"));
  EXPECT_FALSE(Has(part, "/interfaces/interface[name='wan']/address"));
  // What the dependency holds of another category is not asked for.
  EXPECT_FALSE(Has(part, "/interfaces/interface[name='lan']/virtual-address"));
  for (const std::string& path : SpecOf(tree, {{"interfaces"}}).dependencies) {
    EXPECT_FALSE(path.starts_with("/interfaces")) << path;
  }
}

TEST(Dependencies, AreKeptUpFromCommitToCommit) {
  Tree tree = With(FullTree(), CategoriesOffBut({"firewall", "vpn"}));
  SelectionMaker maker("b");
  std::mt19937 random(7);
  const char* const edits[][2] = {{"/policy/rule[name='one']/description", "x"},
                                  {"/policy/rule[name='two']/destination[.='spare']", ""},
                                  {"/policy/rule[name='new']/action", "permit"},
                                  {"/policy/rule[name='new']/from-zone", "dmz"},
                                  {"/objects/address-group[name='servers']/member[.='spare']", ""},
                                  {"/objects/address[name='web']/prefix", "10.0.0.99/32"},
                                  {"/vpn/ipsec-tunnel[name='t-own']/interface", "tun"}};
  for (int i = 0; i < 300; ++i) {
    const auto& edit = edits[random() % std::size(edits)];
    const std::string path = edit[0];
    // A whole rule or a value, now there, now not.
    if (random() % 2 == 0) {
      tree = With(tree, {SetTo(path, edit[1])});
      if (path.starts_with("/policy/rule[name='new']")) {
        tree = With(tree, {SetTo("/policy/rule[name='new']/action", "permit")});
      }
    } else if (tree.Find(PathTo(path)) != nullptr && !path.ends_with("action") &&
               !path.ends_with("prefix")) {
      tree = Without(tree, path);
    }
    const SelectionSpec& spec = maker.SpecFor(tree, tree, {});
    ASSERT_EQ(spec, SpecOf(tree)) << i;
  }
}

// The pushed part of a valid configuration, on a peer that has nothing, is valid.
TEST(Dependencies, F16_EveryPartIsValidOnAnEmptyPeer) {
  const Tree full = FullTree();
  Problems problems;
  OurSchema().Judge(full, problems);
  ASSERT_TRUE(problems.empty()) << TextOf(problems);
  const std::vector<std::string> locations = {"/policy",
                                              "/policy/rule[name='one']",
                                              "/policy/rule[name='*']/description",
                                              "/policy/rule/source",
                                              "/objects",
                                              "/objects/address-group[name='all']",
                                              "/vpn",
                                              "/vpn/ipsec-tunnel",
                                              "/vpn/ike-gateway[name='own']",
                                              "/vpn/remote-access/portal[name='p-float']/group",
                                              "/interfaces/interface[name='lan']",
                                              "/interfaces",
                                              "/qos/profile",
                                              "/virtual-routers",
                                              "/users/user",
                                              "/*",
                                              "/zones/zone[name='dmz']",
                                              "/certificates"};
  std::mt19937 random(1);
  for (int i = 0; i < 400; ++i) {
    std::vector<Edit> edits;
    // Where quality of service is each node's own, a rule means the peer's own class.
    if (random() % 2 == 0) {
      edits.push_back(SetTo("/ha/mode", "active-active"));
      edits.push_back(SetTo("/ha/active-active/qos-sync", "true"));
      if (random() % 2 == 0) {
        edits.push_back(SetTo("/ha/active-active/virtual-router-sync", "true"));
      }
    }
    for (const std::string& name : NodeAt(SyncPath("/category/name")).values) {
      // An interface in name only is for a peer that has it.
      if (random() % 3 != 0 || name == "interfaces") continue;
      edits.push_back(SetTo(SyncPath("/category[name='" + name + "']/enabled"), "false"));
    }
    if (random() % 3 != 0) {
      std::vector<std::string> rules;
      for (std::size_t k = 1 + random() % 4; k > 0; --k) {
        rules.push_back((random() % 4 == 0 ? "exclude " : "include ") +
                        locations[random() % locations.size()]);
      }
      for (const Edit& edit : MapEdits(rules)) edits.push_back(edit);
    }
    const Tree tree = With(full, edits);
    const Tree part = PartFor(tree);
    Problems found;
    OurSchema().Judge(part, found);
    ASSERT_TRUE(found.empty()) << i << "\n" << TextOf(found) << Encode(SpecOf(tree));
  }
}

TEST(Dependencies, TooManyBecomeTheirLists) {
  std::vector<Edit> edits;
  for (std::size_t i = 0; i < kDependenciesMax + 10; ++i) {
    const std::string name = "a" + std::to_string(i);
    edits.push_back(
        {EditOp::kSet, {{&NodeAt("/objects"), {}}, {&NodeAt("/objects/address"), {name}}}, "", {}});
    edits.push_back({EditOp::kSet,
                     {{&NodeAt("/policy"), {}},
                      {&NodeAt("/policy/rule"), {"r" + std::to_string(i / 200)}},
                      {&NodeAt("/policy/rule/source"), {name}}},
                     "",
                     {}});
  }
  for (const Edit& edit : CategoriesOffBut({"firewall"})) edits.push_back(edit);
  const Tree tree = With(EmptyTree(), edits);
  const SelectionSpec spec = SpecOf(tree);
  EXPECT_EQ(spec.dependencies, (Paths{"/objects/address"}));
  EXPECT_TRUE(DecodeSpec(Encode(spec)).ok());
  EXPECT_TRUE(Has(PartFor(tree), "/objects/address[name='a7']"));
}

}  // namespace
}  // namespace configsync
