// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

// A peer that lies: each lie ends in one counter, and costs this node nothing of its own.

#include "tests/unit/stream/hostile_peer.h"

namespace statesync {
namespace {

constexpr Saying kOwnerSays{.role = Role::kActive, .term = {9}};

Saying Numbered(std::uint64_t number) {
  Saying saying = kOwnerSays;
  saying.number = number;
  saying.numbered = true;
  return saying;
}

// Found by the fuzzer: the frame that says so was closed while it was being applied, and the node
// aborted.
TEST(HostilePeer, CannotCallAFrameLostThatSaysSoItself) {
  HostilePeer peer(0);
  peer.Say(Numbered(1));
  LostRecord lost;
  lost.first.Set(2);
  lost.last.Set(2);
  peer.Say(Numbered(2), ControlOp::kLost, lost);
  EXPECT_EQ(peer.counters().records_malformed, 1u);
  EXPECT_EQ(peer.counters().frames_lost, 0u);
  EXPECT_EQ(peer.counters().frames_received, 2u);
}

TEST(HostilePeer, CannotCallFramesLostThatItHasNotSent) {
  HostilePeer peer(0);
  LostRecord lost;
  lost.first.Set(1);
  lost.last.Set(kFrameNumberMax);
  Saying saying = kOwnerSays;
  saying.number = 10;
  peer.Say(saying, ControlOp::kLost, lost);
  EXPECT_EQ(peer.counters().records_malformed, 1u);
  EXPECT_EQ(peer.counters().frames_lost, 0u);
  peer.Say(Numbered(10));
  EXPECT_EQ(peer.counters().frames_received, 1u);
}

TEST(HostilePeer, CannotRepairFramesThatItHasNotSent) {
  HostilePeer peer(0);
  RepairedRecord repaired;
  repaired.frame.Set(5);
  repaired.first_back.Set(0);
  peer.Say(Numbered(4), ControlOp::kRepaired, repaired);
  EXPECT_EQ(peer.counters().records_malformed, 1u);
  peer.Say(Numbered(5));
  EXPECT_EQ(peer.counters().frames_received, 2u);
  EXPECT_EQ(peer.counters().frames_duplicate, 0u);
}

}  // namespace
}  // namespace statesync
