// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

// Comparing the two nodes' tables by sums of their shards as of a common frame. PROTOCOL.md §9.
//
// DigestStatements is the owner's side: whose turn it is. DigestComparison is the receiver's: what
// has been proven. A shard can be compared if everything up to the stated frame is closed and
// nothing from a later one has touched it.
//
// Threads: one.  Memory: allocated by the constructors, never afterwards.

#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>

#include "statesync/limits.h"
#include "statesync/table/replicated_table.h"
#include "statesync/types.h"

namespace statesync {

// Walks over (table, shard) of one stream, a round each interval.
class DigestStatements {
 public:
  DigestStatements(std::size_t table_count, ShardIndex first, std::size_t step)
      : table_count_(table_count), first_(first), step_(step) {}

  // The next round begins at once.
  void Restart() { Begin(); }
  // A shard is to be stated now.
  [[nodiscard]] bool IsDue(Instant now, Duration interval) {
    if (table_count_ == 0) return false;
    if (is_over_ && began_at_ + interval <= now) Begin();
    if (!is_over_ && !began_) {
      began_ = true;
      began_at_ = now;
    }
    return !is_over_;
  }
  [[nodiscard]] std::size_t table_index() const { return table_index_; }
  [[nodiscard]] ShardIndex shard() const { return static_cast<ShardIndex>(shard_); }
  // Moves to the next shard; after the last one the round is over.
  void Next();
  [[nodiscard]] Instant NextRound(Instant now, Duration interval) const {
    return is_over_ ? began_at_ + interval : now;
  }

 private:
  void Begin() {
    is_over_ = false;
    began_ = false;
    table_index_ = 0;
    shard_ = first_;
  }

  std::size_t table_count_;
  std::size_t first_;
  std::size_t step_;
  std::size_t table_index_ = 0;
  std::size_t shard_ = 0;
  bool is_over_ = true;
  bool began_ = false;
  Instant began_at_;
};

class DigestComparison {
 public:
  enum class Outcome : std::uint8_t { kAgreed, kDiffered, kConfirmed, kUndecided };

  // Compares the shards first, first + step, … of each table.
  DigestComparison(std::size_t table_count, ShardIndex first, std::size_t step);

  // Nothing is proven any more.
  void Restart();
  // The frames of the peer are numbered anew.
  void ForgetTouches();
  // A record of this frame was applied to the shard.
  void OnTouched(std::size_t table_index, ShardIndex shard, std::uint64_t frame) {
    Shard& at = shards_[table_index * kShardCount + shard];
    if (frame > at.touched) at.touched = frame;
  }
  // One statement about a shard as of frame `as_of`. A difference is confirmed by a second one at
  // least `confirm_after` later, so that one duplicated or delayed statement never counts twice.
  //   is_reached  every frame up to as_of is closed here
  Outcome Compare(Instant now, Duration confirm_after, std::size_t table_index, ShardIndex shard,
                  std::uint64_t as_of, bool is_reached, bool is_equal);

  [[nodiscard]] bool AllAgreed() const { return agreed_count_ == wanted_count_; }
  [[nodiscard]] std::size_t agreed_count() const { return agreed_count_; }
  [[nodiscard]] std::size_t differed_count() const { return differed_count_; }
  [[nodiscard]] std::size_t wanted_count() const { return wanted_count_; }

 private:
  struct Shard {
    std::uint64_t touched = 0;  // Last frame that changed it.
    Instant differed_at;        // If differed.
    bool agreed = false;
    bool differed = false;
  };
  std::unique_ptr<Shard[]> shards_;  // [table_count * kShardCount]
  std::size_t shard_count_;
  std::size_t wanted_count_;
  std::size_t agreed_count_ = 0;
  std::size_t differed_count_ = 0;
};

}  // namespace statesync
