// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

#include "dataplane/dpdk/intake_pass.h"

#include <rte_prefetch.h>

#include "dataplane/dpdk/resolver.h"
#include "dataplane/dpdk/shard_map.h"

namespace dataplane {
namespace {

ParseHints HintsOf(const rte_mbuf& frame) {
  return {.ip_checksum_good =
              (frame.ol_flags & RTE_MBUF_F_RX_IP_CKSUM_MASK) == RTE_MBUF_F_RX_IP_CKSUM_GOOD,
          .transport_checksum_good =
              (frame.ol_flags & RTE_MBUF_F_RX_L4_CKSUM_MASK) == RTE_MBUF_F_RX_L4_CKSUM_GOOD};
}

void HandOver(WorkerCore& core, std::uint8_t worker, rte_mbuf* frame) {
  core.counters.Add(Event::kHandedOver);
  if (!core.rings.Give(worker, frame)) core.Drop(frame, DropReason::kRingFull);
}

DropReason Inspect(WorkerCore& core, rte_mbuf* frame, std::uint8_t ingress, PacketView& view) {
  // Core reads frames in one piece. Buffers are large enough that NICs never chain them; a driver
  // that does all the same costs a copy.
  if (!core.config->interfaces->enabled(ingress)) return DropReason::kInterfaceDown;
  if (frame->nb_segs > 1 && rte_pktmbuf_linearize(frame) != 0) return DropReason::kNoBuffer;
  const std::span<std::byte> bytes(rte_pktmbuf_mtod(frame, std::byte*),
                                   rte_pktmbuf_data_len(frame));
  const DropReason reason = Parse(bytes, HintsOf(*frame), view);
  if (reason != DropReason::kNone) return reason;
  // Nothing but ARP may come from a group or go to one (RFC 1812 §5.3.4).
  const bool is_group = ((bytes[0] | bytes[6]) & std::byte{1}) != std::byte{0};
  if (is_group && view.kind != PacketKind::kArp) return DropReason::kNotOurMac;
  const bool ours =
      core.config->interfaces->AcceptsMac(ingress, LoadMac(bytes.data()), core.forwarding);
  return ours ? DropReason::kNone : DropReason::kNotOurMac;
}

}  // namespace

void IntakePass(WorkerCore& core, Resolver* resolver, Burst& burst) noexcept {
  const std::uint16_t received = burst.count;
  for (std::uint16_t i = 0; i < received; ++i) {
    rte_prefetch0(rte_pktmbuf_mtod(burst.frames[i], void*));
  }
  burst.count = 0;
  for (std::uint16_t i = 0; i < received; ++i) {
    rte_mbuf* const frame = burst.frames[i];
    const auto ingress = static_cast<std::uint8_t>(frame->port);  // Written by ReceiveAll.
    PacketView& view = burst.views[burst.count];
    const DropReason reason = Inspect(core, frame, ingress, view);
    if (reason != DropReason::kNone) {
      core.Drop(frame, reason);
    } else if (view.kind == PacketKind::kArp) {
      resolver != nullptr ? resolver->OnArp(ingress, frame) : HandOver(core, 0, frame);
    } else {
      const std::uint8_t owner =
          WorkerOf(statesync::SessionTable::ShardOf(view.key), core.worker_count);
      if (owner != core.index) {
        HandOver(core, owner, frame);
        continue;
      }
      burst.frames[burst.count] = frame;
      burst.ingress[burst.count] = ingress;
      ++burst.count;
    }
  }
}

}  // namespace dataplane
