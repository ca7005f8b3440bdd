// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

// Bounded: inboxes, buffers on their way, and frames per time stay below limits that follow from
// the options, whatever is lost.

#include "tests/sim/checkers.h"

namespace sim {
namespace {

using statesync::Duration;

// The links of the simulation are infinitely fast. A receiver that loses everything can ask for its
// whole window on every stream as often as it repeats requests; nothing may be said more often.
constexpr std::uint64_t kFramesPerMillisMax = statesync::kReceiveWindowFrames / 2;
constexpr Duration kWindow = statesync::Millis(20);
constexpr std::size_t kPacketsMax = 200'000;

}  // namespace

std::string Bounded::Check(statesync::Instant now, std::array<Node*, 2> nodes,
                           const WorldOptions& options, std::size_t used_packets) {
  if (used_packets > kPacketsMax) {
    return "bounded: " + std::to_string(used_packets) + " datagrams on their way, limit " +
           std::to_string(kPacketsMax);
  }
  if (now - since_ < kWindow) return "";
  const std::uint64_t limit = kFramesPerMillisMax * options.engine.stream_count *
                              static_cast<std::uint64_t>((now - since_).ns / 1'000'000 + 1);
  const bool is_first = since_.ns == 0;
  since_ = now;
  for (std::size_t i = 0; i < 2; ++i) {
    const std::uint64_t sent = nodes[i]->frames_sent() - frames_[i];
    frames_[i] = nodes[i]->frames_sent();
    if (!is_first && sent > limit) {
      return "bounded: node " + std::to_string(i) + " sent " + std::to_string(sent) +
             " frames, limit " + std::to_string(limit);
    }
    if (nodes[i]->inbox_size() > options.inbox_datagrams[i]) {
      return "bounded: inbox of node " + std::to_string(i) + " holds " +
             std::to_string(nodes[i]->inbox_size());
    }
  }
  return "";
}

}  // namespace sim
