// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

// A worker changes entries and marks them while the sync loop clears marks and reads: the last
// change is always seen, and no image is torn. Races are a matter of luck: without the worker's
// fence NoChangeIsLostInBursts fails in about half of its runs on an idle machine. fences_test.cc
// shows the fence itself, where luck is not needed. Run all of them under the tsan preset too.

#include <atomic>
#include <thread>
#include <vector>

#include "gtest/gtest.h"
#include "tests/unit/table/session_maker.h"

namespace statesync {
namespace {

constexpr std::size_t kEntries = 4;  // Few, so that both sides meet on them all the time.
constexpr std::uint32_t kRounds = 40'000;
constexpr ChangeClass kState = ChangeClass::kState;

// Waits for another thread: at first without giving up the core, so that both sides meet closely.
template <typename Condition>
void SpinUntil(Condition condition) {
  for (int i = 0; !condition(); ++i) {
    if (i > 2'000) std::this_thread::yield();
  }
}

// A few nanoseconds more or less, so that the two sides meet at every distance.
void Wait(std::uint64_t turns) {
  for (std::uint64_t i = 0; i < turns; ++i) asm volatile("");
}

// Value n of an entry: fields in both halves of the line say n, so a torn image shows.
void Write(SessionTable& table, Handle handle, std::uint32_t n) {
  table.BeginWrite(handle);
  table.entry(handle).edge[0] = n << 8;
  table.entry(handle).edge[1] = n << 8;
  table.entry(handle).limit[1] = n << 8;
  table.entry(handle).last_seen_s = n << 8;
  table.EndWrite(handle);
}

struct Reader {
  SessionTable& table;
  std::vector<Handle> busy;
  std::vector<std::uint32_t> last_seen = std::vector<std::uint32_t>(65'536);
  std::uint64_t torn = 0;
  std::int64_t turn = 0;

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
  // With `by_class`, windows wait a turn or two, and shards are closed now and then.
  bool Turn(bool by_class = false) {
    std::array<DirtyChange, 3> changes;
    DirtyFilter filter = DirtyFilter::Everything();
    if (by_class) {
      ++turn;
      table.replicated().OnTime({Micros(turn).ns});
      filter.window_before = {Micros(turn - 2).ns};
      if (turn % 3 == 0) filter.open[turn / 3 % kChangeClasses] = {};
    }
    const std::size_t count = table.replicated().TakeChanges(filter, changes);
    for (std::size_t i = 0; i < count; ++i) See(changes[i].handle);
    std::vector<Handle> again;
    again.swap(busy);
    for (const Handle handle : again) See(handle);
    return count != 0 || !busy.empty();
  }
};

void RunLitmus(std::uint32_t ring_handles, std::size_t burst, bool by_class = false) {
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
      const auto change = by_class ? static_cast<ChangeClass>(1 + n * 7 / 5 % 3) : kState;
      table->MarkDirtyBatch(0, std::span(changed).first(burst), change);
    }
    for (std::size_t i = 0; i < kEntries; ++i) {
      Write(*table, handles[i], kRounds + 1 + static_cast<std::uint32_t>(i));
    }
    table->MarkDirtyBatch(0, handles, by_class ? ChangeClass::kWindow : kState);
    done.store(true, std::memory_order_release);
  });
  Reader reader{*table, {}};
  while (!done.load(std::memory_order_acquire)) reader.Turn(by_class);
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
// Marks rise while they are cleared, wait, and are kept back.
TEST(DirtyLitmus, NoChangeIsLostByClass) { RunLitmus(4'096, 1, true); }
TEST(DirtyLitmus, NoChangeIsLostByClassInBursts) { RunLitmus(64, kEntries, true); }

// The store-buffering shape through the table, once per round: either the worker sees the mark
// cleared, or the sync loop sees the new value. The worker reads the line first, as it does when it
// forwards: then its store waits for the line while its test of the mark does not.
class EitherSide {
 public:
  static constexpr std::size_t kBurst = 1;
  static constexpr std::uint32_t kTurns = 20'000;

  EitherSide() {
    for (Handle& handle : handles_) handle = MustInsert(*table_, maker_.Plain());
  }

  // Entries whose last value was not seen, summed over all rounds.
  std::uint64_t CountLost() {
    std::thread worker([this] { Work(); });
    std::uint64_t lost = 0;
    for (std::uint32_t n = 1; n <= kTurns; ++n) {
      table_->MarkDirtyBatch(0, handles_);
      start_.store(n, std::memory_order_release);
      Wait(n * 13 % 4'096);
      Take();
      SpinUntil([&] { return finished_.load(std::memory_order_acquire) == n; });
      Take();
      for (const Handle handle : handles_) lost += seen_[handle.shard] != n;
    }
    worker.join();
    return lost;
  }

 private:
  void Work() {
    for (std::uint32_t n = 1; n <= kTurns; ++n) {
      SpinUntil([&] { return start_.load(std::memory_order_acquire) == n; });
      std::uint32_t sum = 0;
      for (const Handle handle : handles_) {
        sum += table_->entry(handle).dirty.load(std::memory_order_relaxed);
      }
      Wait(n * 29 % 512 + (sum & 1));
      for (const Handle handle : handles_) Write(*table_, handle, n);
      table_->MarkDirtyBatch(0, handles_);
      finished_.store(n, std::memory_order_release);
    }
  }
  void Take() {
    std::array<Handle, kBurst> taken;
    while (const std::size_t count = table_->replicated().TakeDirtyBatch(taken)) {
      for (std::size_t i = 0; i < count; ++i) {
        PreparedRecord record;
        do {
          record = Prepare(*table_, taken[i]);
        } while (record.result == PrepareResult::kBusy);
        SessionInsertV4 wire;
        std::memcpy(static_cast<void*>(&wire), record.bytes.data(), sizeof(wire));
        seen_[taken[i].shard] = wire.client_edge.Get();
      }
    }
  }

  SessionMaker maker_{1};  // This seed's first sessions fall into different shards.
  std::unique_ptr<SessionTable> table_ = MakeTable();
  std::array<Handle, kBurst> handles_;
  std::array<std::uint32_t, kShardCount> seen_{};
  std::atomic<std::uint32_t> start_{0};
  std::atomic<std::uint32_t> finished_{0};
};

TEST(DirtyLitmus, EitherSideSeesTheOther) { EXPECT_EQ(EitherSide().CountLost(), 0u); }

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
    torn += copy.edge[0] != copy.limit[1] || copy.edge[0] != copy.last_seen_s;
  }
  worker.join();
  EXPECT_EQ(torn, 0u);
}

}  // namespace
}  // namespace statesync
