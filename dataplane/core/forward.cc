// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

#include "dataplane/core/forward.h"

#include "dataplane/core/byte_order.h"
#include "dataplane/core/new_session.h"
#include "dataplane/core/rewrite.h"
#include "dataplane/core/tcp_states.h"
#include "dataplane/core/tcp_tracker.h"
#include "statesync/ensure.h"

namespace dataplane {
namespace {

using statesync::Handle;
using statesync::kNoSlot;
using statesync::LookupResult;
using statesync::SessionEntry;
using statesync::SessionState;
using statesync::SessionTable;

// True if `entry` is the session of `key`: an earlier packet of the burst may have deleted it, and
// its slot may have been used again.
bool IsSessionOf(const SessionEntry& entry, const FlowKey& key, Direction direction) {
  const auto state = static_cast<SessionState>(entry.state);
  if (entry.tombstone != statesync::Tombstone::kLive ||
      statesync::ProtocolOf(state) != key.protocol)
    return false;
  const bool nat = (entry.flags & statesync::kSessionHasNat) != 0;
  if (direction == Direction::kFromClient) {
    return key.source_addr == entry.client_addr && key.source_port == entry.client_port &&
           key.target_addr == entry.server_addr && key.target_port == entry.server_port;
  }
  return key.source_addr == entry.server_addr && key.source_port == entry.server_port &&
         key.target_addr == (nat ? entry.nat_addr : entry.client_addr) &&
         key.target_port == (nat ? entry.nat_port : entry.client_port);
}

bool ComesBackThroughNat(const SessionEntry& entry, Direction direction) {
  return direction == Direction::kFromServer && (entry.flags & statesync::kSessionHasNat) != 0;
}

// The session as it is now. A miss is looked up again because an earlier packet of the same burst
// may have opened it.
LookupResult Refresh(const SessionTable& table, statesync::ShardIndex shard, const FlowKey& key,
                     const LookupResult& lookup) {
  if (lookup.slot != kNoSlot &&
      IsSessionOf(table.entry({shard, lookup.slot}), key, lookup.direction)) {
    return lookup;
  }
  return table.Lookup(key);
}

// What following a packet has done to its session.
struct Followed {
  DropReason reason = DropReason::kNone;
  bool reuse = false;
  bool replicate = false;
  bool edges_only = false;  // What is to be replicated.
};

Followed FollowTcp(ForwardContext& context, const PacketView& view, Handle handle,
                   Direction direction) {
  SessionTable& table = *context.table;
  SessionEntry& entry = table.entry(handle);
  if (ClassOf(view.tcp.flags) != TcpClass::kAck && !TransportChecksumIsGood(view)) {
    return {.reason = DropReason::kTcpChecksum};  // It could end a session that its receiver keeps.
  }
  TcpTrack track = LoadTrack(entry, context.term);
  const bool unanchored = track.flags != entry.flags;
  const TcpOutcome outcome = TrackTcp(track, direction, view.tcp);
  if (outcome.verdict == TcpVerdict::kDrop) return {.reason = outcome.reason};
  if (outcome.verdict == TcpVerdict::kReuse) return {.reuse = true};
  if (outcome.reanchored) context.counters->Add(Event::kSessionsReanchored);
  if (outcome.reset_ignored) context.counters->Add(Event::kResetsIgnored);
  const bool new_state = static_cast<std::uint8_t>(track.state) != entry.state;
  if (outcome.changed || unanchored) {
    table.BeginWrite(handle);
    StoreTrack(track, context.term, entry);
    table.EndWrite(handle);
  }
  // At most once per second, so that an idle line stays clean; never replicated.
  if (outcome.alive && entry.last_seen_s != context.now_s) entry.last_seen_s = context.now_s;
  if (new_state) {
    table.CheckAgainAt(handle, context.now_s + TimeoutOf(track.state, *context.timeouts));
  }
  return {.replicate = outcome.replicate, .edges_only = !new_state};
}

Followed FollowUdp(ForwardContext& context, Handle handle, Direction direction) {
  SessionTable& table = *context.table;
  SessionEntry& entry = table.entry(handle);
  if (entry.last_seen_s != context.now_s) entry.last_seen_s = context.now_s;
  const auto single = static_cast<std::uint8_t>(SessionState::kUdpSingle);
  if (direction == Direction::kFromClient || entry.state != single) return {};
  table.BeginWrite(handle);
  entry.state = static_cast<std::uint8_t>(SessionState::kUdpMultiple);
  table.EndWrite(handle);
  return {.replicate = true};
}

Followed FollowError(ForwardContext& context, const PacketView& view, const SessionEntry& entry,
                     Direction direction) {
  if (view.key.protocol == kProtocolTcp) {
    const Direction sender =
        direction == Direction::kFromClient ? Direction::kFromServer : Direction::kFromClient;
    const std::uint32_t seq = LoadHost32(view.frame + view.inner_transport_offset + 4);
    if (!TcpQuoteIsPlausible(LoadTrack(entry, context.term), sender, seq)) {
      return {.reason = DropReason::kIcmpUnmatched};
    }
  }
  context.counters->Add(Event::kIcmpErrorsMatched);
  return {};
}

Followed Follow(ForwardContext& context, const PacketView& view, Handle handle,
                Direction direction) {
  SessionEntry& entry = context.table->entry(handle);
  switch (view.kind) {
    case PacketKind::kTcp:
      return FollowTcp(context, view, handle, direction);
    case PacketKind::kUdp:
      return FollowUdp(context, handle, direction);
    case PacketKind::kIcmpError:
      return FollowError(context, view, entry, direction);
    case PacketKind::kEchoRequest:
    case PacketKind::kEchoReply:
    case PacketKind::kArp:
      break;
  }
  if (entry.last_seen_s != context.now_s) entry.last_seen_s = context.now_s;
  return {};
}

// Source NAT there or back, and the TTL.
void Rewrite(PacketView& view, const SessionEntry& entry, Direction direction) {
  if ((entry.flags & statesync::kSessionHasNat) != 0) {
    const Endpoint outside{entry.nat_addr, entry.nat_port};
    const Endpoint inside{entry.client_addr, entry.client_port};
    const bool error = view.kind == PacketKind::kIcmpError;
    if (direction == Direction::kFromClient) {
      error ? RewriteErrorSource(view, outside) : RewriteSource(view, outside);
    } else {
      error ? RewriteErrorTarget(view, inside) : RewriteTarget(view, inside);
    }
  }
  DecrementTtl(view);
}

ForwardResult AnswerEcho(ForwardContext& context, PacketView& view) {
  MakeEchoReply(view);
  context.counters->Add(Event::kEchoReplies);
  return {.action = PacketAction::kEchoReply};
}

ForwardResult OpenAndForward(ForwardContext& context, const ForwardInput& input,
                             const Handle* finished, PacketView& view) {
  Handle handle;
  ForwardResult result = OpenSession(context, input, finished, view, handle);
  if (result.action == PacketAction::kForward) {
    result.session = handle;
    Rewrite(view, context.table->entry(handle), Direction::kFromClient);
  }
  return result;
}

}  // namespace

NetAddr RouteAddr(const PacketView& view, const LookupResult& lookup,
                  const SessionTable& table) noexcept {
  if (lookup.slot == kNoSlot || lookup.direction == Direction::kFromClient) return view.target_addr;
  const SessionEntry& entry = table.entry({SessionTable::ShardOf(view.key), lookup.slot});
  return ComesBackThroughNat(entry, lookup.direction) ? entry.client_addr : view.target_addr;
}

ForwardResult ProcessPacket(ForwardContext& context, const ForwardInput& input,
                            PacketView& view) noexcept {
  ENSURE(view.kind != PacketKind::kArp);
  if (view.kind == PacketKind::kEchoRequest &&
      (input.local == LocalKind::kOwn || input.local == LocalKind::kVirtual)) {
    return AnswerEcho(context, view);
  }
  SessionTable& table = *context.table;
  const statesync::ShardIndex shard = SessionTable::ShardOf(view.key);
  const LookupResult lookup = Refresh(table, shard, view.key, input.lookup);
  if (lookup.slot == kNoSlot) return OpenAndForward(context, input, nullptr, view);

  const Handle handle{shard, lookup.slot};
  const SessionEntry& entry = table.entry(handle);
  // The route was looked up for the address as it was before the burst found the session.
  if (input.lookup.slot == kNoSlot && ComesBackThroughNat(entry, lookup.direction)) {
    return DropPacket(context, DropReason::kSessionExists);
  }
  if (!input.route.found) return DropPacket(context, DropReason::kNoRoute);
  ForwardResult result = CheckWayOut(context, input.route, view);
  if (result.action != PacketAction::kForward) return result;

  const Followed followed = Follow(context, view, handle, lookup.direction);
  if (followed.reason != DropReason::kNone) return DropPacket(context, followed.reason);
  if (followed.reuse) return OpenAndForward(context, input, &handle, view);
  if (followed.replicate) {
    context.counters->Add(Event::kChangesReplicated);
    if (followed.edges_only) result.change = statesync::ChangeClass::kWindow;
    result.dirty[result.dirty_count++] = handle;
  }
  Rewrite(view, entry, lookup.direction);
  result.session = handle;
  return result;
}

}  // namespace dataplane
