// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

// The one clock of the loops: CLOCK_MONOTONIC, read once per turn and passed down.
//
// Threads: any.  Cost: about 25 ns through the vDSO, no system call.

#pragma once

#include <time.h>

#include <cstdint>

#include "statesync/types.h"

namespace dataplane {

inline constexpr std::int64_t kNanosPerSecond = 1'000'000'000;

// Nanoseconds of CLOCK_MONOTONIC, comparable with every time of shared_state.h.
inline std::int64_t MonotonicNow() noexcept {
  timespec time{};
  clock_gettime(CLOCK_MONOTONIC, &time);
  return time.tv_sec * kNanosPerSecond + time.tv_nsec;
}

// Monotonic second, as SessionEntry::last_seen_s counts. Wraps after 136 years of uptime.
inline std::uint32_t SecondOf(std::int64_t now_ns) noexcept {
  return static_cast<std::uint32_t>(now_ns / kNanosPerSecond);
}

}  // namespace dataplane
