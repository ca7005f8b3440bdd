// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

#include "dataplane/dpdk/forward_pass.h"

#include "dataplane/core/icmp_reply.h"
#include "dataplane/dpdk/egress.h"

namespace dataplane {
namespace {

using statesync::kBatchMax;

// Sends the frame, which core has rewritten in place, without the Ethernet padding it came with.
void Trim(rte_mbuf* frame, const PacketView& view) {
  const std::uint16_t padding =
      static_cast<std::uint16_t>(rte_pktmbuf_data_len(frame) - view.frame_bytes);
  if (padding > 0) (void)rte_pktmbuf_trim(frame, padding);
}

void SendBack(WorkerCore& core, std::uint8_t interface, const PacketView& view, rte_mbuf* frame) {
  Trim(frame, view);
  frame->ol_flags = 0;
  core.tx.Add(interface, frame, core.counters);
}

void SendError(WorkerCore& core, std::uint8_t interface, const PacketView& view,
               const ForwardResult& result) {
  rte_mbuf* const frame = core.tx.New(interface, kIcmpErrorFrameMax, core.counters);
  if (frame == nullptr) return;
  const InterfaceMap& interfaces = *core.config->interfaces;
  const std::size_t bytes =
      BuildIcmpError(view, result.error, interfaces.SourceMac(interface, true),
                     interfaces.SourceAddr(interface, true), result.mtu,
                     {rte_pktmbuf_mtod(frame, std::byte*), kIcmpErrorFrameMax});
  if (bytes == 0) return rte_pktmbuf_free(frame);
  (void)rte_pktmbuf_trim(frame, static_cast<std::uint16_t>(kIcmpErrorFrameMax - bytes));
  core.tx.Add(interface, frame, core.counters);
}

void Obey(WorkerCore& core, Resolver* resolver, const ForwardResult& result, const Route& route,
          const PacketView& view, std::uint8_t ingress, rte_mbuf* frame) {
  switch (result.action) {
    case PacketAction::kForward:
      Trim(frame, view);
      if (result.commit.enabled) return core.hold.Hold(core, result, route, frame);
      if (core.hold.TakeBehind(core, result, route, frame)) return;
      return SendAlong(core, resolver, route, frame);
    case PacketAction::kEchoReply:
      return SendBack(core, ingress, view, frame);
    case PacketAction::kIcmpError:
      SendError(core, ingress, view, result);
      return rte_pktmbuf_free(frame);
    case PacketAction::kDrop:
      return rte_pktmbuf_free(frame);  // Core has counted it.
  }
}

}  // namespace

void ForwardPass(WorkerCore& core, Resolver* resolver, Burst& burst) noexcept {
  const std::uint16_t count = burst.count;
  if (count == 0) return;
  std::array<FlowKey, kBatchMax> keys;
  std::array<statesync::LookupResult, kBatchMax> lookups;
  std::array<NetAddr, kBatchMax> targets;
  std::array<Route, kBatchMax> routes;
  std::array<statesync::Handle, 2 * kBatchMax> dirty;
  std::size_t dirty_count = 0;
  std::array<statesync::Handle, kBatchMax> held;  // Dirty ones that a packet waits for.
  std::size_t held_count = 0;
  std::array<statesync::Handle, 2 * kBatchMax> edges;  // Dirty ones that may wait for company.
  std::size_t edge_count = 0;
  const statesync::SessionTable& sessions = *core.tables.sessions;
  const InterfaceMap& interfaces = *core.config->interfaces;

  for (std::uint16_t i = 0; i < count; ++i) keys[i] = burst.views[i].key;
  sessions.LookupBatch({keys.data(), count}, {lookups.data(), count});
  for (std::uint16_t i = 0; i < count; ++i) {
    targets[i] = RouteAddr(burst.views[i], lookups[i], sessions);
  }
  core.config->fib->LookupBatch({targets.data(), count}, {routes.data(), count});
  for (std::uint16_t i = 0; i < count; ++i) {
    PacketView& view = burst.views[i];
    const ForwardInput input{.from_zone = interfaces.interface(burst.ingress[i]).zone,
                             .local = interfaces.KindOf(view.target_addr, true),
                             .lookup = lookups[i],
                             .route = routes[i]};
    const ForwardResult result = ProcessPacket(core.forward, input, view);
    for (std::uint8_t d = 0; d < result.dirty_count; ++d) {
      const bool is_held = result.commit.enabled && result.dirty[d] == result.session;
      const bool may_wait = result.change == statesync::ChangeClass::kWindow;
      (is_held    ? held[held_count++]
       : may_wait ? edges[edge_count++]
                  : dirty[dirty_count++]) = result.dirty[d];
    }
    Obey(core, resolver, result, routes[i], view, burst.ingress[i], burst.frames[i]);
  }
  if (held_count > 0) {
    core.tables.sessions->MarkDirtyBatch(core.index, {held.data(), held_count},
                                         statesync::ChangeClass::kHeld);
  }
  if (dirty_count > 0) {
    core.tables.sessions->MarkDirtyBatch(core.index, {dirty.data(), dirty_count});
  }
  if (edge_count > 0) {
    core.tables.sessions->MarkDirtyBatch(core.index, {edges.data(), edge_count},
                                         statesync::ChangeClass::kWindow);
  }
  burst.count = 0;
}

void StandbyPass(WorkerCore& core, Burst& burst) noexcept {
  for (std::uint16_t i = 0; i < burst.count; ++i) {
    PacketView& view = burst.views[i];
    const LocalAddress* const own =
        core.config->interfaces->AnswersFor(burst.ingress[i], view.target_addr, false);
    if (view.kind == PacketKind::kEchoRequest && own != nullptr) {
      MakeEchoReply(view);
      core.counters.Add(Event::kEchoReplies);
      SendBack(core, burst.ingress[i], view, burst.frames[i]);
    } else {
      core.Drop(burst.frames[i], DropReason::kNotActive);
    }
  }
  burst.count = 0;
}

}  // namespace dataplane
