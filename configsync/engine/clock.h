// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

// Time, injected, so that a test or the simulator can stop and bend it.
//
// Threads: thread-safe.

#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "absl/status/statusor.h"

namespace configsync {

class Clock {
 public:
  virtual ~Clock() = default;
  // Milliseconds since the machine booted, suspended time counted. Never jumps; means nothing in
  // another boot of the machine.
  virtual std::int64_t BootMs() = 0;
  // Milliseconds since 1970 UTC. May jump either way.
  virtual std::int64_t WallMs() = 0;
  // CPU time of the calling thread, microseconds: for figures only, never for decisions.
  virtual std::int64_t ThreadCpuUs() = 0;
};

// The machine's clocks.
[[nodiscard]] std::unique_ptr<Clock> SystemClock();

// Names this boot of the machine. Errors: what the kernel says.
[[nodiscard]] absl::StatusOr<std::string> MachineBootId();

}  // namespace configsync
