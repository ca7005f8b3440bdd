// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

#include "dataplane/dpdk/egress.h"

#include "dataplane/dpdk/resolver.h"

namespace dataplane {

void SendTo(WorkerCore& core, std::uint8_t interface, const MacAddress& mac,
            rte_mbuf* frame) noexcept {
  std::byte* const ethernet = rte_pktmbuf_mtod(frame, std::byte*);
  StoreMac(ethernet, mac);
  StoreMac(ethernet + 6, core.config->interfaces->SourceMac(interface, true));
  frame->ol_flags = 0;  // What the receiving NIC said must not become a transmit offload.
  core.counters.Add(Event::kPacketsForwarded);
  core.counters.Add(Event::kBytesForwarded, rte_pktmbuf_pkt_len(frame));
  core.tx.Add(interface, frame, core.counters);
}

void SendAlong(WorkerCore& core, Resolver* resolver, const Route& route, rte_mbuf* frame) noexcept {
  // It may have waited for the peer while its interface was disabled.
  if (!core.config->interfaces->enabled(route.interface)) {
    return core.Drop(frame, DropReason::kInterfaceDown);
  }
  const NeighbourKey key{.interface = route.interface, .addr = route.next_hop};
  const Neighbour neighbour = core.tables.neighbours->Find(key);
  if (neighbour.usable()) [[likely]] {
    if (neighbour.state == NeighbourState::kStale) core.tables.neighbours->Touch(key);
    return SendTo(core, key.interface, neighbour.mac, frame);
  }
  if (resolver != nullptr) return resolver->Hold(key, frame);
  if (!core.rings.GiveUnresolved(key, frame)) core.Drop(frame, DropReason::kRingFull);
}

}  // namespace dataplane
