// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

// TCP as a firewall sees it: a constant table of states and the windows of both directions.
//
// The tracker sees segments that may be lost, repeated or reordered behind it, so it keeps per
// direction the highest sequence number sent (edge) and the highest that the other side has allowed
// (limit), and accepts what a receiver could accept: at most the limit, at least one window behind
// the edge, acknowledging nothing that was not sent. After a takeover the replicated edge lags
// behind, or is ahead by less than its unit; the first segment of each direction may lead it by at
// most kReanchorLead and sets it anew.
//
// Threads: a function of values; the caller owns the entry.  Memory: none.
// Source:  G. van Rooij, Real Stateful TCP Packet Filtering in IP Filter (2001), also followed by
// pf and netfilter; RFC 9293 §3.10; RFC 5961 for RST and SYN; RFC 7323 for the scale.

#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "dataplane/core/packet.h"

namespace dataplane {

using statesync::Direction;
using statesync::SessionState;

using statesync::kEdgePublishShift;
// How far the first segment of a direction may lead the replicated edge after a takeover.
inline constexpr std::uint32_t kReanchorLead = 1u << 30;
static_assert((std::uint32_t{1} << kEdgePublishShift) < kReanchorLead);
// Acknowledgements may lag behind the edge by a full window and one segment, before scaling (pf).
inline constexpr std::uint32_t kAckLagMax = 0xffff + 1500;
inline constexpr std::uint8_t kScaleMax = 14;

// The part of a session entry that the tracker reads and writes.
struct TcpTrack {
  std::array<std::uint32_t, 2> edge{};  // By Direction, as in SessionEntry.
  std::array<std::uint32_t, 2> limit{};
  std::array<std::uint16_t, 2> window{};
  SessionState state = SessionState::kNone;
  std::uint8_t scales = 0xff;
  std::uint8_t flags = 0;
  friend bool operator==(const TcpTrack&, const TcpTrack&) = default;
};

enum class TcpVerdict : std::uint8_t {
  kForward,
  kDrop,   // `reason` says why; the track did not change.
  kReuse,  // A new connection on the key of a finished one: delete the session, then treat as new.
};

struct TcpOutcome {
  TcpVerdict verdict = TcpVerdict::kDrop;
  DropReason reason = DropReason::kNone;
  bool alive = false;          // The connection lives: the session's idle time starts anew.
  bool changed = false;        // The track differs from before.
  bool replicate = false;      // The change must be published: state, or an edge past a multiple.
  bool reanchored = false;     // The first segment after a takeover set the edge anew.
  bool reset_ignored = false;  // An RST in the window without the exact number did not close.
};

// Follows one segment of a session (state kNone: a session about to be created).
//
// A state changes only on a segment that passes the window checks. An RST closes only with the
// exact next sequence number (or behind it while the session is ending anyway); other RSTs in the
// window are forwarded and the receiver decides, as RFC 5961 §3.2 asks. A SYN on a living session
// is forwarded without effect, so that the receiver can answer it with a challenge.
//
// Cost:   O(1), no memory access besides `track` and the table (128 bytes).
// Errors: DropReason kMidStream, kTcpState, kTcpWindow, kTcpAck or kTcpReset in the outcome.
[[nodiscard]] TcpOutcome TrackTcp(TcpTrack& track, Direction direction,
                                  const TcpSegment& segment) noexcept;

// True if `flags` are a combination that a TCP sends.
[[nodiscard]] bool TcpFlagsAreValid(std::uint8_t flags) noexcept;

// True if a quoted segment of `sender` with `seq` may have been sent recently (RFC 5927 §4.1).
[[nodiscard]] bool TcpQuoteIsPlausible(const TcpTrack& track, Direction sender,
                                       std::uint32_t seq) noexcept;

// a − b in sequence space: negative if a is before b.
constexpr std::int32_t SeqDistance(std::uint32_t a, std::uint32_t b) {
  return static_cast<std::int32_t>(a - b);
}

}  // namespace dataplane
