// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

// Comparing the two nodes' tables by sums of their shards as of a common frame. PROTOCOL.md §9.
//
// DigestStatements is the owner's side: whose turn it is. DigestComparison is the receiver's: what
// has been proven, and what has to be repaired. A shard can be compared if everything up to the
// stated frame is closed and nothing from a later one has touched it.
//
// Threads: one.  Memory: allocated by the constructors, never afterwards.

#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>

#include "statesync/limits.h"
#include "statesync/shard_set.h"
#include "statesync/stream/bounded_queue.h"
#include "statesync/table/replicated_table.h"
#include "statesync/types.h"

namespace statesync {

// Walks over (table, shard) of one stream, a round each interval. A round states the shards whose
// sum is news; every so often, and as long as the peer has not agreed to all, it states all.
class DigestStatements {
 public:
  explicit DigestStatements(std::size_t table_count);

  // Shards first, first + step, … from now on; the next round begins at once.
  void Configure(ShardIndex first, std::size_t step);
  // The next round begins at once and states every shard.
  void Restart();
  // The peer has said whether every shard of its last comparison agreed.
  void OnReport(bool all_agreed) { peer_agreed_ = all_agreed; }

  // A shard is to be looked at now.
  [[nodiscard]] bool IsDue(Instant now, Duration interval);
  [[nodiscard]] std::size_t table_index() const { return table_index_; }
  [[nodiscard]] ShardIndex shard() const { return static_cast<ShardIndex>(shard_); }
  // This round has to state the shard, whose digest is this one.
  [[nodiscard]] bool IsNews(const ShardDigest& digest) const {
    const ShardDigest& last = stated_[table_index_ * kShardCount + shard_];
    return is_full_ || last.count != digest.count || last.sum != digest.sum;
  }
  void OnStated(const ShardDigest& digest) { StatedOf(table_index_, shard_) = digest; }
  // Goes on to a shard that is news to the peer, or to the last one of its table.
  void SkipOld(const ReplicatedTable& table) {
    if (is_full_) return;
    for (; shard_ + step_ < kShardCount; shard_ += step_) {
      if (IsNews(table.Digest(shard()))) return;
    }
  }
  // Moves to the next shard; after the last one the round is over.
  void Next() {
    shard_ += step_;
    if (shard_ < kShardCount) return;
    shard_ = first_;
    is_over_ = ++table_index_ == table_count_;
  }
  [[nodiscard]] Instant NextRound(Instant now, Duration interval) const {
    return is_over_ ? began_at_ + interval : now;
  }

 private:
  static constexpr std::uint32_t kFullRoundEvery = 16;

  void Begin();
  [[nodiscard]] ShardDigest& StatedOf(std::size_t table_index, std::size_t shard) {
    return stated_[table_index * kShardCount + shard];
  }

  std::size_t table_count_;
  std::size_t first_ = 0;
  std::size_t step_ = 1;
  std::size_t table_index_ = 0;
  std::size_t shard_ = 0;
  bool is_over_ = true;
  bool began_ = false;
  Instant began_at_;
  bool is_full_ = true;
  bool peer_agreed_ = false;
  std::uint32_t rounds_since_full_ = 0;
  std::unique_ptr<ShardDigest[]> stated_;  // [table_count * kShardCount]
};

class DigestComparison {
 public:
  enum class Outcome : std::uint8_t {
    kAgreed,
    kDiffered,   // Not compared before in this epoch: the peer knows more.
    kMismatch,   // It had agreed, and no frame explains it: damage, or a fault.
    kUncured,    // A transfer had covered it, and it had not agreed since.
    kUndecided,  // Not at rest.
  };

  explicit DigestComparison(std::size_t table_count);

  // Compares the shards first, first + step, … of each table; nothing is proven.
  void Configure(ShardIndex first, std::size_t step);
  // Nothing is proven any more.
  void Restart();
  // The frames of the peer are numbered anew.
  void ForgetTouches();
  // A record of this frame was applied to the shard.
  void OnTouched(std::size_t table_index, ShardIndex shard, std::uint64_t frame) {
    Shard& at = shards_[table_index * kShardCount + shard];
    if (frame > at.touched) at.touched = frame;
  }
  // A transfer has brought these shards.
  void OnCovered(const ShardSet& shards);
  // One statement about a shard as of frame `as_of`.
  //   is_reached  every frame up to as_of is closed here
  Outcome Compare(Instant now, std::size_t table_index, ShardIndex shard, std::uint64_t as_of,
                  bool is_reached, const ShardDigest& own, const ShardDigest& stated);

  [[nodiscard]] bool AllAgreed() const { return agreed_count() == wanted_count_; }
  [[nodiscard]] bool AllAgreed(const ShardSet& shards) const;
  // Each of them has been compared since a transfer covered it.
  [[nodiscard]] bool AllCompared(const ShardSet& shards) const;
  // Every shard was compared, or the oldest difference has waited so long for the others.
  [[nodiscard]] bool IsReadyToRepair(Instant now, Duration wait) const;
  // Shards that differ in some table. covered: those that a transfer did not cure, or the others.
  [[nodiscard]] ShardSet Differing(bool covered) const;
  // A shard that never rests; false if there is none to ask for.
  [[nodiscard]] bool TakeRestless(std::size_t& table_index, ShardIndex& shard);

  [[nodiscard]] std::size_t agreed_count() const;
  [[nodiscard]] std::size_t differed_count() const;
  [[nodiscard]] std::uint16_t agreed_count(std::size_t table) const { return agreed_[table]; }
  [[nodiscard]] std::uint16_t differed_count(std::size_t table) const { return differed_[table]; }
  [[nodiscard]] std::size_t wanted_count() const { return wanted_count_; }

 private:
  struct Shard {
    std::uint64_t touched = 0;  // Last frame that changed it.
    bool agreed = false;
    bool differed = false;
    bool covered = false;            // By a transfer, and no agreement since.
    std::uint8_t undecided_row = 0;  // Statements in a row that found it in motion.
  };
  struct Restless {
    std::uint8_t table_index;
    ShardIndex shard;
  };
  void SetAgreed(Shard& at, std::size_t table_index, bool agreed);
  void SetDiffered(Instant now, Shard& at, std::size_t table_index, bool differed);

  std::unique_ptr<Shard[]> shards_;  // [table_count * kShardCount]
  std::size_t table_count_;
  std::size_t wanted_count_ = 0;
  std::array<std::uint16_t, kHelloTablesMax> agreed_{};    // By table index.
  std::array<std::uint16_t, kHelloTablesMax> differed_{};  // By table index.
  Instant differs_since_;                                  // If something differs.
  BoundedQueue<Restless> restless_;
};

}  // namespace statesync
