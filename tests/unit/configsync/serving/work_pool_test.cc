// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

// The pool's bound, and that what was accepted is done.

#include "configsync/serving/work_pool.h"

#include <gtest/gtest.h>

#include <atomic>
#include <future>

namespace configsync {
namespace {

TEST(WorkPool, DoesAllThatItAcceptedBeforeItStops) {
  std::atomic<int> done_count{0};
  WorkPool pool(2, 100);
  for (int i = 0; i < 100; ++i) {
    EXPECT_TRUE(pool.Submit([&] { done_count.fetch_add(1); }));
  }
  pool.Stop();
  EXPECT_EQ(done_count.load(), 100);
  EXPECT_FALSE(pool.Submit([] {}));
}

TEST(WorkPool, RefusesWhatDoesNotFitIntoItsQueue) {
  std::promise<void> begun;
  std::promise<void> gate;
  WorkPool pool(1, 2);  // Ends first: its thread uses the promises.
  EXPECT_TRUE(pool.Submit([&] {
    begun.set_value();
    gate.get_future().wait();
  }));
  begun.get_future().wait();
  EXPECT_TRUE(pool.Submit([] {}));
  EXPECT_TRUE(pool.Submit([] {}));
  EXPECT_FALSE(pool.Submit([] {}));
  gate.set_value();
}

}  // namespace
}  // namespace configsync
