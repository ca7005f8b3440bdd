// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

#include "dataplane/core/tcp_tracker.h"

#include <algorithm>

#include "dataplane/core/tcp_states.h"

namespace dataplane {
namespace {

using statesync::kScaleUnknown;

constexpr std::uint32_t kWindowMax = 0xffff;
// A replicated edge may be ahead of the real one by this.
constexpr auto kEdgeRounding = static_cast<std::int32_t>(statesync::kEdgeRoundingMax);

constexpr std::size_t Index(Direction direction) { return static_cast<std::size_t>(direction); }
constexpr Direction Other(Direction direction) {
  return direction == Direction::kFromClient ? Direction::kFromServer : Direction::kFromClient;
}
constexpr std::uint8_t ReanchorFlag(Direction sender) {
  return sender == Direction::kFromClient ? statesync::kSessionReanchorClient
                                          : statesync::kSessionReanchorServer;
}
constexpr std::uint8_t FinFlag(Direction sender) {
  return sender == Direction::kFromClient ? statesync::kSessionFinClient
                                          : statesync::kSessionFinServer;
}
constexpr std::uint8_t UnsureFlag(Direction sender) {
  return sender == Direction::kFromClient ? statesync::kSessionUnsureClient
                                          : statesync::kSessionUnsureServer;
}
constexpr std::uint8_t kReanchorFlags =
    statesync::kSessionReanchorClient | statesync::kSessionReanchorServer;
constexpr std::uint8_t kFinFlags = statesync::kSessionFinClient | statesync::kSessionFinServer;
constexpr std::uint8_t kTcpFlagsOfEntry =
    kReanchorFlags | kFinFlags | statesync::kSessionUnsureClient | statesync::kSessionUnsureServer;

std::uint8_t RawScale(const TcpTrack& track, Direction side) {
  return side == Direction::kFromClient ? track.scales & 0x0f
                                        : static_cast<std::uint8_t>(track.scales >> 4);
}
// Bits to shift a window of `side` by. Unknown only after a takeover in the middle of a handshake:
// then the widest window is assumed.
unsigned Scale(const TcpTrack& track, Direction side) {
  const std::uint8_t raw = RawScale(track, side);
  return raw == kScaleUnknown ? kScaleMax : raw;
}
void SetScale(TcpTrack& track, Direction side, std::uint8_t scale) {
  track.scales = side == Direction::kFromClient
                     ? static_cast<std::uint8_t>((track.scales & 0xf0) | scale)
                     : static_cast<std::uint8_t>((track.scales & 0x0f) | (scale << 4));
}

// Bytes that `side` has allowed at most; the widest possible if it was never seen here.
std::uint32_t WidestWindow(const TcpTrack& track, Direction side) {
  const std::uint32_t window = track.window[Index(side)];
  return (window == 0 ? kWindowMax : window) << Scale(track, side);
}

// Sequence numbers that a segment takes: SYN and FIN count as one each.
std::uint32_t EndOf(const TcpSegment& segment) {
  return segment.seq + segment.payload_bytes + ((segment.flags & kTcpSyn) != 0 ? 1 : 0) +
         ((segment.flags & kTcpFin) != 0 ? 1 : 0);
}

bool HasAck(const TcpSegment& segment) { return (segment.flags & kTcpAck) != 0; }

void MaxEdge(std::uint32_t& edge, std::uint32_t candidate) {
  if (SeqDistance(candidate, edge) > 0) edge = candidate;
}

// The first SYN of the client, or another attempt of it with a new initial number.
void Open(TcpTrack& track, const TcpSegment& segment) {
  track.edge = {EndOf(segment), 0};
  track.limit = {EndOf(segment), 0};  // Nothing more until the server has spoken.
  track.window = {std::max<std::uint16_t>(segment.window, 1), 0};
  // Without the option neither side may scale (RFC 7323 §1.3).
  track.scales = segment.scale == kNoWindowScale
                     ? std::uint8_t{0}
                     : static_cast<std::uint8_t>(segment.scale | (kScaleUnknown << 4));
  track.flags = static_cast<std::uint8_t>(track.flags & ~kTcpFlagsOfEntry);
}

// The smallest window field that stands for at least `bytes`, so that nothing once allowed is
// refused.
std::uint16_t ScaledUp(std::uint32_t bytes, unsigned scale) {
  return static_cast<std::uint16_t>(
      std::max<std::uint32_t>((bytes + (1u << scale) - 1) >> scale, 1));
}

// Both SYNs were seen: scales are settled, and windows, which SYNs carry unscaled, are kept scaled.
void SettleHandshake(TcpTrack& track, const TcpSegment& segment) {
  constexpr Direction client = Direction::kFromClient;
  constexpr Direction server = Direction::kFromServer;
  if (RawScale(track, server) == kScaleUnknown) {
    if (segment.scale == kNoWindowScale) {
      track.scales = 0;
    } else {
      SetScale(track, server, segment.scale);
    }
  }
  const std::uint32_t client_window = track.window[0] == 0 ? kWindowMax : track.window[0];
  track.edge[1] = EndOf(segment);
  track.limit[0] = track.edge[0] + std::max<std::uint32_t>(segment.window, 1);
  track.limit[1] = EndOf(segment) + client_window;
  track.window[0] = ScaledUp(client_window, Scale(track, client));
  track.window[1] = ScaledUp(segment.window, Scale(track, server));
}

// The server's SYN-ACK must acknowledge exactly the client's SYN. After a takeover the replicated
// edge is rounded and may be of an earlier attempt: then anything near it is taken.
bool Answers(TcpTrack& track, const TcpSegment& segment) {
  if (segment.ack == track.edge[0]) return true;
  const std::int32_t lead = SeqDistance(segment.ack, track.edge[0]);
  if ((track.flags & statesync::kSessionReanchorClient) == 0 || lead < -kEdgeRounding ||
      lead > static_cast<std::int32_t>(kReanchorLead)) {
    return false;
  }
  track.edge[0] = segment.ack;
  return true;
}

// Rules I–IV of van Rooij, for a direction whose edge is known. kNone: inside.
DropReason CheckWindow(const TcpTrack& track, Direction from, const TcpSegment& segment) {
  const Direction to = Other(from);
  const std::uint32_t edge = track.edge[Index(from)];
  // I: not beyond what the other side has allowed.
  if (SeqDistance(EndOf(segment), track.limit[Index(from)]) > 0) return DropReason::kTcpWindow;
  // II: not older than one window: a repetition, or a keep-alive one before the edge.
  if (SeqDistance(segment.seq, edge - WidestWindow(track, to)) < 0) return DropReason::kTcpWindow;
  return DropReason::kNone;
}

// Rules III and IV for the acknowledgement. After a takeover, until the other side was heard, its
// edge lags behind and may be led by the bound. When its first segment was a repetition, what it
// had sent before through the peer may be acknowledged at any time later: up to its limit.
DropReason CheckAck(const TcpTrack& track, Direction from, const TcpSegment& segment) {
  if (!HasAck(segment)) return DropReason::kNone;
  const Direction to = Other(from);
  const std::int32_t lead = SeqDistance(segment.ack, track.edge[Index(to)]);
  std::int32_t lead_max = 0;
  if ((track.flags & ReanchorFlag(to)) != 0) {
    lead_max = static_cast<std::int32_t>(kReanchorLead);
  } else if ((track.flags & UnsureFlag(to)) != 0) {
    lead_max = SeqDistance(track.limit[Index(to)], track.edge[Index(to)]);
  }
  if (lead > lead_max) return DropReason::kTcpAck;
  const std::uint64_t behind = std::uint64_t{kAckLagMax} << Scale(track, from);
  if (lead < 0 && static_cast<std::uint64_t>(-std::int64_t{lead}) > behind) {
    return DropReason::kTcpAck;
  }
  return DropReason::kNone;
}

// The first segment of a direction after a takeover: near the replicated edge is good enough.
DropReason CheckLead(const TcpTrack& track, Direction from, const TcpSegment& segment) {
  const std::uint32_t edge = track.edge[Index(from)];
  if (SeqDistance(EndOf(segment), edge) > static_cast<std::int32_t>(kReanchorLead)) {
    return DropReason::kTcpWindow;
  }
  const std::uint32_t widest = kWindowMax << Scale(track, Other(from));
  return SeqDistance(segment.seq, edge - widest) < 0 ? DropReason::kTcpWindow : DropReason::kNone;
}

void Anchor(TcpTrack& track, Direction from, const TcpSegment& segment) {
  const std::size_t i = Index(from);
  MaxEdge(track.edge[i], EndOf(segment));
  // The other side's acknowledgements were not seen here, so its widest window bounds what follows.
  track.limit[i] = track.edge[i] + (kWindowMax << Scale(track, Other(from)));
  track.window[i] = kWindowMax;  // It may have advertised more than this segment does.
  track.flags = static_cast<std::uint8_t>((track.flags & ~ReanchorFlag(from)) | UnsureFlag(from));
}

// What an accepted segment teaches: edges, windows, limits. Nothing of it ever moves back.
void Learn(TcpTrack& track, Direction from, const TcpSegment& segment) {
  const std::size_t own = Index(from);
  const std::size_t other = Index(Other(from));
  const bool syn = (segment.flags & kTcpSyn) != 0;  // Its window is not scaled.
  MaxEdge(track.edge[own], EndOf(segment));
  const unsigned shift = syn ? 0 : Scale(track, from);
  if (!syn) track.window[own] = std::max(track.window[own], segment.window);
  if (!HasAck(segment)) return;
  // A closed window still admits probes of one byte.
  const std::uint32_t window = std::max<std::uint32_t>(std::uint32_t{segment.window} << shift, 1);
  MaxEdge(track.edge[other], segment.ack);  // It was sent: this side has it.
  if ((track.flags & ReanchorFlag(Other(from))) != 0) {
    track.limit[other] = segment.ack + window;
  } else {
    MaxEdge(track.limit[other], segment.ack + window);
  }
}

// State after an accepted segment, beyond the table: which FINs were sent and acknowledged.
SessionState AfterFins(TcpTrack& track, Direction from, const TcpSegment& segment,
                       SessionState next) {
  if (next != SessionState::kTcpFinWait && next != SessionState::kTcpClosing) return next;
  if (next == SessionState::kTcpFinWait) {
    if ((segment.flags & kTcpFin) != 0) track.flags |= FinFlag(from);
    if ((track.flags & kFinFlags) != kFinFlags) return next;
    // From here on the flags say whose FIN was acknowledged.
    track.flags = static_cast<std::uint8_t>(track.flags & ~kFinFlags);
  }
  const Direction to = Other(from);
  const bool is_rounded = (track.flags & (ReanchorFlag(to) | UnsureFlag(to))) != 0;
  const std::int32_t unacked = SeqDistance(track.edge[Index(to)], segment.ack);
  if (HasAck(segment) && unacked <= (is_rounded ? kEdgeRounding : 0)) track.flags |= FinFlag(to);
  return (track.flags & kFinFlags) == kFinFlags ? SessionState::kTcpTimeWait
                                                : SessionState::kTcpClosing;
}

TcpOutcome Refuse(DropReason reason) { return {.verdict = TcpVerdict::kDrop, .reason = reason}; }

TcpOutcome TrackData(TcpTrack& track, Direction from, const TcpSegment& segment,
                     SessionState next) {
  TcpOutcome outcome{.verdict = TcpVerdict::kForward, .alive = true};
  const bool lagging = (track.flags & ReanchorFlag(from)) != 0;
  outcome.reason = lagging ? CheckLead(track, from, segment) : CheckWindow(track, from, segment);
  if (outcome.reason == DropReason::kNone) outcome.reason = CheckAck(track, from, segment);
  if (outcome.reason != DropReason::kNone) return Refuse(outcome.reason);
  if (lagging) {
    Anchor(track, from, segment);
    outcome.reanchored = true;
  }
  Learn(track, from, segment);
  track.state = AfterFins(track, from, segment, next);
  return outcome;
}

// RFC 5961 §3.2: only the exact next number resets; another one in the window is for the receiver
// to judge. A session that is ending, or is not yet open, has nothing left to protect.
TcpOutcome TrackReset(TcpTrack& track, Direction from, const TcpSegment& segment) {
  TcpOutcome outcome{.verdict = TcpVerdict::kForward};
  if (track.state == SessionState::kTcpSynSent) {
    if (!HasAck(segment) || !Answers(track, segment)) return Refuse(DropReason::kTcpReset);
    track.state = SessionState::kTcpClosed;
    return outcome;
  }
  const bool lagging = (track.flags & ReanchorFlag(from)) != 0;
  const DropReason reason =
      lagging ? CheckLead(track, from, segment) : CheckWindow(track, from, segment);
  if (reason != DropReason::kNone) return Refuse(DropReason::kTcpReset);
  const bool exact = !lagging && segment.seq == track.edge[Index(from)];
  const bool ending =
      track.state == SessionState::kTcpFinWait || track.state == SessionState::kTcpClosing;
  if (exact || (ending && !lagging)) {
    track.state = SessionState::kTcpClosed;
  } else {
    outcome.reset_ignored = true;
  }
  return outcome;
}

// A SYN on the key of a finished connection. RFC 9293 §3.6.1: a larger initial number is safe while
// the old connection is in TIME-WAIT; after a reset any is.
TcpOutcome TrackReuse(const TcpTrack& track, Direction from, const TcpSegment& segment) {
  if (track.state == SessionState::kTcpTimeWait &&
      SeqDistance(segment.seq, track.edge[Index(from)]) < 0) {
    return {.verdict = TcpVerdict::kForward};  // The receiver answers with an acknowledgement.
  }
  return {.verdict = TcpVerdict::kReuse};
}

// An acknowledgement although no SYN-ACK was seen: it passed the other node just before it died.
// Without a takeover it is a server's challenge from an older connection, which the client answers
// with an RST.
TcpOutcome TrackLateHandshake(TcpTrack& track, Direction from, const TcpSegment& segment,
                              SessionState next) {
  const bool from_client = from == Direction::kFromClient;
  if ((track.flags & kReanchorFlags) != kReanchorFlags) {
    if (from_client) return Refuse(DropReason::kTcpState);
    return {.verdict = TcpVerdict::kForward};
  }
  // The server's numbers are unknown; the client's own must be near its SYN.
  const std::uint32_t client_seq = from_client ? segment.seq : segment.ack;
  const std::int32_t lead = SeqDistance(client_seq, track.edge[0]);
  if (lead < -kEdgeRounding || lead > static_cast<std::int32_t>(kReanchorLead)) {
    return Refuse(DropReason::kTcpWindow);
  }
  if (lead < 0) track.edge[0] = client_seq;
  track.edge[1] = from_client ? segment.ack : segment.seq;
  return TrackData(track, from, segment, next);
}

bool EdgeCrossed(std::uint32_t before, std::uint32_t after) {
  return (before >> kEdgePublishShift) != (after >> kEdgePublishShift);
}

}  // namespace

bool TcpFlagsAreValid(std::uint8_t flags) noexcept {
  switch (flags & (kTcpSyn | kTcpFin | kTcpRst | kTcpAck)) {
    case kTcpSyn:
    case kTcpSyn | kTcpAck:
    case kTcpFin | kTcpAck:
    case kTcpRst:
    case kTcpRst | kTcpAck:
    case kTcpAck:
      return true;
    default:
      return false;  // Null, FIN without ACK, and every mixture of SYN, FIN and RST.
  }
}

bool TcpQuoteIsPlausible(const TcpTrack& track, Direction sender, std::uint32_t seq) noexcept {
  if ((track.flags & ReanchorFlag(sender)) != 0) return true;
  const std::uint32_t edge = track.edge[Index(sender)];
  return SeqDistance(seq, edge) <= 0 &&
         SeqDistance(seq, edge - WidestWindow(track, Other(sender))) >= 0;
}

TcpOutcome TrackTcp(TcpTrack& track, Direction direction, const TcpSegment& segment) noexcept {
  const TcpTrack before = track;
  const TcpCell cell = CellOf(track.state, direction, segment.flags);
  TcpOutcome outcome;
  switch (cell.action) {
    case TcpAction::kRefuse:
      outcome = Refuse(DropReason::kTcpState);
      break;
    case TcpAction::kMidStream:
      outcome = Refuse(DropReason::kMidStream);
      break;
    case TcpAction::kPass:
      outcome.verdict = TcpVerdict::kForward;
      break;
    case TcpAction::kOpen:
      Open(track, segment);
      track.state = cell.next;
      outcome = {.verdict = TcpVerdict::kForward, .alive = true};
      break;
    case TcpAction::kAnswer:
      if (!Answers(track, segment)) {
        outcome = Refuse(DropReason::kTcpAck);
        break;
      }
      [[fallthrough]];
    case TcpAction::kCross:
      SettleHandshake(track, segment);
      track.flags = static_cast<std::uint8_t>(track.flags & ~kReanchorFlags);
      track.state = cell.next;
      outcome = {.verdict = TcpVerdict::kForward, .alive = true};
      break;
    case TcpAction::kLate:
      outcome = TrackLateHandshake(track, direction, segment, cell.next);
      break;
    case TcpAction::kTrack:
      outcome = TrackData(track, direction, segment, cell.next);
      break;
    case TcpAction::kReset:
      outcome = TrackReset(track, direction, segment);
      break;
    case TcpAction::kReuse:
      outcome = TrackReuse(track, direction, segment);
      break;
  }
  if (outcome.verdict == TcpVerdict::kDrop) {
    track = before;
    return outcome;
  }
  outcome.changed = track != before;
  outcome.replicate =
      track.state != before.state || (cell.action == TcpAction::kOpen && outcome.changed) ||
      EdgeCrossed(before.edge[0], track.edge[0]) || EdgeCrossed(before.edge[1], track.edge[1]);
  return outcome;
}

}  // namespace dataplane
