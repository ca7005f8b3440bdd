// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

// A shard whose index is smaller than a table would make it, to see it full.

#include "statesync/table/shard.h"

#include <vector>

#include "gtest/gtest.h"
#include "statesync/table/session_codec.h"
#include "statesync/table/session_record.h"

namespace statesync {
namespace {

constexpr std::uint32_t kSlots = 64;

struct Owned {
  Owned() : entries(kSlots), buckets(1), free_slots(kSlots), check_times(kSlots) {
    shard.Init(entries.data(), kSlots, buckets.data(), 1, free_slots.data(), check_times.data(),
               MakeIndexSeed(1));
  }
  // Session number n, with two keys or one. kNoSlot if there is no room.
  SlotIndex Insert(std::uint16_t n, bool nat) {
    SessionImage image{};
    image.client_addr = 1;
    image.server_addr = 2;
    image.client_port = n;
    image.server_port = 443;
    image.state = SessionState::kTcpEstablished;
    if (nat) {
      image.flags = kSessionHasNat;
      image.nat_addr = 3;
      image.nat_port = n;
    }
    const SessionRecord::Keys keys = SessionRecord::KeysOf(image);
    return shard.Insert(image, keys, shard.HashesOf(keys));
  }

  std::vector<SessionEntry> entries;
  std::vector<IndexBucket> buckets;
  std::vector<SlotIndex> free_slots;
  std::vector<std::uint16_t> check_times;
  Shard<SessionRecord> shard;
};

// 15 places: seven sessions with NAT leave one, which is too little for an eighth. Its first key
// must not stay behind.
TEST(Shard, ASessionWhoseSecondKeyFindsNoPlaceLeavesNothingBehind) {
  Owned owned;
  for (std::uint16_t n = 0; n < 7; ++n) ASSERT_NE(owned.Insert(n, true), kNoSlot);
  EXPECT_EQ(owned.Insert(100, true), kNoSlot);
  EXPECT_EQ(owned.shard.live_count(), 7u);
  EXPECT_NE(owned.Insert(101, false), kNoSlot);
  EXPECT_EQ(owned.Insert(102, false), kNoSlot);
  EXPECT_EQ(owned.shard.live_count(), 8u);
}

TEST(Shard, RemoveMakesRoomForBothKeys) {
  Owned owned;
  std::vector<SlotIndex> slots;
  for (std::uint16_t n = 0; n < 7; ++n) slots.push_back(owned.Insert(n, true));
  owned.shard.Remove(slots[3]);
  EXPECT_EQ(owned.shard.live_count(), 6u);
  EXPECT_NE(owned.Insert(200, true), kNoSlot);
  EXPECT_NE(owned.Insert(201, false), kNoSlot);
  EXPECT_EQ(owned.Insert(202, false), kNoSlot);
}

}  // namespace
}  // namespace statesync
