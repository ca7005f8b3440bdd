// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

#include "dataplane/core/expiry.h"

#include <gtest/gtest.h>

#include <array>

#include "tests/unit/core/node.h"

namespace dataplane {
namespace {

using statesync::SessionState;
using testing::Bytes;

TEST(Timeouts, EachStateHasItsOwn) {
  const Timeouts timeouts{.tcp_syn_s = 1,
                          .tcp_established_s = 2,
                          .tcp_fin_s = 3,
                          .tcp_time_wait_s = 4,
                          .tcp_closed_s = 5,
                          .udp_single_s = 6,
                          .udp_multiple_s = 7,
                          .icmp_s = 8};
  const std::pair<SessionState, std::uint32_t> cases[] = {
      {SessionState::kTcpSynSent, 1},     {SessionState::kTcpSynReceived, 1},
      {SessionState::kTcpEstablished, 2}, {SessionState::kTcpFinWait, 3},
      {SessionState::kTcpClosing, 3},     {SessionState::kTcpTimeWait, 4},
      {SessionState::kTcpClosed, 5},      {SessionState::kUdpSingle, 6},
      {SessionState::kUdpMultiple, 7},    {SessionState::kIcmpEcho, 8}};
  for (const auto& [state, seconds] : cases) EXPECT_EQ(TimeoutOf(state, timeouts), seconds);
}

TEST(Timeouts, GraceProtectsOnlyWhatWasNotSeenSinceTheTakeover) {
  const Timeouts timeouts;  // UDP single 30 s, grace 60 s.
  const auto expires = [&](std::uint32_t seen, std::uint32_t takeover) {
    return ExpiresAt(SessionState::kUdpSingle, seen, takeover, timeouts);
  };
  EXPECT_EQ(expires(100, 0), 130u);
  EXPECT_EQ(expires(100, 120), 180u);
  EXPECT_EQ(expires(121, 120), 151u);
  EXPECT_EQ(ExpiresAt(SessionState::kTcpEstablished, 100, 120, timeouts), 3'700u);
}

class ExpiryTest : public ::testing::Test {
 protected:
  // Runs the scan of every shard at `now_s`; returns the sessions ended.
  std::size_t Expire(std::uint32_t now_s, std::uint32_t takeover_s = 0) {
    std::size_t ended = 0;
    std::array<statesync::Handle, statesync::kBatchMax> dirty;
    for (std::size_t shard = 0; shard < statesync::kShardCount; ++shard) {
      ended += ExpireSlice(node_.table(), static_cast<statesync::ShardIndex>(shard), node_.timeouts,
                           now_s, takeover_s, node_.counters, dirty);
    }
    return ended;
  }
  testing::Node node_;
};

TEST_F(ExpiryTest, SessionEndsAfterItsTimeoutAndNotBefore) {
  Bytes frame = testing::UdpFrame(1'000, 53, 5);
  ASSERT_EQ(node_.FromInside(frame).action, PacketAction::kForward);
  EXPECT_EQ(Expire(1'029), 0u);
  EXPECT_EQ(node_.table().live_count(), 1u);
  EXPECT_EQ(Expire(1'030), 1u);
  EXPECT_EQ(node_.table().live_count(), 0u);
  EXPECT_EQ(node_.counters.value(Event::kSessionsExpired), 1u);
}

TEST_F(ExpiryTest, APacketExtendsTheLife) {
  Bytes frame = testing::UdpFrame(1'000, 53, 5);
  (void)node_.FromInside(frame);
  node_.context.now_s = 1'020;
  Bytes again = testing::UdpFrame(1'000, 53, 5);
  (void)node_.FromInside(again);
  EXPECT_EQ(Expire(1'030), 0u);
  EXPECT_EQ(Expire(1'049), 0u);
  EXPECT_EQ(Expire(1'050), 1u);
}

TEST_F(ExpiryTest, GraceAfterATakeoverHolds) {
  Bytes frame = testing::UdpFrame(1'000, 53, 5);
  (void)node_.FromInside(frame);
  EXPECT_EQ(Expire(1'030, 1'025), 0u);
  EXPECT_EQ(Expire(1'084, 1'025), 0u);
  EXPECT_EQ(Expire(1'085, 1'025), 1u);
}

// A reset shortens the life: the check must come earlier than the one for an established session.
TEST_F(ExpiryTest, AClosedConnectionEndsSoon) {
  Bytes syn = testing::TcpFrame({.seq = 1'000});
  (void)node_.FromInside(syn);
  Bytes reset =
      testing::TcpFrame({.source_port = testing::kServerPort,
                         .target_port = testing::kClientPort,
                         .seq = 0,
                         .ack = 1'001,
                         .flags = kTcpRst | kTcpAck},
                        {.source = testing::kServer, .target = testing::kClient, .options = {}});
  ASSERT_EQ(node_.FromOutside(reset).action, PacketAction::kForward);
  EXPECT_EQ(Expire(1'009), 0u);
  EXPECT_EQ(Expire(1'010), 1u);
}

}  // namespace
}  // namespace dataplane
