// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

// One line per state change, to stderr; systemd's journal takes the level from it.
//
// The dataplane's log is another: it must never wait. Here a line is written where it is said.
// Secrets never belong into a line.
//
// Threads: any; one write a line, so that lines do not mix.

#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace configsync {

enum class LogLevel : std::uint8_t {
  kError = 3,
  kWarning = 4,
  kNotice = 5,
  kInfo = 6
};  // As syslog.

inline constexpr std::size_t kLogTextBytesMax = 1'000;  // Longer lines are cut.
// Anybody on the machine can make refusals: beyond a burst, lines are counted instead, and the
// count is printed with the next one.
inline constexpr std::uint32_t kLogBurstLines = 200;
inline constexpr std::uint32_t kLogLinesPerSecond = 20;

// Says that `topic` ("commit", "follow", "admin", "store", …) changed state. `text` names the
// object and the change. Control characters become spaces. Errors are never held back.
void Log(LogLevel level, std::string_view topic, std::string_view text) noexcept;

}  // namespace configsync
