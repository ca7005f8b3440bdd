// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

// How far the sender of a stream may number frames: an absolute highest number, so that a lost or
// repeated statement does no harm. PROTOCOL.md §4.
//
// Threads: one.  Memory: a value.

#pragma once

#include <algorithm>
#include <cstdint>

namespace statesync {

// Frames a sender may number past what is closed before it heard the peer's first grant.
inline constexpr std::uint64_t kInitialCreditFrames = 64;

class Credit {
 public:
  // A peer connected: what came before does not count.
  void Reset(std::uint64_t closed_frame) { limit_ = closed_frame + kInitialCreditFrames; }
  // The peer granted `credit` frames past `ack`. The limit never falls.
  void OnGrant(std::uint64_t ack, std::uint64_t credit) { limit_ = std::max(limit_, ack + credit); }
  [[nodiscard]] bool Allows(std::uint64_t frame) const { return frame <= limit_; }
  [[nodiscard]] std::uint64_t limit() const { return limit_; }

 private:
  std::uint64_t limit_ = 0;
};

}  // namespace statesync
