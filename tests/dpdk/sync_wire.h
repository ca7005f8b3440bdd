// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

// The HA2 link of a test: a DPDK ring port for each node, and between them a test that may look at
// every frame, lose it, or add its own.
//
// Threads: one.

#pragma once

#include <rte_eth_ring.h>
#include <rte_lcore.h>
#include <rte_mbuf.h>
#include <rte_ring.h>

#include <cstdint>
#include <cstring>
#include <functional>
#include <string>
#include <vector>

#include "dataplane/dpdk/mbuf_pool.h"
#include "statesync/ensure.h"

namespace dataplane::testing {

using Frame = std::vector<std::uint8_t>;

// One node's end.
class WireEnd {
 public:
  explicit WireEnd(unsigned ring_frames = 1'024) {
    static int count = 0;
    const std::string name = std::to_string(count++);
    to_node_ =
        rte_ring_create(("to" + name).c_str(), ring_frames, 0, RING_F_SP_ENQ | RING_F_SC_DEQ);
    from_node_ =
        rte_ring_create(("from" + name).c_str(), ring_frames, 0, RING_F_SP_ENQ | RING_F_SC_DEQ);
    ENSURE(to_node_ != nullptr && from_node_ != nullptr);
    ENSURE(rte_eth_from_rings(("ha2" + name).c_str(), &to_node_, 1, &from_node_, 1, 0) >= 0);
    device_ = "net_ring_ha2" + name;
  }
  // Call when the node's port is closed.
  ~WireEnd() {
    for (rte_ring* ring : {to_node_, from_node_}) {
      rte_mbuf* frame = nullptr;
      while (rte_ring_dequeue(ring, reinterpret_cast<void**>(&frame)) == 0) rte_pktmbuf_free(frame);
      rte_ring_free(ring);
    }
  }
  WireEnd(const WireEnd&) = delete;
  WireEnd& operator=(const WireEnd&) = delete;

  [[nodiscard]] const std::string& device() const { return device_; }

  // Everything the node has sent.
  std::vector<Frame> Take() {
    std::vector<Frame> frames;
    rte_mbuf* frame = nullptr;
    while (rte_ring_dequeue(from_node_, reinterpret_cast<void**>(&frame)) == 0) {
      const auto* const bytes = rte_pktmbuf_mtod(frame, const std::uint8_t*);
      frames.emplace_back(bytes, bytes + rte_pktmbuf_data_len(frame));
      rte_pktmbuf_free(frame);
    }
    return frames;
  }
  // Lost if the ring is full.
  void Give(const Frame& bytes, rte_mempool* pool) {
    rte_mbuf* const frame = rte_pktmbuf_alloc(pool);
    ENSURE(frame != nullptr);
    char* const room = rte_pktmbuf_append(frame, static_cast<std::uint16_t>(bytes.size()));
    ENSURE(room != nullptr);
    if (!bytes.empty()) std::memcpy(room, bytes.data(), bytes.size());
    if (rte_ring_enqueue(to_node_, frame) != 0) rte_pktmbuf_free(frame);
  }

 private:
  rte_ring* to_node_ = nullptr;
  rte_ring* from_node_ = nullptr;
  std::string device_;
};

}  // namespace dataplane::testing
