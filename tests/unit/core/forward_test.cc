// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

#include "dataplane/core/forward.h"

#include <gtest/gtest.h>

#include "dataplane/core/tcp_tracker.h"
#include "tests/unit/core/node.h"

namespace dataplane {
namespace {

using statesync::SessionEntry;
using statesync::SessionState;
using testing::Bytes;
using testing::kClient;
using testing::kClientPort;
using testing::kNatAddr;
using testing::kServer;
using testing::Node;

FlowKey ClientKey(std::uint8_t protocol, std::uint16_t port,
                  std::uint16_t client_port = kClientPort) {
  return {.source_addr = kClient,
          .target_addr = kServer,
          .source_port = HostToNet(client_port),
          .target_port = HostToNet(port),
          .protocol = protocol};
}

// A TCP connection through the node, both sides' frames built with the addresses each side uses.
struct Connection {
  Node& node;
  std::uint16_t server_port = 443;
  std::uint32_t client_seq = 1'000;
  std::uint32_t server_seq = 9'000;
  NetAddr seen_addr = kClient;  // What the server sees as its peer.
  std::uint16_t seen_port = kClientPort;
  Bytes frame;  // As it left the node.

  ForwardResult Client(std::uint8_t flags, std::size_t bytes = 0) {
    frame =
        testing::TcpFrame({.target_port = server_port,
                           .seq = client_seq,
                           .ack = (flags & kTcpAck) != 0 ? server_seq : 0,
                           .flags = flags,
                           .options = (flags & kTcpSyn) != 0 ? testing::ScaleOption(7) : Bytes{},
                           .payload_bytes = bytes});
    client_seq += static_cast<std::uint32_t>(bytes) + ((flags & (kTcpSyn | kTcpFin)) != 0 ? 1 : 0);
    const ForwardResult result = node.FromInside(frame);
    if (result.action == PacketAction::kForward) {
      seen_addr = LoadNet32(&frame[26]);
      seen_port = LoadHost16(&frame[34]);
    }
    return result;
  }
  ForwardResult Server(std::uint8_t flags, std::size_t bytes = 0) {
    frame =
        testing::TcpFrame({.source_port = server_port,
                           .target_port = seen_port,
                           .seq = server_seq,
                           .ack = client_seq,
                           .flags = flags,
                           .options = (flags & kTcpSyn) != 0 ? testing::ScaleOption(7) : Bytes{},
                           .payload_bytes = bytes},
                          {.source = kServer, .target = seen_addr, .options = {}});
    server_seq += static_cast<std::uint32_t>(bytes) + ((flags & (kTcpSyn | kTcpFin)) != 0 ? 1 : 0);
    return node.FromOutside(frame);
  }
  void Handshake() {
    EXPECT_EQ(Client(kTcpSyn).action, PacketAction::kForward);
    EXPECT_EQ(Server(kTcpSyn | kTcpAck).action, PacketAction::kForward);
    EXPECT_EQ(Client(kTcpAck).action, PacketAction::kForward);
  }
  SessionEntry& entry() { return node.Find(ClientKey(kProtocolTcp, server_port)); }
};

TEST(Forward, PermittedConnectionPassesBothWays) {
  Node node;
  Connection connection{node};
  connection.Handshake();
  EXPECT_EQ(connection.Client(kTcpAck | kTcpPsh, 100).action, PacketAction::kForward);
  EXPECT_TRUE(testing::ChecksumsAreRight(connection.frame));
  EXPECT_EQ(LoadByte(&connection.frame[22]), 63);
  EXPECT_EQ(connection.Server(kTcpAck, 1'400).action, PacketAction::kForward);
  EXPECT_EQ(connection.entry().state, static_cast<std::uint8_t>(SessionState::kTcpEstablished));
  EXPECT_EQ(connection.entry().rule, 1);
  EXPECT_EQ(node.counters.value(Event::kSessionsCreated), 1u);
  EXPECT_EQ(node.table().live_count(), 1u);
}

TEST(Forward, NatTranslatesThereAndBack) {
  Node node;
  Connection connection{node, 8'443};
  ASSERT_EQ(connection.Client(kTcpSyn).action, PacketAction::kForward);
  EXPECT_EQ(connection.seen_addr, kNatAddr);
  EXPECT_TRUE(testing::ChecksumsAreRight(connection.frame));
  ASSERT_EQ(connection.Server(kTcpSyn | kTcpAck).action, PacketAction::kForward);
  EXPECT_EQ(LoadNet32(&connection.frame[30]), kClient);
  EXPECT_EQ(LoadHost16(&connection.frame[36]), kClientPort);
  EXPECT_TRUE(testing::ChecksumsAreRight(connection.frame));
  ASSERT_EQ(connection.Client(kTcpAck, 10).action, PacketAction::kForward);
  EXPECT_EQ(connection.entry().nat_addr, kNatAddr);
  EXPECT_EQ(node.counters.value(Event::kNatAllocated), 1u);
}

TEST(Forward, ReplyToThePreNatAddressIsMidStream) {
  Node node;
  Connection connection{node, 8'443};
  connection.Handshake();
  connection.seen_addr = kClient;
  connection.seen_port = kClientPort;
  EXPECT_EQ(connection.Server(kTcpAck, 10).reason, DropReason::kMidStream);
}

TEST(Forward, MidStreamPacketWithoutASessionIsRefusedAndCounted) {
  Node node;
  Connection connection{node};
  EXPECT_EQ(connection.Client(kTcpAck, 100).reason, DropReason::kMidStream);
  EXPECT_EQ(connection.Server(kTcpAck, 100).reason, DropReason::kMidStream);
  EXPECT_EQ(node.counters.value(DropReason::kMidStream), 2u);
  EXPECT_EQ(node.table().live_count(), 0u);
}

TEST(Forward, WhatNoRulePermitsIsDenied) {
  Node node;
  Bytes telnet = testing::TcpFrame({.target_port = 23, .options = {}});
  EXPECT_EQ(node.FromInside(telnet).reason, DropReason::kPolicyDenied);
  Bytes inward =
      testing::TcpFrame({.options = {}}, {.source = kServer, .target = kClient, .options = {}});
  EXPECT_EQ(node.FromOutside(inward).reason, DropReason::kPolicyDenied);
  EXPECT_EQ(node.table().live_count(), 0u);
}

TEST(Forward, NoRouteIsCounted) {
  Node node;
  Bytes frame = testing::UdpFrame(1, 53, 1, {.target = MakeAddr(192, 0, 2, 1), .options = {}});
  EXPECT_EQ(node.FromInside(frame).reason, DropReason::kNoRoute);
}

TEST(Forward, AStateChangeIsDirtyAtOnceAndDataSeldom) {
  Node node;
  Connection connection{node};
  EXPECT_EQ(connection.Client(kTcpSyn).dirty_count, 1);
  EXPECT_EQ(connection.Server(kTcpSyn | kTcpAck).dirty_count, 1);
  EXPECT_EQ(connection.Client(kTcpAck).dirty_count, 1);
  EXPECT_EQ(connection.Client(kTcpAck, 100).dirty_count, 0);
  EXPECT_EQ(connection.Client(kTcpFin | kTcpAck).dirty_count, 1);
}

// State and end go first; an edge may wait for company.
TEST(Forward, OnlyAChangeOfEdgesIsOfTheClassThatMayWait) {
  Node node;
  Connection connection{node};
  EXPECT_EQ(connection.Client(kTcpSyn).change, statesync::ChangeClass::kState);
  EXPECT_EQ(connection.Server(kTcpSyn | kTcpAck).change, statesync::ChangeClass::kState);
  EXPECT_EQ(connection.Client(kTcpAck).change, statesync::ChangeClass::kState);
  ForwardResult result;
  for (int i = 0; i < 10'000 && result.dirty_count == 0; ++i) {
    result = connection.Client(kTcpAck, 1'000);
    (void)connection.Server(kTcpAck);
  }
  ASSERT_EQ(result.dirty_count, 1);
  EXPECT_EQ(result.change, statesync::ChangeClass::kWindow);
  EXPECT_EQ(connection.Client(kTcpFin | kTcpAck).change, statesync::ChangeClass::kState);
}

TEST(Forward, UdpBecomesMultipleWithTheFirstAnswer) {
  Node node;
  Bytes query = testing::UdpFrame(kClientPort, 53, 30);
  EXPECT_EQ(node.FromInside(query).dirty_count, 1);
  Bytes again = testing::UdpFrame(kClientPort, 53, 30);
  EXPECT_EQ(node.FromInside(again).dirty_count, 0);
  Bytes answer =
      testing::UdpFrame(53, kClientPort, 90, {.source = kServer, .target = kClient, .options = {}});
  EXPECT_EQ(node.FromOutside(answer).dirty_count, 1);
  EXPECT_EQ(node.Find(ClientKey(kProtocolUdp, 53)).state,
            static_cast<std::uint8_t>(SessionState::kUdpMultiple));
}

TEST(Forward, PingThroughNatIsTranslatedByItsIdAndNotReplicated) {
  Node node;
  Bytes request = testing::EchoFrame(true, 77);
  const ForwardResult result = node.FromInside(request);
  ASSERT_EQ(result.action, PacketAction::kForward);
  EXPECT_EQ(result.dirty_count, 0);
  EXPECT_EQ(LoadNet32(&request[26]), kNatAddr);
  const std::uint16_t id = LoadHost16(&request[38]);
  EXPECT_TRUE(testing::ChecksumsAreRight(request));
  Bytes reply =
      testing::EchoFrame(false, id, {.source = kServer, .target = kNatAddr, .options = {}});
  ASSERT_EQ(node.FromOutside(reply).action, PacketAction::kForward);
  EXPECT_EQ(LoadNet32(&reply[30]), kClient);
  EXPECT_EQ(LoadHost16(&reply[38]), 77);
  EXPECT_TRUE(testing::ChecksumsAreRight(reply));
  Bytes stray =
      testing::EchoFrame(false, 4'711, {.source = kServer, .target = kClient, .options = {}});
  EXPECT_EQ(node.FromOutside(stray).reason, DropReason::kIcmpUnmatched);
}

// ---- This node's own addresses ----

TEST(Forward, OwnAndVirtualAddressesAnswerEchoOnly) {
  Node node;
  for (const NetAddr addr : {testing::kInsideOwn, testing::kInsideVirtual}) {
    Bytes echo = testing::EchoFrame(true, 1, {.target = addr, .options = {}});
    EXPECT_EQ(node.FromInside(echo).action, PacketAction::kEchoReply);
    EXPECT_EQ(LoadNet32(&echo[30]), kClient);
    Bytes syn = testing::TcpFrame({}, {.target = addr, .options = {}});
    EXPECT_EQ(node.FromInside(syn).reason, DropReason::kToSelf);
  }
  Bytes to_nat =
      testing::EchoFrame(true, 1, {.source = kServer, .target = kNatAddr, .options = {}});
  EXPECT_EQ(node.FromOutside(to_nat).reason, DropReason::kToSelf);
}

// ---- TTL and MTU ----

TEST(Forward, LastHopOfAPermittedPacketIsAnsweredAndOpensNothing) {
  Node node;
  Bytes frame = testing::UdpFrame(kClientPort, 53, 5, {.ttl = 1, .options = {}});
  const ForwardResult result = node.FromInside(frame);
  EXPECT_EQ(result.action, PacketAction::kIcmpError);
  EXPECT_EQ(result.error, IcmpError::kTimeExceeded);
  EXPECT_EQ(node.counters.value(DropReason::kTtlExceeded), 1u);
  EXPECT_EQ(node.table().live_count(), 0u);
}

TEST(Forward, TooBigPacketGetsTheMtuUnlessItMayBeFragmented) {
  Node node;
  node.mtu_outside = 1'400;
  Bytes frame = testing::UdpFrame(kClientPort, 53, 1'400);
  const ForwardResult result = node.FromInside(frame);
  EXPECT_EQ(result.action, PacketAction::kIcmpError);
  EXPECT_EQ(result.error, IcmpError::kFragmentationNeeded);
  EXPECT_EQ(result.mtu, 1'400);
  Bytes may = testing::UdpFrame(kClientPort, 53, 1'400, {.fragment = 0, .options = {}});
  EXPECT_EQ(node.FromInside(may).action, PacketAction::kDrop);
  Bytes fits = testing::UdpFrame(kClientPort, 53, 1'400 - 28);
  EXPECT_EQ(node.FromInside(fits).action, PacketAction::kForward);
}

TEST(Forward, ErrorsOfThisNodeAreLimited) {
  Node node;
  int sent = 0;
  for (int i = 0; i < 200; ++i) {
    Bytes frame = testing::UdpFrame(kClientPort, 53, 5, {.ttl = 1, .options = {}});
    sent += node.FromInside(frame).action == PacketAction::kIcmpError ? 1 : 0;
  }
  EXPECT_EQ(sent, 50);
  EXPECT_EQ(node.counters.value(Event::kIcmpErrorsLimited), 150u);
}

// ---- ICMP errors of others ----

TEST(Forward, ErrorAboutANatedSessionReachesTheClientTranslated) {
  Node node;
  Bytes sent = testing::UdpFrame(kClientPort, 5'353, 40);
  const Bytes original = sent;
  ASSERT_EQ(node.FromInside(sent).action, PacketAction::kForward);
  const NetAddr router = MakeAddr(10, 2, 0, 9);
  Bytes error = testing::ErrorFrame(router, sent, 3, 1);
  ASSERT_EQ(node.FromOutside(error).action, PacketAction::kForward);
  EXPECT_EQ(LoadNet32(&error[26]), router);
  EXPECT_EQ(LoadNet32(&error[30]), kClient);
  EXPECT_EQ(LoadNet32(&error[54]), kClient) << "inner source";
  EXPECT_EQ(LoadHost16(&error[62]), kClientPort);
  EXPECT_EQ(LoadNet16(&error[68]), LoadNet16(&original[40])) << "inner UDP checksum";
  EXPECT_TRUE(testing::ChecksumsAreRight(error));
}

TEST(Forward, ErrorFromTheClientsSideHidesTheClient) {
  Node node;
  Bytes query = testing::UdpFrame(kClientPort, 5'353, 4);
  ASSERT_EQ(node.FromInside(query).action, PacketAction::kForward);
  const std::uint16_t nat_port = LoadHost16(&query[34]);
  Bytes answer =
      testing::UdpFrame(5'353, nat_port, 4, {.source = kServer, .target = kNatAddr, .options = {}});
  ASSERT_EQ(node.FromOutside(answer).action, PacketAction::kForward);
  Bytes error = testing::ErrorFrame(kClient, answer, 3, 3);
  ASSERT_EQ(node.FromInside(error).action, PacketAction::kForward);
  EXPECT_EQ(LoadNet32(&error[26]), kNatAddr);
  EXPECT_EQ(LoadNet32(&error[58]), kNatAddr) << "inner target";
  EXPECT_EQ(LoadHost16(&error[64]), nat_port);
  EXPECT_TRUE(testing::ChecksumsAreRight(error));
}

TEST(Forward, ErrorWithoutASessionOrWithAnImpossibleQuoteIsRefused) {
  Node node;
  const Bytes unknown = testing::UdpFrame(1, 2, 4);
  Bytes stray = testing::ErrorFrame(kServer, unknown, 3, 3);
  EXPECT_EQ(node.FromOutside(stray).reason, DropReason::kIcmpUnmatched);
  Connection connection{node};
  connection.Handshake();
  const Bytes made_up = testing::TcpFrame({.seq = 0x7000'0000, .flags = kTcpAck, .options = {}});
  Bytes forged = testing::ErrorFrame(kServer, made_up, 3, 4);
  EXPECT_EQ(node.FromOutside(forged).reason, DropReason::kIcmpUnmatched);
  const Bytes real = testing::TcpFrame({.seq = 1'001, .flags = kTcpAck, .options = {}});
  Bytes honest = testing::ErrorFrame(kServer, real, 3, 4);
  EXPECT_EQ(node.FromOutside(honest).action, PacketAction::kForward);
}

// ---- Reuse, exhaustion, bad checksums ----

TEST(Forward, NewConnectionTakesOverTheKeyOfAFinishedOne) {
  Node node;
  Connection connection{node, 8'443};
  connection.Handshake();
  connection.Client(kTcpFin | kTcpAck);
  connection.Server(kTcpFin | kTcpAck);
  connection.Client(kTcpAck);
  ASSERT_EQ(connection.entry().state, static_cast<std::uint8_t>(SessionState::kTcpTimeWait));
  connection.client_seq += 100'000;
  const ForwardResult result = connection.Client(kTcpSyn);
  EXPECT_EQ(result.action, PacketAction::kForward);
  EXPECT_EQ(result.dirty_count, 2);
  EXPECT_EQ(connection.entry().state, static_cast<std::uint8_t>(SessionState::kTcpSynSent));
  EXPECT_EQ(node.table().live_count(), 1u);
  EXPECT_EQ(node.counters.value(Event::kTcpReused), 1u);
}

TEST(Forward, NatExhaustionIsCountedAndLeavesOthersUntouched) {
  Node node({.addresses = {kNatAddr}, .port_min = 5'000, .port_max = 5'001});
  int refused = 0;
  int passed = 0;
  for (std::uint16_t port = 1'000; port < 6'000; ++port) {
    Bytes frame = testing::UdpFrame(port, 5'353, 4);
    const ForwardResult result = node.FromInside(frame);
    refused += result.reason == DropReason::kNatExhausted ? 1 : 0;
    passed += result.action == PacketAction::kForward ? 1 : 0;
  }
  EXPECT_EQ(passed, 1);  // One port in the own half, one remote endpoint.
  EXPECT_EQ(refused, 4'999);
  EXPECT_EQ(node.counters.value(DropReason::kNatExhausted), 4'999u);
}

TEST(Forward, FullTableRefusesNewSessionsAndKeepsTheOld) {
  Node node({.addresses = {kNatAddr}}, 256);
  Connection connection{node};
  connection.Handshake();
  bool full = false;
  for (std::uint16_t port = 1'000; port < 30'000 && !full; ++port) {
    Bytes frame = testing::UdpFrame(port, 53, 4);
    full = node.FromInside(frame).reason == DropReason::kTableFull;
  }
  EXPECT_TRUE(full);
  EXPECT_EQ(connection.Client(kTcpAck, 10).action, PacketAction::kForward);
}

TEST(Forward, ASynOrResetWithAWrongChecksumMovesNothing) {
  Node node;
  Bytes syn = testing::TcpFrame({});
  syn[50] ^= std::byte{1};
  EXPECT_EQ(node.FromInside(syn).reason, DropReason::kTcpChecksum);
  Connection connection{node};
  connection.Handshake();
  Bytes reset = testing::TcpFrame({.seq = connection.client_seq, .flags = kTcpRst, .options = {}});
  reset[50] ^= std::byte{1};
  EXPECT_EQ(node.FromInside(reset).reason, DropReason::kTcpChecksum);
  EXPECT_EQ(connection.entry().state, static_cast<std::uint8_t>(SessionState::kTcpEstablished));
}

// ---- Takeover ----

// The entry as a standby holds it: applied, never written by this node's worker.
void MakeReplicated(SessionEntry& entry, std::uint32_t lag) {
  for (std::size_t i = 0; i < 2; ++i) {
    entry.edge[i] = (entry.edge[i] - lag) & ~0xffu;
    entry.limit[i] = 0;
    entry.window[i] = 0;
  }
  entry.flags |= statesync::kSessionReanchorClient | statesync::kSessionReanchorServer;
}

TEST(ForwardTakeover, EstablishedConnectionGoesOnAndIsCountedPerDirection) {
  Node node;
  Connection connection{node, 8'443};
  connection.Handshake();
  for (int i = 0; i < 50; ++i) {
    connection.Server(kTcpAck, 1'400);
    connection.Client(kTcpAck);
  }
  MakeReplicated(connection.entry(), 60'000);
  node.context.term = statesync::MakeTerm(2, 0);
  EXPECT_EQ(connection.Server(kTcpAck, 1'400).action, PacketAction::kForward);
  EXPECT_EQ(connection.Server(kTcpAck, 1'400).action, PacketAction::kForward);
  EXPECT_EQ(connection.Client(kTcpAck, 10).action, PacketAction::kForward);
  EXPECT_EQ(node.counters.value(Event::kSessionsReanchored), 2u);
  EXPECT_EQ(connection.entry().anchored_term, statesync::MakeTerm(2, 0).value & 0xff);
}

// Term 1 ours, term 2 the peer's (whose changes never crossed an edge), term 3 ours again: nothing
// was applied in between, so only the entry's term tells that its edge is old.
TEST(ForwardTakeover, EntryThatThePeerNeverChangedAnchorsByItsTerm) {
  Node node;
  Connection connection{node};
  connection.Handshake();
  connection.server_seq += 30'000'000;  // Beyond the 8 MiB the client has allowed.
  EXPECT_EQ(connection.Server(kTcpAck, 100).reason, DropReason::kTcpWindow);
  node.context.term = statesync::MakeTerm(3, 0);
  EXPECT_EQ(connection.Server(kTcpAck, 100).action, PacketAction::kForward);
  EXPECT_EQ(node.counters.value(Event::kSessionsReanchored), 1u);
  EXPECT_EQ(connection.Client(kTcpAck, 100).action, PacketAction::kForward);
  EXPECT_EQ(node.counters.value(Event::kSessionsReanchored), 2u);
  connection.server_seq += 30'000'000;
  EXPECT_EQ(connection.Server(kTcpAck, 100).reason, DropReason::kTcpWindow);
}

// ---- One burst ----

// A worker looks all keys of a burst up first; the second SYN then carries a stale miss.
TEST(ForwardBurst, AStaleMissIsLookedUpAgain) {
  Node node;
  Bytes first = testing::TcpFrame({});
  Bytes second = testing::TcpFrame({});
  ASSERT_EQ(node.FromInside(first).action, PacketAction::kForward);
  ASSERT_EQ(Parse(second, {}, node.view), DropReason::kNone);
  const ForwardInput stale{.from_zone = testing::kInside, .route = node.RouteOf(kServer)};
  EXPECT_EQ(ProcessPacket(node.context, stale, node.view).action, PacketAction::kForward);
  EXPECT_EQ(node.table().live_count(), 1u);
}

TEST(ForwardBurst, AStaleHitOnADeletedSessionIsNotFollowed) {
  Node node;
  Connection connection{node};
  connection.Handshake();
  Bytes data = testing::TcpFrame({.seq = connection.client_seq,
                                  .ack = connection.server_seq,
                                  .flags = kTcpAck,
                                  .options = {}});
  ASSERT_EQ(Parse(data, {}, node.view), DropReason::kNone);
  const ForwardInput stale{.from_zone = testing::kInside,
                           .lookup = node.table().Lookup(node.view.key),
                           .route = node.RouteOf(kServer)};
  node.table().Delete({statesync::SessionTable::ShardOf(node.view.key), stale.lookup.slot});
  EXPECT_EQ(ProcessPacket(node.context, stale, node.view).reason, DropReason::kMidStream);
}

}  // namespace
}  // namespace dataplane
