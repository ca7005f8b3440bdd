// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

#include "configsync/log/log.h"

#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <ctime>
#include <mutex>
#include <string>
#include <utility>

namespace configsync {
namespace {

// A reader that stopped reading loses lines; it must not stop commits.
constexpr int kStderrPatienceMs = 100;

std::string_view NameOf(LogLevel level) {
  switch (level) {
    case LogLevel::kError:
      return "error ";
    case LogLevel::kWarning:
      return "warning ";
    case LogLevel::kNotice:
      return "notice ";
    case LogLevel::kInfo:
      return "info ";
  }
  return "info ";
}

// The journal brings its own time, and reads "<4>" as the level.
std::string Beginning(LogLevel level) {
  static const bool is_journal = std::getenv("JOURNAL_STREAM") != nullptr;
  if (is_journal) {
    return "<" + std::to_string(static_cast<int>(level)) + ">";
  }
  timespec now{};
  clock_gettime(CLOCK_REALTIME, &now);
  std::tm utc{};
  gmtime_r(&now.tv_sec, &utc);
  char text[40];
  std::strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%S", &utc);
  const std::string milliseconds = std::to_string(1'000 + now.tv_nsec / 1'000'000).substr(1);
  return std::string(text) + "." + milliseconds + "Z " + std::string(NameOf(level));
}

// Credit is time: a line costs the interval at which lines are earned.
class Limiter {
 public:
  // True if a line may be written now; then `held_back` lines were not before it.
  bool Ask(bool is_error, std::uint64_t& held_back) {
    timespec now{};
    clock_gettime(CLOCK_MONOTONIC, &now);
    const std::int64_t now_ns = now.tv_sec * kSecondNs + now.tv_nsec;
    const std::lock_guard lock(mutex_);
    credit_ns_ = std::min(credit_ns_ + now_ns - filled_ns_, kCreditMax);
    filled_ns_ = now_ns;
    if (credit_ns_ < kLineCost && !is_error) {
      ++held_back_count_;
      return false;
    }
    credit_ns_ = std::max<std::int64_t>(0, credit_ns_ - kLineCost);
    held_back = std::exchange(held_back_count_, 0);
    return true;
  }

 private:
  static constexpr std::int64_t kSecondNs = 1'000'000'000;
  static constexpr std::int64_t kLineCost = kSecondNs / kLogLinesPerSecond;
  static constexpr std::int64_t kCreditMax = kLineCost * kLogBurstLines;

  std::mutex mutex_;
  std::int64_t filled_ns_ = 0;
  std::int64_t credit_ns_ = kCreditMax;
  std::uint64_t held_back_count_ = 0;
};

}  // namespace

void Log(LogLevel level, std::string_view topic, std::string_view text) noexcept {
  static Limiter limiter;
  std::uint64_t held_back = 0;
  if (!limiter.Ask(level == LogLevel::kError, held_back)) {
    return;
  }
  std::string line = Beginning(level);
  line.append(topic).append(": ");
  for (const char c : text.substr(0, kLogTextBytesMax)) {
    const auto byte = static_cast<unsigned char>(c);
    line += byte < ' ' || byte == 0x7f ? ' ' : c;
  }
  if (held_back > 0) {
    line += " (" + std::to_string(held_back) + " lines held back before this)";
  }
  line += '\n';
  pollfd ready{STDERR_FILENO, POLLOUT, 0};
  if (poll(&ready, 1, kStderrPatienceMs) == 1) {
    [[maybe_unused]] const ssize_t written = write(STDERR_FILENO, line.data(), line.size());
  }
}

}  // namespace configsync
