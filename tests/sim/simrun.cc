// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

// simrun: random runs of two nodes. One seed replays a run bit for bit.
//
//   simrun --seed 7 --seconds 3          one run of 3 simulated seconds of faults, then quiet
//   simrun --swarm 60 [--seed 1]         seeds 1, 2, … for 60 seconds of the wall clock
//   simrun --count 20 [--seed 1]         20 seeds

#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>

#include "tests/sim/world.h"

namespace {

struct Arguments {
  std::uint64_t seed = 1;
  std::int64_t millis = 2'000;
  std::int64_t swarm_seconds = 0;
  std::uint64_t count = 1;
  bool is_verbose = false;
};

void PrintCounters(sim::World& world) {
  for (int i = 0; i < 2; ++i) {
    if (!world.node(i).is_up()) continue;
    const auto& status = world.Status(i);
    std::printf("node %d: acked %llu", i, static_cast<unsigned long long>(status.last_frame_acked));
    const auto values = statesync::ValuesOf(status.counters);
    for (std::size_t c = 0; c < values.size(); ++c) {
      if (values[c] == 0) continue;
      std::printf(", %.*s %llu", static_cast<int>(statesync::kEngineCounterNames[c].size()),
                  statesync::kEngineCounterNames[c].data(),
                  static_cast<unsigned long long>(values[c]));
    }
    std::printf("\n");
  }
}

bool Run(std::uint64_t seed, std::int64_t millis, bool is_verbose) {
  const sim::WorldOptions options = sim::DrawOptions(seed);
  if (is_verbose) std::printf("%s\n", sim::Describe(options).c_str());
  sim::World world(options);
  world.Boot(0);
  world.Boot(1);
  world.Activate(0);
  world.SetFaults(true);
  world.RunFor(statesync::Millis(millis));
  const bool is_good = world.failure().empty() && world.RunUntilQuiet();
  if (is_verbose && is_good) {
    const int owner = world.Owner();
    const auto& c = world.Status(1 - owner).counters;
    std::printf(
        "  good: %zu sessions, receiver applied %llu, stale %llu, gaps %llu, wants %llu, "
        "bulks %llu, swept %llu\n",
        world.workload().live_count(), static_cast<unsigned long long>(c.records_applied),
        static_cast<unsigned long long>(c.records_stale),
        static_cast<unsigned long long>(c.gaps_seen), static_cast<unsigned long long>(c.wants_sent),
        static_cast<unsigned long long>(c.bulks_finished),
        static_cast<unsigned long long>(c.entries_swept));
  }
  if (!is_good) {
    PrintCounters(world);
    std::printf("%s\n%s\nreplay: simrun --seed %llu --millis %lld\n",
                sim::Describe(options).c_str(), world.failure().c_str(),
                static_cast<unsigned long long>(seed), static_cast<long long>(millis));
  }
  return is_good;
}

}  // namespace

int main(int argc, char** argv) {
  Arguments arguments;
  for (int i = 1; i + 1 < argc; i += 2) {
    const std::string_view name = argv[i];
    const long long value = std::atoll(argv[i + 1]);
    if (name == "--seed") {
      arguments.seed = static_cast<std::uint64_t>(value);
    } else if (name == "--seconds") {
      arguments.millis = value * 1'000;
    } else if (name == "--millis") {
      arguments.millis = value;
    } else if (name == "--swarm") {
      arguments.swarm_seconds = value;
    } else if (name == "--count") {
      arguments.count = static_cast<std::uint64_t>(value);
    } else if (name == "--verbose") {
      arguments.is_verbose = value != 0;
    } else {
      std::fprintf(stderr, "simrun: unknown option %s\n", argv[i]);
      return 2;
    }
  }
  const bool is_verbose =
      arguments.is_verbose || (arguments.swarm_seconds == 0 && arguments.count == 1);
  const auto begin = std::chrono::steady_clock::now();
  std::uint64_t runs = 0;
  const auto is_over = [&] {
    if (arguments.swarm_seconds == 0) return runs == arguments.count;
    return std::chrono::steady_clock::now() - begin >=
           std::chrono::seconds(arguments.swarm_seconds);
  };
  while (!is_over()) {
    if (!Run(arguments.seed + runs, arguments.millis, is_verbose)) return 1;
    ++runs;
  }
  std::printf("%llu runs from seed %llu: all good\n", static_cast<unsigned long long>(runs),
              static_cast<unsigned long long>(arguments.seed));
  return 0;
}
