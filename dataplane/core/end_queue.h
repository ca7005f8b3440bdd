// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

// Sessions that their worker is asked to end, by name: a bounded ring from one thread to one
// worker.
//
// Threads: Give, is_empty by the one that judges sessions; Take by the worker.
// Memory:  4 KiB inside the object.

#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>

namespace dataplane {

class EndQueue {
 public:
  static constexpr std::uint32_t kNamesMax = 1'024;

  // False: full, ask again.
  [[nodiscard]] bool Give(std::uint32_t name) noexcept {
    const std::uint32_t given = given_.load(std::memory_order_relaxed);
    if (given - taken_.load(std::memory_order_acquire) == kNamesMax) return false;
    names_[given % kNamesMax].store(name, std::memory_order_relaxed);
    given_.store(given + 1, std::memory_order_release);
    return true;
  }
  // Everything given was taken, and what the worker did with it has happened.
  [[nodiscard]] bool is_empty() const noexcept {
    return taken_.load(std::memory_order_acquire) == given_.load(std::memory_order_relaxed);
  }

  // Calls end(name) for at most `most` names; returns their number. They count as taken after all
  // of them were ended.
  template <typename End>
  std::size_t Take(std::size_t most, End end) noexcept {
    const std::uint32_t taken = taken_.load(std::memory_order_relaxed);
    const std::uint32_t there = given_.load(std::memory_order_acquire) - taken;
    const std::uint32_t count = there < most ? there : static_cast<std::uint32_t>(most);
    for (std::uint32_t i = 0; i < count; ++i) {
      end(names_[(taken + i) % kNamesMax].load(std::memory_order_relaxed));
    }
    if (count > 0) taken_.store(taken + count, std::memory_order_release);
    return count;
  }

 private:
  alignas(64) std::atomic<std::uint32_t> given_{0};
  alignas(64) std::atomic<std::uint32_t> taken_{0};
  std::array<std::atomic<std::uint32_t>, kNamesMax> names_{};
};

}  // namespace dataplane
