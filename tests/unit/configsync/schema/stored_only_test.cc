// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

#include "configsync/schema/stored_only.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "configsync/schema/read_json.h"
#include "tests/unit/configsync/schema/our_schema.h"

namespace configsync {
namespace {

using Paths = std::vector<std::string>;

Tree TreeOf(std::string_view json) {
  Problems problems;
  const std::vector<Edit> edits = ReadJson(OurSchema(), json, {}, problems);
  EXPECT_TRUE(problems.empty());
  absl::StatusOr<Tree> tree = EmptyTree().Apply(edits);
  EXPECT_TRUE(tree.ok()) << tree.status();
  return tree.ok() ? *std::move(tree) : EmptyTree();
}

Paths Changed(const Tree& before, const Tree& after) {
  return StoredOnlyPaths(Diff(before, after));
}

TEST(StoredOnly, IsFoundWithinAWholeNewConfiguration) {
  const Tree tree = TreeOf(R"({
      "interfaces":{"interface":[{"name":"lan","port":"lan","zone":"lan"}],
                    "vlan":[{"name":"v1","parent":"lan","vlan-id":7},
                            {"name":"v2","parent":"lan","vlan-id":8}]},
      "zones":{"zone":[{"name":"lan"}]},
      "policy":{"rule":[{"name":"a","action":"permit","qos-class":"gold"}]},
      "services":{"ntp":{"server":[{"address":"10.0.0.1"}]}}})");
  const Paths expected{"/interfaces/vlan", "/policy/rule/qos-class", "/services"};
  Paths found = Changed(EmptyTree(), tree);
  std::sort(found.begin(), found.end());
  EXPECT_EQ(found, expected);
  found = Changed(tree, EmptyTree());
  std::sort(found.begin(), found.end());
  EXPECT_EQ(found, expected);
}

TEST(StoredOnly, WhatDidNotChangeIsNotNamed) {
  const Tree before = TreeOf(R"({"services":{"ntp":{"server":[{"address":"10.0.0.1"}]}}})");
  const Tree after = TreeOf(R"({"services":{"ntp":{"server":[{"address":"10.0.0.1"}]}},
                                "zones":{"zone":[{"name":"lan"}]}})");
  EXPECT_EQ(Changed(before, after), Paths{});
}

TEST(StoredOnly, AMoveChangesNothingInItsEntry) {
  const Tree before = TreeOf(R"({"policy":{"rule":[{"name":"a","action":"permit","qos-class":"x"},
                                                   {"name":"b","action":"permit"}]}})");
  const Tree after = TreeOf(R"({"policy":{"rule":[{"name":"b","action":"permit"},
                                  {"name":"a","action":"permit","qos-class":"x"}]}})");
  ASSERT_EQ(Diff(before, after).size(), 1u);
  EXPECT_EQ(Changed(before, after), Paths{});
  EXPECT_EQ(Changed(after, before), Paths{});
}

TEST(StoredOnly, AChangedLeafNamesItsTopmostNode) {
  const Tree before = TreeOf(R"({"system":{"management":{"banner":"a"}}})");
  const Tree after = TreeOf(R"({"system":{"management":{"banner":"b"}}})");
  EXPECT_EQ(Changed(before, after), Paths{"/system/management"});
}

TEST(StoredOnly, WhatTheDataplaneTakesIsActedOn) {
  for (const char* path :
       {"/interfaces/interface/mtu", "/zones/zone/id", "/policy/rule/source",
        "/nat/pool/address/id", "/routing/static/route/next-hop", "/system/timeouts/tcp-syn",
        "/ha/failover/enabled", "/ha/state-synchronization/enabled", "/ha/virtual-host-name"}) {
    EXPECT_FALSE(NodeAt(path).stored_only) << path;
  }
}

TEST(StoredOnly, WhatNoProcessReadsSaysSo) {
  for (const char* path :
       {"/zones/zone/packet-buffer-protection", "/interfaces/vlan/zone", "/policy/rule/qos-class",
        "/users/user/password", "/services/dns/server", "/ha/mode"}) {
    EXPECT_TRUE(NodeAt(path).stored_only) << path;
  }
}

}  // namespace
}  // namespace configsync
