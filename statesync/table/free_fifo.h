// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

// Free slots of one shard, first in first out: the sync loop returns slots, the shard's writer
// takes them. Slots that were never used go first, so a new shard needs no filling.
//
// Threads: one producer (sync loop), one consumer (shard writer). While the sync loop is the
// shard's writer it is both.  Memory: the ring of slots, given by the owner; at least slot_count
// elements. Invariant: a slot is free, or held by one entry or tombstone; so the ring cannot
// overflow.

#pragma once

#include <atomic>
#include <cstdint>

#include "statesync/ensure.h"
#include "statesync/types.h"

namespace statesync {

class FreeFifo {
 public:
  void Init(SlotIndex* ring, std::uint32_t slot_count) noexcept {
    ring_ = ring;
    slot_count_ = slot_count;
  }

  // ---- Consumer ----

  // The slot that Take() would return; kNoSlot if none is free.
  [[nodiscard]] SlotIndex Peek() noexcept {
    if (fresh_ < slot_count_) return static_cast<SlotIndex>(fresh_);
    if (taken_ == returned_seen_) {
      returned_seen_ = returned_.load(std::memory_order_acquire);
      if (taken_ == returned_seen_) return kNoSlot;
    }
    return ring_[take_position_];
  }
  // REQUIRES: Peek() != kNoSlot, called just before.
  void Take() noexcept {
    if (fresh_ < slot_count_) {
      ++fresh_;
      return;
    }
    ++taken_;
    take_position_ = take_position_ + 1 == slot_count_ ? 0 : take_position_ + 1;
  }
  // The slot `ahead` places behind the next one, if it is known to be free: something to prefetch.
  [[nodiscard]] SlotIndex PeekAhead(std::uint32_t ahead) const noexcept {
    if (fresh_ + ahead < slot_count_) return static_cast<SlotIndex>(fresh_ + ahead);
    if (fresh_ < slot_count_ || returned_seen_ - taken_ <= ahead) return kNoSlot;
    const std::uint32_t position = take_position_ + ahead;
    return ring_[position < slot_count_ ? position : position - slot_count_];
  }

  // ---- Producer ----

  // The slot becomes reusable; everything written to its entry before is visible to its taker.
  void Return(SlotIndex slot) noexcept {
    ring_[return_position_] = slot;
    return_position_ = return_position_ + 1 == slot_count_ ? 0 : return_position_ + 1;
    returned_.store(returned_.load(std::memory_order_relaxed) + 1, std::memory_order_release);
  }

 private:
  SlotIndex* ring_ = nullptr;
  std::uint32_t slot_count_ = 0;
  // Consumer.
  std::uint32_t fresh_ = 0;          // Slots below were used at least once.
  std::uint32_t taken_ = 0;          // Slots taken from the ring, wrapping.
  std::uint32_t take_position_ = 0;  // taken_ modulo slot_count_.
  std::uint32_t returned_seen_ = 0;  // Last value read from returned_.
  // Producer.
  alignas(64) std::atomic<std::uint32_t> returned_{0};  // Slots put into the ring, wrapping.
  std::uint32_t return_position_ = 0;
};

}  // namespace statesync
