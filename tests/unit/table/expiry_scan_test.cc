// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

#include "statesync/table/expiry_scan.h"

#include <set>
#include <vector>

#include "gtest/gtest.h"

namespace statesync {
namespace {

struct Owned {
  explicit Owned(std::uint32_t slot_count) : times(slot_count) {
    scan.Init(times.data(), slot_count);
  }
  std::vector<SlotIndex> List(std::uint32_t now_s, std::size_t limit = 64) {
    std::vector<SlotIndex> slots(limit);
    slots.resize(scan.List(now_s, slots));
    return slots;
  }
  std::vector<std::uint16_t> times;
  ExpiryScan scan;
};

TEST(ExpiryScan, ListsWhatIsDueAndNothingElse) {
  Owned owned(1'000);
  owned.scan.Set(3, 100);
  owned.scan.Set(500, 101);
  owned.scan.Set(999, 102);
  EXPECT_TRUE(owned.List(99).empty());
  EXPECT_EQ(owned.List(100), (std::vector<SlotIndex>{3}));
  EXPECT_EQ(owned.List(101), (std::vector<SlotIndex>{3, 500}));
  owned.scan.Clear(3);
  EXPECT_EQ(owned.List(200), (std::vector<SlotIndex>{500, 999}));
}

TEST(ExpiryScan, GoesOnWhereTheAnswerWasFull) {
  Owned owned(300);
  for (SlotIndex slot = 0; slot < 300; ++slot) owned.scan.Set(slot, 10);
  std::set<SlotIndex> seen;
  for (int call = 0; call < 10; ++call) {
    for (const SlotIndex slot : owned.List(10, 30)) EXPECT_TRUE(seen.insert(slot).second);
  }
  EXPECT_EQ(seen.size(), 300u);
}

TEST(ExpiryScan, LooksAtOneSlicePerCall) {
  Owned owned(40'000);
  owned.scan.Set(39'999, 10);
  EXPECT_TRUE(owned.List(10).empty());
  EXPECT_TRUE(owned.List(10).empty());
  EXPECT_EQ(owned.List(10), (std::vector<SlotIndex>{39'999}));
}

// Seconds are kept modulo 2^16: around the wrap, and for the two values that mean something else.
TEST(ExpiryScan, HoldsAcrossTheWrapOfSeconds) {
  for (const std::uint32_t second : {65'534u, 65'535u, 65'536u, 65'537u, 65'538u, 131'072u}) {
    Owned owned(10);
    owned.scan.Set(5, second);
    EXPECT_TRUE(owned.List(second - 1).empty()) << second;
    EXPECT_TRUE(owned.List(second - kExpiryAheadMax).empty()) << second;
    EXPECT_EQ(owned.List(second + 2).size(), 1u) << second;
    EXPECT_EQ(owned.List(second + 20'000).size(), 1u) << second;
  }
}

TEST(ExpiryScan, SetNowIsDueHoweverLateTheQuestion) {
  for (const std::uint32_t now : {0u, 5u, 30'000u, 40'000u, 65'535u, 100'000u}) {
    Owned owned(10);
    owned.scan.SetNow(4);
    EXPECT_EQ(owned.List(now), (std::vector<SlotIndex>{4})) << now;
  }
}

TEST(ExpiryScan, RecheckListsEveryTimedSlotOnce) {
  Owned owned(1'000);
  for (SlotIndex slot = 0; slot < 1'000; slot += 2) owned.scan.Set(slot, 30'000);
  EXPECT_TRUE(owned.List(10).empty());
  owned.scan.RecheckAll();
  std::multiset<SlotIndex> seen;
  for (int call = 0; call < 100; ++call) {
    for (const SlotIndex slot : owned.List(10, 7)) seen.insert(slot);
  }
  EXPECT_EQ(seen.size(), 500u);
  EXPECT_EQ(std::set<SlotIndex>(seen.begin(), seen.end()).size(), 500u);
}

}  // namespace
}  // namespace statesync
