// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

#include "statesync/stream/bulk_sender.h"

#include "statesync/ensure.h"
#include "statesync/limits.h"

namespace statesync {

bool BulkSender::OnRequest(Instant now, std::uint32_t bulk_id, const ShardSet& shards, Version cut,
                           std::uint32_t estimate) {
  // Ids grow: a request that was overtaken by a later one must not bring the earlier one back.
  if (bulk_id == 0) return false;
  if (bulk_id_ != 0 && static_cast<std::int32_t>(bulk_id - bulk_id_) <= 0) return false;
  Move(BulkSendEvent::kRequested);
  bulk_id_ = bulk_id;
  shards_ = shards;
  started_at_ = now;
  cut_ = cut;
  end_frame_ = 0;
  sent_count_ = 0;
  total_count_ = estimate;
  table_index_ = 0;
  walk_started_ = false;
  walk_over_ = false;
  stated_ = false;
  return true;
}

void BulkSender::OnDone(std::uint32_t bulk_id) {
  if (bulk_id == bulk_id_ && state_ == BulkSendState::kFinished) Move(BulkSendEvent::kDone);
}

void BulkSender::GiveUp() {
  Move(BulkSendEvent::kGivenUp);
  bulk_id_ = 0;
}

std::size_t BulkSender::ListBatch(std::span<ReplicatedTable* const> tables, ShardIndex first,
                                  std::size_t step, std::span<Handle> handles,
                                  std::size_t& table_index) {
  // A table lists a bounded part of a shard per call, so an empty stretch costs bounded time.
  constexpr std::size_t kLooksMax = 64;
  for (std::size_t looks = 0; looks < kLooksMax && !walk_over_;) {
    if (!walk_started_) {
      walk_started_ = true;
      shard_ = first;
      slot_ = 0;
    }
    if (table_index_ == tables.size()) {
      walk_over_ = true;
      break;
    }
    table_index = table_index_;
    std::size_t count = 0;
    if (shards_.Has(static_cast<ShardIndex>(shard_))) {
      ++looks;
      count = tables[table_index_]->ListBatch(static_cast<ShardIndex>(shard_), slot_, handles);
    } else {
      slot_ = kNoSlot;  // Nobody asked for it.
    }
    if (slot_ == kNoSlot) {
      slot_ = 0;
      shard_ += step;
    }
    if (shard_ >= kShardCount) {
      shard_ = first;
      ++table_index_;
    }
    if (count > 0) return count;
  }
  return 0;
}

void BulkSender::OnWalked(std::uint64_t end_frame) {
  ENSURE(state_ == BulkSendState::kWalking && walk_over_);
  Move(BulkSendEvent::kWalked);
  end_frame_ = end_frame;
  total_count_ = sent_count_;
  stated_ = false;
}

}  // namespace statesync
