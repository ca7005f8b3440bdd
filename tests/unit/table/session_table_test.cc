// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

// What a worker does with the session table.

#include "statesync/table/session_table.h"

#include <cstdlib>
#include <set>
#include <vector>

#include "gtest/gtest.h"
#include "tests/unit/table/session_maker.h"

namespace statesync {
namespace {

TEST(SessionTable, RefusesOptionsOutOfRange) {
  SessionTableOptions options;
  options.capacity = 255;
  EXPECT_EQ(SessionTable::Create(options).status().code(), absl::StatusCode::kInvalidArgument);
  options.capacity = 256 * 65'000 + 1;
  EXPECT_EQ(SessionTable::Create(options).status().code(), absl::StatusCode::kInvalidArgument);
  options = {};
  options.dirty_ring_handles = 1'000;
  EXPECT_EQ(SessionTable::Create(options).status().code(), absl::StatusCode::kInvalidArgument);
  options = {};
  options.worker_count = 17;
  EXPECT_EQ(SessionTable::Create(options).status().code(), absl::StatusCode::kInvalidArgument);
  options = {};
  const std::vector<NetAddr> addresses(256);
  options.nat_addresses = addresses;
  EXPECT_EQ(SessionTable::Create(options).status().code(), absl::StatusCode::kInvalidArgument);
}

TEST(SessionTable, LivesInTheCallersArena) {
  SessionTableOptions options;
  options.capacity = 256;
  const std::size_t bytes = SessionTable::BytesNeeded(options).value();
  auto* memory = static_cast<std::byte*>(std::aligned_alloc(64, bytes));
  std::fill_n(memory, bytes, std::byte{0xff});
  options.arena = {memory, bytes - 64};
  EXPECT_EQ(SessionTable::Create(options).status().code(), absl::StatusCode::kInvalidArgument);
  options.arena = {memory, bytes};
  {
    auto table = SessionTable::Create(options).value();
    SessionMaker maker(1);
    const Handle handle = MustInsert(*table, maker.Plain());
    const auto* entry = reinterpret_cast<const std::byte*>(&table->entry(handle));
    EXPECT_TRUE(entry >= memory && entry < memory + bytes);
  }
  std::free(memory);
}

TEST(SessionTable, FindsASessionInBothDirections) {
  auto table = MakeTable();
  SessionMaker maker(1);
  for (int i = 0; i < 3'000; ++i) {
    const NewSession session = maker.Plain();
    const Handle handle = MustInsert(*table, session);
    const LookupResult forward = table->Lookup(session.key);
    const LookupResult backward = table->Lookup(Reverse(session.key));
    ASSERT_EQ(forward.slot, handle.slot);
    ASSERT_EQ(forward.direction, Direction::kFromClient);
    ASSERT_EQ(backward.slot, handle.slot);
    ASSERT_EQ(backward.direction, Direction::kFromServer);
  }
  EXPECT_EQ(table->live_count(), 3'000u);
}

TEST(SessionTable, FindsANatedSessionByTheServersReplyOnly) {
  auto table = MakeTable();
  SessionMaker maker(2);
  const NewSession session = maker.Nat();
  const Handle handle = MustInsert(*table, session);
  EXPECT_EQ(table->Lookup(session.key).slot, handle.slot);
  const LookupResult reply = table->Lookup(ReplyKey(session));
  EXPECT_EQ(reply.slot, handle.slot);
  EXPECT_EQ(reply.direction, Direction::kFromServer);
  // To the address before NAT, and from the address behind it: not this session.
  EXPECT_EQ(table->Lookup(Reverse(session.key)).slot, kNoSlot);
  EXPECT_EQ(table->Lookup(Reverse(ReplyKey(session))).slot, kNoSlot);
}

TEST(SessionTable, TellsProtocolsApart) {
  auto table = MakeTable();
  SessionMaker maker(3);
  NewSession session = maker.Plain();
  MustInsert(*table, session);
  session.key.protocol = 17;
  session.state = SessionState::kUdpSingle;
  EXPECT_EQ(table->Lookup(session.key).slot, kNoSlot);
  const Handle udp = MustInsert(*table, session);
  EXPECT_EQ(table->Lookup(session.key).slot, udp.slot);
}

TEST(SessionTable, BatchAgreesWithSingleLookups) {
  auto table = MakeTable(8'192);
  SessionMaker maker(4);
  std::vector<FlowKey> keys;
  for (int i = 0; i < 4'000; ++i) {
    const NewSession session = maker.Plain();
    MustInsert(*table, session);
    keys.push_back(session.key);
    keys.push_back(Reverse(session.key));
    keys.push_back(maker.Plain().key);  // Not in the table.
  }
  for (std::size_t first = 0; first < keys.size(); first += 61) {
    const std::size_t count = std::min<std::size_t>(61, keys.size() - first);
    std::array<LookupResult, kBatchMax> results;
    table->LookupBatch(std::span(keys).subspan(first, count), results);
    for (std::size_t i = 0; i < count; ++i) {
      const LookupResult single = table->Lookup(keys[first + i]);
      ASSERT_EQ(results[i].slot, single.slot);
      if (single.slot != kNoSlot) {
        ASSERT_EQ(results[i].direction, single.direction);
      }
      ASSERT_EQ(single.slot != kNoSlot, (first + i) % 3 != 2);
    }
  }
}

TEST(SessionTable, RefusesASecondSessionWithTheSameEndpoints) {
  auto table = MakeTable();
  SessionMaker maker(5);
  NewSession session = maker.Plain();
  MustInsert(*table, session);
  Handle handle;
  EXPECT_EQ(table->Insert(session, handle), InsertResult::kExists);
  session.key = Reverse(session.key);
  EXPECT_EQ(table->Insert(session, handle), InsertResult::kExists);
  EXPECT_EQ(table->live_count(), 1u);
}

TEST(SessionTable, RefusesATakenNatPort) {
  auto table = MakeTable();
  SessionMaker maker(6);
  const NewSession first = maker.Nat();
  MustInsert(*table, first);
  EXPECT_TRUE(table->IsTaken(ReplyKey(first)));
  EXPECT_TRUE(table->IsTaken(Reverse(ReplyKey(first))));
  // Another client of the same shard to the same server, behind the same port.
  NewSession second = first;
  do {
    second.key.source_addr = static_cast<NetAddr>(maker.Random());
  } while (SessionTable::ShardOf(second.key) != SessionTable::ShardOf(first.key));
  Handle handle;
  EXPECT_EQ(table->Insert(second, handle), InsertResult::kNatPortTaken);
  EXPECT_EQ(table->Lookup(second.key).slot, kNoSlot);
  EXPECT_EQ(table->live_count(), 1u);
}

TEST(SessionTable, RefusesNatThatCannotBeReplicated) {
  auto table = MakeTable();
  SessionMaker maker(7);
  Handle handle;
  NewSession session = maker.Nat();
  session.nat_addr = 0x0101'0101;
  EXPECT_EQ(table->Insert(session, handle), InsertResult::kNatAddressUnknown);
  session = maker.Nat();
  session.nat_port = static_cast<NetPort>(session.nat_port ^ 0x0100);  // Another shard.
  EXPECT_EQ(table->Insert(session, handle), InsertResult::kNatPortTaken);
  session = maker.Plain();  // A client that is the NAT address itself.
  session.key.source_addr = session.nat_addr = kNatAddr;
  session.nat_port = session.key.source_port;
  EXPECT_EQ(table->Insert(session, handle), InsertResult::kNatPortTaken);
}

TEST(SessionTable, DeleteUnlinksBothKeysAndKeepsTheSlot) {
  auto table = MakeTable();
  SessionMaker maker(8);
  const NewSession session = maker.Nat();
  const Handle handle = MustInsert(*table, session);
  MustDelete(*table, handle);
  EXPECT_EQ(table->Lookup(session.key).slot, kNoSlot);
  EXPECT_EQ(table->Lookup(ReplyKey(session)).slot, kNoSlot);
  EXPECT_FALSE(table->IsTaken(ReplyKey(session)));
  EXPECT_EQ(table->live_count(), 0u);
  // The same session again takes another slot.
  const Handle again = MustInsert(*table, session);
  EXPECT_NE(again.slot, handle.slot);
}

TEST(SessionTable, GenerationGrowsWhenASlotIsReused) {
  auto table = MakeTable(256);
  SessionMaker maker(9);
  const NewSession session = maker.Plain();
  const Handle first = MustInsert(*table, session);
  const std::uint8_t generation = table->entry(first).generation;
  Handle handle = first;
  do {
    table->Delete(handle);
    table->replicated().Retire(handle);
    handle = MustInsert(*table, session);
  } while (handle.slot != first.slot);
  EXPECT_EQ(table->entry(handle).generation, static_cast<std::uint8_t>(generation + 1));
}

// Every session that fits its shard is taken up to the nominal capacity, and beyond it the refusal
// leaves the others alone.
TEST(SessionTable, FillsUpToItsCapacityAndSaysFull) {
  constexpr std::uint32_t kCapacity = 65'536;
  auto table = MakeTable(kCapacity);
  SessionMaker maker(10);
  std::vector<NewSession> taken;
  std::uint32_t full = 0;
  while (full < 100) {
    const NewSession session = maker.Plain();
    Handle handle;
    const InsertResult result = table->Insert(session, handle);
    if (result == InsertResult::kFull) {
      if (full++ == 0) {
        EXPECT_GT(taken.size(), kCapacity * 97 / 100);
      }
    } else {
      ASSERT_EQ(result, InsertResult::kInserted);
      taken.push_back(session);
    }
  }
  EXPECT_GE(taken.size(), kCapacity);
  for (const NewSession& session : taken) ASSERT_NE(table->Lookup(session.key).slot, kNoSlot);
  EXPECT_EQ(table->live_count(), taken.size());
}

TEST(SessionTable, SnapshotShowsLiveEntriesOnly) {
  auto table = MakeTable();
  SessionMaker maker(11);
  const NewSession session = maker.Plain();
  const Handle handle = MustInsert(*table, session);
  SessionEntry copy{};
  ASSERT_TRUE(table->Snapshot(handle, copy));
  EXPECT_EQ(copy.client_addr, session.key.source_addr);
  EXPECT_EQ(copy.rule, 77);
  table->BeginWrite(handle);
  EXPECT_FALSE(table->Snapshot(handle, copy));
  table->EndWrite(handle);
  EXPECT_TRUE(table->Snapshot(handle, copy));
  table->Delete(handle);
  EXPECT_FALSE(table->Snapshot(handle, copy));
  table->replicated().Retire(handle);
  EXPECT_FALSE(table->Snapshot(handle, copy));
}

TEST(SessionTable, NewSessionsAreDueUntilTheyGetATime) {
  auto table = MakeTable();
  SessionMaker maker(12);
  const Handle handle = MustInsert(*table, maker.Plain());
  std::array<Handle, 8> due;
  ASSERT_EQ(table->ListExpired(handle.shard, 50, due), 1u);
  EXPECT_EQ(due[0], handle);
  table->CheckAgainAt(handle, 100);
  EXPECT_EQ(table->ListExpired(handle.shard, 99, due), 0u);
  EXPECT_EQ(table->ListExpired(handle.shard, 100, due), 1u);
  MustDelete(*table, handle);
  EXPECT_EQ(table->ListExpired(handle.shard, 100, due), 0u);
}

TEST(SessionTable, ANewOwnerIsAskedForEveryLiveEntry) {
  auto table = MakeTable();
  SessionMaker maker(13);
  const Handle handle = MustInsert(*table, maker.Plain());
  table->CheckAgainAt(handle, 1'000);
  std::array<Handle, 8> due;
  EXPECT_EQ(table->ListExpired(handle.shard, 10, due), 0u);
  table->RecheckAll(handle.shard);
  EXPECT_EQ(table->ListExpired(handle.shard, 10, due), 1u);
  EXPECT_EQ(table->ListExpired(handle.shard, 10, due), 0u);
}

// Memory of everything that holds a session, the engine's 8-byte map entry included, with NAT, at
// 90 % of the slots. At most 96 bytes are wanted.
TEST(SessionTable, TakesAtMost96BytesPerNatedSession) {
  for (const std::uint32_t capacity : {131'072u, 1'000'000u, 10'000'000u}) {
    SessionTableOptions options;
    options.capacity = capacity;
    options.dirty_ring_handles = 4'096;
    const TableLayout layout =
        PlanTable(capacity, 1, 4'096, sizeof(SessionEntry), SessionRecord::kKeysMax).value();
    const double slots = 256.0 * layout.slots_per_shard;
    const double bytes =
        static_cast<double>(SessionTable::BytesNeeded(options).value()) + 8 * slots;
    const double per_session = bytes / (0.9 * slots);
    RecordProperty("bytes_per_session_" + std::to_string(capacity), std::to_string(per_session));
    std::printf("capacity %u: %.1f bytes per session at load 0.9\n", capacity, per_session);
    EXPECT_LE(per_session, 96.0);
  }
}

}  // namespace
}  // namespace statesync
