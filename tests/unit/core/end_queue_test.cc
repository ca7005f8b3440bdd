// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

#include "dataplane/core/end_queue.h"

#include <gtest/gtest.h>

#include <thread>
#include <vector>

namespace dataplane {
namespace {

TEST(EndQueue, RefusesWhenFullAndGoesOnWhenTaken) {
  EndQueue queue;
  for (std::uint32_t i = 0; i < EndQueue::kNamesMax; ++i) ASSERT_TRUE(queue.Give(i));
  EXPECT_FALSE(queue.Give(7));
  EXPECT_FALSE(queue.is_empty());
  std::vector<std::uint32_t> taken;
  EXPECT_EQ(queue.Take(3, [&](std::uint32_t name) { taken.push_back(name); }), 3u);
  EXPECT_EQ(taken, (std::vector<std::uint32_t>{0, 1, 2}));
  EXPECT_TRUE(queue.Give(8));
}

// Run under the thread sanitizer: everything arrives once and in order, and a queue that says it is
// empty has been obeyed.
TEST(EndQueue, OneGivesAndAnotherTakes) {
  constexpr std::uint32_t kCount = 200'000;
  EndQueue queue;
  std::uint32_t sum = 0;  // Written by the worker alone; read when the queue is empty.
  std::uint32_t next = 0;
  std::thread worker([&] {
    while (next < kCount) {
      queue.Take(64, [&](std::uint32_t name) {
        EXPECT_EQ(name, next);
        ++next;
        sum += name;
      });
    }
  });
  std::uint32_t expected = 0;
  for (std::uint32_t i = 0; i < kCount; ++i) {
    while (!queue.Give(i)) std::this_thread::yield();
    expected += i;
  }
  while (!queue.is_empty()) std::this_thread::yield();
  EXPECT_EQ(sum, expected);
  worker.join();
}

}  // namespace
}  // namespace dataplane
