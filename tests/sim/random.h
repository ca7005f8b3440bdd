// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

// The simulation's only source of chance: a small generator, split by purpose, so that drawing more
// often for one purpose does not change another.
//
// Source: splitmix64, Steele, Lea, Flood: "Fast Splittable Pseudorandom Number Generators" (2014).

#pragma once

#include <cstdint>

#include "statesync/table/hash.h"

namespace sim {

class Random {
 public:
  explicit Random(std::uint64_t seed) : state_(seed) {}

  std::uint64_t Next() {
    state_ += 0x9e37'79b9'7f4a'7c15u;
    std::uint64_t z = state_;
    z = (z ^ (z >> 30)) * 0xbf58'476d'1ce4'e5b9u;
    z = (z ^ (z >> 27)) * 0x94d0'49bb'1331'11ebu;
    return z ^ (z >> 31);
  }
  // Uniform in [0, bound). REQUIRES: bound > 0.
  std::uint64_t Below(std::uint64_t bound) {
    return statesync::High(statesync::Multiply(Next(), bound));
  }
  // Uniform in [low, high].
  std::int64_t Between(std::int64_t low, std::int64_t high) {
    return low + static_cast<std::int64_t>(Below(static_cast<std::uint64_t>(high - low) + 1));
  }
  bool OneIn(std::uint64_t n) { return Below(n) == 0; }
  bool Chance(std::uint32_t ppm) { return Below(1'000'000) < ppm; }
  // A generator of its own for one purpose.
  [[nodiscard]] Random Fork(std::uint64_t purpose) const {
    Random fork(state_ ^ (purpose * 0xd1b5'4a32'd192'ed03u));
    (void)fork.Next();
    return fork;
  }

 private:
  std::uint64_t state_;
};

}  // namespace sim
