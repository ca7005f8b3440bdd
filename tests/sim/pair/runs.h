// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

// Runs of the simulated pair: each returns what was wrong, with what led to it; "": nothing.
//
// Threads: one.

#pragma once

#include <cstdint>
#include <string>

#include "tests/sim/pair/world.h"

namespace configsync {

struct RunResult {
  std::string failure, trace;
  std::uint64_t kills = 0;   // That were hit.
  std::uint64_t pushes = 0;  // That were taken.
  std::uint64_t healed = 0;  // Times that a decision made both equal again.
  std::uint64_t commits = 0;
  std::uint64_t refused = 0;
  bool is_over = false;  // Of a story: it has fewer points.
};

// Operators, faults and kills drawn from the seed.
[[nodiscard]] RunResult RunRandom(std::uint64_t seed, std::uint64_t kills, Plant plant);

// A story with every kind of act, in which the `point`-th point kills.
[[nodiscard]] RunResult RunStory(std::uint64_t seed, std::uint64_t point, Plant plant);

// A ring of three without roles: every commit is pushed at most once by each node.
[[nodiscard]] RunResult RunRing(std::uint64_t seed, std::uint64_t commits);

}  // namespace configsync
