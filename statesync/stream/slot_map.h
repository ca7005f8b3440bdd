// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

// What the receiver knows of each slot of the sender: eight bytes, found by index.
//
// An entry of the map is one word: bits 0–39 hold own slot, own generation and the sender's
// generation (live) or the counter since which it is dead or refused; 40–55 the age of the shard,
// so that forgetting a shard is one increment; 56–58 what it is; 59 whether a `want` for it is
// under way. All streams share one map per table; each forgets its own shards.
//
// Threads: one.  Memory: 8 bytes per slot of the peer, allocated by the constructor.

#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>

#include "statesync/limits.h"
#include "statesync/table/replicated_table.h"
#include "statesync/types.h"

namespace statesync {

enum class SlotKind : std::uint8_t {
  kUnknown = 0,
  kLive = 1,     // The sender's (slot, generation) is own.
  kDead = 2,     // Deleted by a record with this version counter.
  kRefused = 3,  // The insert with this version counter could not be taken; a later one is tried.
};

struct SlotState {
  SlotKind kind = SlotKind::kUnknown;
  bool wanted = false;
  std::uint8_t generation = 0;  // The sender's; if live.
  OwnHandle own;                // If live.
  std::uint64_t since = 0;      // Version counter; if dead or refused.
};

class SlotMap {
 public:
  explicit SlotMap(std::uint32_t slots_per_shard);

  // Every slot of the shard becomes unknown. O(1), but once in 65,535 calls O(slots).
  void Forget(ShardIndex shard);

  [[nodiscard]] bool IsInRange(SlotIndex slot) const { return slot < slots_per_shard_; }
  // All below REQUIRE a slot in range.
  [[nodiscard]] SlotState Get(Handle sender) const;
  void SetLive(Handle sender, std::uint8_t generation, OwnHandle own);
  void SetDead(Handle sender, std::uint64_t counter);
  void SetRefused(Handle sender, std::uint64_t counter);
  void SetWanted(Handle sender, bool wanted);
  void Prefetch(Handle sender) const { __builtin_prefetch(&words_[IndexOf(sender)], 1); }

  // Slots whose last insert was refused.
  [[nodiscard]] std::uint32_t refused_count() const { return refused_count_; }

 private:
  [[nodiscard]] std::size_t IndexOf(Handle sender) const {
    return std::size_t{sender.shard} * slots_per_shard_ + sender.slot;
  }
  void Put(Handle sender, SlotKind kind, std::uint64_t payload);

  std::uint32_t slots_per_shard_;
  struct Shard {
    std::uint16_t age = 1;  // Words of another age are unknown.
    std::uint32_t refused_count = 0;
  };
  std::array<Shard, kShardCount> shards_;
  std::uint32_t refused_count_ = 0;
  std::unique_ptr<std::uint64_t[]> words_;  // [kShardCount * slots_per_shard_]
};

}  // namespace statesync
