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
    shards_[i].differed = false;
  }
  agreed_count_ = 0;
  differed_count_ = 0;
}

void DigestComparison::ForgetTouches() {
  for (std::size_t i = 0; i < shard_count_; ++i) shards_[i].touched = 0;
}

DigestComparison::Outcome DigestComparison::Compare(Instant now, Duration confirm_after,
                                                    std::size_t table_index, ShardIndex shard,
                                                    std::uint64_t as_of, bool is_reached,
                                                    bool is_equal) {
  Shard& at = shards_[table_index * kShardCount + shard];
  if (!is_reached || at.touched > as_of) return Outcome::kUndecided;
  if (is_equal) {
    agreed_count_ += at.agreed ? 0 : 1;
    differed_count_ -= at.differed ? 1 : 0;
    at.agreed = true;
    at.differed = false;
    return Outcome::kAgreed;
  }
  agreed_count_ -= at.agreed ? 1 : 0;
  at.agreed = false;
  if (at.differed) {
    return at.differed_at + confirm_after <= now ? Outcome::kConfirmed : Outcome::kDiffered;
  }
  ++differed_count_;
  at.differed = true;
  at.differed_at = now;
  return Outcome::kDiffered;
}

}  // namespace statesync
