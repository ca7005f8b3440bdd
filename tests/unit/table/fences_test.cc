// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

#include "statesync/table/fences.h"

#include <atomic>
#include <cstdint>
#include <thread>

#include "gtest/gtest.h"

namespace statesync {
namespace {

constexpr std::uint32_t kTurns = 40'000;

void Wait(std::uint32_t turns) {
  for (std::uint32_t i = 0; i < turns; ++i) asm volatile("");
}
template <typename Condition>
void SpinUntil(Condition condition) {
  for (int i = 0; !condition(); ++i) {
    if (i > 2'000) std::this_thread::yield();
  }
}

// Value and mark on one line, as in an entry.
struct alignas(64) Line {
  std::atomic<std::uint32_t> value{0};
  std::atomic<std::uint8_t> mark{0};
};

// Worker: write the value, fence, test the mark. Sync loop: clear the mark, fence, read the value.
// In no round may the worker find the mark set and the sync loop the old value. With FullFence()
// emptied hundreds of rounds do.
TEST(Fences, EitherTheMarkOrTheValueIsSeen) {
  Line line;
  std::atomic<std::uint32_t> start{0};
  std::atomic<std::uint32_t> finished{0};
  bool found_mark = false;  // Written by the worker before `finished`.
  std::thread worker([&] {
    for (std::uint32_t n = 1; n <= kTurns; ++n) {
      SpinUntil([&] { return start.load(std::memory_order_acquire) == n; });
      Wait(n * 29 % 512 + (line.mark.load(std::memory_order_relaxed) & 1u));
      line.value.store(n, std::memory_order_relaxed);
      FullFence();
      found_mark = line.mark.load(std::memory_order_relaxed) != 0;
      finished.store(n, std::memory_order_release);
    }
  });
  std::uint32_t lost = 0;
  for (std::uint32_t n = 1; n <= kTurns; ++n) {
    line.mark.store(1, std::memory_order_seq_cst);
    start.store(n, std::memory_order_release);
    Wait(n * 13 % 4'096);
    line.mark.store(0, std::memory_order_relaxed);
    FullFence();
    const std::uint32_t value = line.value.load(std::memory_order_relaxed);
    SpinUntil([&] { return finished.load(std::memory_order_acquire) == n; });
    lost += value != n && found_mark;
  }
  worker.join();
  EXPECT_EQ(lost, 0u);
}

}  // namespace
}  // namespace statesync
