// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

// Commit-before-forward: what a rule asks for, and when the peer has a session for certain.
//
// Only the packet that opens a session waits. Whoever gets a later packet of the session believes
// in it because of this one, and the tracker takes a handshake up in the middle after a takeover
// (tcp_tracker.cc, TrackLateHandshake), so what follows need not wait.
//
// Threads: values only.  Memory: none.

#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>

#include "statesync/limits.h"
#include "statesync/table/session_entry.h"
#include "statesync/types.h"

namespace dataplane {

struct CommitRule {
  bool enabled = false;
  bool drop_on_deadline = false;   // Else forward. Also of a refusal, and of a full queue.
  bool drop_without_peer = false;  // Else forward.
  std::uint32_t deadline_us = 0;   // 0: DeadlineOf() takes it from the round trip.
};

// Within these bounds a wait is longer than a repair on a busy machine and shorter than what a
// client notices: its first repetition of a SYN comes after a second.
inline constexpr std::int64_t kCommitWaitNsMin = 20'000'000;
inline constexpr std::int64_t kCommitWaitNsMax = 200'000'000;
inline constexpr std::int64_t kCommitRoundTrips = 8;       // A repair takes one and a half.
inline constexpr std::int64_t kCommitFlushNs = 1'000'000;  // Both loops' turns and the flush.

// Longest wait. round_trip_ns: smoothed, of HA2; 0 if it was never measured.
[[nodiscard]] constexpr std::int64_t DeadlineOf(const CommitRule& rule,
                                                std::int64_t round_trip_ns) noexcept {
  if (rule.deadline_us != 0) return std::int64_t{rule.deadline_us} * 1'000;
  if (round_trip_ns <= 0) return kCommitWaitNsMax;
  const std::int64_t bounded = std::min(round_trip_ns, kCommitWaitNsMax);
  return std::clamp(bounded * kCommitRoundTrips + kCommitFlushNs, kCommitWaitNsMin,
                    kCommitWaitNsMax);
}

// What the peer has confirmed, as one worker reads it once per turn.
struct Confirmed {
  statesync::Term term;  // That this worker acts on.
  std::uint8_t stream_count = 1;
  // Version::bits by stream; 0: nothing. A version names its term, so one word says both.
  std::array<std::uint64_t, statesync::kStreamsMax> versions{};

  // True if the peer has applied what this node published of an entry of `shard` as `version`.
  // Versions of another term say nothing: a counter begins anew with each.
  [[nodiscard]] bool Covers(statesync::ShardIndex shard,
                            statesync::Version version) const noexcept {
    const statesync::Version upto{versions[shard % stream_count]};
    return statesync::CounterOf(version) != 0 && statesync::TermOf(version) == term &&
           statesync::TermOf(upto) == term && version <= upto;
  }
  friend bool operator==(const Confirmed&, const Confirmed&) = default;
};

// Version of an entry that the sync loop may be publishing at this moment.
[[nodiscard]] inline statesync::Version VersionOf(const statesync::SessionEntry& entry) noexcept {
  return {__atomic_load_n(&entry.version, __ATOMIC_RELAXED)};
}

}  // namespace dataplane
