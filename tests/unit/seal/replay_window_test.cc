// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

#include "statesync/seal/replay_window.h"

#include <memory>
#include <random>
#include <set>

#include <gtest/gtest.h>

namespace statesync {
namespace {

TEST(ReplayWindow, RefusesZeroAndAcceptsEachNumberOnce) {
  ReplayWindow window;
  EXPECT_FALSE(window.Accept(0));
  EXPECT_TRUE(window.Accept(1));
  EXPECT_FALSE(window.Accept(1));
  EXPECT_TRUE(window.Accept(3));
  EXPECT_TRUE(window.Accept(2));
  EXPECT_FALSE(window.MayAccept(3));
}

TEST(ReplayWindow, AcceptsTheOldestNumberInsideAndRefusesTheNextOlder) {
  ReplayWindow window;
  const std::uint64_t highest = 1'000'037;
  EXPECT_TRUE(window.Accept(highest));
  EXPECT_TRUE(window.Accept(highest - kReplayWindowPackets + 1));
  EXPECT_FALSE(window.MayAccept(highest - kReplayWindowPackets));
}

TEST(ReplayWindow, AJumpForwardForgetsMarksOfTheLastLap) {
  ReplayWindow window;
  for (std::uint64_t number = 1; number <= 2 * kReplayWindowPackets; ++number) {
    ASSERT_TRUE(window.Accept(number));
  }
  const std::uint64_t far = std::uint64_t{1} << 40;
  EXPECT_TRUE(window.Accept(far));
  for (std::uint64_t back = 1; back < kReplayWindowPackets; ++back) {
    ASSERT_TRUE(window.MayAccept(far - back)) << back;
  }
}

TEST(ReplayWindow, ResetStartsAnew) {
  ReplayWindow window;
  EXPECT_TRUE(window.Accept(5));
  window.Reset();
  EXPECT_TRUE(window.Accept(5));
}

// Against a set that forgets nothing, with steps of every size around the word and window bounds.
TEST(ReplayWindow, AgreesWithASetOnRandomSequences) {
  std::mt19937_64 random(42);
  for (int run = 0; run < 20; ++run) {
    ReplayWindow window;
    std::set<std::uint64_t> accepted;
    std::uint64_t highest = 0;
    for (int i = 0; i < 5'000; ++i) {
      const std::uint64_t spread = std::uint64_t{1} << (random() % 15);
      const std::uint64_t base = highest + random() % (spread + 1);
      const std::uint64_t back = random() % (2 * spread + 1);
      const std::uint64_t number = base > back ? base - back : 0;
      const bool inside =
          number != 0 && (number > highest || highest - number < kReplayWindowPackets);
      const bool expected = inside && !accepted.contains(number);
      ASSERT_EQ(window.MayAccept(number), expected) << number << " at " << highest;
      ASSERT_EQ(window.Accept(number), expected);
      if (expected) accepted.insert(number);
      highest = window.highest();
    }
  }
}

}  // namespace
}  // namespace statesync
