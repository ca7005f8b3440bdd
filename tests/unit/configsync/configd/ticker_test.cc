// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

#include "configsync/ticker.h"

#include <gtest/gtest.h>

#include <chrono>

namespace configsync {
namespace {

class Counter {
 public:
  std::uint32_t Tick() {
    const std::lock_guard lock(mutex_);
    ++count_;
    changed_.notify_all();
    return 1'000'000;  // Never by itself, in a test.
  }
  bool WaitFor(int count) {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, std::chrono::seconds(20), [&] { return count_ >= count; });
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  int count_ = 0;
};

TEST(Ticker, TicksAtOnceAndWhenWoken) {
  Counter counter;
  Ticker ticker([&] { return counter.Tick(); });
  EXPECT_TRUE(counter.WaitFor(1));
  ticker.Wake();
  EXPECT_TRUE(counter.WaitFor(2));
}

TEST(Ticker, APauseIsASecondAtMost) {
  Counter counter;
  Ticker ticker([&] { return counter.Tick(); });
  EXPECT_TRUE(counter.WaitFor(3));
}

TEST(Ticker, WhoIsWokenWhileTickingTicksAgain) {
  std::mutex mutex;
  std::condition_variable changed;
  int count = 0;
  Ticker* self = nullptr;
  {
    std::unique_lock hold(mutex);
    Ticker ticker([&] {
      const std::lock_guard lock(mutex);
      ++count;
      if (count == 1) {
        self->Wake();
      }
      changed.notify_all();
      return 1'000'000u;
    });
    self = &ticker;
    EXPECT_TRUE(changed.wait_for(hold, std::chrono::seconds(20), [&] { return count >= 2; }));
    hold.unlock();
  }
  EXPECT_GE(count, 2);
}

}  // namespace
}  // namespace configsync
