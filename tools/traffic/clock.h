// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

// The one clock of lockstep-traffic: CLOCK_MONOTONIC, which all network namespaces of a machine
// share, so that the time of a kill taken elsewhere can be compared with it.

#pragma once

#include <time.h>

#include <cstdint>

namespace traffic {

// Nanoseconds since the machine booted.
inline std::uint64_t NowNanos() noexcept {
  timespec now{};
  clock_gettime(CLOCK_MONOTONIC, &now);
  return static_cast<std::uint64_t>(now.tv_sec) * 1'000'000'000u +
         static_cast<std::uint64_t>(now.tv_nsec);
}

}  // namespace traffic
