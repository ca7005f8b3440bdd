// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

// Marks by class, and what a filter keeps back.

#include <map>
#include <random>
#include <set>
#include <vector>

#include "gtest/gtest.h"
#include "tests/unit/table/session_maker.h"

namespace statesync {
namespace {

constexpr Instant kStart{Seconds(5).ns};

class ChangeClassTest : public testing::Test {
 protected:
  Handle Insert() {
    Handle handle;
    EXPECT_EQ(table_->Insert(maker_.Plain(), handle), InsertResult::kInserted);
    return handle;
  }
  void Mark(Handle handle, ChangeClass change) { table_->MarkDirtyBatch(0, {&handle, 1}, change); }
  void At(Duration time) { table().OnTime(kStart + time); }
  // Everything that comes with this filter.
  std::vector<DirtyChange> Take(const DirtyFilter& filter) {
    std::vector<DirtyChange> all;
    std::array<DirtyChange, 7> changes;
    for (int quiet = 0; quiet < 100; ++quiet) {
      while (const std::size_t count = table().TakeChanges(filter, changes)) {
        all.insert(all.end(), changes.begin(), changes.begin() + count);
      }
    }
    return all;
  }
  static DirtyFilter WindowsOlderThan(Duration time) {
    DirtyFilter filter = DirtyFilter::Everything();
    filter.window_before = kStart + time;
    return filter;
  }
  ReplicatedTable& table() { return table_->replicated(); }

