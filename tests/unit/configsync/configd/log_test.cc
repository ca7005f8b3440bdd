// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

// A line stays a line, and nobody can fill the log.

#include "configsync/log/log.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>

namespace configsync {
namespace {

std::string Captured(int count, LogLevel level) {
  testing::internal::CaptureStderr();
  for (int i = 0; i < count; ++i) {
    Log(level, "admin", "one\ntwo\033[2J");
  }
  return testing::internal::GetCapturedStderr();
}

TEST(Log, WritesOneLineWithLevelAndTopic) {
  const std::string text = Captured(1, LogLevel::kWarning);
  EXPECT_EQ(std::count(text.begin(), text.end(), '\n'), 1);
  EXPECT_NE(text.find("warning admin: one two [2J\n"), std::string::npos) << text;
}

TEST(Log, BeyondABurstLinesAreCountedButErrorsAreWritten) {
  const std::string flood = Captured(5'000, LogLevel::kWarning);
  const auto lines = std::count(flood.begin(), flood.end(), '\n');
  EXPECT_LT(lines, 2 * static_cast<long>(kLogBurstLines));
  const std::string error = Captured(1, LogLevel::kError);
  EXPECT_NE(error.find(" lines held back before this)\n"), std::string::npos) << error;
}

}  // namespace
}  // namespace configsync
