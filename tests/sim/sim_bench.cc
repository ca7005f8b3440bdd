// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

// Figures that the simulator measures: its own speed, how soon a lost frame is repaired, and what a
// rejoin after a partition costs. `tools/bench sim` calls it.

#include <malloc.h>

#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <ctime>
#include <string_view>
#include <vector>

#include "tests/sim/swarm.h"
#include "tests/sim/world.h"

namespace sim {
namespace {

using statesync::Duration;
using statesync::Handle;
using statesync::Instant;
using statesync::Micros;
using statesync::Millis;
using statesync::Seconds;
using statesync::SessionTable;

struct Sizes {
  std::int64_t speed_seconds = 600;  // Virtual seconds of one run.
  int speed_runs = 5;
  int repairs = 2'000;
  std::uint32_t sessions = 600'000;
};
constexpr Sizes kSmall{.speed_seconds = 5, .speed_runs = 1, .repairs = 50, .sessions = 20'000};

double CpuSeconds() {
  timespec time{};
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
  return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_nsec) / 1e9;
}

struct Speed {
  double seconds_per_cpu_second = 0;  // Of the fastest run: the others had noise.
  double changes_per_second = 0;      // Of the run with fewest.
};

bool MeasureSpeed(const Sizes& sizes, Speed& speed) {
  for (int run = 0; run < sizes.speed_runs; ++run) {
    const RunPlan plan{.seed = static_cast<std::uint64_t>(run) + 1,
                       .millis = sizes.speed_seconds * 1'000,
                       .profile = Profile::kSpeed};
    const double begin = CpuSeconds();
    const RunResult result = RunOnce(plan);
    const double cpu = CpuSeconds() - begin;
    if (!result.failure.empty()) {
      std::fprintf(stderr, "sim_bench: %s\nreplay: %s\n", result.failure.c_str(),
                   ReplayCommand(plan).c_str());
      return false;
    }
    speed.seconds_per_cpu_second =
        std::max(speed.seconds_per_cpu_second, result.virtual_seconds / cpu);
    const double changes = static_cast<double>(result.changes) / result.virtual_seconds;
    speed.changes_per_second = run == 0 ? changes : std::min(speed.changes_per_second, changes);
  }
  return true;
}

// ---- Two synced nodes with sessions
// --------------------------------------------------------------

class Pair {
 public:
  explicit Pair(const WorldOptions& options) : world_(options) {
    world_.Boot(0);
    world_.Boot(1);
    world_.Activate(0);
    ok_ = world_.RunUntil([&] { return world_.IsSynced(); }, Seconds(5));
  }

  void Open(std::uint32_t count) {
    SessionTable& table = world_.node(0).table();
    std::vector<Handle> batch;
    for (std::uint32_t i = 0; i < count; ++i) {
      statesync::NewSession session;
      const std::uint32_t n = ++opened_;
      session.key = {0x0000'000au | (n >> 12 << 8), 0x0100'00cbu,
                     static_cast<std::uint16_t>(n & 0xfff), 0x5000, 6};
      session.state = statesync::SessionState::kTcpEstablished;
      Handle handle;
      if (table.Insert(session, handle) != statesync::InsertResult::kInserted) continue;
      table.entry(handle).edge[0] = n << 8;
      world_.ledger().OnWritten(0, table.entry(handle));
      handles_.push_back(handle);
      batch.push_back(handle);
      if (batch.size() == 512) Mark(batch);
    }
    Mark(batch);
  }
  void Advance(std::size_t at) {
    SessionTable& table = world_.node(0).table();
    table.BeginWrite(handles_[at]);
    table.entry(handles_[at]).edge[1] += 1'024;
    table.EndWrite(handles_[at]);
    world_.ledger().OnWritten(0, table.entry(handles_[at]));
    std::vector<Handle> one{handles_[at]};
    Mark(one);
  }
  void Close(std::size_t at) {
    SessionTable& table = world_.node(0).table();
    world_.ledger().OnDeleted(0, table.entry(handles_[at]));
    table.Delete(handles_[at]);
    std::vector<Handle> one{handles_[at]};
    Mark(one);
    handles_[at] = handles_.back();
    handles_.pop_back();
  }
  [[nodiscard]] bool IsEqual() {
    return world_.ledger().differences() == 0 && world_.Status(0).exposure.changes == 0;
  }

