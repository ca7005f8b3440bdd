// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

#include "dataplane/dpdk/handover_rings.h"

#include <rte_lcore.h>

#include "absl/strings/str_cat.h"

namespace dataplane {
namespace {

constexpr std::uint32_t kRingFrames = 4'096;

rte_ring* CreateRing(const std::string& name) {
  return rte_ring_create(name.c_str(), kRingFrames, static_cast<int>(rte_socket_id()),
                         RING_F_SC_DEQ);
}

void FreeRing(rte_ring* ring) {
  void* frame = nullptr;
  while (ring != nullptr && rte_ring_sc_dequeue(ring, &frame) == 0) {
    rte_pktmbuf_free(static_cast<rte_mbuf*>(frame));
  }
  rte_ring_free(ring);
}

}  // namespace

absl::StatusOr<std::unique_ptr<HandoverRings>> HandoverRings::Create(std::uint8_t worker_count) {
  static int created = 0;  // Ring names are unique in the process.
  const std::string prefix = absl::StrCat("workers_", created++, "_");
  std::unique_ptr<HandoverRings> rings(new HandoverRings);
  for (unsigned worker = 0; worker < worker_count; ++worker) {
    rings->rings_.push_back(CreateRing(absl::StrCat(prefix, worker)));
  }
  rings->unresolved_ = CreateRing(absl::StrCat(prefix, "arp"));
  bool complete = rings->unresolved_ != nullptr;
  for (const rte_ring* ring : rings->rings_) complete = complete && ring != nullptr;
  if (complete) return rings;
  return absl::ResourceExhaustedError(
      absl::StrCat("rings between ", worker_count, " workers: no memory; raise runtime.memory_mb"));
}

HandoverRings::~HandoverRings() {
  for (rte_ring* ring : rings_) FreeRing(ring);
  FreeRing(unresolved_);
}

}  // namespace dataplane
