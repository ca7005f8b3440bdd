// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

#include "configsync/log/log.h"

#include <poll.h>
#include <unistd.h>

#include <cstdlib>
#include <ctime>
#include <string>

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

}  // namespace

void Log(LogLevel level, std::string_view topic, std::string_view text) noexcept {
  std::string line = Beginning(level);
  line.append(topic).append(": ");
  for (const char c : text.substr(0, kLogTextBytesMax)) {
    const auto byte = static_cast<unsigned char>(c);
    line += byte < ' ' || byte == 0x7f ? ' ' : c;
  }
  line += '\n';
  pollfd ready{STDERR_FILENO, POLLOUT, 0};
  if (poll(&ready, 1, kStderrPatienceMs) == 1) {
    [[maybe_unused]] const ssize_t written = write(STDERR_FILENO, line.data(), line.size());
  }
}

}  // namespace configsync
