// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

// What a worker does with packets, from port to port.

#include <gtest/gtest.h>

#include "tests/dpdk/worker_node.h"

namespace dataplane::testing {
namespace {

// Addresses and ports of a TCP frame, for comparison.
struct Ends {
  NetAddr source;
  NetAddr target;
  std::uint16_t source_port;
  std::uint16_t target_port;
  friend bool operator==(const Ends&, const Ends&) = default;
};
Ends EndsOf(const Bytes& frame) {
  return {LoadNet32(&frame[26]), LoadNet32(&frame[30]), LoadHost16(&frame[34]),
          LoadHost16(&frame[36])};
}

class WorkerForward : public ::testing::TestWithParam<std::uint8_t> {
 protected:
  WorkerForward() : node(GetParam()) {
    node.Activate();
    node.Run();
  }
  WorkerNode node;
};

// With one worker everything stays with it; with three, frames cross the rings between them, and
// frames of workers without a transmit queue cross the port's ring.
INSTANTIATE_TEST_SUITE_P(Workers, WorkerForward, ::testing::Values(1, 3));

TEST_P(WorkerForward, TcpHandshakePassesThroughSourceNatAndBack) {
  node.TeachMac(kClients, kClient, kClientMac);
  node.TeachMac(kServers, kServer, kServerMac);

  node.Give(kClients,
            node.To(kClients, TcpFrame({.seq = 100, .options = MssOption(1'460)}), kClientMac));
  node.Run();
  std::vector<Bytes> out = node.Take(kServers);
  ASSERT_EQ(out.size(), 1u);
  const Ends translated = EndsOf(out[0]);
  EXPECT_EQ(translated.source, kNatAddr);
  EXPECT_EQ(translated.target, kServer);
  EXPECT_EQ(translated.target_port, kServerPort);
  EXPECT_TRUE(ChecksumsAreRight(out[0]));
  EXPECT_EQ(LoadMac(out[0].data()), kServerMac);
  EXPECT_EQ(LoadMac(out[0].data() + 6), VirtualMac(2));
  EXPECT_EQ(LoadByte(&out[0][22]), 63);  // TTL.

  node.Give(kServers, node.To(kServers,
                              TcpFrame({.source_port = kServerPort,
                                        .target_port = translated.source_port,
                                        .seq = 900,
                                        .ack = 101,
                                        .flags = kTcpSyn | kTcpAck},
                                       {.source = kServer, .target = kNatAddr}),
                              kServerMac));
  node.Run();
  out = node.Take(kClients);
  ASSERT_EQ(out.size(), 1u);
  EXPECT_EQ(EndsOf(out[0]), (Ends{kServer, kClient, kServerPort, kClientPort}));
  EXPECT_TRUE(ChecksumsAreRight(out[0]));
  EXPECT_EQ(LoadMac(out[0].data()), kClientMac);
  EXPECT_EQ(LoadMac(out[0].data() + 6), VirtualMac(1));

  node.Give(
      kClients,
      node.To(kClients,
              TcpFrame({.seq = 101, .ack = 901, .flags = kTcpAck | kTcpPsh, .payload_bytes = 333}),
              kClientMac));
  node.Run();
  out = node.Take(kServers);
  ASSERT_EQ(out.size(), 1u);
  EXPECT_EQ(EndsOf(out[0]), translated);
  EXPECT_TRUE(ChecksumsAreRight(out[0]));
  EXPECT_EQ(node.tables->sessions->live_count(), 1u);
  EXPECT_EQ(node.Count(Event::kPacketsForwarded), 3u);
}

TEST_P(WorkerForward, FrameWaitsForItsNextHopAndGoesWhenItAnswers) {
  node.Give(kClients, node.To(kClients, UdpFrame(kClientPort, kServerPort, 40), kClientMac));
  node.Run();
  std::vector<Bytes> out = node.Take(kServers);
  ASSERT_EQ(out.size(), 1u);  // The question, not yet the frame.
  ArpPacket question;
  ASSERT_EQ(ParseArp(out[0], question), DropReason::kNone);
  EXPECT_EQ(question.target_addr, kServer);
  EXPECT_EQ(question.sender_mac, VirtualMac(2));

  Bytes answer(kArpFramePadded);
  BuildArpReply(kServerMac, kServer, question, answer);
  node.Give(kServers, answer);
  node.Run();
  out = node.Take(kServers);
  ASSERT_EQ(out.size(), 1u);
  EXPECT_EQ(LoadMac(out[0].data()), kServerMac);
  EXPECT_TRUE(ChecksumsAreRight(out[0]));
}

TEST_P(WorkerForward, HeldFrameIsDroppedWhenNobodyAnswers) {
  node.Give(kClients, node.To(kClients, UdpFrame(kClientPort, kServerPort, 40), kClientMac));
  node.Run();
  node.Run(20, 400 * kMillisecond);
  EXPECT_EQ(node.Count(DropReason::kArpUnresolved), 1u);
  EXPECT_EQ(node.Take(kServers).size(), kArpTriesMax);  // Only the questions.
  EXPECT_EQ(rte_mempool_in_use_count(node.pool.get()), 0u);
}

TEST_P(WorkerForward, MidStreamPacketWithoutSessionIsRefused) {
  node.TeachMac(kServers, kServer, kServerMac);
  node.Give(kClients, node.To(kClients, TcpFrame({.ack = 5, .flags = kTcpAck}), kClientMac));
  node.Run();
  EXPECT_TRUE(node.Take(kServers).empty());
  EXPECT_EQ(node.Count(DropReason::kMidStream), 1u);
}

TEST_P(WorkerForward, TooSmallTtlIsAnsweredWithTimeExceeded) {
  node.Give(kClients,
            node.To(kClients, UdpFrame(kClientPort, kServerPort, 40, {.ttl = 1}), kClientMac));
  node.Run();
  const std::vector<Bytes> out = node.Take(kClients);
  ASSERT_EQ(out.size(), 1u);
  EXPECT_EQ(LoadByte(&out[0][34]), 11);  // ICMP type.
  EXPECT_EQ(LoadMac(out[0].data()), kClientMac);
  EXPECT_TRUE(ChecksumsAreRight(out[0]));
}

TEST_P(WorkerForward, PaddingOfShortFramesIsNotForwarded) {
  node.TeachMac(kServers, kServer, kServerMac);
  Bytes frame = node.To(kClients, UdpFrame(kClientPort, kServerPort, 1), kClientMac);
  const std::size_t bytes = frame.size();
  frame.resize(60);
  node.Give(kClients, frame);
  node.Run();
  const std::vector<Bytes> out = node.Take(kServers);
  ASSERT_EQ(out.size(), 1u);
  EXPECT_EQ(out[0].size(), bytes);
}

// Every length, and headers that lie: nothing crashes, every frame is accounted for, no buffer
// leaks.
TEST_P(WorkerForward, HostileFramesAreCountedAndFreed) {
  Random random(20'261'120);
  const Bytes good = node.To(kClients, TcpFrame({.payload_bytes = 600}), kClientMac);
  std::uint64_t given = 0;
  for (std::size_t bytes = 0; bytes <= 1'514; ++bytes) {
    Bytes noise(bytes);
    for (std::byte& b : noise) b = std::byte{static_cast<std::uint8_t>(random.Next())};
    Bytes damaged(good.begin(),
                  good.begin() + static_cast<std::ptrdiff_t>(std::min(bytes, good.size())));
    for (int i = 0; i < 3 && damaged.size() > 14; ++i) {
      damaged[12 + random.Below(static_cast<std::uint32_t>(
                       std::min<std::size_t>(damaged.size() - 12, 60)))] =
          std::byte{static_cast<std::uint8_t>(random.Next())};
    }
    node.Give(kClients, noise);
    node.Give(kClients, damaged);
    given += 2;
    if (bytes % 16 == 0) {
      node.Run();
      (void)node.Take(kClients);
      (void)node.Take(kServers);
    }
  }
  node.Run();
  node.Run(20, 400 * kMillisecond);
  (void)node.Take(kClients);
  (void)node.Take(kServers);
  EXPECT_EQ(node.Count(Event::kPacketsReceived), given);
  EXPECT_EQ(rte_mempool_in_use_count(node.pool.get()), 0u);
}

}  // namespace
}  // namespace dataplane::testing
