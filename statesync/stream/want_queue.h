// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

// Handles that the receiver does not know and asks for, until the sender has answered. PROTOCOL.md
// §6.
//
// Whether a handle was answered is seen in the slot map, so an answer costs nothing here. Two
// queues keep the order by due time: new ones go at once, asked ones come again after the interval.
//
// Threads: one.  Memory: kWantQueueMax items, allocated by the constructor.

#pragma once

#include <cstddef>
#include <cstdint>

#include "statesync/limits.h"
#include "statesync/stream/bounded_queue.h"
#include "statesync/types.h"

namespace statesync {

struct WantedHandle {
  TableId table = TableId::kControl;
  std::uint8_t generation = 0;
  Handle handle;
  Version version;          // Newest image of it that could not be applied.
  std::uint64_t frame = 0;  // Earliest one with such an image.
};

class WantQueue {
 public:
  WantQueue() : fresh_(kWantQueueMax), asked_(kWantQueueMax) {}

  void Clear() {
    fresh_.Clear();
    asked_.Clear();
  }
  // False if there is no room: digests find the entry instead.
  [[nodiscard]] bool Add(const WantedHandle& wanted) {
    return fresh_.size() + asked_.size() < kWantQueueMax && fresh_.Push(wanted);
  }
  [[nodiscard]] std::size_t size() const { return fresh_.size() + asked_.size(); }

  // Takes the next handle to ask for and keeps it for the next time. `is_wanted(handle)` says
  // whether no answer has come yet. False if nothing is due.
  template <typename IsWanted>
  [[nodiscard]] bool TakeDue(Instant now, Duration interval, IsWanted is_wanted,
                             WantedHandle& out) {
    while (!fresh_.is_empty()) {
      const WantedHandle wanted = fresh_.Pop();
      if (is_wanted(wanted) && Keep(wanted, now, out)) return true;
    }
    while (!asked_.is_empty() && asked_.Front().asked + interval <= now) {
      const WantedHandle wanted = asked_.Pop().wanted;
      if (is_wanted(wanted) && Keep(wanted, now, out)) return true;
    }
    return false;
  }
  // The handle's item, or null. Cost: O(size()); asked for rarely, as the slot map has a flag.
  [[nodiscard]] WantedHandle* Find(TableId table, Handle handle) {
    const auto is_it = [&](const WantedHandle& item) {
      return item.table == table && item.handle == handle;
    };
    for (std::size_t i = 0; i < fresh_.size(); ++i) {
      if (is_it(fresh_.At(i))) return &fresh_.At(i);
    }
    for (std::size_t i = 0; i < asked_.size(); ++i) {
      if (is_it(asked_.At(i).wanted)) return &asked_.At(i).wanted;
    }
    return nullptr;
  }
  // The earliest frame of which a record waits for an answer; `none` if there is no such.
  // Cost: O(size()).
  template <typename IsWanted>
  [[nodiscard]] std::uint64_t OldestFrame(IsWanted is_wanted, std::uint64_t none) const {
    std::uint64_t oldest = none;
    for (std::size_t i = 0; i < fresh_.size(); ++i) {
      const WantedHandle& wanted = fresh_.At(i);
      if (wanted.frame < oldest && is_wanted(wanted)) oldest = wanted.frame;
    }
    for (std::size_t i = 0; i < asked_.size(); ++i) {
      const WantedHandle& wanted = asked_.At(i).wanted;
      if (wanted.frame < oldest && is_wanted(wanted)) oldest = wanted.frame;
    }
    return oldest;
  }
  [[nodiscard]] bool has_fresh() const { return !fresh_.is_empty(); }
  // When the oldest asked one is repeated. REQUIRES: has_asked().
  [[nodiscard]] bool has_asked() const { return !asked_.is_empty(); }
  [[nodiscard]] Instant NextRepeat(Duration interval) const {
    return asked_.Front().asked + interval;
  }

 private:
  struct Asked {
    WantedHandle wanted;
    Instant asked;
  };
  bool Keep(const WantedHandle& wanted, Instant now, WantedHandle& out) {
    out = wanted;
    return asked_.Push({wanted, now});
  }

  BoundedQueue<WantedHandle> fresh_;
  BoundedQueue<Asked> asked_;
};

}  // namespace statesync
