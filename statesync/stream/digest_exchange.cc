// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

#include "statesync/stream/digest_exchange.h"

namespace statesync {

void DigestStatements::Next() {
  shard_ += step_;
  if (shard_ < kShardCount) return;
  shard_ = first_;
  is_over_ = ++table_index_ == table_count_;
}

DigestComparison::DigestComparison(std::size_t table_count, ShardIndex first, std::size_t step)
    : shards_(std::make_unique<Shard[]>(table_count * kShardCount)),
      shard_count_(table_count * kShardCount),
      wanted_count_(table_count * ((kShardCount - first + step - 1) / step)) {}

void DigestComparison::Restart() {
  for (std::size_t i = 0; i < shard_count_; ++i) {
    shards_[i].agreed = false;
    shards_[i].differed_at = 0;
  }
  agreed_count_ = 0;
  differed_count_ = 0;
}

DigestComparison::Outcome DigestComparison::Compare(std::size_t table_index, ShardIndex shard,
                                                    std::uint64_t as_of, bool is_reached,
                                                    bool is_equal) {
  Shard& at = shards_[table_index * kShardCount + shard];
  if (!is_reached || at.touched > as_of) return Outcome::kUndecided;
  const bool had_differed = at.differed_at != 0;
  if (is_equal) {
    agreed_count_ += at.agreed ? 0 : 1;
    differed_count_ -= had_differed ? 1 : 0;
    at.agreed = true;
    at.differed_at = 0;
    return Outcome::kAgreed;
  }
  agreed_count_ -= at.agreed ? 1 : 0;
  differed_count_ += had_differed ? 0 : 1;
  at.agreed = false;
  // The same statement twice (a duplicated datagram) is one comparison.
  const bool confirmed = had_differed && as_of > at.differed_at;
  if (!had_differed) at.differed_at = as_of;
  return confirmed ? Outcome::kConfirmed : Outcome::kDiffered;
}

}  // namespace statesync
