// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

#include "statesync/wire/verdict.h"

#include <array>

#include "statesync/ensure.h"

namespace statesync {
namespace {

constexpr std::array<std::string_view, kVerdictCount> kNames = {
    "accepted",
    "datagram-short",
    "bad-magic",
    "bad-version",
    "bad-kind",
    "bad-stream",
    "packet-number-zero",
    "frame-short",
    "unknown-flags",
    "frame-number-zero",
    "oldest-before-first",
    "bad-role",
    "bad-readiness",
    "section-short",
    "section-empty",
    "record-short",
    "section-overrun",
    "section-term-zero",
    "section-term-ahead",
    "counter-overrun",
    "control-versioned",
    "slot-none",
    "session-state",
    "session-protocol",
    "session-wrong-shard",
    "session-nat-shard",
    "session-nat-is-client",
};
static_assert(!kNames.back().empty());

}  // namespace

std::string_view NameOf(Verdict verdict) noexcept {
  const auto index = static_cast<std::size_t>(verdict);
  ENSURE(index < kVerdictCount);
  return kNames[index];
}

}  // namespace statesync
