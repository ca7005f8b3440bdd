// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

// A worker changes entries and marks them while the sync loop clears marks and reads: the last
// change is always seen, and no image is torn. Without either fence, or with the mark cleared after
// the read, the first test fails within its iterations on x86; run it under the tsan preset too.

#include <atomic>
#include <thread>
#include <vector>

#include "gtest/gtest.h"
#include "tests/unit/table/session_maker.h"

namespace statesync {
namespace {

constexpr std::size_t kEntries = 4;  // Few, so that both sides meet on them all the time.
constexpr std::uint32_t kRounds = 40'000;

// Value n of an entry: both edges say n, so a torn image shows.
void Write(SessionTable& table, Handle handle, std::uint32_t n) {
  table.BeginWrite(handle);
  table.entry(handle).edge[0] = n << 8;
  table.entry(handle).edge[1] = n << 8;
  table.EndWrite(handle);
}

struct Reader {
  SessionTable& table;
  std::vector<Handle> busy;
  std::vector<std::uint32_t> last_seen = std::vector<std::uint32_t>(65'536);
  std::uint64_t torn = 0;

  void See(Handle handle) {
    const PreparedRecord record = Prepare(table, handle);
    if (record.result == PrepareResult::kBusy) {
      busy.push_back(handle);
      return;
    }
    SessionInsertV4 wire;
    std::memcpy(static_cast<void*>(&wire), record.bytes.data(), sizeof(wire));
    torn += wire.client_edge.Get() != wire.server_edge.Get();
    last_seen[handle.slot] = wire.client_edge.Get();
  }
  bool Turn() {
    std::array<Handle, 3> handles;
    const std::size_t count = table.replicated().TakeDirtyBatch(handles);
    for (std::size_t i = 0; i < count; ++i) See(handles[i]);
    std::vector<Handle> again;
    again.swap(busy);
    for (const Handle handle : again) See(handle);
    return count != 0 || !busy.empty();
  }
};

void RunLitmus(std::uint32_t ring_handles, std::size_t burst) {
  auto table = MakeTable(4'096, 1, ring_handles);
  SessionMaker maker(1);
  // Entries of one shard, so that their slots tell them apart.
  std::vector<Handle> handles;
  while (handles.size() < kEntries) {
    const NewSession session = maker.Plain();
    Handle handle;
    if (SessionTable::ShardOf(session.key) != 7) continue;
    ASSERT_EQ(table->Insert(session, handle), InsertResult::kInserted);
    handles.push_back(handle);
  }
  std::atomic<bool> done{false};
  std::thread worker([&] {
    for (std::uint32_t n = 1; n <= kRounds; ++n) {
      for (std::size_t i = 0; i < burst; ++i) Write(*table, handles[(n + i) % kEntries], n);
      std::array<Handle, kEntries> changed;
      for (std::size_t i = 0; i < burst; ++i) changed[i] = handles[(n + i) % kEntries];
      table->MarkDirtyBatch(0, std::span(changed).first(burst));
    }
    for (std::size_t i = 0; i < kEntries; ++i) {
      Write(*table, handles[i], kRounds + 1 + static_cast<std::uint32_t>(i));
    }
    table->MarkDirtyBatch(0, handles);
    done.store(true, std::memory_order_release);
  });
  Reader reader{*table, {}};
  while (!done.load(std::memory_order_acquire)) reader.Turn();
  worker.join();
  while (reader.Turn()) {
  }
  for (std::size_t i = 0; i < kEntries; ++i) {
    EXPECT_EQ(reader.last_seen[handles[i].slot], kRounds + 1 + i) << "the last change was lost";
  }
  EXPECT_EQ(reader.torn, 0u);
  EXPECT_EQ(table->replicated().dirty_count(), 0u);
}

TEST(DirtyLitmus, NoChangeIsLostThroughTheRing) { RunLitmus(4'096, 1); }
TEST(DirtyLitmus, NoChangeIsLostInBursts) { RunLitmus(4'096, kEntries); }

// The store-buffering shape alone, many times: in each round either the worker sees the mark
// cleared, or the sync loop sees the new value.
TEST(DirtyLitmus, EitherSideSeesTheOther) {
  auto table = MakeTable();
  SessionMaker maker(2);
  Handle handle = MustInsert(*table, maker.Plain());
  constexpr std::uint32_t kTurns = 60'000;
  std::atomic<std::uint32_t> start{0};
  std::atomic<std::uint32_t> finished{0};
  std::thread worker([&] {
    for (std::uint32_t n = 1; n <= kTurns; ++n) {
      while (start.load(std::memory_order_acquire) != n) {
      }
      Write(*table, handle, n);
      table->MarkDirtyBatch(0, {&handle, 1});
      finished.store(n, std::memory_order_release);
    }
  });
  std::uint32_t lost = 0;
  for (std::uint32_t n = 1; n <= kTurns; ++n) {
    // The mark of the previous round, or of this one, is taken while the worker writes.
    std::array<Handle, 4> handles;
    table->MarkDirtyBatch(0, {&handle, 1});
    start.store(n, std::memory_order_release);
    std::uint32_t seen = 0;
    const auto take = [&] {
      while (table->replicated().TakeDirtyBatch(handles) != 0) {
        PreparedRecord record;
        do {
          record = Prepare(*table, handle);
        } while (record.result == PrepareResult::kBusy);
        SessionInsertV4 wire;
        std::memcpy(static_cast<void*>(&wire), record.bytes.data(), sizeof(wire));
        seen = wire.client_edge.Get();
      }
    };
    take();
    while (finished.load(std::memory_order_acquire) != n) {
    }
    take();
    lost += seen != n;
  }
  worker.join();
  EXPECT_EQ(lost, 0u);
}

// A reader of any thread sees whole entries, or none.
TEST(DirtyLitmus, SnapshotsAreNeverTorn) {
  auto table = MakeTable();
  SessionMaker maker(3);
  const Handle handle = MustInsert(*table, maker.Plain());
  std::atomic<bool> done{false};
  std::thread worker([&] {
    for (std::uint32_t n = 1; n <= kRounds; ++n) Write(*table, handle, n);
    done.store(true, std::memory_order_release);
  });
  std::uint64_t torn = 0;
  std::uint64_t seen = 0;
  while (!done.load(std::memory_order_acquire)) {
    SessionEntry copy{};
    if (!table->Snapshot(handle, copy)) continue;
    ++seen;
    torn += copy.edge[0] != copy.edge[1];
  }
  worker.join();
  EXPECT_EQ(torn, 0u);
}

}  // namespace
}  // namespace statesync
