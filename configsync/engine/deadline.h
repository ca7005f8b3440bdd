// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

// Instants that outlive the process and the boot: how they are set and how much of them is left.
//
// Threads: functions only.

#pragma once

#include <cstdint>
#include <string>

#include "configsync/engine/clock.h"
#include "configsync/store/records.h"

namespace configsync {

// One reading of both clocks.
struct Now {
  std::string boot_id;
  std::int64_t boot_ms = 0;
  std::int64_t wall_ms = 0;
};
[[nodiscard]] Now ReadNow(Clock& clock, const std::string& boot_id);

// `span_ms` from now.
[[nodiscard]] Deadline DeadlineIn(const Now& now, std::int64_t span_ms);

// Milliseconds that are left; 0: it is due. In another boot the wall clock decides, but a jump of
// it never leaves more than the whole span.
[[nodiscard]] std::int64_t LeftMs(const Deadline& deadline, const Now& now);

// The same instant, told in time of this boot: from now on the wall clock does not matter.
[[nodiscard]] Deadline Anchored(const Deadline& deadline, const Now& now);

// Seconds for people: what is left counts until it is over.
[[nodiscard]] std::uint32_t SecondsOf(std::int64_t left_ms);

}  // namespace configsync
