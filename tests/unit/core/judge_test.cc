// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

// Whether a configuration permits a session that exists already.

#include "dataplane/core/judge.h"

#include <gtest/gtest.h>

#include "dataplane/core/byte_order.h"

namespace dataplane {
namespace {

NetAddr Addr(std::uint8_t a, std::uint8_t b, std::uint8_t c, std::uint8_t d) {
  return HostToNet(std::uint32_t{a} << 24 | std::uint32_t{b} << 16 | std::uint32_t{c} << 8 | d);
}

const NetAddr kNat = Addr(10, 2, 0, 100);

class JudgeTest : public ::testing::Test {
 protected:
  JudgeTest() {
    rule_ = {.id = 1, .from_zone = 1, .to_zone = 2, .permit = true};
    session_.client_addr = Addr(10, 1, 0, 10);
    session_.server_addr = Addr(10, 2, 0, 20);
    session_.client_port = HostToNet(std::uint16_t{40'000});
    session_.server_port = HostToNet(std::uint16_t{443});
    session_.state = static_cast<std::uint8_t>(statesync::SessionState::kTcpEstablished);
  }

  void GiveNat(NetAddr addr, std::uint16_t port) {
    session_.flags = statesync::kSessionHasNat;
    session_.nat_addr = addr;
    session_.nat_port = HostToNet(port);
  }
  [[nodiscard]] bool Judge() const {
    const auto rules = RuleSet::Build(std::span(&rule_, 1));
    const NatPoolSpec pool{.addresses = {kNat}, .port_min = 2'000, .port_max = 9'000};
    const auto nat = NatPools::Build(std::span(&pool, 1), 0);
    const auto map = InterfaceMap::Build(interfaces_, {});
    EXPECT_TRUE(rules.ok() && nat.ok() && map.ok());
    return Permits({rules->get(), &*nat, &*map}, session_, to_client_, to_server_);
  }

  RuleSpec rule_;
  statesync::SessionEntry session_{};
  Route to_client_{.found = true, .zone = 1};
  Route to_server_{.found = true, .zone = 2};
  std::vector<InterfaceSpec> interfaces_{{.id = 1, .zone = 1, .own_addr = Addr(10, 1, 0, 2)}};
};

TEST_F(JudgeTest, PermittedAsANewOneWouldBe) { EXPECT_TRUE(Judge()); }

TEST_F(JudgeTest, DeniedByItsRule) {
  rule_.permit = false;
  EXPECT_FALSE(Judge());
}

TEST_F(JudgeTest, DeniedWhereNoRuleMatches) {
  rule_.target_ports = {{80, 80}};
  rule_.protocols = {kProtocolTcp};
  EXPECT_FALSE(Judge());
}

TEST_F(JudgeTest, ZonesAreThoseOfTheRoutes) {
  to_server_.zone = 3;
  EXPECT_FALSE(Judge());
}

TEST_F(JudgeTest, DeniedWithoutARouteToEitherEnd) {
  to_client_.found = false;
  EXPECT_FALSE(Judge());
  to_client_.found = true;
  to_server_.found = false;
  EXPECT_FALSE(Judge());
}

TEST_F(JudgeTest, DeniedIfItsServerBecameThisNode) {
  interfaces_[0].own_addr = session_.server_addr;
  EXPECT_FALSE(Judge());
}

TEST_F(JudgeTest, KeptWithAnAddressAndPortOfThePool) {
  rule_.nat_pool = 0;
  GiveNat(kNat, 9'000);  // Of the peer's half: it may have opened it.
  EXPECT_TRUE(Judge());
}

TEST_F(JudgeTest, EndedIfItsAddressOrPortLeftThePool) {
  rule_.nat_pool = 0;
  GiveNat(Addr(10, 2, 0, 101), 2'000);
  EXPECT_FALSE(Judge());
  GiveNat(kNat, 1'999);
  EXPECT_FALSE(Judge());
}

TEST_F(JudgeTest, EndedIfNatBeganOrCeased) {
  GiveNat(kNat, 2'000);
  EXPECT_FALSE(Judge()) << "the rule translates no more";
  session_.flags = 0;
  rule_.nat_pool = 0;
  EXPECT_FALSE(Judge()) << "the rule translates now";
}

}  // namespace
}  // namespace dataplane
