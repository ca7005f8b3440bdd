// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

// When a worker may forward and speak under virtual MACs, and what it says about it (I6, "One
// writer").

#include <gtest/gtest.h>

#include <map>

#include "tests/dpdk/worker_node.h"

namespace dataplane::testing {
namespace {

using statesync::Role;

Bytes NewFlow(const WorkerNode& node, std::uint16_t port) {
  return node.To(kClients, UdpFrame(port, kServerPort, 20), kClientMac);
}

TEST(WorkerRole, ForwardsOnlyAfterTheSyncLoopReleasedTheShards) {
  WorkerNode node;
  node.SetRole(Role::kActive, 5);
  node.shared->role.forward_until_ns.store(INT64_MAX);
  node.shared->sync.released_change.store(4);
  node.Give(kClients, NewFlow(node, 1'001));
  node.Run();
  EXPECT_EQ(node.Count(DropReason::kNotOurMac), 1u);  // The virtual MAC is not ours yet.
  EXPECT_EQ(node.tables->sessions->live_count(), 0u);

  node.shared->sync.released_change.store(5);
  node.Give(kClients, NewFlow(node, 1'002));
  node.Run();
  EXPECT_EQ(node.tables->sessions->live_count(), 1u);
}

TEST(WorkerRole, FallsSilentAtTheDeadlineOfTheRoleWord) {
  WorkerNode node;
  node.Activate();
  node.shared->role.forward_until_ns.store(node.now_ns + 2 * kMillisecond);
  node.Run(1);
  EXPECT_TRUE(node.all_workers[0]->forwarding());
  node.Run(1);  // Now is the deadline.
  EXPECT_FALSE(node.all_workers[0]->forwarding());
  node.Give(kClients, NewFlow(node, 1'001));
  node.Run();
  EXPECT_EQ(node.tables->sessions->live_count(), 0u);
}

TEST(WorkerRole, SaysWhichRoleItActsOn) {
  WorkerNode node(2);
  node.Activate(3);
  node.Run();
  EXPECT_EQ(node.shared->workers[0].seen_change.load(), 3u);
  EXPECT_EQ(node.shared->workers[1].seen_change.load(), 3u);
  node.SetRole(Role::kStandby, 4);
  node.all_workers[0]->Turn(node.now_ns);
  EXPECT_EQ(node.shared->workers[0].seen_change.load(), 4u);
  EXPECT_EQ(node.shared->workers[1].seen_change.load(), 3u);  // Has not had its turn.
  EXPECT_FALSE(node.all_workers[0]->forwarding());
}

TEST(WorkerRole, StandbyAnswersOwnAddressesOnlyUnderItsOwnMac) {
  WorkerNode node;
  node.SetRole(Role::kStandby, 1);
  node.Run();
  Bytes request(kArpFramePadded);
  BuildArpRequest(kClientMac, kClient, kBroadcastMac, kVirtualClients, request);
  node.Give(kClients, request);
  node.Run();
  EXPECT_TRUE(node.Take(kClients).empty());

  BuildArpRequest(kClientMac, kClient, kBroadcastMac, kOwnClients, request);
  node.Give(kClients, request);
  Bytes echo = EchoFrame(true, 7, {.target = kOwnClients});
  StoreMac(echo.data(), node.ports[0]->mac());
  node.Give(kClients, echo);
  node.Run();
  const std::vector<Bytes> out = node.Take(kClients);
  ASSERT_EQ(out.size(), 2u);
  EXPECT_EQ(LoadMac(out[0].data() + 6), node.ports[0]->mac());
  EXPECT_EQ(LoadMac(out[1].data() + 6), node.ports[0]->mac());
  EXPECT_EQ(LoadByte(&out[1][34]), 0);  // Echo reply.
  EXPECT_TRUE(ChecksumsAreRight(out[1]));
}

TEST(WorkerRole, StandbyDoesNotAnswerForTheVirtualAddressUnderItsOwnMac) {
  WorkerNode node;
  node.SetRole(Role::kStandby, 1);
  node.Run();
  Bytes echo = EchoFrame(true, 7, {.target = kVirtualClients});
  StoreMac(echo.data(), node.ports[0]->mac());
  node.Give(kClients, echo);
  node.Run();
  EXPECT_TRUE(node.Take(kClients).empty());
  EXPECT_EQ(node.Count(DropReason::kNotActive), 1u);
}

TEST(WorkerRole, StandbyDropsTransitAndCountsIt) {
  WorkerNode node;
  node.SetRole(Role::kStandby, 1);
  node.Run();
  Bytes frame = UdpFrame(kClientPort, kServerPort, 20);
  StoreMac(frame.data(), node.ports[0]->mac());
  node.Give(kClients, frame);
  node.Run();
  EXPECT_EQ(node.Count(DropReason::kNotActive), 1u);
  EXPECT_TRUE(node.Take(kServers).empty());
  EXPECT_EQ(node.tables->sessions->live_count(), 0u);
}

// Gratuitous ARP by address.
std::map<NetAddr, int> Announced(WorkerNode& node, std::uint8_t interface, const MacAddress& mac) {
  std::map<NetAddr, int> counts;
  for (const Bytes& frame : node.Take(interface)) {
    ArpPacket packet;
    if (ParseArp(frame, packet) != DropReason::kNone) continue;
    EXPECT_EQ(packet.sender_mac, mac);
    EXPECT_EQ(LoadMac(frame.data() + 6), mac);
    ++counts[packet.sender_addr];
  }
  return counts;
}

TEST(WorkerRole, AnnouncesVirtualAndNatAddressesAtOnceAndAgain) {
  WorkerNode node;
  node.shared->role.announce_count.store(1);
  node.SetRole(Role::kActive, 1);
  node.shared->role.forward_until_ns.store(INT64_MAX);
  node.Run();
  EXPECT_TRUE(node.Take(kClients).empty());  // Not released: not a word under the virtual MAC.

  node.shared->sync.released_change.store(1);
  node.Run(1);
  EXPECT_EQ(Announced(node, kClients, VirtualMac(1)),
            (std::map<NetAddr, int>{{kVirtualClients, 1}}));
  const std::map<NetAddr, int> servers = {{MakeAddr(10, 2, 0, 1), 1}, {kNatAddr, 1}};
  EXPECT_EQ(Announced(node, kServers, VirtualMac(2)), servers);
  EXPECT_GT(node.shared->sync.first_forward_ns.load(), 0);

  node.Run(3'000, kMillisecond);
  EXPECT_EQ(Announced(node, kClients, VirtualMac(1)),
            (std::map<NetAddr, int>{{kVirtualClients, 4}}));
}

TEST(WorkerRole, LosingTheRoleEndsTheAnnouncements) {
  WorkerNode node;
  node.shared->role.announce_count.store(1);
  node.Activate(1);
  node.Run(1);
  (void)node.Take(kClients);
  node.SetRole(Role::kStandby, 2);
  node.Run(5);
  EXPECT_TRUE(node.Take(kClients).empty());
  node.Activate(3);  // Nobody asked for an announcement this time.
  node.Run(3'000);
  EXPECT_TRUE(node.Take(kClients).empty());
}

TEST(WorkerRole, SyntheticSessionsAreExactlyAsManyAsAskedFor) {
  WorkerNode node(3);
  node.Activate();
  node.shared->requests.fill_sessions_target.store(5'000);
  node.Run(60);
  EXPECT_EQ(node.tables->sessions->live_count(), 5'000u);
  EXPECT_EQ(node.shared->requests.fill_sessions_done.load(), 5'000u);
  EXPECT_NEAR(static_cast<double>(node.Count(Event::kNatAllocated)), 2'500.0, 250.0);
}

TEST(WorkerRole, FullTableEndsTheFillingWithoutAHang) {
  WorkerNode node;
  node.Activate();
  node.shared->requests.fill_sessions_target.store(1'000'000);
  node.Run(3'000);
  const std::uint32_t live = node.tables->sessions->live_count();
  EXPECT_GT(live, 60'000u);
  EXPECT_EQ(node.shared->requests.fill_sessions_done.load(), live);
}

void SetUdpTimeout(WorkerNode& node, std::uint16_t seconds) {
  ForwardingOptions forwarding = node.options.forwarding;
  forwarding.timeouts.udp_single_s = seconds;
  node.Reconfigure(forwarding);
}

TEST(WorkerRole, SessionsExpireOnlyWhileThisNodeOwnsThem) {
  WorkerNode node;
  SetUdpTimeout(node, 1);
  node.Activate(1);
  node.Give(kClients, NewFlow(node, 1'001));
  node.Run();
  ASSERT_EQ(node.tables->sessions->live_count(), 1u);
  node.SetRole(Role::kStandby, 2);
  node.Run(2'000, 5 * kMillisecond);
  EXPECT_EQ(node.tables->sessions->live_count(), 1u);
}

TEST(WorkerRole, SessionExpiresAfterTheTimeoutOfItsState) {
  WorkerNode node;
  SetUdpTimeout(node, 1);
  node.Activate(1);
  node.Give(kClients, NewFlow(node, 1'001));
  node.Run();
  ASSERT_EQ(node.tables->sessions->live_count(), 1u);
  node.Run(2'000, 5 * kMillisecond);
  EXPECT_EQ(node.tables->sessions->live_count(), 0u);
  EXPECT_EQ(node.Count(Event::kSessionsExpired), 1u);
}

}  // namespace
}  // namespace dataplane::testing
