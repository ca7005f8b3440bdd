// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

#include "statesync/stream/receive_window.h"

#include <memory>

#include "gtest/gtest.h"

namespace statesync {
namespace {

using Arrival = ReceiveWindow::Arrival;

class ReceiveWindowTest : public testing::Test {
 protected:
  ReceiveWindowTest() { window_.SetBase(100); }
  // As on a path where a frame came late.
  void LearnReorderWait() {
    window_.OnApplied(102, now_);
    window_.OnApplied(101, now_ + Millis(1));
    window_.SetBase(100);
    ASSERT_EQ(window_.reorder_wait(), Micros(200));
  }
  std::size_t Due() { return window_.TakeDue(now_, ranges_); }

  Instant now_{1'000'000'000};
  ReceiveWindow window_{Micros(200), Millis(2)};
  std::array<FrameRange, 4> ranges_{};
};

TEST_F(ReceiveWindowTest, KnowsNothingWithoutABase) {
  ReceiveWindow fresh(Micros(200), Millis(2));
  EXPECT_EQ(fresh.Classify(1), Arrival::kOutside);
  EXPECT_EQ(fresh.contiguous(), 0u);
  fresh.OnKnown(50, now_);
  EXPECT_FALSE(fresh.has_gap());
}

TEST_F(ReceiveWindowTest, FramesInOrderMoveTheContiguousOne) {
  window_.OnApplied(101, now_);
  window_.OnApplied(102, now_);
  EXPECT_EQ(window_.contiguous(), 102u);
  EXPECT_EQ(window_.Classify(102), Arrival::kDuplicate);
  EXPECT_EQ(window_.Classify(103), Arrival::kNew);
}

TEST_F(ReceiveWindowTest, AsksForAGapAfterTheReorderWaitAndAgainAfterTheRetryInterval) {
  LearnReorderWait();
  window_.OnApplied(103, now_);
  EXPECT_EQ(Due(), 0u);
  now_ = now_ + Micros(200);
  ASSERT_EQ(Due(), 1u);
  EXPECT_EQ(ranges_[0].first, 101u);
  EXPECT_EQ(ranges_[0].last, 102u);
  EXPECT_EQ(Due(), 0u);
  now_ = now_ + Millis(2);
  EXPECT_EQ(Due(), 1u);
}

TEST_F(ReceiveWindowTest, AsksAtOnceWhereFramesKeepTheirOrder) {
  window_.OnApplied(103, now_);
  EXPECT_EQ(window_.NextDue(), now_);
  EXPECT_EQ(Due(), 1u);
}

TEST_F(ReceiveWindowTest, WaitsLongerThanALateFrameNeededUpToTheLimit) {
  window_.OnApplied(102, now_);
  window_.OnApplied(101, now_ + Micros(30));
  EXPECT_EQ(window_.reorder_wait(), Micros(60));
  window_.OnApplied(104, now_);
  window_.OnApplied(103, now_ + Seconds(1));
  EXPECT_EQ(window_.reorder_wait(), Micros(200));
}

TEST_F(ReceiveWindowTest, WaitsAfterAFrameThatCameLaterThanItsRepair) {
  window_.OnApplied(102, now_);
  window_.Close({101, 101}, now_);
  window_.OnDuplicate(102);
  EXPECT_EQ(window_.reorder_wait(), Duration{0});
  window_.OnDuplicate(101);
  EXPECT_EQ(window_.reorder_wait(), Micros(200));
}

TEST_F(ReceiveWindowTest, ForgetsLatenessWithGapsThatAreLosses) {
  LearnReorderWait();
  for (std::uint64_t frame = 102; frame <= 200; frame += 2) {
    window_.OnApplied(frame, now_);
    window_.Close({frame - 1, frame - 1}, now_);
  }
  EXPECT_LT(window_.reorder_wait(), Micros(10));
}

TEST_F(ReceiveWindowTest, LateFrameInTimeIsNotAskedFor) {
  LearnReorderWait();
  window_.OnApplied(102, now_);
  window_.OnApplied(101, now_ + Micros(100));
  now_ = now_ + Seconds(1);
  EXPECT_EQ(Due(), 0u);
  EXPECT_EQ(window_.contiguous(), 102u);
  EXPECT_EQ(window_.gaps_seen(), 2u);
}

TEST_F(ReceiveWindowTest, StatedNextNumberShowsTailLoss) {
  window_.OnKnown(101, now_);
  EXPECT_TRUE(window_.has_gap());
  EXPECT_EQ(window_.NextDue(), now_);
}

TEST_F(ReceiveWindowTest, ClosingFillsGapsOnly) {
  window_.OnApplied(102, now_);
  EXPECT_EQ(window_.Close({101, 102}, now_), 1u);
  EXPECT_EQ(window_.contiguous(), 102u);
  EXPECT_EQ(window_.Close({90, 102}, now_), 0u);
}

TEST_F(ReceiveWindowTest, ManyRangesAreAskedForInTurns) {
  for (std::uint64_t frame = 102; frame <= 120; frame += 2) window_.OnApplied(frame, now_);
  now_ = now_ + Millis(1);
  ASSERT_EQ(Due(), 4u);
  EXPECT_EQ(ranges_[3].first, 107u);
  ASSERT_EQ(Due(), 4u);
  EXPECT_EQ(ranges_[0].first, 109u);
  EXPECT_EQ(Due(), 2u);
  EXPECT_EQ(Due(), 0u);
}

// A single gap whose frames arrived in part has more ranges than one request carries.
TEST_F(ReceiveWindowTest, OneLongGapIsAskedForInTurns) {
  window_.OnKnown(120, now_);
  for (std::uint64_t frame = 102; frame <= 120; frame += 2) window_.OnApplied(frame, now_);
  now_ = now_ + Millis(1);
  std::uint64_t asked = 0;
  while (const std::size_t count = Due()) asked += count;
  EXPECT_EQ(asked, 10u);
}

TEST_F(ReceiveWindowTest, FramePastTheWindowIsOutside) {
  EXPECT_EQ(window_.Classify(100 + kReceiveWindowFrames), Arrival::kNew);
  EXPECT_EQ(window_.Classify(101 + kReceiveWindowFrames), Arrival::kOutside);
  window_.OnKnown(~std::uint64_t{0} >> 16, now_);  // A hostile number costs nothing.
  now_ = now_ + Millis(1);
  ASSERT_EQ(Due(), 1u);
  EXPECT_EQ(ranges_[0].last, 100 + kReceiveWindowFrames);
}

// Bits are reused when the window moves: no frame may look applied because an earlier one was.
TEST_F(ReceiveWindowTest, WindowGoesRoundManyTimes) {
  std::uint64_t frame = 101;
  for (; frame < 101 + 3 * kReceiveWindowFrames; frame += 2) {
    ASSERT_EQ(window_.Classify(frame + 1), Arrival::kNew);
    window_.OnApplied(frame + 1, now_);
    ASSERT_EQ(window_.Classify(frame), Arrival::kNew);
    window_.OnApplied(frame, now_);
  }
  EXPECT_EQ(window_.contiguous(), frame - 1);
}

TEST_F(ReceiveWindowTest, MoreGapsThanItRemembersAreStillAskedFor) {
  for (std::uint64_t frame = 102; frame <= 1'000; frame += 2) window_.OnApplied(frame, now_);
  now_ = now_ + Millis(1);
  std::uint64_t asked = 0;
  while (const std::size_t count = Due()) asked += count;
  EXPECT_EQ(asked, 450u);
}

}  // namespace
}  // namespace statesync
