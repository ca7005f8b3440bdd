// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

// Everything a run depends on. The same options give the same run, bit for bit (I1).

#pragma once

#include <cstdint>
#include <string>

#include "statesync/engine.h"
#include "tests/sim/link.h"

namespace sim {

struct WorkloadOptions {
  statesync::Duration interval = statesync::Micros(200);  // Between two bursts of the worker.
  std::uint32_t changes_per_burst = 8;
  std::uint32_t open_percent = 30;
  std::uint32_t close_percent = 25;  // The rest are updates.
  std::uint32_t nat_percent = 50;
  std::uint32_t sessions_max = 2'000;
  std::uint32_t clients = 200;  // Fewer clients and ports make keys come back sooner.
  std::uint32_t client_ports = 20;
};

// Means of the intervals between two faults; zero: never.
struct FaultOptions {
  statesync::Duration cut_every, cut_length = statesync::Millis(50);
  statesync::Duration one_way_cut_every;
  statesync::Duration crash_every, down_length = statesync::Millis(100);
  statesync::Duration pause_every, pause_length = statesync::Millis(20);
  statesync::Duration switch_every;
  statesync::Duration resync_every;  // The operator asks the standby for a full transfer.
};

struct WorldOptions {
  std::uint64_t seed = 1;
  statesync::EngineOptions engine;  // `node` is set per node.
  std::uint32_t capacity[2] = {4'096, 4'096};
  std::uint32_t dirty_ring_handles = 1'024;
  LinkFaults link;
  FaultOptions faults;
  WorkloadOptions workload;
  bool workload_runs = true;
};

// Options of a random run: each kind of fault is present or not, each knob anywhere in its range.
[[nodiscard]] WorldOptions DrawOptions(std::uint64_t seed);
// One line for people.
[[nodiscard]] std::string Describe(const WorldOptions& options);

}  // namespace sim
