// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

// Rate limit for packets that this node makes itself: ICMP errors, ARP requests, announcements.
//
// Threads: one owner.  Memory: none.  Time is an argument.

#pragma once

#include <cstdint>

namespace dataplane {

class TokenBucket {
 public:
  // Allows `burst` at once and `per_second` in the long run; both at least 1.
  constexpr TokenBucket(std::uint32_t per_second, std::uint32_t burst)
      : interval_ns_(1'000'000'000 / static_cast<std::int64_t>(per_second)),
        depth_ns_(interval_ns_ * static_cast<std::int64_t>(burst)) {}

  // True if one more is allowed at `now_ns` (monotonic nanoseconds; may stand still, not go back).
  constexpr bool Take(std::int64_t now_ns) noexcept {
    // `spent_until_` is the time at which the bucket will be full again; it never lies in the past.
    const std::int64_t from = spent_until_ > now_ns ? spent_until_ : now_ns;
    if (from + interval_ns_ - now_ns > depth_ns_) return false;
    spent_until_ = from + interval_ns_;
    return true;
  }

 private:
  std::int64_t interval_ns_;
  std::int64_t depth_ns_;
  std::int64_t spent_until_ = 0;
};

}  // namespace dataplane
