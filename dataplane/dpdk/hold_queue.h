// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

// Frames that wait for their next hop's MAC. The neighbour table decides how many may wait
// (kArpQueuePackets each, kArpQueueTotal in all); this keeps them in order of arrival.
//
// Threads: the resolver (worker 0).  Memory: inside the object.  Cost: Take looks at all that wait.

#pragma once

#include <rte_mbuf.h>

#include <array>
#include <cstdint>
#include <span>

#include "dataplane/core/neighbour.h"

namespace dataplane {

class HoldQueue {
 public:
  ~HoldQueue() {
    for (std::uint32_t i = 0; i < count_; ++i) rte_pktmbuf_free(held_[i].frame);
  }

  // False: full, the frame stays the caller's.
  [[nodiscard]] bool Add(const NeighbourKey& key, rte_mbuf* frame) noexcept {
    if (count_ == held_.size()) return false;
    held_[count_++] = {key, frame};
    return true;
  }

  // Takes the frames of `key`, oldest first, at most frames.size(); returns their number.
  std::uint16_t Take(const NeighbourKey& key, std::span<rte_mbuf*> frames) noexcept {
    std::uint16_t taken = 0;
    std::uint32_t kept = 0;
    for (std::uint32_t i = 0; i < count_; ++i) {
      if (held_[i].key == key && taken < frames.size()) {
        frames[taken++] = held_[i].frame;
      } else {
        held_[kept++] = held_[i];
      }
    }
    count_ = kept;
    return taken;
  }

  [[nodiscard]] std::uint32_t count() const noexcept { return count_; }

 private:
  struct Held {
    NeighbourKey key;
    rte_mbuf* frame = nullptr;
  };
  std::array<Held, kArpQueueTotal> held_;
  std::uint32_t count_ = 0;
};

}  // namespace dataplane
