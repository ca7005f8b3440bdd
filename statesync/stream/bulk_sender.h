// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

// Full transfer, sending side, of one stream: which entries come next, and what is stated.
// PROTOCOL.md §8.
//
// The walk is a cursor over (table, shard, slot); what it lists is published as ordinary inserts by
// the publisher, so live changes and bulk interleave freely.
//
// Threads: one.  Memory: a value.

#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

#include "statesync/shard_set.h"
#include "statesync/table/replicated_table.h"
#include "statesync/types.h"

namespace statesync {

enum class BulkSendState : std::uint8_t { kIdle, kWalking, kFinished };
enum class BulkSendEvent : std::uint8_t { kRequested, kWalked, kDone, kGivenUp };
inline constexpr std::size_t kBulkSendStates = 3;
inline constexpr std::size_t kBulkSendEvents = 4;

// A request always starts over, whatever was going on: it carries a new id.
// clang-format off
inline constexpr std::array<std::array<BulkSendState, kBulkSendEvents>, kBulkSendStates> kBulkSendSteps = {{
    //              kRequested                kWalked                   kDone                     kGivenUp
    /* kIdle     */ {BulkSendState::kWalking, BulkSendState::kIdle,     BulkSendState::kIdle,     BulkSendState::kIdle},
    /* kWalking  */ {BulkSendState::kWalking, BulkSendState::kFinished, BulkSendState::kWalking,  BulkSendState::kIdle},
    /* kFinished */ {BulkSendState::kWalking, BulkSendState::kFinished, BulkSendState::kIdle,     BulkSendState::kIdle},
}};
// clang-format on

class BulkSender {
 public:
  [[nodiscard]] BulkSendState state() const { return state_; }
  [[nodiscard]] std::uint32_t bulk_id() const { return bulk_id_; }
  [[nodiscard]] Version cut() const { return cut_; }
  [[nodiscard]] std::uint64_t end_frame() const { return end_frame_; }
  [[nodiscard]] std::uint32_t sent_count() const { return sent_count_; }
  [[nodiscard]] std::uint32_t total_count() const { return total_count_; }

  [[nodiscard]] Instant started_at() const { return started_at_; }

  // True if a transfer begins: the id is later than that of every earlier one.
  //   shards    those that are wanted; the walk visits no others
  //   estimate  entries that are there now
  bool OnRequest(Instant now, std::uint32_t bulk_id, const ShardSet& shards, Version cut,
                 std::uint32_t estimate);
  void OnDone(std::uint32_t bulk_id);
  // The peer is gone or this node does not own the tables any more.
  void GiveUp();

  // Fills in the next handles of shards first, first + step, … of `tables`, all of one table, whose
  // index is set. Returns their number; zero if none came up in a bounded look: see is_walk_over().
  std::size_t ListBatch(std::span<ReplicatedTable* const> tables, ShardIndex first,
                        std::size_t step, std::span<Handle> handles, std::size_t& table_index);
  [[nodiscard]] bool is_walk_over() const { return walk_over_; }
  void OnSent(std::size_t count) { sent_count_ += static_cast<std::uint32_t>(count); }
  // Everything the walk listed is in frames up to `end_frame`.
  void OnWalked(std::uint64_t end_frame);

  // A statement is due: at the beginning, at the end, and each interval until done arrives.
  [[nodiscard]] bool IsStatementDue(Instant now, Duration interval) const {
    return state_ != BulkSendState::kIdle && (!stated_ || stated_at_ + interval <= now);
  }
  void OnStated(Instant now) {
    stated_ = true;
    stated_at_ = now;
  }
  [[nodiscard]] Instant NextStatement(Instant now, Duration interval) const {
    return stated_ ? stated_at_ + interval : now;
  }

 private:
  void Move(BulkSendEvent event) {
    state_ = kBulkSendSteps[static_cast<std::size_t>(state_)][static_cast<std::size_t>(event)];
  }

  BulkSendState state_ = BulkSendState::kIdle;
  std::uint32_t bulk_id_ = 0;
  ShardSet shards_;
  Instant started_at_;
  Version cut_;
  std::uint64_t end_frame_ = 0;
  std::uint32_t sent_count_ = 0;
  std::uint32_t total_count_ = 0;
  std::size_t table_index_ = 0;
  std::size_t shard_ = 0;
  SlotIndex slot_ = 0;
  bool walk_started_ = false;
  bool walk_over_ = false;
  bool stated_ = false;
  Instant stated_at_;
};

}  // namespace statesync
