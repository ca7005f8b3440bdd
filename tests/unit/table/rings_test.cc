// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

// The two rings between a worker and the sync loop: free slots and dirty handles.

#include <array>
#include <thread>
#include <vector>

#include "gtest/gtest.h"
#include "statesync/table/dirty_ring.h"
#include "statesync/table/free_fifo.h"

namespace statesync {
namespace {

TEST(FreeFifo, GivesFreshSlotsThenReturnedOnesInOrder) {
  std::array<SlotIndex, 3> ring{};
  FreeFifo fifo;
  fifo.Init(ring.data(), 3);
  for (SlotIndex slot = 0; slot < 3; ++slot) {
    ASSERT_EQ(fifo.Peek(), slot);
    fifo.Take();
  }
  EXPECT_EQ(fifo.Peek(), kNoSlot);
  fifo.Return(2);
  fifo.Return(0);
  ASSERT_EQ(fifo.Peek(), 2);
  fifo.Take();
  ASSERT_EQ(fifo.Peek(), 0);
  fifo.Take();
  EXPECT_EQ(fifo.Peek(), kNoSlot);
}

TEST(FreeFifo, ReusesASlotOnlyAfterAllOthers) {
  constexpr std::uint32_t kSlots = 100;
  std::array<SlotIndex, kSlots> ring{};
  FreeFifo fifo;
  fifo.Init(ring.data(), kSlots);
  std::array<int, kSlots> last_used{};
  for (int turn = 1; turn <= 100'000; ++turn) {
    const SlotIndex slot = fifo.Peek();
    ASSERT_NE(slot, kNoSlot);
    fifo.Take();
    ASSERT_TRUE(last_used[slot] == 0 || turn - last_used[slot] >= static_cast<int>(kSlots));
    last_used[slot] = turn;
    fifo.Return(slot);
  }
}

TEST(FreeFifo, PeekAheadNamesTheSlotsThatFollow) {
  std::array<SlotIndex, 8> ring{};
  FreeFifo fifo;
  fifo.Init(ring.data(), 8);
  EXPECT_EQ(fifo.PeekAhead(3), 3);
  EXPECT_EQ(fifo.PeekAhead(8), kNoSlot);
  for (int i = 0; i < 8; ++i) fifo.Take();
  fifo.Return(5);
  fifo.Return(4);
  ASSERT_EQ(fifo.Peek(), 5);
  EXPECT_EQ(fifo.PeekAhead(1), 4);
  EXPECT_EQ(fifo.PeekAhead(2), kNoSlot);
}

TEST(DirtyRing, RefusesWhenFullAndKeepsTheOrder) {
  std::array<Handle, 4> memory;
  DirtyRing ring;
  ring.Init(memory.data(), 4);
  Handle handle;
  for (int round = 0; round < 10; ++round) {
    for (SlotIndex slot = 0; slot < 4; ++slot) ASSERT_TRUE(ring.Push({1, slot}));
    ASSERT_FALSE(ring.Push({1, 4}));
    ASSERT_FALSE(ring.Pop(handle));  // Not published yet.
    ring.Publish();
    EXPECT_EQ(ring.size(), 4u);
    for (SlotIndex slot = 0; slot < 4; ++slot) {
      ASSERT_TRUE(ring.Pop(handle));
      ASSERT_EQ(handle.slot, slot);
    }
    ASSERT_FALSE(ring.Pop(handle));
    ASSERT_FALSE(ring.Push({1, 0}));  // Not released yet.
    ring.Release();
  }
}

TEST(DirtyRing, CarriesEverythingBetweenTwoThreads) {
  constexpr std::uint32_t kCount = 20'000;
  std::vector<Handle> memory(64);
  DirtyRing ring;
  ring.Init(memory.data(), 64);
  std::thread producer([&] {
    for (std::uint32_t i = 0; i < kCount;) {
      if (ring.Push({static_cast<ShardIndex>(i >> 16), static_cast<SlotIndex>(i)})) {
        ++i;
      } else {
        std::this_thread::yield();
      }
      ring.Publish();
    }
  });
  for (std::uint32_t i = 0; i < kCount;) {
    Handle handle;
    if (ring.Pop(handle)) {
      ASSERT_EQ(handle.slot, static_cast<SlotIndex>(i));
      ++i;
    } else {
      std::this_thread::yield();
    }
    ring.Release();
  }
  producer.join();
}

}  // namespace
}  // namespace statesync
