// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

// The session table against its roof: the same number of random 64-byte lines of the same memory,
// read, or read and written, with the same number in flight.
//
// Roof and table take turns within one run; each counter is the smallest of all turns, in
// nanoseconds of this thread's CPU time per line or per session, so that neighbours on the machine
// disturb little. `share` is roof / table. Sizes cross L2, L3 and DRAM: /4096 /131072 /1000000
// /10000000 sessions.

#include <time.h>

#include <algorithm>
#include <array>
#include <map>
#include <memory>
#include <utility>
#include <vector>

#include "bench/table_load.h"
#include "benchmark/benchmark.h"
#include "statesync/ensure.h"
#include "statesync/table/fences.h"
#include "statesync/table/hash.h"
#include "statesync/table/session_table.h"

namespace bench {
namespace {

using statesync::kBatchMax;

constexpr std::size_t kBatchesPerTurn = 256;

double ThreadSeconds() {
  timespec now{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec) * 1e-9;
}

// One load per size, kept: filling takes longer than measuring.
TableLoad& LoadOf(std::uint32_t session_count, bool nat) {
  static std::map<std::pair<std::uint32_t, bool>, std::unique_ptr<TableLoad>> loads;
  auto& load = loads[{session_count, nat}];
  if (load == nullptr) {
    loads.clear();  // Large ones would not fit side by side.
    auto& fresh = loads[{session_count, nat}];
    fresh = std::make_unique<TableLoad>(session_count, nat);
    return *fresh;
  }
  return *load;
}

// Smallest time per item of two loops that take turns.
class Duel {
 public:
  template <typename Roof, typename Table>
  void Turn(Roof&& roof, Table&& table) {
    const double start = ThreadSeconds();
    for (std::size_t i = 0; i < kBatchesPerTurn; ++i) roof();
    const double middle = ThreadSeconds();
    for (std::size_t i = 0; i < kBatchesPerTurn; ++i) table();
    const double end = ThreadSeconds();
    constexpr double kItems = kBatchesPerTurn * kBatchMax;
    roof_ns_ = std::min(roof_ns_, (middle - start) * 1e9 / kItems);
    table_ns_ = std::min(table_ns_, (end - middle) * 1e9 / kItems);
  }
  void Report(benchmark::State& state) const {
    state.SetItemsProcessed(state.iterations() *
                            static_cast<std::int64_t>(kBatchesPerTurn * kBatchMax));
    state.counters["roof_ns"] = roof_ns_;
    state.counters["table_ns"] = table_ns_;
    state.counters["share"] = roof_ns_ / table_ns_;
  }

 private:
  double roof_ns_ = 1e9;
  double table_ns_ = 1e9;
};

// Random lines of the table's entries, kBatchMax in flight.
class Lines {
 public:
  explicit Lines(TableLoad& load)
      : entries_(&load.table().entry({0, 0})),
        count_(std::size_t{load.table().slots_per_shard()} * statesync::kShardCount) {}

  void ReadBatch() {
    Pick();
    for (const std::size_t i : picked_) statesync::PrefetchRead(&entries_[i]);
    std::uint64_t sum = 0;
    for (const std::size_t i : picked_) sum += entries_[i].version;
    benchmark::DoNotOptimize(sum);
  }
  void WriteBatch() {
    Pick();
    for (const std::size_t i : picked_) statesync::PrefetchWrite(&entries_[i]);
    for (const std::size_t i : picked_) entries_[i].limit[0] += 1;
  }

 private:
  void Pick() {
    for (std::size_t& i : picked_) {
      state_ = state_ * 6'364'136'223'846'793'005u + 1'442'695'040'888'963'407u;
      i = statesync::High(statesync::Multiply(state_, count_));
    }
  }

  statesync::SessionEntry* entries_;
  std::size_t count_;
  std::uint64_t state_ = 1;
  std::array<std::size_t, kBatchMax> picked_{};
};

// Walks batches of places; the sessions at them are in random order in memory.
class Cursor {
 public:
  explicit Cursor(const TableLoad& load) : places_(load.session_count()) {}
  std::size_t Next() {
    const std::size_t first = next_;
    next_ = next_ + 2 * kBatchMax <= places_ ? next_ + kBatchMax : 0;
    return first;
  }

