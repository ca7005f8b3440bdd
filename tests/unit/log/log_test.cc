// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

// The log never blocks and never loses a line without saying so.

#include "dataplane/log/log.h"

#include <gtest/gtest.h>

#include <string>
#include <thread>
#include <vector>

#include "dataplane/log/line_ring.h"
#include "dataplane/log/topic_limiter.h"

namespace dataplane {
namespace {

constexpr std::int64_t kSecond = 1'000'000'000;

LogLine LineOf(std::uint16_t number) {
  LogLine line;
  line.text_bytes = number;
  return line;
}

TEST(LineRing, KeepsOrderOverManyLaps) {
  LineRing ring;
  LogLine line;
  for (std::uint16_t i = 0; i < 5 * kLogRingLines; ++i) {
    ASSERT_TRUE(ring.Push(LineOf(i)));
    ASSERT_TRUE(ring.Pop(line));
    ASSERT_EQ(line.text_bytes, i);
  }
  EXPECT_FALSE(ring.Pop(line));
}

TEST(LineRing, FullRingRefusesInsteadOfWaiting) {
  LineRing ring;
  for (std::uint16_t i = 0; i < kLogRingLines; ++i) {
    ASSERT_TRUE(ring.Push(LineOf(i)));
  }
  EXPECT_FALSE(ring.Push(LineOf(0)));
  LogLine line;
  ASSERT_TRUE(ring.Pop(line));
  EXPECT_TRUE(ring.Push(LineOf(0)));
}

TEST(LineRing, LinesOfManyThreadsArriveOnceAndInEachThreadsOrder) {
  constexpr std::uint16_t kThreads = 3;
  constexpr std::uint16_t kLinesEach = 2'000;
  LineRing ring;
  std::vector<std::thread> threads;
  for (std::uint16_t t = 0; t < kThreads; ++t) {
    threads.emplace_back([&ring, t] {
      for (std::uint16_t i = 0; i < kLinesEach; ++i) {
        LogLine line = LineOf(i);
        line.topic_bytes = static_cast<std::uint8_t>(t);
        while (!ring.Push(line)) {
          std::this_thread::yield();
        }
      }
    });
  }
  std::vector<std::uint16_t> next(kThreads, 0);
  for (int taken = 0; taken < kThreads * kLinesEach;) {
    LogLine line;
    if (ring.Pop(line)) {
      ASSERT_EQ(line.text_bytes, next[line.topic_bytes]++);
      ++taken;
    }
  }
  for (std::thread& thread : threads) {
    thread.join();
  }
}

TEST(TopicLimiter, BurstThenSteadyRate) {
  TopicLimiter limiter;
  std::uint32_t written = 0;
  for (int i = 0; i < 1'000; ++i) {
    written += limiter.Ask("ha", 0).may_write ? 1 : 0;
  }
  EXPECT_EQ(written, kLogBurstLines);
  written = 0;
  for (int i = 0; i < 1'000; ++i) {
    written += limiter.Ask("ha", kSecond * i / 100).may_write ? 1 : 0;  // Ten seconds.
  }
  EXPECT_NEAR(written, 10 * kLogLinesPerSecond, 1);
}

TEST(TopicLimiter, OneTopicDoesNotSilenceAnother) {
  TopicLimiter limiter;
  for (int i = 0; i < 1'000; ++i) {
    limiter.Ask("port", 0);
  }
  EXPECT_TRUE(limiter.Ask("ha", 0).may_write);
}

TEST(TopicLimiter, HeldBackLinesAreCounted) {
  TopicLimiter limiter;
  for (std::uint32_t i = 0; i < kLogBurstLines + 7; ++i) {
    limiter.Ask("ha", 0);
  }
  const TopicLimiter::Decision decision = limiter.Ask("ha", kSecond);
  EXPECT_TRUE(decision.may_write);
  EXPECT_EQ(decision.held_back_count, 7u);
}

TEST(Log, LinesLoggedBeforeTheStartAndBeforeTheStopAreWritten) {
  testing::internal::CaptureStderr();
  Log(LogLevel::kNotice, "ha", "role init -> standby\nforged line");
  StartLog("log_test");
  Log(LogLevel::kError, "a-topic-that-is-too-long", std::string(1'000, 'x'));
  StopLog();
  const std::string text = testing::internal::GetCapturedStderr();
  EXPECT_NE(text.find("Z notice ha: role init -> standby forged line\n"), std::string::npos)
      << text;
  EXPECT_NE(text.find("Z error a-topic-that-is: " + std::string(kLogTextBytesMax, 'x') + "\n"),
            std::string::npos)
      << text;
}

}  // namespace
}  // namespace dataplane
