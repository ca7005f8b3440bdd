// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

// From a worker's mark to a record, and what publication leaves behind.

#include <set>
#include <vector>

#include "gtest/gtest.h"
#include "tests/unit/table/session_maker.h"

namespace statesync {
namespace {

Op OpOf(const Published& p) { return p.record.op; }

TEST(Publish, FirstRecordOfAnEpochCarriesTheKey) {
  auto table = MakeTable();
  SessionMaker maker(1);
  std::uint64_t counter = 1;
  const Handle handle = MustInsert(*table, maker.Plain());
  ASSERT_EQ(OpOf(PublishDirty(*table, counter).at(0)), Op::kInsert);
  table->MarkDirtyBatch(0, {&handle, 1});
  EXPECT_EQ(OpOf(PublishDirty(*table, counter).at(0)), Op::kUpdate);
  // In another epoch the peer knows nothing.
  table->MarkDirtyBatch(0, {&handle, 1});
  EXPECT_EQ(OpOf(PublishDirty(*table, counter, kEpoch + 1).at(0)), Op::kInsert);
  table->MarkDirtyBatch(0, {&handle, 1});
  EXPECT_EQ(OpOf(PublishDirty(*table, counter, kEpoch + 1).at(0)), Op::kUpdate);
}

TEST(Publish, KeyedOnlyAsksForTheKeyAlways) {
  auto table = MakeTable();
  SessionMaker maker(2);
  std::uint64_t counter = 1;
  const Handle handle = MustInsert(*table, maker.Nat());
  PublishDirty(*table, counter);
  EXPECT_EQ(Prepare(*table, handle).op, Op::kUpdate);
  EXPECT_EQ(Prepare(*table, handle, /*keyed_only=*/true).op, Op::kInsert);
  EXPECT_EQ(Prepare(*table, handle, /*keyed_only=*/true).schema, kSessionInsertV4Nat);
}

TEST(Publish, TenChangesAreOneRecord) {
  auto table = MakeTable();
  SessionMaker maker(3);
  std::uint64_t counter = 1;
  const Handle handle = MustInsert(*table, maker.Plain());
  for (int i = 0; i < 10; ++i) table->MarkDirtyBatch(0, {&handle, 1});
  EXPECT_EQ(table->replicated().dirty_count(), 1u);
  EXPECT_EQ(PublishDirty(*table, counter).size(), 1u);
  EXPECT_EQ(table->replicated().dirty_count(), 0u);
}

TEST(Publish, DeletedBeforeThePeerLearntIsNeverSent) {
  auto table = MakeTable();
  SessionMaker maker(4);
  std::uint64_t counter = 1;
  const Handle handle = MustInsert(*table, maker.Plain());
  MustDelete(*table, handle);
  EXPECT_TRUE(PublishDirty(*table, counter).empty());
  EXPECT_EQ(table->replicated().Digest(handle.shard).count, 0u);
  EXPECT_EQ(table->entry(handle).tombstone, Tombstone::kLive);  // Retired.
}

TEST(Publish, DeleteLeavesTheDigestOnceAndTheSlotOnlyWhenRetired) {
  auto table = MakeTable(256);
  SessionMaker maker(5);
  std::uint64_t counter = 1;
  const NewSession session = maker.Plain();
  const Handle handle = MustInsert(*table, session);
  PublishDirty(*table, counter);
  EXPECT_EQ(table->replicated().Digest(handle.shard).count, 1u);
  MustDelete(*table, handle);
  // The peer does not know of the delete yet: the entry still counts.
  EXPECT_EQ(table->replicated().Digest(handle.shard).count, 1u);
  const auto published = PublishDirty(*table, counter);
  ASSERT_EQ(published.size(), 1u);
  EXPECT_EQ(OpOf(published[0]), Op::kDelete);
  EXPECT_EQ(table->replicated().Digest(handle.shard).count, 0u);
  // Published again, because the frame was lost.
  const PreparedRecord again = Prepare(*table, handle);
  ASSERT_EQ(again.op, Op::kDelete);
  // Its version stays that of the image that ended, which a keyed delete names.
  const std::uint64_t ended = table->entry(handle).version;
  EXPECT_NE(ended, 0u);
  table->replicated().OnPublished(again, MakeVersion(kTerm, counter++), kEpoch);
  EXPECT_EQ(table->entry(handle).version, ended);
  EXPECT_EQ(table->replicated().Digest(handle.shard).count, 0u);
  EXPECT_EQ(table->replicated().Digest(handle.shard).sum, DigestSum{});
  // The slot comes back only after Retire.
  std::set<SlotIndex> slots;
  NewSession other = session;
  Handle next;
  for (std::uint32_t i = 0; i < table->slots_per_shard(); ++i) {
    do {
      other.key.source_addr = static_cast<NetAddr>(maker.Random());
    } while (SessionTable::ShardOf(other.key) != handle.shard);
    if (table->Insert(other, next) != InsertResult::kInserted) break;
    slots.insert(next.slot);
  }
  EXPECT_EQ(slots.size(), table->slots_per_shard() - 1);
  EXPECT_FALSE(slots.contains(handle.slot));
  table->replicated().Retire(handle);
  ASSERT_EQ(table->Insert(session, next), InsertResult::kInserted);
  EXPECT_EQ(next.slot, handle.slot);
}

TEST(Publish, RetireOfALiveOrFreeSlotDoesNothing) {
  auto table = MakeTable();
  SessionMaker maker(6);
  const NewSession session = maker.Plain();
  const Handle handle = MustInsert(*table, session);
  table->replicated().Retire(handle);
  EXPECT_EQ(table->Lookup(session.key).slot, handle.slot);
  table->Delete(handle);
  table->replicated().Retire(handle);
  table->replicated().Retire(handle);
  std::set<SlotIndex> slots;
  for (int i = 0; i < 20; ++i) {
    NewSession other = session;
    other.key.target_port = session.key.target_port;
    do {
      other.key.source_addr = static_cast<NetAddr>(maker.Random());
    } while (SessionTable::ShardOf(other.key) != handle.shard);
    EXPECT_TRUE(slots.insert(MustInsert(*table, other).slot).second);
  }
}

// Without a peer a published entry's tombstone is retired unsent: the digest must follow.
TEST(Publish, RetireOfAnUnsentDeleteLeavesTheDigest) {
  auto table = MakeTable();
  SessionMaker maker(7);
  std::uint64_t counter = 1;
  const Handle handle = MustInsert(*table, maker.Plain());
  PublishDirty(*table, counter);
  MustDelete(*table, handle);
  table->replicated().Retire(handle);
  EXPECT_EQ(table->replicated().Digest(handle.shard).count, 0u);
  EXPECT_EQ(table->replicated().Digest(handle.shard).sum, DigestSum{});
}

TEST(Publish, BusyEntryIsReportedAndNotTorn) {
  auto table = MakeTable();
  SessionMaker maker(8);
  const Handle handle = MustInsert(*table, maker.Plain());
  table->BeginWrite(handle);
  EXPECT_EQ(Prepare(*table, handle).result, PrepareResult::kBusy);
  table->EndWrite(handle);
  EXPECT_EQ(Prepare(*table, handle).result, PrepareResult::kRecord);
}

TEST(Publish, FullRingFlagsTheShardAndLosesNothing) {
  auto table = MakeTable(8'192, 1, 64);  // A ring of 64 handles.
  SessionMaker maker(9);
  std::uint64_t counter = 1;
  for (int i = 0; i < 3'000; ++i) MustInsert(*table, maker.Plain());
  EXPECT_GE(table->replicated().dirty_count(), 2'900u);
  EXPECT_EQ(PublishDirty(*table, counter).size(), 3'000u);
  EXPECT_EQ(table->replicated().dirty_count(), 0u);
  // And again, now that marks were cleared by a scan.
  for (int i = 0; i < 100; ++i) MustInsert(*table, maker.Plain());
  EXPECT_EQ(PublishDirty(*table, counter).size(), 100u);
  EXPECT_EQ(table->replicated().dirty_count(), 0u);
}

TEST(Publish, SessionsOfThisNodeOnlyAreNotPublished) {
  auto table = MakeTable();
  SessionMaker maker(10);
  std::uint64_t counter = 1;
  NewSession session = maker.Plain();
  session.key.protocol = 1;
  session.state = SessionState::kIcmpEcho;
  session.flags = kSessionLocalOnly;
  const Handle handle = MustInsert(*table, session);
  EXPECT_TRUE(PublishDirty(*table, counter).empty());
  EXPECT_EQ(table->Lookup(session.key).slot, handle.slot);
  SlotIndex slot = 0;
  std::array<Handle, 8> handles;
  EXPECT_EQ(table->replicated().ListBatch(handle.shard, slot, handles), 0u);
  MustDelete(*table, handle);
  EXPECT_TRUE(PublishDirty(*table, counter).empty());
  EXPECT_EQ(table->entry(handle).tombstone, Tombstone::kLive);
}

TEST(Publish, ListBatchMeetsEveryLiveEntryOnce) {
  auto table = MakeTable();
  SessionMaker maker(11);
  std::set<Handle> wanted;
  for (int i = 0; i < 3'000; ++i) {
    const Handle handle = MustInsert(*table, maker.Plain());
    if (i % 3 == 0) {
      MustDelete(*table, handle);
    } else {
      wanted.insert(handle);
    }
  }
  std::set<Handle> listed;
  for (std::size_t s = 0; s < kShardCount; ++s) {
    for (SlotIndex slot = 0; slot != kNoSlot;) {
      std::array<Handle, 5> handles;
      const SlotIndex before = slot;
      const std::size_t count =
          table->replicated().ListBatch(static_cast<ShardIndex>(s), slot, handles);
      ASSERT_TRUE(slot == kNoSlot || slot - before <= 40);
      for (std::size_t i = 0; i < count; ++i) ASSERT_TRUE(listed.insert(handles[i]).second);
    }
  }
  EXPECT_EQ(listed, wanted);
}

// 255 epochs later the low byte comes round; nothing learnt then may look learnt now.
TEST(Publish, ForgettingWipesOldMarksBeforeTheEpochComesRound) {
  auto table = MakeTable(256);
  SessionMaker maker(12);
  std::uint64_t counter = 1;
  const Handle handle = MustInsert(*table, maker.Plain());
  PublishDirty(*table, counter, 0x0101);
  for (int epoch = 0; epoch < 254; ++epoch) table->replicated().ForgetPeer();
  EXPECT_EQ(Prepare(*table, handle, false, 0x0201).op, Op::kInsert);
}

}  // namespace
}  // namespace statesync
