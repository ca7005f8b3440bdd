// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

// When to announce which address after a takeover: every virtual and NAT address at once, then
// again in a few rounds, because a gratuitous ARP may be lost and a bridge may learn the old
// owner's port anew.
//
// Threads: the resolver (worker 0).  Memory: none.  Time is an argument.

#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

namespace dataplane {

class Announcer {
 public:
  // Frames of one turn, and so the rate: with idle turns of 50 µs at most one in about 2 µs.
  static constexpr std::size_t kPerTurnMax = 32;

  // Begins anew with the first round.
  void Start(std::int64_t now_ns) noexcept {
    round_ = 0;
    index_ = 0;
    next_ns_ = now_ns;
  }
  void Cancel() noexcept { round_ = kPausesNs.size(); }

  // Index of the address to announce now, below `count`; kNothing if none is due.
  static constexpr std::size_t kNothing = SIZE_MAX;
  [[nodiscard]] std::size_t Next(std::int64_t now_ns, std::size_t count) noexcept {
    if (round_ == kPausesNs.size() || now_ns < next_ns_ || count == 0) return kNothing;
    const std::size_t due = index_++;
    if (index_ >= count) {
      index_ = 0;
      next_ns_ = now_ns + kPausesNs[round_++];
    }
    return due;
  }

 private:
  // After round i, this long until the next one.
  static constexpr std::array<std::int64_t, 5> kPausesNs = {10'000'000, 40'000'000, 200'000'000,
                                                            1'000'000'000, 0};
  std::size_t round_ = kPausesNs.size();
  std::size_t index_ = 0;
  std::int64_t next_ns_ = 0;
};

}  // namespace dataplane