  World& world() { return world_; }
  [[nodiscard]] bool ok() const { return ok_; }
  [[nodiscard]] std::size_t size() const { return handles_.size(); }

 private:
  void Mark(std::vector<Handle>& handles) {
    world_.node(0).table().MarkDirtyBatch(0, handles);
    world_.Kick(0);
    handles.clear();
  }

  World world_;
  std::vector<Handle> handles_;
  std::uint32_t opened_ = 0;
  bool ok_ = false;
};

WorldOptions Quiet() {
  WorldOptions options;
  options.workload_runs = false;
  return options;
}

// A frame with one change is lost; the next one follows soon. How long from when it left until the
// change is here, less one flush, in round trips from loop to loop: the middle one of many.
bool MeasureRepair(const Sizes& sizes, Duration one_way, double& round_trips) {
  WorldOptions options = Quiet();
  options.link.delay_min = options.link.delay_max = one_way;
  Pair pair(options);
  pair.Open(100);
  World& world = pair.world();
  if (!pair.ok() || !world.RunUntil([&] { return pair.IsEqual(); }, Seconds(5))) return false;
  Random random(1);
  std::vector<double> times;
  for (int i = 0; i < sizes.repairs; ++i) {
    world.RunFor(Micros(random.Between(20'000, 40'000)));
    world.DropNext(0, 1);
    pair.Advance(0);
    world.RunFor(options.engine.flush_delay + Micros(2));
    const Instant sent = world.now();
    pair.Advance(1);
    if (!world.RunUntil([&] { return world.ledger().differences() == 0; }, Seconds(1))) {
      return false;
    }
    times.push_back(static_cast<double>((world.now() - sent - options.engine.flush_delay).ns) /
                    static_cast<double>(2 * (one_way + kRxLatency).ns));
  }
  std::nth_element(times.begin(), times.begin() + static_cast<std::ptrdiff_t>(times.size() / 2),
                   times.end());
  round_trips = times[times.size() / 2];
  return true;
}

// HA2 is cut for a second, one session of a hundred changes: 60 % data, 20 % end, 20 % are new.
// All bytes of both nodes from the healing until the receiver is synced and nothing is exposed.
bool MeasureRejoin(const Sizes& sizes, double& ratio, std::uint64_t& bytes) {
  constexpr std::uint64_t kAllowance = 64 * 1'024;
  WorldOptions options = Quiet();
  options.capacity[0] = options.capacity[1] = sizes.sessions + sizes.sessions / 8;
  options.dirty_ring_handles = 65'536;
  Pair pair(options);
  World& world = pair.world();
  while (pair.size() < sizes.sessions) {
    pair.Open(
        std::min<std::uint32_t>(20'000, sizes.sessions - static_cast<std::uint32_t>(pair.size())));
    if (!world.RunUntil([&] { return pair.IsEqual(); }, Seconds(60))) return false;
  }
  if (!world.RunUntil([&] { return world.IsSynced(); }, Seconds(10))) return false;
  world.Cut(true);
  Random random(1);
  std::uint64_t changed_bytes = 0;
  const std::size_t changes = pair.size() / 100;
  for (std::size_t i = 0; i < changes; ++i) {
    if (i % 100 == 0) world.RunFor(Micros(200));
    switch (i % 5) {
      case 0:
        pair.Open(1);
        changed_bytes += sizeof(statesync::SessionInsertV4);
        break;
      case 1:
        pair.Close(random.Below(pair.size()));
        changed_bytes += sizeof(statesync::SessionDelete);
        break;
      default:
        pair.Advance(random.Below(pair.size()));
        changed_bytes += sizeof(statesync::SessionUpdate);
        break;
    }
  }
  world.RunFor(Seconds(1));
  const auto sent = [&] { return world.node(0).bytes_sent() + world.node(1).bytes_sent(); };
  const std::uint64_t before = sent();
  world.Cut(false);
  if (!world.RunUntil([&] { return pair.IsEqual() && world.IsSynced(); }, Seconds(60)))
    return false;
  bytes = sent() - before;
  ratio = bytes <= kAllowance
              ? 0
              : static_cast<double>(bytes - kAllowance) / static_cast<double>(changed_bytes);
  return true;
}

int RunAll(const Sizes& sizes, const char* json) {
  Speed speed;
  double repair = 0, repair_lan = 0, ratio = 0;
  std::uint64_t rejoin_bytes = 0;
  if (!MeasureSpeed(sizes, speed)) return 1;
  if (!MeasureRepair(sizes, Millis(5), repair) || !MeasureRepair(sizes, Micros(500), repair_lan)) {
    std::fprintf(stderr, "sim_bench: a lost frame was not repaired within a second\n");
    return 1;
  }
  if (!MeasureRejoin(sizes, ratio, rejoin_bytes)) {
    std::fprintf(stderr, "sim_bench: the pair did not become equal after the partition\n");
    return 1;
  }
  std::printf("%-28s %10.0f   virtual seconds per CPU second, all faults (reach: 2000)\n",
              "sim.seconds_per_cpu_second", speed.seconds_per_cpu_second);
  std::printf("%-28s %10.0f   a virtual second in those runs (at least 100)\n",
              "sim.changes_per_second", speed.changes_per_second);
  std::printf("%-28s %10.3f   round trips of 10 ms, flush deducted (reach: 1.5)\n", "repair.rtt",
              repair);
  std::printf("%-28s %10.3f   the same at 1 ms\n", "repair.rtt_at_1ms", repair_lan);
  std::printf("%-28s %10.2f   of the changed records' bytes, past 64 KiB (reach: 1.6)\n",
              "rejoin.bytes_ratio", ratio);
  std::printf("%-28s %10llu   bytes of both nodes, %u sessions\n", "rejoin.bytes",
              static_cast<unsigned long long>(rejoin_bytes), sizes.sessions);
  if (json == nullptr) return 0;
  std::FILE* file = std::fopen(json, "w");
  if (file == nullptr) {
    std::fprintf(stderr, "sim_bench: cannot write %s: %s\n", json, std::strerror(errno));
    return 1;
  }
  std::fprintf(file,
               "{\"sim.seconds_per_cpu_second\": %.1f, \"sim.changes_per_second\": %.1f, "
               "\"repair.rtt\": %.4f, \"repair.rtt_at_1ms\": %.4f, \"rejoin.bytes_ratio\": %.4f, "
               "\"rejoin.bytes\": %llu, \"rejoin.sessions\": %u}\n",
               speed.seconds_per_cpu_second, speed.changes_per_second, repair, repair_lan, ratio,
               static_cast<unsigned long long>(rejoin_bytes), sizes.sessions);
  std::fclose(file);
  return 0;
}

}  // namespace
}  // namespace sim

int main(int argc, char** argv) {
  mallopt(M_MMAP_THRESHOLD, 1 << 30);
  mallopt(M_TRIM_THRESHOLD, 1 << 30);
  sim::Sizes sizes;
  const char* json = nullptr;
  for (int i = 1; i < argc; ++i) {
    const std::string_view name = argv[i];
    if (name == "--small") {
      sizes = sim::kSmall;
    } else if (name == "--json" && i + 1 < argc) {
      json = argv[++i];
    } else {
      std::fprintf(stderr, "usage: sim_bench [--small] [--json FILE]\n");
      return name == "--help" ? 0 : 2;
    }
  }
  return sim::RunAll(sizes, json);
}
