// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

// Full transfer, receiving side, of one stream: ask, follow, sweep, answer. PROTOCOL.md §8.
//
// Threads: one.  Memory: a value.
// Invariant: a sweep begins only when every frame up to the transfer's last one is closed; it
// removes entries of other terms than the sender's only if the sender's table is complete (I5).

#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

#include "statesync/shard_set.h"
#include "statesync/table/replicated_table.h"
#include "statesync/types.h"

namespace statesync {

enum class BulkReceiveState : std::uint8_t {
  kIdle,       // Nothing was asked for.
  kAsking,     // The request is repeated until a state of its id arrives.
  kFollowing,  // Records arrive as ordinary inserts.
  kSweeping,   // Everything arrived; entries that the transfer did not touch are removed.
  kDone,       // The answer is repeated each time the sender states `finished` again.
};
enum class BulkReceiveEvent : std::uint8_t { kAsk, kState, kReachedEnd, kSwept, kGiveUp };
inline constexpr std::size_t kBulkReceiveStates = 5;
inline constexpr std::size_t kBulkReceiveEvents = 5;

// clang-format off
inline constexpr auto kBulkReceiveSteps = [] {
  using enum BulkReceiveState;
  return std::array<std::array<BulkReceiveState, kBulkReceiveEvents>, kBulkReceiveStates>{{
      //                kAsk     kState      kReachedEnd  kSwept     kGiveUp
      /* kIdle      */ {kAsking, kIdle,      kIdle,       kIdle,     kIdle},
      /* kAsking    */ {kAsking, kFollowing, kAsking,     kAsking,   kIdle},
      /* kFollowing */ {kAsking, kFollowing, kSweeping,   kFollowing, kIdle},
      /* kSweeping  */ {kAsking, kSweeping,  kSweeping,   kDone,     kIdle},
      /* kDone      */ {kAsking, kDone,      kDone,       kDone,     kIdle},
  }};
}();
// clang-format on

// What a BulkStateRecord says, decoded.
struct BulkStatement {
  std::uint32_t bulk_id = 0;
  bool finished = false;
  bool complete = false;
  Version cut;
  std::uint64_t end_frame = 0;
  std::uint32_t entry_count = 0;
  std::uint32_t sent_count = 0;
};

class BulkReceiver {
 public:
  [[nodiscard]] BulkReceiveState state() const { return state_; }
  [[nodiscard]] std::uint32_t bulk_id() const { return bulk_id_; }
  [[nodiscard]] std::uint32_t sent_count() const { return last_.sent_count; }
  [[nodiscard]] std::uint32_t entry_count() const { return last_.entry_count; }
  [[nodiscard]] std::uint32_t swept_count() const { return swept_count_; }
  [[nodiscard]] bool is_running() const {
    return state_ != BulkReceiveState::kIdle && state_ != BulkReceiveState::kDone;
  }

  // Shards that were asked for; the others have nothing to do with the transfer.
  [[nodiscard]] const ShardSet& shards() const { return shards_; }
  [[nodiscard]] bool Covers(ShardIndex shard) const { return is_running() && shards_.Has(shard); }
  [[nodiscard]] Instant started_at() const { return started_at_; }

  // Begins a transfer with a new id; one that is running is given up.
  //   sweep_all  an operator takes the sender's table for the truth, complete or not
  void Ask(Instant now, const ShardSet& shards, bool sweep_all);
  void GiveUp();
  void OnStatement(const BulkStatement& statement);
  // Every frame up to `contiguous` is closed. True if this began the sweep.
  bool OnContiguous(std::uint64_t contiguous);
  // Sweeps at most so many slots of shards first, first + step, … . Returns entries removed; the
  // state is kDone when it was the last part.
  std::size_t Sweep(std::span<ReplicatedTable* const> tables, ShardIndex first, std::size_t step,
                    std::size_t slot_count);

  [[nodiscard]] bool IsRequestDue(Instant now, Duration interval) const {
    return state_ == BulkReceiveState::kAsking && (!requested_ || requested_at_ + interval <= now);
  }
  void OnRequested(Instant now) {
    requested_ = true;
    requested_at_ = now;
  }
  [[nodiscard]] Instant NextRequest(Instant now, Duration interval) const {
    return requested_ ? requested_at_ + interval : now;
  }
  // The sender has to hear (again) that its transfer is done. Not before digests have spoken.
  [[nodiscard]] bool IsAnswerDue() const {
    return state_ == BulkReceiveState::kDone && answer_due_;
  }
  void OnAnswered() { answer_due_ = false; }

 private:
  void Move(BulkReceiveEvent event) {
    state_ = kBulkReceiveSteps[static_cast<std::size_t>(state_)][static_cast<std::size_t>(event)];
  }

  BulkReceiveState state_ = BulkReceiveState::kIdle;
  std::uint32_t bulk_id_ = 0;
  ShardSet shards_;
  bool sweep_all_ = false;
  Instant started_at_;
  BulkStatement last_;
  std::uint32_t swept_count_ = 0;
  std::size_t table_index_ = 0;
  std::size_t shard_ = 0;
  SlotIndex slot_ = 0;
  bool requested_ = false;
  Instant requested_at_;
  bool answer_due_ = false;
};

}  // namespace statesync
