// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

// Rate limit per topic: a burst, then so many lines a second; what is held back is counted.
//
// Threads: one (the writing thread).  Memory: inside the object; topics beyond the table share a
// row.

#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <string_view>

#include "dataplane/log/log.h"

namespace dataplane {

class TopicLimiter {
 public:
  struct Decision {
    bool may_write = false;
    std::uint64_t held_back_count = 0;  // Lines of this topic held back since the last one written.
  };

  // Asks for one line of `topic` at `now_ns` (monotonic).
  Decision Ask(std::string_view topic, std::int64_t now_ns) {
    Row& row = RowOf(topic);
    const std::int64_t elapsed_ns = std::max<std::int64_t>(0, now_ns - row.filled_ns);
    row.filled_ns = now_ns;
    row.credit_ns = std::min(kCreditMax, row.credit_ns + elapsed_ns);
    if (row.credit_ns < kLineCost) {
      ++row.held_back_count;
      return {};
    }
    row.credit_ns -= kLineCost;
    const Decision decision{true, row.held_back_count};
    row.held_back_count = 0;
    return decision;
  }

 private:
  // Credit is time: a line costs the interval at which lines are earned.
  static constexpr std::int64_t kLineCost = 1'000'000'000 / kLogLinesPerSecond;
  static constexpr std::int64_t kCreditMax = kLineCost * kLogBurstLines;
  static constexpr std::size_t kTopicsMax = 32;

  struct Row {
    std::array<char, kLogTopicBytesMax> name{};
    std::size_t name_bytes = 0;
    std::int64_t filled_ns = 0;
    std::int64_t credit_ns = kCreditMax;
    std::uint64_t held_back_count = 0;
  };

  Row& RowOf(std::string_view topic) {
    topic = topic.substr(0, kLogTopicBytesMax);
    for (std::size_t i = 0; i < row_count_; ++i) {
      if (std::string_view(rows_[i].name.data(), rows_[i].name_bytes) == topic) {
        return rows_[i];
      }
    }
    if (row_count_ == kTopicsMax) {
      return rows_[kTopicsMax - 1];
    }
    Row& row = rows_[row_count_++];
    std::copy(topic.begin(), topic.end(), row.name.begin());
    row.name_bytes = topic.size();
    return row;
  }

  std::array<Row, kTopicsMax> rows_{};
  std::size_t row_count_ = 0;
};

}  // namespace dataplane
