// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

// Words that every part of the engine uses: time, nodes, terms, versions, shards, handles.
//
// Threads: values only.  Memory: none.

#pragma once

#include <compare>
#include <cstddef>
#include <cstdint>

#include "statesync/limits.h"

namespace statesync {

// A span of time in nanoseconds; may be negative as the difference of two instants.
struct Duration {
  std::int64_t ns = 0;
  friend constexpr auto operator<=>(Duration, Duration) = default;
  friend constexpr Duration operator+(Duration a, Duration b) { return {a.ns + b.ns}; }
  friend constexpr Duration operator-(Duration a, Duration b) { return {a.ns - b.ns}; }
  friend constexpr Duration operator*(Duration a, std::int64_t n) { return {a.ns * n}; }
};
constexpr Duration Nanos(std::int64_t n) { return {n}; }
constexpr Duration Micros(std::int64_t n) { return {n * 1'000}; }
constexpr Duration Millis(std::int64_t n) { return {n * 1'000'000}; }
constexpr Duration Seconds(std::int64_t n) { return {n * 1'000'000'000}; }

// A moment on the monotonic clock of one node. Never sent, never compared across nodes.
struct Instant {
  std::int64_t ns = 0;
  friend constexpr auto operator<=>(Instant, Instant) = default;
  friend constexpr Instant operator+(Instant t, Duration d) { return {t.ns + d.ns}; }
  friend constexpr Instant operator-(Instant t, Duration d) { return {t.ns - d.ns}; }
  friend constexpr Duration operator-(Instant a, Instant b) { return {a.ns - b.ns}; }
};

// Index of a node within its pair (later: group). Three bits, because a term carries it.
using NodeIndex = std::uint8_t;

// Random 64-bit number of one run of a process.
using BootId = std::uint64_t;

// Fencing token: grows with every change of the active role. The low three bits are the index of
// the node that took it, so two nodes never pick the same. 24 bits; zero means "none yet".
struct Term {
  std::uint32_t value = 0;
  friend constexpr auto operator<=>(Term, Term) = default;
};
constexpr NodeIndex NodeOf(Term term) { return static_cast<NodeIndex>(term.value & 7u); }
constexpr Term MakeTerm(std::uint32_t round, NodeIndex node) {
  return {(round << 3) | (node & 7u)};
}
// Smallest term of `node` that is larger than `highest`.
constexpr Term NextTerm(Term highest, NodeIndex node) {
  const Term same_round = MakeTerm(highest.value >> 3, node);
  return same_round > highest ? same_round : MakeTerm((highest.value >> 3) + 1, node);
}

// (term, counter) of an entry's last publication, packed so that integer order is version order.
// Larger wins, everywhere. Zero: never published. The counter has 40 bits, 12 days at a million
// records a second; a new term begins it anew. An owner asks for one when the counter reaches
// kVersionCounterRenew.
struct Version {
  std::uint64_t bits = 0;
  friend constexpr auto operator<=>(Version, Version) = default;
};
constexpr Version MakeVersion(Term term, std::uint64_t counter) {
  return {(static_cast<std::uint64_t>(term.value) << 40) | counter};
}
constexpr Term TermOf(Version v) { return {static_cast<std::uint32_t>(v.bits >> 40)}; }
constexpr std::uint64_t CounterOf(Version v) { return v.bits & ((std::uint64_t{1} << 40) - 1); }

// Tables of the product. Numbers are on the wire: never reused, never changed. Zero is control.
enum class TableId : std::uint8_t {
  kControl = 0,
  kSession = 1,
  kMulticast = 2,
  kArp = 3,
  kNd = 4,
  kMac = 5,
  kIpsecSa = 6,
  kVirtualMac = 7,
};

// Shard: one of kShardCount ranges of a table, the same on both nodes. PROTOCOL.md, "Shards".
using ShardIndex = std::uint8_t;
// Index of an entry within its shard. kNoSlot names none.
using SlotIndex = std::uint16_t;
inline constexpr SlotIndex kNoSlot = 0xffff;

// Names an entry within one node. The wire's handle adds the generation.
struct Handle {
  ShardIndex shard = 0;
  SlotIndex slot = kNoSlot;
  friend constexpr auto operator<=>(Handle, Handle) = default;
};

// How soon a change wants to be at the peer. An entry in a low class moves up when a higher change
// is marked.
enum class ChangeClass : std::uint8_t {
  kWindow = 1,  // Edges of a known session: may wait for company.
  kState = 2,   // A new session, another state, an end.
  kHeld = 3,    // A packet waits for its confirmation: goes at once.
};
inline constexpr std::size_t kChangeClasses = 4;  // Arrays by class; 0 is no change.

// Role of a node. PROTOCOL.md carries the number in every frame header.
enum class Role : std::uint8_t {
  kInit = 0,
  kStandby = 1,
  kActive = 2,
  kSuspended = 3,
  kNonfunctional = 4,
  kActivePrimary = 5,    // Active/active mode, reserved.
  kActiveSecondary = 6,  // Active/active mode, reserved.
  kTentative = 7,        // Active/active mode, reserved.
};

// How much of the peer's tables this node holds, and how it knows. I5: kSynced is only ever said
// after digests agreed at a common frame.
enum class Readiness : std::uint8_t {
  kNoPeer = 0,
  kBulk = 1,     // Full transfer running; progress is a percentage.
  kCatchUp = 2,  // Transfer complete, digests not yet compared.
  kSynced = 3,
  kAtRisk = 4,  // A named reason says why equality is not proven.
};

enum class AtRiskReason : std::uint8_t {
  kNone = 0,
  kHa2Silent = 1,       // Nothing authentic heard on HA2 for the silence limit.
  kDigestMismatch = 2,  // Digests differed at a common frame; repair is running.
  kRefusedEntries = 3,  // The receiver could not take entries (table full).
  kStateSyncDisabled = 4,
  kIdMapDiffers = 5,   // Zones, interfaces or rules have other ids on the peer.
  kLostFrames = 6,     // Frames wrapped out of the repair ring; digests find what they carried.
  kExposure = 7,       // Changes have been unconfirmed for longer than the exposure limit.
  kValueMismatch = 8,  // An entry says something else under the same version; it is asked for.
  kTableUnknown = 9,   // The peer lacks the table, or understands no schema of ours.
  kPeerCapacity = 10,  // The peer's table is smaller than what this one holds.
};

}  // namespace statesync
