// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

#include "dataplane/config/id_map.h"

#include <gtest/gtest.h>

#include "dataplane/config/node_file.h"
#include "tests/unit/config/node_text.h"

namespace dataplane {
namespace {

std::uint64_t DigestOf(const std::string& text) {
  const auto options = ParseNodeText(text, "node");
  EXPECT_TRUE(options.ok()) << options.status();
  return options.ok() ? options->forwarding.id_map_digest : 0;
}

TEST(IdMap, WhatDiffersBetweenNodesDoesNotEnterIt) {
  const std::uint64_t expected = DigestOf(kGoodNode);
  EXPECT_EQ(DigestOf(NodeWith("10.2.0.2/24", "10.2.0.3/24")), expected);
  EXPECT_EQ(DigestOf(NodeWith("index: 0", "index: 1 priority: 7")), expected);
  EXPECT_EQ(DigestOf(NodeWith("iface=wan0", "iface=other")), expected);
  EXPECT_EQ(DigestOf(NodeWith("zones { id: 1 name: \"lan\" }\nzones { id: 2 name: \"wan\" }",
                              "zones { id: 2 name: \"wan\" }\nzones { id: 1 name: \"lan\" }")),
            expected);
}

TEST(IdMap, WhatSessionsReferToChangesIt) {
  const std::uint64_t expected = DigestOf(kGoodNode);
  EXPECT_NE(DigestOf(NodeWith("rules { id: 10", "rules { id: 11")), expected);
  EXPECT_NE(DigestOf(NodeWith("name: \"out\"", "name: \"outward\"")), expected);
  EXPECT_NE(DigestOf(NodeWith("address: \"10.2.0.100\"", "address: \"10.2.0.101\"")), expected);
  EXPECT_NE(DigestOf(NodeWith("addresses { id: 1", "addresses { id: 2")), expected);
  EXPECT_NE(DigestOf(NodeWith("zones { id: 2", "zones { id: 3")), expected);
  EXPECT_NE(DigestOf(NodeWith("interfaces { id: 2", "interfaces { id: 3")), expected);
}

// A NAT record carries an address's id: pools may come and go, and ids may leave holes.
TEST(IdMap, NatAddressesFollowTheirIds) {
  const auto options = ParseNodeText(
      NodeWith("nat_pools {",
               "nat_pools { id: 2 name: \"b\" addresses { id: 7 address: \"10.2.0.7\" }\n"
               "  addresses { id: 3 address: \"10.2.0.5\" } }\n"
               "nat_pools {"),
      "node");
  ASSERT_TRUE(options.ok()) << options.status();
  EXPECT_NE(
      IdMapText(options->forwarding).find("nat 1 10.2.0.100\nnat 3 10.2.0.5\nnat 7 10.2.0.7\n"),
      std::string::npos)
      << IdMapText(options->forwarding);
  ASSERT_EQ(options->forwarding.nat_addresses.size(), 7u);
  EXPECT_EQ(options->forwarding.nat_addresses[1], 0u);
}

// Pins the value: two releases of one pair must agree on it.
TEST(IdMap, DigestOfTheExampleIsStable) {
  ForwardingOptions options;
  options.zones = {{2, "wan"}, {1, "lan"}};
  EXPECT_EQ(IdMapText(options), "lockstep id map 1\nzone 1 lan\nzone 2 wan\n");
  EXPECT_EQ(IdMapDigest(options), 3208767378726560618u);
}

}  // namespace
}  // namespace dataplane
