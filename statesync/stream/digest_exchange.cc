// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

#include "statesync/stream/digest_exchange.h"

#include <algorithm>
#include <numeric>

#include "statesync/sim_hooks.h"

namespace statesync {
namespace {

constexpr std::size_t kRestlessMax = 4;
constexpr std::uint8_t kRestlessRow = 4;  // Statements in a row that could not be compared.

// What is in flight cannot explain such a difference.
bool IsFar(const ShardDigest& own, const ShardDigest& stated) {
  const std::uint32_t more = std::max(own.count, stated.count);
  const std::uint32_t less = std::min(own.count, stated.count);
  return more - less > 64 + stated.count / 8;
}

}  // namespace

// ---- Statements --------------------------------------------------------------------------------

DigestStatements::DigestStatements(std::size_t table_count)
    : table_count_(table_count),
      stated_(std::make_unique<ShardDigest[]>(table_count * kShardCount)) {}

void DigestStatements::Configure(ShardIndex first, std::size_t step) {
  first_ = first;
  step_ = step;
  Restart();
}

void DigestStatements::Restart() {
  peer_agreed_ = false;
  Begin();
}

void DigestStatements::Begin() {
  is_over_ = false;
  began_ = false;
  table_index_ = 0;
  shard_ = first_;
  is_full_ = !peer_agreed_ || rounds_since_full_ >= kFullRoundEvery;
  rounds_since_full_ = is_full_ ? 0 : rounds_since_full_ + 1;
}

bool DigestStatements::IsDue(Instant now, Duration interval) {
  if (table_count_ == 0) return false;
  if (is_over_ && began_at_ + interval <= now) Begin();
  if (!is_over_ && !began_) {
    began_ = true;
    began_at_ = now;
  }
  return !is_over_;
}

// ---- Comparison --------------------------------------------------------------------------------

DigestComparison::DigestComparison(std::size_t table_count)
    : shards_(std::make_unique<Shard[]>(table_count * kShardCount)),
      table_count_(table_count),
      restless_(kRestlessMax) {}

void DigestComparison::Configure(ShardIndex first, std::size_t step) {
  wanted_count_ = table_count_ * ((kShardCount - first + step - 1) / step);
  Restart();
}

void DigestComparison::Restart() {
  for (std::size_t i = 0; i < table_count_ * kShardCount; ++i) {
    shards_[i] = {.touched = shards_[i].touched};
  }
  agreed_.fill(0);
  differed_.fill(0);
  restless_.Clear();
}

void DigestComparison::ForgetTouches() {
  for (std::size_t i = 0; i < table_count_ * kShardCount; ++i) shards_[i].touched = 0;
}

void DigestComparison::OnCovered(const ShardSet& shards) {
  for (std::size_t i = 0; i < table_count_ * kShardCount; ++i) {
    if (!shards.Has(static_cast<ShardIndex>(i % kShardCount))) continue;
    SetAgreed(shards_[i], i / kShardCount, false);
    SetDiffered({}, shards_[i], i / kShardCount, false);
    shards_[i].covered = true;
  }
}

DigestComparison::Outcome DigestComparison::Compare(Instant now, std::size_t table_index,
                                                    ShardIndex shard, std::uint64_t as_of,
                                                    bool is_reached, const ShardDigest& own,
                                                    const ShardDigest& stated) {
  Shard& at = shards_[table_index * kShardCount + shard];
  const bool is_first = !at.agreed && !at.covered;
  const bool rests = is_reached && at.touched <= as_of;
  if (!rests && !(is_first && IsFar(own, stated))) {
    if (at.undecided_row < kRestlessRow && ++at.undecided_row == kRestlessRow) {
      at.undecided_row = 0;
      (void)restless_.Push({static_cast<std::uint8_t>(table_index), shard});
    }
    return Outcome::kUndecided;
  }
  at.undecided_row = 0;
  const bool is_equal = own.count == stated.count && own.sum == stated.sum;
  if (rests && (is_equal || (shard % 8 == 5 && SIM_BUG(digest_skips_shard)))) {
    SetAgreed(at, table_index, true);
    SetDiffered(now, at, table_index, false);
    at.covered = false;
    return Outcome::kAgreed;
  }
  const bool had_agreed = at.agreed;
  SetAgreed(at, table_index, false);
  SetDiffered(now, at, table_index, true);
  if (is_first) return Outcome::kDiffered;
  at.covered = true;  // Until it agrees again the difference is one that nothing explains.
  return had_agreed ? Outcome::kMismatch : Outcome::kUncured;
}

bool DigestComparison::AllAgreed(const ShardSet& shards) const {
  for (std::size_t i = 0; i < table_count_ * kShardCount; ++i) {
    if (shards.Has(static_cast<ShardIndex>(i % kShardCount)) && !shards_[i].agreed) return false;
  }
  return true;
}

bool DigestComparison::AllCompared(const ShardSet& shards) const {
  for (std::size_t i = 0; i < table_count_ * kShardCount; ++i) {
    if (shards.Has(static_cast<ShardIndex>(i % kShardCount)) && !shards_[i].agreed &&
        !shards_[i].differed)
      return false;
  }
  return true;
}

bool DigestComparison::IsReadyToRepair(Instant now, Duration wait) const {
  const std::size_t differed = differed_count();
  if (differed == 0) return false;
  return agreed_count() + differed == wanted_count_ || differs_since_ + wait <= now;
}

ShardSet DigestComparison::Differing(bool covered) const {
  ShardSet set;
  for (std::size_t i = 0; i < table_count_ * kShardCount; ++i) {
    if (shards_[i].differed && shards_[i].covered == covered)
      set.Add(static_cast<ShardIndex>(i % kShardCount));
  }
  return set;
}

bool DigestComparison::TakeRestless(std::size_t& table_index, ShardIndex& shard) {
  if (restless_.is_empty()) return false;
  const Restless next = restless_.Pop();
  table_index = next.table_index;
  shard = next.shard;
  return true;
}

std::size_t DigestComparison::agreed_count() const {
  return std::accumulate(agreed_.begin(), agreed_.end(), std::size_t{0});
}
std::size_t DigestComparison::differed_count() const {
  return std::accumulate(differed_.begin(), differed_.end(), std::size_t{0});
}

void DigestComparison::SetAgreed(Shard& at, std::size_t table_index, bool agreed) {
  if (at.agreed == agreed) return;
  at.agreed = agreed;
  agreed_[table_index] = static_cast<std::uint16_t>(agreed_[table_index] + (agreed ? 1 : -1));
}

void DigestComparison::SetDiffered(Instant now, Shard& at, std::size_t table_index, bool differed) {
  if (at.differed == differed) return;
  if (differed && differed_count() == 0) differs_since_ = now;
  at.differed = differed;
  differed_[table_index] = static_cast<std::uint16_t>(differed_[table_index] + (differed ? 1 : -1));
}

}  // namespace statesync
