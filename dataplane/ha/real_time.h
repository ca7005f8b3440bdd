// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

// Makes the calling thread punctual: first-in-first-out scheduling, exact timers, one CPU.
//
// Threads: acts on the calling one.

#pragma once

#include "absl/status/status.h"
#include "statesync/types.h"

namespace dataplane {

// Timer slack of a nanosecond, a name, and if `cpu` is not negative that CPU only.
// `fifo_priority` 1–99 asks for SCHED_FIFO; 0 leaves the scheduler alone.
// Errors: the first thing that was refused, with its remedy; the others are in effect. Without
// real-time priority a loaded machine delays heartbeats by 40–110 ms.
absl::Status BecomeRealTime(int fifo_priority, int cpu);

// CLOCK_MONOTONIC.
[[nodiscard]] statesync::Instant MonotonicNow() noexcept;

}  // namespace dataplane
