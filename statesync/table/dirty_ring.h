// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

// Handles of changed entries on their way from one worker to the sync loop. A full ring refuses;
// the worker then flags the shard for a scan, so a change is never lost.
//
// Threads: one producer (the worker), one consumer (the sync loop).
// Memory:  `handles`, a power of two, given by the owner.

#pragma once

#include <atomic>
#include <cstdint>

#include "statesync/types.h"

namespace statesync {

class DirtyRing {
 public:
  void Init(Handle* handles, std::uint32_t handle_count) noexcept {
    handles_ = handles;
    mask_ = handle_count - 1;
  }

  // ---- Producer ----

  // Puts one handle; invisible to the consumer until Publish(). False if the ring is full.
  [[nodiscard]] bool Push(Handle handle) noexcept {
    if (pushed_ - popped_seen_ > mask_) {
      popped_seen_ = popped_.load(std::memory_order_acquire);
      if (pushed_ - popped_seen_ > mask_) return false;
    }
    handles_[pushed_ & mask_] = handle;
    ++pushed_;
    return true;
  }
  // Makes what was pushed visible. Once per batch.
  void Publish() noexcept { published_.store(pushed_, std::memory_order_release); }

  // ---- Consumer ----

  [[nodiscard]] bool Pop(Handle& handle) noexcept {
    if (next_ == published_seen_) {
      published_seen_ = published_.load(std::memory_order_acquire);
      if (next_ == published_seen_) return false;
    }
    handle = handles_[next_ & mask_];
    ++next_;
    return true;
  }
  // Gives the popped places back. Once per batch.
  void Release() noexcept { popped_.store(next_, std::memory_order_release); }

  // Handles waiting; approximate while the other side runs. Any thread.
  [[nodiscard]] std::uint32_t size() const noexcept {
    return published_.load(std::memory_order_relaxed) - popped_.load(std::memory_order_relaxed);
  }

 private:
  Handle* handles_ = nullptr;
  std::uint32_t mask_ = 0;
  alignas(64) std::atomic<std::uint32_t> published_{0};  // Writer: producer.
  std::uint32_t pushed_ = 0;
  std::uint32_t popped_seen_ = 0;
  alignas(64) std::atomic<std::uint32_t> popped_{0};  // Writer: consumer.
  std::uint32_t next_ = 0;
  std::uint32_t published_seen_ = 0;
};

}  // namespace statesync
