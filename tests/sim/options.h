// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

// Everything a run depends on. The same options give the same run, bit for bit (I1).

#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "statesync/engine.h"
#include "tests/sim/link.h"

namespace sim {

// Sessions follow the life of real ones: SYN, SYN-ACK, data, FIN of both sides or RST, TIME_WAIT,
// and the same ports again.
struct WorkloadOptions {
  statesync::Duration interval = statesync::Micros(200);  // Between two bursts of the workers.
  std::uint32_t changes_per_burst = 8;
  std::uint32_t open_percent = 30;
  std::uint32_t close_percent = 25;  // Steps that hurry a session towards its end.
  std::uint32_t nat_percent = 50;
  std::uint32_t sessions_max = 2'000;
  std::uint32_t clients = 200;  // Fewer clients and ports make keys come back sooner.
  std::uint32_t client_ports = 20;
  std::uint32_t shards = 256;  // Fewer crowd the sessions, so that shards become full.
};

// Means of the intervals between two faults; zero: never. A cut, crash, pause or small MTU lasts up
// to its length.
struct FaultOptions {
  statesync::Duration cut_every, cut_length = statesync::Millis(50);  // HA2, both directions.
  statesync::Duration one_way_cut_every;                              // HA2.
  statesync::Duration link_cut_every;       // One of several HA2 links, both directions.
  statesync::Duration ha1_cut_every;        // One HA1 path, both directions.
  statesync::Duration all_paths_cut_every;  // HA1, its backup and HA2, one or both directions.
  statesync::Duration crash_every, down_length = statesync::Millis(100);
  statesync::Duration pause_every, pause_length = statesync::Millis(20);
  statesync::Duration mtu_every, mtu_length = statesync::Millis(50);
  statesync::Duration switch_every;
  statesync::Duration resync_every;  // The operator asks the standby for a full transfer.
};

// Who decides on roles: the test, by World::Activate and friends, or the real role machines.
enum class RoleDrive : std::uint8_t { kByTest, kByMachine };

struct WorldOptions {
  std::uint64_t seed = 1;
  statesync::EngineOptions engine;  // `node` is set per node.
  RoleDrive roles = RoleDrive::kByTest;

  // Per node.
  std::uint32_t capacity[2] = {4'096, 4'096};
  std::uint8_t stream_count[2] = {0, 0};       // 0: as in `engine`.
  std::uint8_t worker_count[2] = {1, 1};       // Each with a dirty ring of its own.
  std::int32_t clock_ppm[2] = {0, 0};          // Its clock runs so much faster.
  statesync::Duration turn_gap[2] = {{}, {}};  // The sync loop comes back not sooner than this.
  std::uint32_t frames_per_turn[2] = {64, 64};
  std::uint32_t inbox_datagrams[2] = {4'096, 4'096};  // More that wait are lost, as by a NIC.
  bool is_newer[2] = {false, false};                  // Speaks version N + 1; see newer_peer.h.

  std::uint32_t dirty_ring_handles = 1'024;
  std::uint32_t ha2_links = 1;            // 1 or 2; each datagram takes one of them.
  LinkFaults link;                        // Of HA2.
  LinkFaults ha1;                         // Of both HA1 paths.
  std::uint16_t small_mtu_bytes = 1'200;  // Datagrams above it vanish while the MTU is small.
  FaultOptions faults;
  WorkloadOptions workload;
  bool workload_runs = true;
};

enum class Profile : std::uint8_t {
  kAll,    // Every option and timer anywhere in its range.
  kSpeed,  // All faults with default timers, small tables, over a hundred changes a second.
  kLoss,   // A tenth lost, late or doubled; nothing else.
};
// Errors: false if no profile has this name.
[[nodiscard]] bool ProfileOf(std::string_view name, Profile& profile);
[[nodiscard]] std::string_view NameOf(Profile profile);

// Options of a random run.
[[nodiscard]] WorldOptions DrawOptions(std::uint64_t seed, Profile profile = Profile::kAll);
// One line for people.
[[nodiscard]] std::string Describe(const WorldOptions& options);

}  // namespace sim
