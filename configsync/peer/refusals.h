// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

// Why callers were turned away: they see a closed connection, so this node says it.
//
// Threads: thread-safe.

#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <mutex>
#include <string_view>
#include <vector>

#include "configsync/reasons/reason.h"

namespace configsync {

class Refusals {
 public:
  static constexpr std::int64_t kShownMs = 10'000;
  static constexpr std::size_t kKindsMax = 16;

  // `now_ms`: monotonic.
  explicit Refusals(std::function<std::int64_t()> now_ms) : now_ms_(std::move(now_ms)) {}

  // Replaces the last of its code and subject. Logs it, if it is new.
  void Add(const Reason& reason);
  // The device has come in: what it was refused for is over.
  void Forget(std::string_view subject);
  // Those of the last kShownMs.
  [[nodiscard]] std::vector<Reason> Take();

 private:
  struct Row {
    Reason reason;
    std::int64_t at_ms = 0;
  };
  const std::function<std::int64_t()> now_ms_;
  std::mutex mutex_;
  std::deque<Row> rows_;  // Oldest first. Under mutex_.
};

}  // namespace configsync
