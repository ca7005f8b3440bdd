// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

// What the control service asks of the rest of the dataplane, beyond SharedState and the tables.
// main wires one object per part; each reads counters and snapshots and makes no other thread wait.
//
// Threads: called from the service's threads, several at a time.

#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "dataplane/core/stats_source.h"

namespace dataplane {

struct Ha1PathState {
  std::string local;  // "10.9.1.1:4790"
  std::string remote;
  std::int64_t last_heard_ns = 0;   // CLOCK_MONOTONIC; 0: never.
  bool liveness_connected = false;  // The TCP connection whose close signals process death.
};

class HaSource {
 public:
  virtual ~HaSource() = default;
  [[nodiscard]] virtual std::vector<Ha1PathState> Ha1Paths() const = 0;
  // Named causes why HA is not fully available; empty if it is.
  [[nodiscard]] virtual std::vector<std::string> Reasons() const = 0;
  // Why the last switchover request was refused or timed out; empty after a success.
  [[nodiscard]] virtual std::string LastSwitchoverRefusal() const { return {}; }
};

}  // namespace dataplane
