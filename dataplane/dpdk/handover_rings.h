// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

// Rings by which workers pass frames on: to the worker that owns the shard, and to the resolver
// (worker 0) when a next hop has no MAC yet.
//
// Threads: any worker gives; a ring's owner takes.  Memory: rings at Create.

#pragma once

#include <rte_mbuf.h>
#include <rte_ring.h>

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "absl/status/statusor.h"
#include "dataplane/core/neighbour.h"

namespace dataplane {

class HandoverRings final {
 public:
  // Errors: kResourceExhausted.
  static absl::StatusOr<std::unique_ptr<HandoverRings>> Create(std::uint8_t worker_count);
  ~HandoverRings();
  HandoverRings(const HandoverRings&) = delete;
  HandoverRings& operator=(const HandoverRings&) = delete;

  // A received frame for `worker` to process from the beginning. False: the ring is full.
  [[nodiscard]] bool Give(std::uint8_t worker, rte_mbuf* frame) noexcept {
    return rte_ring_mp_enqueue(rings_[worker], frame) == 0;
  }
  [[nodiscard]] std::uint16_t Take(std::uint8_t worker, std::span<rte_mbuf*> frames) noexcept {
    return static_cast<std::uint16_t>(
        rte_ring_sc_dequeue_burst(rings_[worker], reinterpret_cast<void**>(frames.data()),
                                  static_cast<unsigned>(frames.size()), nullptr));
  }

  // A frame that only lacks its MACs. The key travels in fields of the buffer that nobody else uses
  // between receive and transmit.
  [[nodiscard]] bool GiveUnresolved(const NeighbourKey& key, rte_mbuf* frame) noexcept {
    frame->port = key.interface;
    frame->hash.usr = key.addr;
    return rte_ring_mp_enqueue(unresolved_, frame) == 0;
  }
  [[nodiscard]] static NeighbourKey KeyOf(const rte_mbuf& frame) noexcept {
    return {.interface = static_cast<std::uint8_t>(frame.port), .addr = frame.hash.usr};
  }
  [[nodiscard]] std::uint16_t TakeUnresolved(std::span<rte_mbuf*> frames) noexcept {
    return static_cast<std::uint16_t>(
        rte_ring_sc_dequeue_burst(unresolved_, reinterpret_cast<void**>(frames.data()),
                                  static_cast<unsigned>(frames.size()), nullptr));
  }

 private:
  HandoverRings() = default;
  std::vector<rte_ring*> rings_;
  rte_ring* unresolved_ = nullptr;
};

}  // namespace dataplane
