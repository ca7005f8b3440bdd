// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

// Replication end to end with a null cipher: dirty handle → record → frame → applied in the peer's
// table.
//
// Two engines over two session tables in one thread, frames handed over by pointer. Counters are
// nanoseconds of this thread's CPU time per record, sender and receiver apart; `agree` is 1 if the
// digests of all shards are equal at the end. Sessions are distinct random keys, half behind NAT.

#include <time.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <memory>
#include <random>
#include <vector>

#include "benchmark/benchmark.h"
#include "statesync/engine.h"
#include "statesync/ensure.h"
#include "statesync/table/session_table.h"

namespace bench {
namespace {

using statesync::Engine;
using statesync::Handle;
using statesync::Instant;
using statesync::OutFrame;
using statesync::SessionTable;

constexpr statesync::NetAddr kNatAddresses[] = {0x0133'33c6, 0x0233'33c6};
constexpr std::size_t kFrames = 64;
constexpr std::size_t kBurst = 4'096;  // Changes between two turns of the loop.

double ThreadSeconds() {
  timespec now{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec) * 1e-9;
}

class Pair {
 public:
  explicit Pair(std::uint32_t session_count) : sessions_(session_count) {
    for (std::size_t i = 0; i < 2; ++i) {
      statesync::SessionTableOptions table;
      table.capacity = session_count + session_count / 8 + 4'096;
      table.index_seed = i + 1;
      table.digest_key[0] = 1;
      table.dirty_ring_handles = 1u << 16;
      table.nat_addresses = kNatAddresses;
      auto made = SessionTable::Create(table);
      ENSURE(made.ok());
      tables_[i] = std::move(made).value();
      statesync::ReplicatedTable* list[] = {&tables_[i]->replicated()};
      auto engine = Engine::Create({.node = static_cast<std::uint8_t>(i)}, list);
      ENSURE(engine.ok());
      engines_[i] = std::move(engine).value();
    }
    for (auto& buffer : buffers_) buffer.resize(1'472);
    engines_[0]->OnRole(now_, statesync::Role::kActive, statesync::MakeTerm(1, 0));
    for (std::size_t i = 0; i < 2; ++i) {
      engines_[i]->OnPeerConnected(now_, {.boot_id = 7 + i});
    }
    while (engines_[1]->status(now_).readiness != statesync::Readiness::kSynced) Turn();
    Reset();
  }

  // One turn of both loops; times are added up per node.
  void Turn() {
    now_ = now_ + statesync::Micros(60);
    for (std::size_t from = 0; from < 2; ++from) {
      std::array<OutFrame, kFrames> out{};
      for (std::size_t i = 0; i < kFrames; ++i) out[i].buffer = buffers_[i];
      const double start = ThreadSeconds();
      const std::size_t count = engines_[from]->TakeFrames(now_, out);
      const double middle = ThreadSeconds();
      std::array<statesync::OpenedFrame, kFrames> in;
      for (std::size_t i = 0; i < count; ++i) {
        in[i] = {out[i].stream, out[i].epoch, out[i].buffer.first(out[i].bytes)};
      }
      engines_[1 - from]->OnFrameBatch(now_, std::span(in).first(count));
      seconds_[from] += middle - start;
      seconds_[1 - from] += ThreadSeconds() - middle;
    }
  }
  void Reset() { seconds_ = {}; }
  void Drain() {
    while (engines_[0]->status(now_).exposure.changes > 0) Turn();
  }

  void InsertAll() {
    std::mt19937_64 random(5);
    while (handles_.size() < sessions_) {
      statesync::NewSession session;
      session.key = {static_cast<statesync::NetAddr>(random()),
                     static_cast<statesync::NetAddr>(random()),
                     static_cast<statesync::NetPort>(random()), 0xbb01, 6};
      session.state = statesync::SessionState::kTcpEstablished;
      if (handles_.size() % 2 == 0) {
        session.nat_addr = kNatAddresses[random() % 2];
        const std::uint16_t port = SessionTable::NatPortInShard(
            session.key, session.nat_addr, static_cast<std::uint32_t>(random() % 256));
        session.nat_port = static_cast<statesync::NetPort>((port << 8) | (port >> 8));
      }
      Handle handle;
      if (tables_[0]->Insert(session, handle) != statesync::InsertResult::kInserted) continue;
      handles_.push_back(handle);
      Mark(handle);
    }
    Drain();
    std::shuffle(handles_.begin(), handles_.end(), random);
  }
  void UpdateAll() {
    for (const Handle handle : handles_) {
      tables_[0]->BeginWrite(handle);
      tables_[0]->entry(handle).edge[0] += 1u << 22;
      tables_[0]->EndWrite(handle);
      Mark(handle);
    }
    Drain();
  }

  [[nodiscard]] double seconds(std::size_t node) const { return seconds_[node]; }
  [[nodiscard]] std::uint64_t records() { return engines_[0]->status(now_).counters.records_sent; }
  [[nodiscard]] bool Agree() {
    for (std::size_t shard = 0; shard < statesync::kShardCount; ++shard) {
      const auto s = static_cast<statesync::ShardIndex>(shard);
      const auto a = tables_[0]->replicated().Digest(s);
      const auto b = tables_[1]->replicated().Digest(s);
      if (a.count != b.count || !(a.sum == b.sum)) return false;
    }
    return true;
  }

 private:
  void Mark(Handle handle) {
    burst_.push_back(handle);
    if (burst_.size() < kBurst && burst_.size() + marked_ < sessions_) return;
    tables_[0]->MarkDirtyBatch(0, burst_);
    marked_ = (marked_ + burst_.size()) % sessions_;
    burst_.clear();
    Turn();
  }

  std::uint32_t sessions_;
  std::array<std::unique_ptr<SessionTable>, 2> tables_;
  std::array<std::unique_ptr<Engine>, 2> engines_;
  std::array<std::vector<std::byte>, kFrames> buffers_;
  std::vector<Handle> handles_, burst_;
  std::size_t marked_ = 0;
  Instant now_{1'000'000};
  std::array<double, 2> seconds_{};
};

void Report(benchmark::State& state, Pair& pair, std::uint64_t records) {
  const auto count = static_cast<double>(records);
  state.counters["send_ns"] = pair.seconds(0) * 1e9 / count;
  state.counters["apply_ns"] = pair.seconds(1) * 1e9 / count;
  state.counters["agree"] = pair.Agree() ? 1 : 0;
  state.SetItemsProcessed(static_cast<std::int64_t>(records));
}

void BM_Insert(benchmark::State& state) {
  for (auto _ : state) {
    state.PauseTiming();
    Pair pair(static_cast<std::uint32_t>(state.range(0)));
    state.ResumeTiming();
    pair.InsertAll();
    state.PauseTiming();
    Report(state, pair, pair.records());
    state.ResumeTiming();
  }
}
BENCHMARK(BM_Insert)->Arg(4'096)->Arg(131'072)->Arg(1'000'000)->Iterations(1);

void BM_Update(benchmark::State& state) {
  Pair pair(static_cast<std::uint32_t>(state.range(0)));
  pair.InsertAll();
  pair.Reset();
  const std::uint64_t before = pair.records();
  for (auto _ : state) pair.UpdateAll();
  Report(state, pair, pair.records() - before);
}
BENCHMARK(BM_Update)->Arg(4'096)->Arg(131'072)->Arg(1'000'000)->Iterations(3);

}  // namespace
}  // namespace bench

BENCHMARK_MAIN();
