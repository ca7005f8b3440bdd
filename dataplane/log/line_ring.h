// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

// Bounded ring of log lines: many threads push, one pops, nobody waits.
//
// Each cell carries a ticket. A pusher claims a position whose ticket equals it, fills the cell
// and publishes ticket + 1; the popper takes cells whose ticket is position + 1 and hands them
// back for the next lap. A thread stopped between claim and publication delays the lines behind
// it, never a pusher.
//
// Threads: Push any, Pop one.  Memory: inside the object.
// Source:  Dmitry Vyukov, bounded MPMC queue.

#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>

#include "dataplane/log/log.h"

namespace dataplane {

struct LogLine {
  std::int64_t wall_ns = 0;  // CLOCK_REALTIME.
  std::int64_t now_ns = 0;   // CLOCK_MONOTONIC, for the rate limit.
  LogLevel level = LogLevel::kInfo;
  std::uint8_t topic_bytes = 0;
  std::uint16_t text_bytes = 0;
  std::array<char, kLogTopicBytesMax> topic{};
  std::array<char, kLogTextBytesMax> text{};
};

class LineRing {
 public:
  LineRing() noexcept {
    for (std::size_t i = 0; i < kLogRingLines; ++i) {
      cells_[i].ticket.store(i, std::memory_order_relaxed);
    }
  }

  // False if the ring is full.
  bool Push(const LogLine& line) noexcept {
    std::size_t position = push_position_.load(std::memory_order_relaxed);
    while (true) {
      Cell& cell = cells_[position % kLogRingLines];
      const std::size_t ticket = cell.ticket.load(std::memory_order_acquire);
      if (ticket == position) {
        if (push_position_.compare_exchange_weak(position, position + 1,
                                                 std::memory_order_relaxed)) {
          cell.line = line;
          cell.ticket.store(position + 1, std::memory_order_release);
          return true;
        }
      } else if (ticket < position) {
        return false;
      } else {
        position = push_position_.load(std::memory_order_relaxed);
      }
    }
  }

  // False if the ring is empty.
  bool Pop(LogLine& line) noexcept {
    Cell& cell = cells_[pop_position_ % kLogRingLines];
    if (cell.ticket.load(std::memory_order_acquire) != pop_position_ + 1) {
      return false;
    }
    line = cell.line;
    cell.ticket.store(pop_position_ + kLogRingLines, std::memory_order_release);
    ++pop_position_;
    return true;
  }

 private:
  struct Cell {
    std::atomic<std::size_t> ticket;
    LogLine line;
  };
  static_assert((kLogRingLines & (kLogRingLines - 1)) == 0);

  std::array<Cell, kLogRingLines> cells_;
  std::atomic<std::size_t> push_position_{0};
  std::size_t pop_position_ = 0;  // Writer and reader: the popping thread.
};

}  // namespace dataplane
