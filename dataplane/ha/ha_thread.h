// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

// The ha thread: heartbeats and liveness connections on HA1, carrier of interfaces, and the driver
// of the role machine. It writes the role word, its deadline and the milestones of a takeover into
// SharedState; everybody else only reads them.
//
// Threads: one of its own, SCHED_FIFO where permitted. Start() and Stop() belong to main.
// Memory: sockets and two datagram buffers; nothing is allocated after Start() except log lines.

#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "dataplane/core/shared_state.h"
#include "statesync/role/role_machine.h"
#include "statesync/seal/keys.h"
#include "statesync/seal/primitives.h"
#include "statesync/types.h"

namespace dataplane {

// One HA1 link. Addresses are IPv4, dotted.
struct Ha1Path {
  std::string interface;  // Sockets are bound to it; empty: the routing table decides.
  std::string local_address;
  std::string peer_address;
  std::uint16_t heartbeat_port = 4790;
  std::uint16_t liveness_port = 4791;
};

// An interface whose carrier is watched by rtnetlink.
struct WatchedInterface {
  std::string name;
  bool critical = false;  // Loss of carrier makes this node nonfunctional,
  std::uint8_t port = 0;  // while an interface uses this port of the node file.
};

enum class HaSeverity : std::uint8_t { kInfo, kWarning, kError };
// Called from the ha thread for each change of state; must not block.
using HaLog = std::function<void(HaSeverity, std::string_view)>;

struct HaThreadOptions {
  statesync::RoleOptions role;  // term_floor is overwritten with the persisted mark.
  statesync::NodeIndex peer_node = 1;
  statesync::BootId boot_id = 0;  // The same as the handshake's.
  std::optional<Ha1Path> ha1;
  std::optional<Ha1Path> ha1_backup;
  std::vector<WatchedInterface> watched;
  std::uint8_t ha2_links = 0;  // 0 to 2.
  std::string term_path;       // File of the persisted mark, e.g. RUNTIME_DIR/term.
  int fifo_priority = 50;      // 0: stay at normal priority.
  int cpu = -1;                // Pin to this CPU; -1: anywhere.
  HaLog log;
};

// One line of what the ha thread counts, for `lockstepctl stats`.
struct HaCounters {
  std::uint64_t beats_sent = 0;
  std::uint64_t beats_accepted = 0;
  std::uint64_t beats_short = 0;  // Length, magic or version.
  std::uint64_t beats_bad_mac = 0;
  std::uint64_t beats_replayed = 0;
  std::uint64_t beats_unproven = 0;  // A run of the peer that has not yet echoed our challenge.
  std::uint64_t beats_bad_node = 0;
  std::uint64_t liveness_opened = 0;
  std::uint64_t liveness_closed = 0;
  std::uint64_t stalls = 0;  // Own loop stood still longer than the detection time.
  std::uint64_t term_writes = 0;
  std::uint64_t rejected_events = 0;
};

// What is known of one HA1 path.
struct Ha1Facts {
  std::int64_t last_heard_ns = 0;  // CLOCK_MONOTONIC of the last accepted heartbeat; 0: none yet.
  bool liveness_connected = false;
};

class HaThread {
 public:
  // Reads the persisted mark, opens the sockets and starts the thread. `primitives` (HMAC and
  // random bytes) and `shared` must outlive the object; from here on `primitives` is the ha
  // thread's alone. Errors: what the operator can mend, with object, value and remedy: an interface
  // or address that does not exist, a port in use, a term file that cannot be read or written.
  static absl::StatusOr<std::unique_ptr<HaThread>> Start(const HaThreadOptions& options,
                                                         const statesync::PairKeys& keys,
                                                         statesync::Primitives& primitives,
                                                         SharedState& shared);

  virtual ~HaThread() = default;  // Stops.

  // Asks the thread to leave and waits for it. A stopped node is dead for its peer: the liveness
  // connections close last.
  virtual void Stop() = 0;

  // Copies; callable from any thread.
  [[nodiscard]] virtual HaCounters counters() const = 0;
  // HA1, then HA1 backup.
  [[nodiscard]] virtual std::array<Ha1Facts, 2> ha1() const = 0;
  // Why HA is not fully available, one sentence each with a remedy; empty if it is.
  [[nodiscard]] virtual std::vector<std::string> Reasons() const = 0;
  // Outcome of the last switchover request that was refused or timed out; empty after a success.
  [[nodiscard]] virtual std::string LastSwitchoverRefusal() const = 0;
  virtual void SetSuspended(bool suspended) = 0;
};

}  // namespace dataplane
