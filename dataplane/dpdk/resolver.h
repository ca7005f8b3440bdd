// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

// Everything ARP of this node: answers, learns, asks, holds frames meanwhile, announces.
//
// Threads: worker 0, the one writer of the neighbour table; others reach it by HandoverRings.
// Memory:  inside the object.

#pragma once

#include <cstdint>

#include "dataplane/core/neighbour.h"
#include "dataplane/dpdk/announcer.h"
#include "dataplane/dpdk/hold_queue.h"
#include "dataplane/dpdk/worker_core.h"

namespace dataplane {

class Resolver {
 public:
  explicit Resolver(WorkerCore& core) : core_(core) {}

  // An ARP frame arrived on `interface`. Takes the frame.
  void OnArp(std::uint8_t interface, rte_mbuf* frame) noexcept;
  // A frame has no MAC for its next hop yet: holds it and asks, or drops it. Takes the frame.
  void Hold(const NeighbourKey& key, rte_mbuf* frame) noexcept;
  // Retries, ageing, announcements, frames of other workers. Once per turn. True if it did
  // something.
  bool Turn() noexcept;
  // The role changed; `active` is the new one.
  void OnRole(bool active) noexcept;
  // The configuration changed: forgets neighbours that are out of reach, announces new addresses.
  void OnConfig() noexcept;

 private:
  bool Announce() noexcept;
  void ForgetSome() noexcept;
  void AskDue() noexcept;
  void SendRequest(const NeighbourKey& key, const MacAddress& to) noexcept;
  void SendGratuitous(std::uint8_t interface, const MacAddress& mac, NetAddr addr) noexcept;
  void Release(const NeighbourKey& key, const MacAddress* mac) noexcept;

  WorkerCore& core_;
  HoldQueue held_;
  Announcer announcer_;
  std::uint32_t announced_count_ = 0;  // RoleState::announce_count as last obeyed.
  std::int64_t next_tick_ns_ = 0;
  bool forgetting_ = false;
  std::uint32_t forget_next_ = 0;  // Slot of the neighbour table.
};

}  // namespace dataplane
