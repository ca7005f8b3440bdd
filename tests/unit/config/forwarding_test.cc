// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

// A Forwarding that comes by a request: judged against the node's ports, paths without a prefix.

#include "dataplane/config/forwarding.h"

#include <gtest/gtest.h>

#include "absl/strings/str_cat.h"
#include "dataplane/config/node_file.h"
#include "proto/forwarding.pb.h"
#include "tests/unit/config/node_text.h"

namespace dataplane {
namespace {

using lockstep::forwarding::Forwarding;

class ForwardingTest : public ::testing::Test {
 protected:
  ForwardingTest() : node_(ParseNodeText(kGoodNode, "node").value()) {
    lockstep::forwarding::Zone& zone = *message_.add_zones();
    zone.set_id(1);
    zone.set_name("lan");
    lockstep::forwarding::Interface& interface = *message_.add_interfaces();
    interface.set_id(1);
    interface.set_name("lan");
    interface.set_zone("lan");
    interface.set_port("p1");
    interface.set_address("10.1.0.2/16");
  }
  [[nodiscard]] std::string Judge() const {
    const auto options = ReadForwarding(message_, node_);
    return options.ok() ? "ok" : std::string(options.status().message());
  }

  Options node_;
  Forwarding message_;
};

TEST_F(ForwardingTest, NothingAtAllIsAConfiguration) {
  EXPECT_TRUE(ReadForwarding({}, node_).ok());
  EXPECT_EQ(*ReadForwarding({}, node_), EmptyForwarding(node_));
}

TEST_F(ForwardingTest, InterfacesAreMappedToPortsByName) {
  const auto options = ReadForwarding(message_, node_);
  ASSERT_TRUE(options.ok()) << options.status();
  EXPECT_EQ(options->interfaces[0].port, 1);
}

TEST_F(ForwardingTest, AllMistakesComeAtOnceWithTheirPaths) {
  message_.mutable_interfaces(0)->set_port("p9");
  message_.add_rules()->set_id(70'000);
  EXPECT_EQ(Judge(),
            "interfaces[0].port: \"p9\": the node file has no such port; known: p0, p1\n"
            "rules[0].id: 70000: must be 1 to 65535\n"
            "rules[0].action: missing: PERMIT or DENY");
}

TEST_F(ForwardingTest, SwitchesThatAreAbsentAreTheNodeFiles) {
  node_.priority = 42;
  node_.ha.preempt = true;
  const auto standard = ReadForwarding(message_, node_);
  ASSERT_TRUE(standard.ok());
  EXPECT_EQ(
      standard->ha,
      (HaSwitchOptions{.failover = true, .state_sync = true, .preempt = true, .priority = 42}));
  message_.mutable_ha()->set_failover(false);
  message_.mutable_ha()->set_state_sync(false);
  message_.mutable_ha()->set_preempt(false);
  message_.mutable_ha()->set_priority(7);
  const auto given = ReadForwarding(message_, node_);
  ASSERT_TRUE(given.ok());
  EXPECT_EQ(
      given->ha,
      (HaSwitchOptions{.failover = false, .state_sync = false, .preempt = false, .priority = 7}));
  message_.mutable_ha()->set_priority(0);
  EXPECT_EQ(Judge(), "ha.priority: 0: must be 1 to 255");
}

TEST_F(ForwardingTest, RouteBehindADisabledInterfaceWaitsForIt) {
  lockstep::forwarding::Route& route = *message_.add_routes();
  route.set_prefix("0.0.0.0/0");
  route.set_next_hop("10.1.0.9");
  message_.mutable_interfaces(0)->set_disabled(true);
  EXPECT_EQ(Judge(), "ok");
}

TEST_F(ForwardingTest, ListsHaveBoundsThatAreCheckedBeforeTheirElements) {
  for (int i = 0; i < 17; ++i) message_.mutable_interfaces(0)->add_virtual_addresses();
  lockstep::forwarding::NatPool& pool = *message_.add_nat_pools();
  pool.set_id(1);
  pool.set_name("p");
  for (int i = 0; i < 256; ++i) pool.add_addresses();
  EXPECT_EQ(Judge(),
            "interfaces[0].virtual_addresses: 17: too many: at most 16\n"
            "nat_pools[0].addresses: 256: too many: at most 255 over all pools");
}

}  // namespace
}  // namespace dataplane
