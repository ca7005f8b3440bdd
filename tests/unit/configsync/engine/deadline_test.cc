// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

#include "configsync/engine/deadline.h"

#include <gtest/gtest.h>

namespace configsync {
namespace {

const Now kThen = {.boot_id = "a", .boot_ms = 1'000, .wall_ms = 50'000};

TEST(Deadline, CountsBootTimeWithinABootWhateverTheWallClockDoes) {
  const Deadline deadline = DeadlineIn(kThen, 10'000);
  EXPECT_EQ(LeftMs(deadline, kThen), 10'000);
  EXPECT_EQ(LeftMs(deadline, {.boot_id = "a", .boot_ms = 4'000, .wall_ms = 0}), 7'000);
  EXPECT_EQ(LeftMs(deadline, {.boot_id = "a", .boot_ms = 4'000, .wall_ms = 9'000'000}), 7'000);
  EXPECT_EQ(LeftMs(deadline, {.boot_id = "a", .boot_ms = 11'000, .wall_ms = 0}), 0);
}

TEST(Deadline, CountsWallTimeInAnotherBootAndNeverMoreThanItsSpan) {
  const Deadline deadline = DeadlineIn(kThen, 10'000);
  EXPECT_EQ(LeftMs(deadline, {.boot_id = "b", .boot_ms = 0, .wall_ms = 53'000}), 7'000);
  EXPECT_EQ(LeftMs(deadline, {.boot_id = "b", .boot_ms = 0, .wall_ms = 61'000}), 0);
  EXPECT_EQ(LeftMs(deadline, {.boot_id = "b", .boot_ms = 0, .wall_ms = 0}), 10'000);
}

TEST(Deadline, AnchoredInThisBootItDoesNotJumpAnyMore) {
  const Now now = {.boot_id = "b", .boot_ms = 100, .wall_ms = 53'000};
  const Deadline deadline = Anchored(DeadlineIn(kThen, 10'000), now);
  EXPECT_EQ(LeftMs(deadline, now), 7'000);
  EXPECT_EQ(LeftMs(deadline, {.boot_id = "b", .boot_ms = 1'100, .wall_ms = 0}), 6'000);
  EXPECT_EQ(deadline.span_ms, 10'000);
}

TEST(Deadline, SecondsAreOverOnlyWhenTheTimeIs) {
  EXPECT_EQ(SecondsOf(0), 0u);
  EXPECT_EQ(SecondsOf(1), 1u);
  EXPECT_EQ(SecondsOf(1'000), 1u);
  EXPECT_EQ(SecondsOf(1'001), 2u);
}

}  // namespace
}  // namespace configsync
