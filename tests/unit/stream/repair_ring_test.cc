// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

#include "statesync/stream/repair_ring.h"

#include "gtest/gtest.h"

namespace statesync {
namespace {

RingItem ItemOf(SlotIndex slot) {
  return RingItem::Make(TableId::kSession, {7, slot}, slot % 2 == 0, slot % 3 == 0);
}

std::uint64_t Publish(RepairRing& ring, SlotIndex first, SlotIndex count, Instant now = {}) {
  ring.Open();
  for (SlotIndex i = 0; i < count; ++i) ring.AddItem(ItemOf(static_cast<SlotIndex>(first + i)));
  ring.EndRun(TableId::kSession, now, true);
  return ring.Close(now, first);
}

TEST(RingItem, KeepsItsParts) {
  const RingItem item = RingItem::Make(TableId::kVirtualMac, {255, 65'534}, true, false);
  EXPECT_EQ(item.handle(), (Handle{255, 65'534}));
  EXPECT_EQ(item.table(), TableId::kVirtualMac);
  EXPECT_TRUE(item.keyed());
  EXPECT_FALSE(item.retires());
  EXPECT_TRUE(RingItem::Make(TableId::kSession, {0, 0}, false, true).retires());
}

TEST(RepairRing, FindsFramesUntilTheyAreAcknowledged) {
  RepairRing ring({8, 64, 16});
  EXPECT_EQ(Publish(ring, 10, 3), 1u);
  EXPECT_EQ(Publish(ring, 20, 2), 2u);
  ASSERT_NE(ring.Find(2), nullptr);
  EXPECT_EQ(ring.item(*ring.Find(2), 1).handle().slot, 21);
  EXPECT_EQ(ring.Find(3), nullptr);
  EXPECT_EQ(ring.item_count(), 5u);
  ASSERT_NE(ring.Front(1), nullptr);
  ring.Pop();
  EXPECT_EQ(ring.Front(1), nullptr);
  EXPECT_EQ(ring.Find(1), nullptr);
  EXPECT_EQ(ring.oldest_frame(), 2u);
  EXPECT_EQ(ring.item_count(), 2u);
}

TEST(RepairRing, HasNoRoomRatherThanOverwrite) {
  RepairRing ring({4, 8, 4});
  for (SlotIndex i = 0; i < 3; ++i) Publish(ring, i, 1);
  EXPECT_TRUE(ring.HasRoom(5, 0));
  EXPECT_FALSE(ring.HasRoom(6, 0));
  Publish(ring, 9, 1);
  EXPECT_FALSE(ring.HasRoom(0, 0));
  ring.Pop();
  EXPECT_TRUE(ring.HasRoom(1, 0));
}

TEST(RepairRing, GoesRoundManyTimes) {
  RepairRing ring({8, 16, 8});
  for (std::uint64_t number = 1; number < 1'000; ++number) {
    ring.Open();
    ring.AddItem(ItemOf(static_cast<SlotIndex>(number)));
    ring.AddItem(ItemOf(static_cast<SlotIndex>(number + 1)));
    ring.AddNote({number, true});
    ASSERT_EQ(ring.Close({}, number), number);
    if (number < 5) continue;
    const RepairRing::Frame* frame = ring.Find(number - 3);
    ASSERT_NE(frame, nullptr);
    ASSERT_EQ(ring.item(*frame, 1).handle().slot, number - 2);
    ASSERT_EQ(ring.note(*frame, 0).frame, number - 3);
    ring.Pop();
  }
}

TEST(RepairRing, ResetClosesEverythingAndGoesOnCounting) {
  RepairRing ring({8, 16, 8});
  Publish(ring, 1, 2);
  ring.Reset();
  EXPECT_TRUE(ring.is_empty());
  EXPECT_EQ(ring.item_count(), 0u);
  EXPECT_EQ(Publish(ring, 1, 1), 2u);
}

TEST(RepairRing, OldestIsOfAFrameWithItems) {
  RepairRing ring({8, 16, 8});
  Publish(ring, 1, 0, {5});
  Publish(ring, 1, 1, {9});
  EXPECT_EQ(ring.Oldest(TableId::kSession).ns, 9);
}

// Frames of two tables in turn: what is held of each, and since when, is right after every step.
TEST(RepairRing, KnowsTheOldestItemOfEachTable) {
  RepairRing ring({16, 64, 16});
  const auto add = [&](TableId table, std::int64_t since, bool is_change) {
    ring.AddItem(RingItem::Make(table, {1, 1}, false, false));
    ring.EndRun(table, {since}, is_change);
  };
  for (std::int64_t number = 1; number <= 10; ++number) {
    ring.Open();
    if (number % 3 == 1) add(TableId::kArp, number * 10, true);
    add(TableId::kMac, number * 10 + 1, true);
    add(TableId::kMac, number * 10 - 1, false);
    (void)ring.Close({}, 0);
  }
  EXPECT_EQ(ring.Find(1)->changes_of[static_cast<std::size_t>(TableId::kMac)], 1);
  for (std::int64_t closed = 1; closed < 10; ++closed) {
    ring.Pop();
    EXPECT_EQ(ring.item_count(TableId::kMac), 20u - 2u * static_cast<std::uint64_t>(closed));
    EXPECT_EQ(ring.Oldest(TableId::kMac).ns, (closed + 1) * 10 - 1);
    const std::int64_t next = (closed + 2) / 3 * 3 + 1;  // 1, 4, 7 and 10 have one.
    EXPECT_EQ(ring.item_count(TableId::kArp), static_cast<std::uint64_t>((13 - next) / 3));
    EXPECT_EQ(ring.Oldest(TableId::kArp).ns, next * 10 - 1);
  }
  ring.Pop();
  EXPECT_EQ(ring.item_count(TableId::kArp), 0u);
}

}  // namespace
}  // namespace statesync
