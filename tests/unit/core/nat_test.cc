// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

#include "dataplane/core/nat.h"

#include <gtest/gtest.h>

#include <set>

#include "tests/unit/core/node.h"

namespace dataplane {
namespace {

using statesync::SessionTable;

FlowKey Key(std::uint16_t port, NetAddr client = testing::kClient) {
  return {.source_addr = client,
          .target_addr = testing::kServer,
          .source_port = HostToNet(port),
          .target_port = HostToNet(std::uint16_t{8'443}),
          .protocol = kProtocolTcp};
}

NatPools Pools(const NatPoolSpec& spec, statesync::NodeIndex node) {
  absl::StatusOr<NatPools> pools = NatPools::Build(std::span(&spec, 1), node);
  EXPECT_TRUE(pools.ok()) << pools.status();
  return *std::move(pools);
}

TEST(Nat, TheTwoHalvesMeetWithoutOverlap) {
  const NatPoolSpec spec{.addresses = {testing::kNatAddr}, .port_min = 1'024, .port_max = 65'535};
  const NatPools zero = Pools(spec, 0);
  const NatPools one = Pools(spec, 1);
  EXPECT_EQ(zero.own_first(0), 1'024);
  EXPECT_EQ(zero.own_last(0) + 1, one.own_first(0));
  EXPECT_EQ(one.own_last(0), 65'535);
}

TEST(Nat, ChosenPortKeepsTheShardAndStaysInTheOwnHalf) {
  testing::Node node;
  for (statesync::NodeIndex index = 0; index < 2; ++index) {
    const NatPools pools = Pools({.addresses = {testing::kNatAddr}}, index);
    Scatter scatter(99);
    for (std::uint16_t port = 20'000; port < 22'000; ++port) {
      const FlowKey key = Key(port);
      NatBinding binding;
      ASSERT_TRUE(pools.Allocate(0, key, node.table(), scatter, binding));
      const std::uint16_t chosen = NetToHost(binding.port);
      ASSERT_GE(chosen, pools.own_first(0));
      ASSERT_LE(chosen, pools.own_last(0));
      FlowKey reply = key;
      std::swap(reply.source_addr, reply.target_addr);
      std::swap(reply.source_port, reply.target_port);
      reply.target_addr = binding.addr;
      reply.target_port = binding.port;
      ASSERT_EQ(SessionTable::ShardOf(reply), SessionTable::ShardOf(key));
    }
  }
}

TEST(Nat, EveryPortIsGivenOnceThenTheNextAddressThenExhaustion) {
  const NetAddr other = MakeAddr(10, 2, 0, 101);
  const NatPoolSpec spec{.addresses = {testing::kNatAddr, other}};
  testing::Node node(spec);
  const NatPools pools = Pools(spec, 0);
  Scatter scatter(5);
  std::set<std::pair<NetAddr, NetPort>> given;
  // Client ports of one shard, so that they compete for the same NAT ports.
  const statesync::ShardIndex shard = SessionTable::ShardOf(Key(10'000));
  bool exhausted = false;
  for (std::uint32_t port = 1; port < 65'536 && !exhausted; ++port) {
    for (std::uint8_t host = 1; host < 9 && !exhausted; ++host) {
      const FlowKey key = Key(static_cast<std::uint16_t>(port), MakeAddr(10, 1, 0, host));
      if (SessionTable::ShardOf(key) != shard) continue;
      NatBinding binding;
      if (!pools.Allocate(0, key, node.table(), scatter, binding)) {
        EXPECT_GE(binding.tries, given.size());
        exhausted = true;
        break;
      }
      ASSERT_TRUE(given.emplace(binding.addr, binding.port).second) << "given twice";
      statesync::Handle handle;
      ASSERT_EQ(node.table().Insert({.key = key,
                                     .nat_addr = binding.addr,
                                     .nat_port = binding.port,
                                     .state = statesync::SessionState::kTcpSynSent},
                                    handle),
                statesync::InsertResult::kInserted);
    }
  }
  EXPECT_TRUE(exhausted);
  // Half of 252 ports a shard, on each of two addresses.
  EXPECT_NEAR(static_cast<double>(given.size()), 252.0, 4.0);
}

TEST(Nat, OneClientKeepsOneAddress) {
  NatPoolSpec spec;
  for (std::uint8_t i = 100; i < 108; ++i) spec.addresses.push_back(MakeAddr(10, 2, 0, i));
  testing::Node node(spec);
  const NatPools pools = Pools(spec, 0);
  Scatter scatter(5);
  std::set<NetAddr> of_one_client;
  std::set<NetAddr> of_many;
  for (std::uint16_t i = 0; i < 200; ++i) {
    NatBinding binding;
    ASSERT_TRUE(pools.Allocate(0, Key(static_cast<std::uint16_t>(3'000 + i)), node.table(), scatter,
                               binding));
    of_one_client.insert(binding.addr);
    const NetAddr client = MakeAddr(10, 1, 1, static_cast<std::uint8_t>(i));
    ASSERT_TRUE(pools.Allocate(0, Key(3'000, client), node.table(), scatter, binding));
    of_many.insert(binding.addr);
  }
  EXPECT_EQ(of_one_client.size(), 1u);
  EXPECT_EQ(of_many.size(), 8u);
}

TEST(Nat, ARangeWithoutAPortInTheShardIsExhausted) {
  testing::Node node;
  const NatPools pools =
      Pools({.addresses = {testing::kNatAddr}, .port_min = 5'000, .port_max = 5'003}, 0);
  Scatter scatter(5);
  int found = 0;
  for (std::uint16_t port = 1'000; port < 2'000; ++port) {
    NatBinding binding;
    if (!pools.Allocate(0, Key(port), node.table(), scatter, binding)) continue;
    ++found;
    const std::uint16_t chosen = NetToHost(binding.port);
    EXPECT_TRUE(chosen == 5'000 || chosen == 5'001) << chosen;
  }
  EXPECT_GT(found, 0);
  EXPECT_LT(found, 100);  // Two of 256 shards have a port.
}

TEST(Nat, MistakesAreRefused) {
  const NatPoolSpec empty;
  EXPECT_FALSE(NatPools::Build(std::span(&empty, 1), 0).ok());
  const NatPoolSpec zero{.addresses = {1}, .port_min = 0};
  EXPECT_FALSE(NatPools::Build(std::span(&zero, 1), 0).ok());
  const NatPoolSpec narrow{.addresses = {1}, .port_min = 7, .port_max = 7};
  EXPECT_FALSE(NatPools::Build(std::span(&narrow, 1), 0).ok());
  const NatPoolSpec wide{.addresses = std::vector<NetAddr>(256, 1)};
  EXPECT_FALSE(NatPools::Build(std::span(&wide, 1), 0).ok());
  const NatPoolSpec good{.addresses = {1}};
  EXPECT_FALSE(NatPools::Build(std::span(&good, 1), 2).ok());
}

}  // namespace
}  // namespace dataplane
