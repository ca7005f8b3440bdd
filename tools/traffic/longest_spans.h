// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

// The longest spans of time that something took, out of any number of them.

#pragma once

#include <algorithm>
#include <cstdint>
#include <vector>

#include "tools/traffic/limits.h"

namespace traffic {

// Nanoseconds of the monotonic clock.
struct Span {
  std::uint64_t start;
  std::uint64_t end;
  [[nodiscard]] std::uint64_t nanos() const noexcept { return end - start; }
};

// Keeps the kSpansKeptMax longest spans; the others are only counted.
class LongestSpans {
 public:
  void Add(const Span& span) {
    ++count_;
    if (kept_.size() < kSpansKeptMax) {
      kept_.push_back(span);
      return;
    }
    const auto shortest = std::ranges::min_element(kept_, {}, &Span::nanos);
    if (shortest->nanos() < span.nanos()) *shortest = span;
  }

  [[nodiscard]] std::uint64_t count() const noexcept { return count_; }
  [[nodiscard]] const std::vector<Span>& kept() const noexcept { return kept_; }

 private:
  std::uint64_t count_ = 0;
  std::vector<Span> kept_;
};

}  // namespace traffic
