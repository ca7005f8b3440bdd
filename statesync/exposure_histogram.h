// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

// How long changes took from the worker's mark to the peer's confirmation, in powers of two.
//
// Threads: values only.  Memory: a value.

#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>

#include "statesync/types.h"

namespace statesync {

// Bucket 0 counts changes confirmed within 1 µs; bucket i those within 2^i µs and not within
// 2^(i − 1); the last one all that took longer than the one before it says (about 17 s).
class ExposureHistogram {
 public:
  static constexpr std::size_t kBuckets = 26;

  void Add(Duration age, std::uint64_t changes) {
    const std::uint64_t micros =
        static_cast<std::uint64_t>(std::max<std::int64_t>(age.ns, 0)) / 1'000;
    counts_[std::min<std::size_t>(static_cast<std::size_t>(std::bit_width(micros)),
                                  kBuckets - 1)] += changes;
  }
  [[nodiscard]] std::uint64_t count(std::size_t bucket) const { return counts_[bucket]; }
  // Upper bound of a bucket, inclusive of nothing above it; the last one has none.
  [[nodiscard]] static constexpr Duration BoundOf(std::size_t bucket) {
    return Micros(std::int64_t{1} << bucket);
  }

 private:
  std::array<std::uint64_t, kBuckets> counts_{};
};

}  // namespace statesync
