// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

#include "dataplane/core/new_session.h"

#include "dataplane/core/tcp_states.h"

namespace dataplane {
namespace {

using statesync::Handle;
using statesync::InsertResult;
using statesync::NewSession;
using statesync::SessionEntry;
using statesync::SessionState;
using statesync::SessionTable;

constexpr std::uint8_t LowByte(statesync::Term term) {
  return static_cast<std::uint8_t>(term.value & 0xff);
}

// Why a packet without a session cannot open one, policy aside.
DropReason CheckOpener(const ForwardInput& input, const PacketView& view) {
  switch (view.kind) {
    case PacketKind::kTcp:
      if (ClassOf(view.tcp.flags) != TcpClass::kSyn) return DropReason::kMidStream;
      break;
    case PacketKind::kEchoReply:
    case PacketKind::kIcmpError:
      return DropReason::kIcmpUnmatched;
    case PacketKind::kUdp:
    case PacketKind::kEchoRequest:
    case PacketKind::kArp:
      break;
  }
  if (input.local != LocalKind::kNone) return DropReason::kToSelf;
  if (!input.route.found) return DropReason::kNoRoute;
  if (view.kind == PacketKind::kTcp && !TransportChecksumIsGood(view)) {
    return DropReason::kTcpChecksum;
  }
  return DropReason::kNone;
}

SessionState FirstState(PacketKind kind) {
  if (kind == PacketKind::kTcp) return SessionState::kTcpSynSent;
  return kind == PacketKind::kUdp ? SessionState::kUdpSingle : SessionState::kIcmpEcho;
}

DropReason ReasonOf(InsertResult result) {
  switch (result) {
    case InsertResult::kInserted:
      return DropReason::kNone;
    case InsertResult::kFull:
      return DropReason::kTableFull;
    case InsertResult::kExists:
      return DropReason::kSessionExists;
    case InsertResult::kNatPortTaken:
    case InsertResult::kNatAddressUnknown:
      return DropReason::kNatExhausted;
  }
  return DropReason::kTableFull;
}

bool AllocateNat(ForwardContext& context, const PolicyVerdict& verdict, const FlowKey& key,
                 NewSession& session) {
  if (verdict.nat_pool == kNoNatPool) return true;
  NatBinding binding;
  if (!context.nat->Allocate(static_cast<std::size_t>(verdict.nat_pool), key, *context.table,
                             context.scatter, binding)) {
    return false;
  }
  context.counters->Add(Event::kNatAllocated);
  if (binding.tries > 1) context.counters->Add(Event::kNatTriesOverOne);
  session.nat_addr = binding.addr;
  session.nat_port = binding.port;
  return true;
}

// What commit-before-forward makes of a new session that the peer would have to hold.
struct CommitDecision {
  bool hold = false;
  DropReason reason = DropReason::kNone;    // The session is not opened at all.
  Event forwarded_at_once = Event::kCount;  // What to count if it is; kCount: nothing.
};

CommitDecision DecideCommit(const ForwardContext& context, const CommitRule& rule) {
  if (!rule.enabled) return {};
  if (!context.peer_synced) {
    if (rule.drop_without_peer) return {.reason = DropReason::kHoldNoPeer};
    return {.forwarded_at_once = Event::kUnheldNoPeer};
  }
  if (context.hold_room == 0) {
    if (rule.drop_on_deadline) return {.reason = DropReason::kHoldFull};
    return {.forwarded_at_once = Event::kUnheldFull};
  }
  return {.hold = true};
}

// What the table leaves at zero: the tracker's numbers, the term, the time of the next look.
void Complete(ForwardContext& context, const PacketView& view, Handle handle) {
  SessionTable& table = *context.table;
  SessionEntry& entry = table.entry(handle);
  table.BeginWrite(handle);
  entry.anchored_term = LowByte(context.term);
  if (view.kind == PacketKind::kTcp) {
    TcpTrack track;
    (void)TrackTcp(track, Direction::kFromClient, view.tcp);  // A SYN always opens.
    track.flags = entry.flags;
    StoreTrack(track, context.term, entry);
  }
  table.EndWrite(handle);
  const auto state = static_cast<SessionState>(entry.state);
  table.CheckAgainAt(handle, context.now_s + TimeoutOf(state, *context.timeouts));
}

}  // namespace

ForwardResult DropPacket(ForwardContext& context, DropReason reason) noexcept {
  context.counters->Drop(reason);
  return {.action = PacketAction::kDrop, .reason = reason};
}

ForwardResult CheckWayOut(ForwardContext& context, const Route& route,
                          const PacketView& view) noexcept {
  ForwardResult result{.action = PacketAction::kForward};
  bool may_answer = view.kind != PacketKind::kIcmpError;
  if (view.ttl <= 1) {
    result.reason = DropReason::kTtlExceeded;
    result.error = IcmpError::kTimeExceeded;
  } else if (view.ip_bytes > route.mtu) {
    result.reason = DropReason::kTooBig;
    result.error = IcmpError::kFragmentationNeeded;
    result.mtu = route.mtu;
    may_answer = may_answer && view.dont_fragment;  // RFC 1191: only to who forbids fragments.
  } else {
    return result;
  }
  context.counters->Drop(result.reason);
  result.action = PacketAction::kDrop;
  if (!may_answer) return result;
  if (context.icmp_limit.Take(context.now_ns)) {
    context.counters->Add(Event::kIcmpErrorsSent);
    result.action = PacketAction::kIcmpError;
  } else {
    context.counters->Add(Event::kIcmpErrorsLimited);
  }
  return result;
}

ForwardResult OpenSession(ForwardContext& context, const ForwardInput& input,
                          const Handle* finished, const PacketView& view, Handle& handle) noexcept {
  const DropReason reason = CheckOpener(input, view);
  if (reason != DropReason::kNone) return DropPacket(context, reason);
  const PolicyVerdict verdict = context.rules->Match(input.from_zone, input.route.zone, view.key);
  if (!verdict.permit) return DropPacket(context, DropReason::kPolicyDenied);
  ForwardResult result = CheckWayOut(context, input.route, view);
  if (result.action != PacketAction::kForward) return result;

  NewSession session{.key = view.key,
                     .rule = verdict.rule,
                     .state = FirstState(view.kind),
                     .last_seen_s = context.now_s};
  const bool local_only = session.state == SessionState::kIcmpEcho && !verdict.replicate_icmp;
  if (local_only) session.flags = statesync::kSessionLocalOnly;
  // The peer never gets to know of a local session: nothing to wait for.
  const CommitDecision commit = DecideCommit(context, local_only ? CommitRule{} : verdict.commit);
  if (commit.reason != DropReason::kNone) return DropPacket(context, commit.reason);
  if (!AllocateNat(context, verdict, view.key, session)) {
    return DropPacket(context, DropReason::kNatExhausted);
  }
  if (finished != nullptr) {
    context.table->Delete(*finished);
    context.counters->Add(Event::kSessionsClosed);
    context.counters->Add(Event::kTcpReused);
    result.dirty[result.dirty_count++] = *finished;
  }
  const InsertResult inserted = context.table->Insert(session, handle);
  if (inserted != InsertResult::kInserted) {
    context.counters->Drop(ReasonOf(inserted));
    result.action = PacketAction::kDrop;
    result.reason = ReasonOf(inserted);
    return result;  // The deleted session, if any, is still to be marked.
  }
  Complete(context, view, handle);
  context.counters->Add(Event::kSessionsCreated);
  if (commit.hold) result.commit = verdict.commit;
  if (commit.forwarded_at_once != Event::kCount) context.counters->Add(commit.forwarded_at_once);
  if (!local_only) {
    context.counters->Add(Event::kChangesReplicated);
    result.dirty[result.dirty_count++] = handle;
  }
  return result;
}

TcpTrack LoadTrack(const SessionEntry& entry, statesync::Term term) noexcept {
  TcpTrack track{.edge = {entry.edge[0], entry.edge[1]},
                 .limit = {entry.limit[0], entry.limit[1]},
                 .window = {entry.window[0], entry.window[1]},
                 .state = static_cast<SessionState>(entry.state),
                 .scales = entry.scales,
                 .flags = entry.flags};
  // Another term than the one this session was last anchored in: the peer was active in between.
  if (entry.anchored_term != LowByte(term)) {
    track.flags |= statesync::kSessionReanchorClient | statesync::kSessionReanchorServer;
  }
  return track;
}

void StoreTrack(const TcpTrack& track, statesync::Term term, SessionEntry& entry) noexcept {
  for (std::size_t i = 0; i < 2; ++i) {
    entry.edge[i] = track.edge[i];
    entry.limit[i] = track.limit[i];
    entry.window[i] = track.window[i];
  }
  entry.state = static_cast<std::uint8_t>(track.state);
  entry.scales = track.scales;
  entry.flags = track.flags;
  entry.anchored_term = LowByte(term);
}

}  // namespace dataplane
