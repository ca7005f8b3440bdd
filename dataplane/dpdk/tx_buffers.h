// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

// One worker's outgoing frames, gathered per port and sent in bursts.
//
// Threads: its worker.  Memory: inside the object; frames belong to it from Add() on.

#pragma once

#include <rte_mbuf.h>

#include <array>
#include <cstdint>
#include <memory>
#include <span>

#include "dataplane/core/counters.h"
#include "dataplane/core/interface.h"
#include "dataplane/dpdk/port.h"
#include "statesync/limits.h"

namespace dataplane {

class TxBuffers {
 public:
  // ports: by interface index; they outlive the buffers.
  TxBuffers(std::span<const std::unique_ptr<Port>> ports, std::uint8_t worker)
      : ports_(ports), worker_(worker) {}

  // Queues a frame that is complete; sends the port's burst when it is full.
  void Add(std::uint8_t interface, rte_mbuf* frame, Counters& counters) noexcept {
    Buffer& buffer = buffers_[interface];
    buffer.frames[buffer.count++] = frame;
    if (buffer.count == buffer.frames.size()) FlushOne(interface, counters);
  }

  // Sends everything, and what other workers left at this worker's ports. Once per turn.
  void Flush(Counters& counters, bool forwarding) noexcept {
    for (std::size_t i = 0; i < ports_.size(); ++i) {
      if (buffers_[i].count > 0) FlushOne(static_cast<std::uint8_t>(i), counters);
      counters.drops[static_cast<std::size_t>(DropReason::kTransmitFull)] +=
          ports_[i]->DrainRing(worker_, forwarding);
    }
  }

  // An empty buffer of the interface's pool with `bytes` of room filled in; null (counted) if none.
  [[nodiscard]] rte_mbuf* New(std::uint8_t interface, std::uint16_t bytes,
                              Counters& counters) noexcept {
    rte_mbuf* const frame = rte_pktmbuf_alloc(ports_[interface]->pool());
    if (frame == nullptr || rte_pktmbuf_append(frame, bytes) == nullptr) {
      rte_pktmbuf_free(frame);
      counters.Drop(DropReason::kNoBuffer);
      return nullptr;
    }
    return frame;
  }

 private:
  struct Buffer {
    std::uint16_t count = 0;
    std::array<rte_mbuf*, statesync::kBatchMax> frames{};
  };

  void FlushOne(std::uint8_t interface, Counters& counters) noexcept {
    Buffer& buffer = buffers_[interface];
    counters.drops[static_cast<std::size_t>(DropReason::kTransmitFull)] +=
        ports_[interface]->Transmit(worker_, buffer.frames.data(), buffer.count);
    buffer.count = 0;
  }

  std::span<const std::unique_ptr<Port>> ports_;
  std::uint8_t worker_;
  std::array<Buffer, kInterfacesMax> buffers_;
};

}  // namespace dataplane