  std::unique_ptr<SessionTable> table_ = MakeTable();
  SessionMaker maker_{1};
};

TEST_F(ChangeClassTest, WindowChangeWaitsInItsMarkAndIsOneHoweverOftenItComes) {
  const Handle handle = Insert();
  for (int i = 0; i < 10; ++i) {
    At(Micros(i * 100));
    Mark(handle, ChangeClass::kWindow);
    EXPECT_TRUE(Take(WindowsOlderThan(Micros(i * 100) - Millis(1))).empty());
    EXPECT_EQ(table().dirty_count(), 1u);
  }
  EXPECT_EQ(table().Dirty(kStart + Millis(1)).windows, 1u);
  EXPECT_EQ(table().Dirty(kStart + Millis(1)).windows_since, kStart);
  At(Millis(1));
  const auto changes = Take(WindowsOlderThan({}));
  ASSERT_EQ(changes.size(), 1u);
  EXPECT_EQ(changes[0].handle, handle);
  EXPECT_EQ(changes[0].change, ChangeClass::kWindow);
  EXPECT_EQ(changes[0].since, kStart);
  EXPECT_EQ(table().dirty_count(), 0u);
}

TEST_F(ChangeClassTest, WaitingWindowChangeIsOvertakenByAChangeOfState) {
  const Handle handle = Insert();
  At({});
  Mark(handle, ChangeClass::kWindow);
  EXPECT_TRUE(Take(WindowsOlderThan(Nanos(-1))).empty());
  Mark(handle, ChangeClass::kState);
  const auto changes = Take(WindowsOlderThan(Nanos(-1)));
  ASSERT_EQ(changes.size(), 1u);
  EXPECT_EQ(changes[0].change, ChangeClass::kState);
  EXPECT_TRUE(Take(DirtyFilter::Everything()).empty());
  EXPECT_EQ(table().dirty_count(), 0u);
}

TEST_F(ChangeClassTest, LowerClassLeavesAMarkAsItIs) {
  const Handle handle = Insert();
  Mark(handle, ChangeClass::kHeld);
  Mark(handle, ChangeClass::kWindow);
  Mark(handle, ChangeClass::kState);
  EXPECT_EQ(table().dirty_count(), 1u);
  EXPECT_EQ(Take(DirtyFilter::Everything()).at(0).change, ChangeClass::kHeld);
}

TEST_F(ChangeClassTest, HeldMarkIsUrgentUntilTheRingsAreEmpty) {
  EXPECT_FALSE(table().Dirty(kStart).is_urgent);
  for (int i = 0; i < 100; ++i) Mark(Insert(), ChangeClass::kState);
  EXPECT_FALSE(table().Dirty(kStart).is_urgent);
  Mark(Insert(), ChangeClass::kHeld);
  std::array<DirtyChange, 10> changes;
  ASSERT_EQ(table().TakeChanges(DirtyFilter::Everything(), changes), 10u);
  EXPECT_TRUE(table().Dirty(kStart).is_urgent);
  EXPECT_EQ(Take(DirtyFilter::Everything()).back().change, ChangeClass::kHeld);
  EXPECT_FALSE(table().Dirty(kStart).is_urgent);
}

// More window changes than there is memory to wait in.
TEST_F(ChangeClassTest, WindowChangesWithoutAPlaceToWaitGoAtOnce) {
  table_ = MakeTable(4'096, 1, 64);  // 64 handles a ring, and as many windows that wait.
  std::set<Handle> handles;
  At({});
  std::size_t taken = 0;
  for (int i = 0; i < 300; ++i) {
    const Handle handle = Insert();
    Mark(handle, ChangeClass::kWindow);
    taken += Take(WindowsOlderThan(Nanos(-1))).size();
  }
  EXPECT_EQ(taken, 300u - 64u);
  At(Millis(1));
  EXPECT_EQ(Take(WindowsOlderThan({})).size(), 64u);
}

TEST_F(ChangeClassTest, ClosedShardsKeepTheirChangesAndOpenOnesDoNotWait) {
  std::set<Handle> handles;
  At({});
  for (int i = 0; i < 2'000; ++i) {
    handles.insert(Insert());
    Mark(*handles.rbegin(), ChangeClass::kState);
  }
  for (const Handle handle : handles) Mark(handle, ChangeClass::kState);
  DirtyFilter filter = DirtyFilter::Everything();
  for (ShardSet& set : filter.open) {
    for (std::size_t s = 0; s < kShardCount; s += 2) set.Remove(static_cast<ShardIndex>(s));
  }
  std::set<Handle> taken;
  for (const DirtyChange& change : Take(filter)) {
    EXPECT_EQ(change.handle.shard % 2, 1);
    EXPECT_TRUE(taken.insert(change.handle).second);
  }
  EXPECT_EQ(table().dirty_count(), handles.size() - taken.size());
  EXPECT_FALSE(table().HasReady(filter));
  EXPECT_EQ(table().Dirty(kStart + Millis(3)).oldest, kStart);
  // Changed again while they wait: that costs nothing.
  for (const Handle handle : handles) {
    if (handle.shard % 2 == 0) Mark(handle, ChangeClass::kState);
  }
  EXPECT_TRUE(Take(filter).empty());
  At(Millis(3));
  EXPECT_TRUE(table().HasReady(DirtyFilter::Everything()));
  for (const DirtyChange& change : Take(DirtyFilter::Everything())) {
    EXPECT_EQ(change.since, kStart);
    EXPECT_TRUE(taken.insert(change.handle).second);
  }
  EXPECT_EQ(taken, handles);
  EXPECT_EQ(table().dirty_count(), 0u);
  EXPECT_FALSE(table().HasReady(DirtyFilter::Everything()));
}

// A scan meets marks that it was not sent for; what waits elsewhere is counted all the same.
TEST_F(ChangeClassTest, CountIsNeverLessThanTheMarks) {
  std::vector<Handle> scanned, held;
  while (scanned.size() < 8 || held.size() < 8) {
    const Handle handle = Insert();
    if (handle.shard == 1) scanned.push_back(handle);
    if (handle.shard == 2) held.push_back(handle);
  }
  At({});
  for (const Handle handle : scanned) Mark(handle, ChangeClass::kWindow);
  EXPECT_TRUE(Take(WindowsOlderThan(Nanos(-1))).empty());
  DirtyFilter closed = WindowsOlderThan(Nanos(-1));
  for (ShardSet& set : closed.open) set = {};
  for (const Handle handle : held) Mark(handle, ChangeClass::kState);
  Mark(scanned[0], ChangeClass::kState);
  EXPECT_TRUE(Take(closed).empty());
  DirtyFilter filter = WindowsOlderThan(Nanos(-1));
  for (ShardSet& set : filter.open) set.Remove(2);
  EXPECT_EQ(Take(filter).size(), scanned.size());
  EXPECT_GE(table().dirty_count(), held.size());
  (void)Take(DirtyFilter::Everything());
  At(Millis(1));
  (void)Take(DirtyFilter::Everything());
  EXPECT_EQ(table().dirty_count(), 0u);
}

TEST_F(ChangeClassTest, HeldChangeIsFoundBehindOthersThatFindNoRoom) {
  for (int i = 0; i < 500; ++i) Mark(Insert(), ChangeClass::kState);
  const Handle held = Insert();
  Mark(held, ChangeClass::kHeld);
  DirtyFilter filter = DirtyFilter::Everything();
  filter.open[static_cast<std::size_t>(ChangeClass::kState)] = {};
  const auto changes = Take(filter);
  ASSERT_EQ(changes.size(), 1u);
  EXPECT_EQ(changes[0].handle, held);
  EXPECT_FALSE(table().HasReady(filter)) << "nothing to look for until the class is let go";
  EXPECT_EQ(Take(DirtyFilter::Everything()).size(), 500u);
}

// Filters that change all the time, rings that overflow, classes that rise: in the end every entry
// was taken after its last change.
TEST_F(ChangeClassTest, NothingIsLostWhateverTheFiltersDo) {
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    table_ = MakeTable(8'192, 1, seed % 2 == 0 ? 64 : 4'096);
    std::mt19937_64 random(seed);
    std::vector<Handle> handles;
    for (int i = 0; i < 400; ++i) handles.push_back(Insert());
    std::map<Handle, bool> is_dirty;
    std::array<DirtyChange, 16> changes;
    std::uint64_t now_us = 0;
    for (int step = 0; step < 4'000; ++step) {
      At(Micros(static_cast<std::int64_t>(now_us += random() % 50)));
      for (std::uint64_t n = random() % 8; n > 0; --n) {
        const Handle handle = handles[random() % handles.size()];
        is_dirty[handle] = true;
        Mark(handle, static_cast<ChangeClass>(1 + random() % 3));
      }
      DirtyFilter filter = WindowsOlderThan(Micros(static_cast<std::int64_t>(now_us) - 500));
      for (std::size_t c = 1; c < kChangeClasses; ++c) {
        for (std::uint64_t& word : filter.open[c].words) word = random();
        if (random() % 4 == 0) filter.open[c] = {};
      }
      const std::size_t count = table().TakeChanges(filter, changes);
      for (std::size_t i = 0; i < count; ++i) {
        const DirtyChange& change = changes[i];
        ASSERT_TRUE(filter.IsOpen(change.change, change.handle.shard));
        ASSERT_TRUE(is_dirty[change.handle]);
        is_dirty[change.handle] = false;
      }
    }
    for (const DirtyChange& change : Take(DirtyFilter::Everything())) {
      ASSERT_TRUE(is_dirty[change.handle]);
      is_dirty[change.handle] = false;
    }
    for (const auto& [handle, dirty] : is_dirty) EXPECT_FALSE(dirty) << "seed " << seed;
    EXPECT_EQ(table().dirty_count(), 0u);
  }
}

}  // namespace
}  // namespace statesync
