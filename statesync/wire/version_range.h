// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

// What two nodes both understand, of protocol versions and of a table's schemas. PROTOCOL.md §11.
//
// Threads: values only.

#pragma once

#include <algorithm>
#include <cstdint>

namespace statesync {

struct VersionRange {
  std::uint8_t min = 0;
  std::uint8_t max = 0;  // 0: none at all.
};

// Highest number that both ranges have; 0 if there is none.
constexpr std::uint8_t HighestCommon(VersionRange one, VersionRange other) {
  const std::uint8_t highest = std::min(one.max, other.max);
  return highest >= std::max(one.min, other.min) ? highest : std::uint8_t{0};
}

}  // namespace statesync
