// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

// A small reproducible generator: one per flow, seeded with the run's seed and the flow's id.

#pragma once

#include <cstdint>

namespace traffic {

class Random {
 public:
  Random(std::uint64_t seed, std::uint64_t flow_id) noexcept
      : state_(seed * 0x9e3779b97f4a7c15u + flow_id) {}

  // Uniform in [first, final]. REQUIRES: first <= final.
  std::uint64_t Between(std::uint64_t first, std::uint64_t final) noexcept {
    state_ += 0x9e3779b97f4a7c15u;
    std::uint64_t x = state_;
    x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9u;
    x = (x ^ (x >> 27)) * 0x94d049bb133111ebu;
    return first + (x ^ (x >> 31)) % (final - first + 1);
  }

 private:
  std::uint64_t state_;
};

}  // namespace traffic