 private:
  std::size_t places_;
  std::size_t next_ = 0;
};

void BM_Lookup(benchmark::State& state) {
  TableLoad& load = LoadOf(static_cast<std::uint32_t>(state.range(0)), false);
  Lines lines(load);
  Cursor cursor(load);
  Duel duel;
  std::size_t missed = 0;
  for (auto _ : state) {
    duel.Turn([&] { lines.ReadBatch(); },
              [&] {
                std::array<statesync::LookupResult, kBatchMax> results;
                load.table().LookupBatch({&load.key(cursor.Next()), kBatchMax}, results);
                for (const auto& result : results) missed += result.slot == statesync::kNoSlot;
              });
  }
  ENSURE(missed == 0);
  duel.Report(state);
}

// A packet of no session: what a scan or a flood costs.
void BM_LookupMiss(benchmark::State& state) {
  TableLoad& load = LoadOf(static_cast<std::uint32_t>(state.range(0)), false);
  Lines lines(load);
  Cursor cursor(load);
  Duel duel;
  std::size_t found = 0;
  for (auto _ : state) {
    duel.Turn([&] { lines.ReadBatch(); },
              [&] {
                std::array<statesync::FlowKey, kBatchMax> keys;
                std::array<statesync::LookupResult, kBatchMax> results;
                std::copy_n(&load.key(cursor.Next()), kBatchMax, keys.begin());
                for (auto& key : keys) key.protocol = 17;
                load.table().LookupBatch(keys, results);
                for (const auto& result : results) found += result.slot != statesync::kNoSlot;
              });
  }
  ENSURE(found == 0);
  duel.Report(state);
}

// Keyed records of sessions that exist, with larger versions: decode, find, replace, digest.
void Upsert(benchmark::State& state, bool nat) {
  TableLoad& load = LoadOf(static_cast<std::uint32_t>(state.range(0)), nat);
  Lines lines(load);
  Cursor cursor(load);
  Duel duel;
  std::size_t applied = 0;
  for (auto _ : state) {
    duel.Turn([&] { lines.WriteBatch(); },
              [&] { applied += load.Apply(cursor.Next(), kBatchMax); });
  }
  ENSURE(applied == static_cast<std::size_t>(state.iterations()) * kBatchesPerTurn * kBatchMax);
  ENSURE(load.table().live_count() == load.session_count());
  duel.Report(state);
}
void BM_Upsert(benchmark::State& state) { Upsert(state, false); }
void BM_UpsertNat(benchmark::State& state) { Upsert(state, true); }

// Updates by handle, the cheapest record.
void BM_Update(benchmark::State& state) {
  TableLoad& load = LoadOf(static_cast<std::uint32_t>(state.range(0)), false);
  std::vector<statesync::OwnHandle> own(load.session_count());
  for (std::size_t i = 0; i + kBatchMax <= own.size(); i += kBatchMax) {
    ENSURE(load.Apply(i, kBatchMax) == kBatchMax);
    std::copy(load.own().begin(), load.own().end(), own.begin() + static_cast<long>(i));
  }
  statesync::SessionUpdate update{};
  update.state = static_cast<std::uint8_t>(statesync::SessionState::kTcpEstablished);
  std::array<const std::byte*, kBatchMax> records;
  records.fill(reinterpret_cast<const std::byte*>(&update));
  Lines lines(load);
  Cursor cursor(load);
  Duel duel;
  std::size_t stale = 0;
  for (auto _ : state) {
    duel.Turn([&] { lines.WriteBatch(); },
              [&] {
                std::array<statesync::Version, kBatchMax> versions;
                std::array<statesync::ApplyOutcome, kBatchMax> outcomes;
                for (auto& version : versions) version = load.NextVersion();
                load.table().replicated().ApplyUpdateBatch(statesync::kSessionUpdate, records,
                                                           {&own[cursor.Next()], kBatchMax},
                                                           versions, outcomes);
                for (const auto& outcome : outcomes) {
                  stale += outcome.result != statesync::ApplyResult::kApplied;
                }
              });
  }
  ENSURE(stale == 0);
  duel.Report(state);
}

void Sizes(benchmark::internal::Benchmark* bench) {
  for (const int size : {4'096, 131'072, 1'000'000, 10'000'000}) bench->Arg(size);
  bench->Unit(benchmark::kMicrosecond);
}
BENCHMARK(BM_Lookup)->Apply(Sizes);
BENCHMARK(BM_LookupMiss)->Apply(Sizes);
BENCHMARK(BM_Update)->Apply(Sizes);
BENCHMARK(BM_Upsert)->Apply(Sizes);
BENCHMARK(BM_UpsertNat)->Apply(Sizes);

}  // namespace
}  // namespace bench

BENCHMARK_MAIN();
