// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

#include "statesync/stream/bulk_receiver.h"

#include <algorithm>

#include "statesync/ensure.h"
#include "statesync/limits.h"

namespace statesync {

void BulkReceiver::Ask(Instant now, const ShardSet& shards, bool sweep_all) {
  Move(BulkReceiveEvent::kAsk);
  shards_ = shards;
  sweep_all_ = sweep_all;
  started_at_ = now;
  if (++bulk_id_ == 0) ++bulk_id_;
  last_ = {};
  swept_count_ = 0;
  requested_ = false;
  answer_due_ = false;
}

void BulkReceiver::GiveUp() {
  Move(BulkReceiveEvent::kGiveUp);
  answer_due_ = false;
}

void BulkReceiver::OnStatement(const BulkStatement& statement) {
  if (state_ == BulkReceiveState::kIdle || statement.bulk_id != bulk_id_) return;
  if (state_ == BulkReceiveState::kDone && statement.finished) answer_due_ = true;
  if (last_.finished) return;  // A late `running` says nothing new.
  last_ = statement;
  Move(BulkReceiveEvent::kState);
}

bool BulkReceiver::OnContiguous(std::uint64_t contiguous) {
  if (state_ != BulkReceiveState::kFollowing || !last_.finished) return false;
  if (contiguous < last_.end_frame) return false;
  Move(BulkReceiveEvent::kReachedEnd);
  table_index_ = 0;
  shard_ = 0;
  slot_ = 0;
  return true;
}

std::size_t BulkReceiver::Sweep(std::span<ReplicatedTable* const> tables, ShardIndex first,
                                std::size_t step, std::size_t slot_count) {
  ENSURE(state_ == BulkReceiveState::kSweeping);
  std::size_t removed = 0;
  std::size_t left = slot_count;
  // An incomplete sender may lack what another owner published, so that stays (I5). What it
  // published itself in its term, and does not hold any more, it has deleted.
  const Version from = last_.complete || sweep_all_ ? Version{} : MakeVersion(TermOf(last_.cut), 0);
  while (table_index_ < tables.size() && left > 0) {
    const auto shard = static_cast<ShardIndex>(first + shard_);
    if (shards_.Has(shard)) {
      const std::size_t look = std::min<std::size_t>(left, 4'096);
      removed += tables[table_index_]->SweepBatch(shard, slot_, look, from, last_.cut);
      left -= look;
      if (slot_ != kNoSlot) continue;
    }
    slot_ = 0;
    shard_ += step;
    if (first + shard_ < kShardCount) continue;
    shard_ = 0;
    ++table_index_;
  }
  swept_count_ += static_cast<std::uint32_t>(removed);
  if (table_index_ == tables.size()) {
    Move(BulkReceiveEvent::kSwept);
    answer_due_ = true;
  }
  return removed;
}

}  // namespace statesync
