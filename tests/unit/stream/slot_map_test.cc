// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

#include "statesync/stream/slot_map.h"

#include "gtest/gtest.h"

namespace statesync {
namespace {

TEST(SlotMap, KeepsLiveHandles) {
  SlotMap map(100);
  map.SetLive({255, 99}, 200, {255, 17, 65'000});
  const SlotState state = map.Get({255, 99});
  EXPECT_EQ(state.kind, SlotKind::kLive);
  EXPECT_EQ(state.generation, 200);
  EXPECT_EQ(state.own.slot, 65'000);
  EXPECT_EQ(state.own.generation, 17);
  EXPECT_EQ(state.own.shard, 255);
  EXPECT_EQ(map.Get({255, 98}).kind, SlotKind::kUnknown);
}

TEST(SlotMap, KeepsTheWholeCounterOfTheDead) {
  SlotMap map(10);
  map.SetDead({1, 2}, kVersionCounterMax);
  EXPECT_EQ(map.Get({1, 2}).kind, SlotKind::kDead);
  EXPECT_EQ(map.Get({1, 2}).since, kVersionCounterMax);
}

TEST(SlotMap, CountsRefusals) {
  SlotMap map(10);
  map.SetRefused({1, 2}, 7);
  map.SetRefused({1, 2}, 8);
  map.SetRefused({1, 3}, 9);
  EXPECT_EQ(map.Get({1, 2}).since, 8u);
  EXPECT_EQ(map.refused_count(), 2u);
  map.SetLive({1, 2}, 0, {1, 0, 5});
  map.SetDead({1, 3}, 9);
  EXPECT_EQ(map.refused_count(), 0u);
}

TEST(SlotMap, WantedStaysUntilItIsTakenAway) {
  SlotMap map(10);
  map.SetWanted({1, 2}, true);
  EXPECT_EQ(map.Get({1, 2}).kind, SlotKind::kUnknown);
  map.SetLive({1, 2}, 3, {1, 0, 5});
  EXPECT_TRUE(map.Get({1, 2}).wanted);
  map.SetWanted({1, 2}, false);
  EXPECT_FALSE(map.Get({1, 2}).wanted);
  EXPECT_EQ(map.Get({1, 2}).kind, SlotKind::kLive);
}

TEST(SlotMap, ForgetsEverythingEveryTime) {
  SlotMap map(4);
  for (int i = 0; i < 70'000; ++i) {
    ASSERT_EQ(map.Get({9, 3}).kind, SlotKind::kUnknown) << i;
    map.SetWanted({9, 3}, true);
    map.SetRefused({9, 3}, 1);
    map.Forget(9);
    ASSERT_FALSE(map.Get({9, 3}).wanted);
    ASSERT_EQ(map.refused_count(), 0u);
  }
}

TEST(SlotMap, ShardsDoNotShareWords) {
  SlotMap map(3);
  for (unsigned shard = 2; shard < 256; shard += 4) {
    map.SetDead({static_cast<ShardIndex>(shard), 2}, shard);
  }
  for (unsigned shard = 2; shard < 256; shard += 4) {
    EXPECT_EQ(map.Get({static_cast<ShardIndex>(shard), 2}).since, shard);
    EXPECT_EQ(map.Get({static_cast<ShardIndex>(shard), 1}).kind, SlotKind::kUnknown);
  }
}

}  // namespace
}  // namespace statesync
