// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

#include "configsync/engine/deadline.h"

#include <algorithm>

namespace configsync {

Now ReadNow(Clock& clock, const std::string& boot_id) {
  return {.boot_id = boot_id, .boot_ms = clock.BootMs(), .wall_ms = clock.WallMs()};
}

Deadline DeadlineIn(const Now& now, std::int64_t span_ms) {
  return {.boot_id = now.boot_id,
          .boot_ms = now.boot_ms + span_ms,
          .wall_ms = now.wall_ms + span_ms,
          .span_ms = span_ms};
}

std::int64_t LeftMs(const Deadline& deadline, const Now& now) {
  const std::int64_t left = deadline.boot_id == now.boot_id ? deadline.boot_ms - now.boot_ms
                                                            : deadline.wall_ms - now.wall_ms;
  return std::clamp<std::int64_t>(left, 0, deadline.span_ms);
}

Deadline Anchored(const Deadline& deadline, const Now& now) {
  if (deadline.boot_id == now.boot_id) return deadline;
  const std::int64_t left = LeftMs(deadline, now);
  return {.boot_id = now.boot_id,
          .boot_ms = now.boot_ms + left,
          .wall_ms = now.wall_ms + left,
          .span_ms = deadline.span_ms};
}

std::uint32_t SecondsOf(std::int64_t left_ms) {
  return static_cast<std::uint32_t>((left_ms + 999) / 1'000);
}

}  // namespace configsync
