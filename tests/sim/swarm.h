// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

// One random run: options from the seed, faults and load for a while, then quiet.

#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "statesync/sim_hooks.h"
#include "tests/sim/world.h"

namespace sim {

struct RunPlan {
  std::uint64_t seed = 1;
  std::int64_t millis = 2'000;  // Of faults, in virtual time.
  Profile profile = Profile::kAll;
  statesync::SimBug bug = statesync::SimBug::none;
};

struct RunResult {
  std::string failure;  // Empty: every checker was content.
  std::uint64_t trace_hash = 0;
  std::uint64_t changes = 0;   // Of sessions, by workers.
  double virtual_seconds = 0;  // Quiet included.
  std::string counters;        // For people, if asked for.
};

[[nodiscard]] RunResult RunOnce(const RunPlan& plan, bool wants_counters = false);
// The one command that replays a run bit for bit.
[[nodiscard]] std::string ReplayCommand(const RunPlan& plan);
// Errors: false if no bug has this name.
[[nodiscard]] bool BugOf(std::string_view name, statesync::SimBug& bug);
[[nodiscard]] std::string_view NameOf(statesync::SimBug bug);

}  // namespace sim
