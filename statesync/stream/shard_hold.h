// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

// Shards whose changes wait for a moment, so that the peer can compare a digest of them. The digest
// is stated when the rest begins and again when it ends. PROTOCOL.md §9.
//
// A peer may ask for as many as it likes: at most kHoldsMax rest at a time, each for at most
// kHoldMax, and at most every fifth part of the time.
//
// Threads: one.  Memory: a value.

#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>

#include "statesync/shard_set.h"
#include "statesync/types.h"

namespace statesync {

class ShardHold {
 public:
  // False if the shard must not rest now.
  bool Begin(Instant now, std::size_t table_index, ShardIndex shard, Duration round_trip) {
    if (now < next_begin_ || count_ == kHoldsMax || Rests(shard)) return false;
    const Duration length = std::clamp(round_trip + round_trip, kHoldMin, kHoldMax);
    if (count_ == 0) pause_until_ = now + length * 5;
    holds_[count_++] = {table_index, shard, now + length, false};
    shards_.Add(shard);
    return true;
  }
  [[nodiscard]] bool Rests(ShardIndex shard) const { return count_ > 0 && shards_.Has(shard); }
  // Takes the resting shards out of the set.
  void Exclude(ShardSet& shards) const {
    for (std::size_t i = 0; i < count_; ++i) shards.Remove(holds_[i].shard);
  }
  [[nodiscard]] bool is_empty() const { return count_ == 0; }

  // A digest that is to be stated now; false if there is none. Ends rests whose time is over.
  bool TakeStatement(Instant now, std::size_t& table_index, ShardIndex& shard) {
    for (std::size_t i = 0; i < count_; ++i) {
      Rest& rest = holds_[i];
      if (rest.is_stated && now < rest.until) continue;
      table_index = rest.table_index;
      shard = rest.shard;
      if (!rest.is_stated) {
        rest.is_stated = true;
      } else {
        End(now, i);
      }
      return true;
    }
    return false;
  }
  [[nodiscard]] Instant NextDue(Instant none) const {
    Instant due = none;
    for (std::size_t i = 0; i < count_; ++i) {
      due = holds_[i].is_stated ? std::min(due, holds_[i].until) : Instant{0};
    }
    return due;
  }
  void Clear() {
    count_ = 0;
    shards_ = {};
  }

 private:
  static constexpr std::size_t kHoldsMax = 4;
  static constexpr Duration kHoldMin = Micros(200);
  static constexpr Duration kHoldMax = Millis(10);

  struct Rest {
    std::size_t table_index = 0;
    ShardIndex shard = 0;
    Instant until;
    bool is_stated = false;
  };
  void End(Instant now, std::size_t i) {
    shards_.Remove(holds_[i].shard);
    holds_[i] = holds_[--count_];
    if (count_ == 0) next_begin_ = std::max(now, pause_until_);
    for (std::size_t k = 0; k < count_; ++k) shards_.Add(holds_[k].shard);
  }

  std::array<Rest, kHoldsMax> holds_;
  std::size_t count_ = 0;
  ShardSet shards_;
  Instant pause_until_;
  Instant next_begin_;
};

}  // namespace statesync
