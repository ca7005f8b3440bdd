// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

// One line per state change, to stderr and to systemd's journal.
//
// Log() copies the line into a bounded ring and returns: it never waits for a terminal, a pipe or
// the journal, so the real-time ha thread may call it. A thread of its own writes. When the ring
// is full, or a topic says more than its share, lines are counted instead and the count is printed
// later. Workers and the sync loop do not log: they count.
//
// Threads: any, except workers in their loop.  Memory: a static ring; none per line.

#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace dataplane {

enum class LogLevel : std::uint8_t {
  kError = 3,
  kWarning = 4,
  kNotice = 5,
  kInfo = 6
};  // As syslog.

inline constexpr std::size_t kLogTextBytesMax = 400;  // Longer lines are cut.
inline constexpr std::size_t kLogTopicBytesMax = 15;
inline constexpr std::size_t kLogRingLines = 256;        // Power of two.
inline constexpr std::uint32_t kLogBurstLines = 50;      // A topic may say this much at once,
inline constexpr std::uint32_t kLogLinesPerSecond = 10;  // and this much in the long run.

// Says that `topic` ("ha", "ha2", "port", "control", …) changed state. `text` names the object and
// the change: "role standby -> active, term 17, detected by process-death". Newlines become
// spaces.
void Log(LogLevel level, std::string_view topic, std::string_view text) noexcept;

// Starts the writing thread. Lines logged before wait in the ring. `identifier` is the journal's
// SYSLOG_IDENTIFIER. Called once, by main.
void StartLog(std::string_view identifier);

// Writes what is left and ends the thread. Later lines are lost.
void StopLog();

}  // namespace dataplane
