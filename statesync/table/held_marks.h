// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

// Changes that wait in their entries' marks and in no ring: window edges that wait for company, in
// order, and marks that nobody has memory for, which a scan of their shard finds again.
//
// Threads: one, the sync loop.  Memory: the windows' array is given by the table.

#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>

#include "statesync/table/replicated_table.h"
#include "statesync/types.h"

namespace statesync {

// Handles of entries marked kWindow, oldest first, with the time they were first seen.
class WaitingWindows {
 public:
  struct Item {
    Handle handle;
    std::uint32_t seen_us;  // Low bits; nothing waits for an hour.
  };

  void Init(Item* items, std::uint32_t item_count) noexcept {
    items_ = items;
    mask_ = item_count - 1;
  }
  [[nodiscard]] std::uint32_t size() const noexcept { return end_ - next_; }
  // False if there is no room.
  [[nodiscard]] bool Push(Handle handle, Instant seen) noexcept {
    if (size() > mask_) return false;
    items_[end_++ & mask_] = {handle, Low(seen)};
    return true;
  }
  // When the oldest was first seen, to the microsecond. REQUIRES: size() > 0.
  [[nodiscard]] Instant Oldest(Instant now) const noexcept {
    return now - Micros(static_cast<std::uint32_t>(Low(now) - items_[next_ & mask_].seen_us));
  }
  [[nodiscard]] Handle Pop() noexcept { return items_[next_++ & mask_].handle; }
  // The handle that comes after n others. REQUIRES: n < size().
  [[nodiscard]] Handle Peek(std::uint32_t n) const noexcept {
    return items_[(next_ + n) & mask_].handle;
  }

 private:
  static std::uint32_t Low(Instant t) noexcept {
    return static_cast<std::uint32_t>(static_cast<std::uint64_t>(t.ns) / 1'000);
  }
  Item* items_ = nullptr;
  std::uint32_t mask_ = 0;
  std::uint32_t next_ = 0, end_ = 0;
};

// Shards with marks that are in no queue, by the class that was seen, and how many there are. A
// mark that is met two times is counted two times until its shard is looked at again.
class HeldMarks {
 public:
  struct Held {
    Instant since;  // Of the oldest mark.
    std::uint64_t count = 0;
  };

  void Add(ChangeClass change, ShardIndex shard, Instant since) noexcept {
    AddMarks(change, shard, {since, 1});
  }
  // Marks of whatever class.
  void AddShard(ShardIndex shard, Held held) noexcept {
    for (std::size_t c = 1; c < kChangeClasses; ++c) {
      AddMarks(static_cast<ChangeClass>(c), shard, held);
      held.count = 0;
    }
  }
  // The shard will be looked at: forgets it.
  Held Take(ShardIndex shard) noexcept {
    for (ShardSet& set : shards_) set.Remove(shard);
    const Held held = held_[shard];
    held_[shard].count = 0;
    count_ -= held.count;
    return held;
  }
  [[nodiscard]] std::uint64_t count() const noexcept { return count_; }
  // A shard at or after `first`, going round, with marks that the filter lets go; kShardCount:
  // none.
  [[nodiscard]] std::size_t FindReady(const DirtyFilter& filter, std::size_t first) const noexcept {
    const ShardSet ready = Ready(filter);
    if (ready.IsEmpty()) return kShardCount;
    for (std::size_t i = 0; i < kShardCount; ++i) {
      const std::size_t shard = (first + i) % kShardCount;
      if (ready.Has(static_cast<ShardIndex>(shard))) return shard;
    }
    return kShardCount;
  }
  [[nodiscard]] bool HasReady(const DirtyFilter& filter) const noexcept {
    return !Ready(filter).IsEmpty();
  }
  [[nodiscard]] bool IsEmpty() const noexcept {
    return std::all_of(shards_.begin(), shards_.end(),
                       [](const ShardSet& set) { return set.IsEmpty(); });
  }
  // Since when the oldest mark has waited, or `now`.
  [[nodiscard]] Instant Oldest(Instant now) const noexcept {
    if (IsEmpty()) return now;
    Instant oldest = now;
    for (std::size_t s = 0; s < kShardCount; ++s) {
      if (IsHeld(static_cast<ShardIndex>(s))) oldest = std::min(oldest, held_[s].since);
    }
    return oldest;
  }

 private:
  void AddMarks(ChangeClass change, ShardIndex shard, Held held) noexcept {
    Held& at = held_[shard];
    at.since = IsHeld(shard) ? std::min(at.since, held.since) : held.since;
    at.count += held.count;
    count_ += held.count;
    shards_[static_cast<std::size_t>(change)].Add(shard);
  }
  [[nodiscard]] bool IsHeld(ShardIndex shard) const noexcept {
    return std::any_of(shards_.begin(), shards_.end(),
                       [shard](const ShardSet& set) { return set.Has(shard); });
  }
  [[nodiscard]] ShardSet Ready(const DirtyFilter& filter) const noexcept {
    ShardSet ready;
    for (std::size_t c = 1; c < kChangeClasses; ++c) {
      for (std::size_t w = 0; w < ready.words.size(); ++w) {
        ready.words[w] |= shards_[c].words[w] & filter.open[c].words[w];
      }
    }
    return ready;
  }

  std::array<ShardSet, kChangeClasses> shards_{};
  std::array<Held, kShardCount> held_{};
  std::uint64_t count_ = 0;
};

}  // namespace statesync
