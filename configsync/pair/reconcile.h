// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

// What to do with a remote, as the constant table of PAIR.md. Level-triggered: it is asked again
// after each exchange, and nothing remembers that a push is due.
//
// Threads: functions only.

#pragma once

#include <array>
#include <cstdint>
#include <string_view>

namespace configsync {

enum class Decision : std::uint8_t {
  kWaitBlocked,  // The blocking reasons say why.
  kInSync,       // The target is agreed.
  kPush,         // The difference from what the remote has.
  kPushFresh,    // The same, to a remote that has nothing.
  kNotBaselined,
  kDivergedThere,  // The remote was changed.
  kDivergedBoth,   // Both were.
};
inline constexpr std::size_t kDecisionCount = 7;
[[nodiscard]] std::string_view NameOf(Decision decision);

struct Comparison {
  bool is_blocked = false;
  bool is_equal = false;         // P = T.
  bool is_part_known = false;    // P is of what was agreed or offered.
  bool is_target_known = false;  // T is.
  bool was_ever_agreed = false;  // Something; what was only offered does not count.
  bool is_part_empty = false;    // P is the part of an empty configuration.
  friend bool operator==(const Comparison&, const Comparison&) = default;
};
// Total: each of the 64 combinations has an answer.
[[nodiscard]] Decision Reconcile(const Comparison& comparison);

}  // namespace configsync
