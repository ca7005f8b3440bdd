// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

// Counters of one worker: plain integers by drop reason and by event, with names for control.
//
// Threads: one writer, its worker. Control reads them while they grow: a 64-bit load on x86 and
// arm64 is whole, and a value that is a moment old is what a counter is. Memory: part of the
// worker.

#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "dataplane/core/drop_reason.h"

namespace dataplane {

enum class Event : std::uint8_t {
  kPacketsReceived = 0,
  kPacketsForwarded,
  kBytesForwarded,
  kSessionsCreated,
  kSessionsClosed,   // Deleted because the connection ended or its key was used again.
  kSessionsExpired,  // Deleted because nothing was seen for the timeout of their state.
  kSessionsEnded,    // Deleted because a new configuration does not permit them.
  kSessionsReanchored,
  kChangesReplicated,
  kNatAllocated,
  kNatTriesOverOne,  // Allocations that did not get the first port tried.
  kResetsIgnored,    // In-window RST without the exact sequence number: forwarded, session kept.
  kTcpReused,
  kIcmpErrorsMatched,
  kIcmpErrorsSent,
  kIcmpErrorsLimited,
  kEchoReplies,
  kArpRequestsSent,
  kArpRepliesSent,
  kArpLearnt,
  kArpConflicts,
  kArpFailed,
  kArpGratuitousSent,
  kHandedOver,  // Packets passed to another worker, which owns their shard.
  // Commit-before-forward. kHeld = the three released ones + drops hold_deadline, hold_refused,
  // hold_gone, hold_role + what waits now.
  kHeld,
  kHeldWaitUs,         // Sum over the packets that wait no longer.
  kHeldConfirmed,      // Released because the peer has the session.
  kHeldLate,           // Released unconfirmed, at the deadline.
  kHeldRefused,        // Released although the peer could not take the session.
  kUnheldNoPeer,       // Forwarded at once: nobody to wait for.
  kUnheldFull,         // Forwarded at once: too many wait.
  kSessionsTakenBack,  // Deleted because their first packet was dropped instead of forwarded.
  kCount,
};
inline constexpr std::size_t kEventCount = static_cast<std::size_t>(Event::kCount);

// REQUIRES: event < kCount.
[[nodiscard]] const CounterText& TextOf(Event event) noexcept;

struct alignas(64) Counters {
  std::array<std::uint64_t, kDropReasonCount> drops{};
  std::array<std::uint64_t, kEventCount> events{};

  void Drop(DropReason reason) noexcept { ++drops[static_cast<std::size_t>(reason)]; }
  void Add(Event event, std::uint64_t n = 1) noexcept {
    events[static_cast<std::size_t>(event)] += n;
  }
  [[nodiscard]] std::uint64_t value(DropReason reason) const noexcept {
    return drops[static_cast<std::size_t>(reason)];
  }
  [[nodiscard]] std::uint64_t value(Event event) const noexcept {
    return events[static_cast<std::size_t>(event)];
  }
};

}  // namespace dataplane
