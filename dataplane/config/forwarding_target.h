// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

// Who is told what to forward by: the control service asks, the DPDK side does it.
//
// Threads: any; calls wait for each other.

#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "dataplane/config/options.h"

namespace dataplane {

// Of sessions that this node writes: a standby has none to judge.
struct ForwardingEffect {
  static constexpr std::size_t kExamplesMax = 10;
  std::uint64_t sessions_kept = 0;
  std::uint64_t sessions_ended = 0;
  std::vector<std::string> ended_examples;  // "tcp 10.1.0.10:40000 10.2.0.10:80".
};

class ForwardingTarget {
 public:
  virtual ~ForwardingTarget() = default;
  // What Apply would do. Builds everything, changes nothing.
  virtual absl::StatusOr<ForwardingEffect> Plan(const ForwardingOptions& next) = 0;
  // The node forwards by `next`, at once and as a whole; then ends the sessions that it no longer
  // permits. Returns when all workers use it and those sessions have ended. After an error the node
  // forwards as before.
  virtual absl::StatusOr<ForwardingEffect> Apply(const ForwardingOptions& next) = 0;
  // Ever, because a configuration no longer permitted them.
  [[nodiscard]] virtual std::uint64_t sessions_ended() const = 0;
};

}  // namespace dataplane
