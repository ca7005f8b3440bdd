// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

#include "statesync/stream/stream.h"

#include <algorithm>

namespace statesync {
namespace {

constexpr std::size_t kSweepSlotsPerTurn = 16'384;
// A note without room is dropped: its frame is asked for again.
constexpr std::size_t kNotesHeldMax = 1'024;
// While a shard rests, what is pending may be all of it.
constexpr Duration kHoldLook = Micros(100);
// A difference that a transfer does not cure (a full table, an incomplete owner) must not make one
// transfer after another.
constexpr Duration kRetryWaitMin = Seconds(1);
constexpr Duration kRetryWaitMax = Seconds(60);

}  // namespace

Stream::Stream(EngineContext& engine, std::uint16_t index, const RepairRingOptions& ring_options)
    : engine_(engine),
      state_(engine, index, ring_options),
      publisher_(state_),
      digest_statements_(engine.table_count),
      comparison_(engine.table_count),
      applier_(engine, index, comparison_),
      notes_(kNotesHeldMax) {}

void Stream::Configure() {
  ResetSending();
  ResetReceiving();
  const auto first = static_cast<ShardIndex>(state_.index);
  digest_statements_.Configure(first, engine_.stream_count);
  comparison_.Configure(first, engine_.stream_count);
}

void Stream::ResetSending() {
  if (bulk_sender_.state() != BulkSendState::kIdle) ++engine_.counters.bulks_failed;
  bulk_sender_.GiveUp();
  publisher_.Reset();
  state_.round_trip.Reset();
  lost_ = {1, 0};
  digest_statements_.Restart();
  liveness_.Restart(state_.index);
}

void Stream::ResetReceiving() {
  has_peer_epoch_ = false;
  state_.window.Reset();
  state_.applied_frame = 0;
  state_.unacked_frames = 0;
  applier_.Forget();
  comparison_.Restart();
  comparison_.ForgetTouches();
  notes_.Clear();
  value_doubts_.Clear();
  GiveUpBulk();
  needs_ = {};
  report_due_ = false;
  retry_wait_ = {};
}

void Stream::AskBulk(Instant now, const ShardSet& shards, bool sweep_all) {
  if (bulk_receiver_.is_running()) ++engine_.counters.bulks_failed;
  bulk_receiver_.Ask(now, shards, sweep_all);
  has_asked_ = true;
  asked_at_ = now;
  comparison_.OnCovered(shards);
}

void Stream::GiveUpBulk() {
  if (bulk_receiver_.is_running()) ++engine_.counters.bulks_failed;
  bulk_receiver_.GiveUp();
}

ShardSet Stream::ShardsToRepair(Instant now) {
  if (bulk_receiver_.is_running()) return {};
  if (comparison_.AllAgreed()) retry_wait_ = {};
  const Duration interval = engine_.options.digest_interval;
  if (has_asked_ && now < asked_at_ + interval) return {};
  if (!comparison_.IsReadyToRepair(now, interval)) return {};
  ShardSet shards = comparison_.Differing(false);
  const ShardSet uncured = comparison_.Differing(true);
  if (!uncured.IsEmpty() && (retry_wait_.ns == 0 || retry_at_ <= now)) {
    shards.Add(uncured);
    retry_wait_ = std::clamp(retry_wait_ * 2, kRetryWaitMin, kRetryWaitMax);
    retry_at_ = now + retry_wait_;
  }
  return shards;
}

bool Stream::SweepSome() {
  if (bulk_receiver_.state() != BulkReceiveState::kSweeping) return false;
  const std::size_t removed =
      bulk_receiver_.Sweep(engine_.table_span(), static_cast<ShardIndex>(state_.index),
                           engine_.stream_count, kSweepSlotsPerTurn);
  engine_.counters.entries_swept += removed;
  if (bulk_receiver_.state() != BulkReceiveState::kDone) return false;
  ++engine_.counters.bulks_finished;
  comparison_.OnCovered(bulk_receiver_.shards());
  return true;
}

Instant Stream::NextDeadline(Instant now) const {
  const EngineOptions& options = engine_.options;
  Instant due = state_.last_sent + options.keepalive_interval;
  if (state_.unacked_frames > 0) due = std::min(due, state_.ack_due);
  if (state_.index == 0) due = std::min(due, NextProbe());
  if (engine_.Applies()) {
    due = std::min({due, state_.window.NextDue(), applier_.NextWant()});
    if (bulk_receiver_.state() == BulkReceiveState::kAsking) {
      due = std::min(due, bulk_receiver_.NextRequest(now, options.statement_interval));
    }
    const bool sweeps = bulk_receiver_.state() == BulkReceiveState::kSweeping;
    if (sweeps || IsBulkAnswerDue()) due = now;
  }
  if (engine_.Publishes()) {
    // Without credit the next thing to happen is the peer's acknowledgement.
    if (publisher_.HasWork(bulk_sender_.state() == BulkSendState::kWalking)) {
      due = publisher_.hold().is_empty() ? now : now + kHoldLook;
    }
    due = std::min(due, publisher_.hold().NextDue(due));
    if (bulk_sender_.state() != BulkSendState::kIdle) {
      due = std::min(due, bulk_sender_.NextStatement(now, options.statement_interval));
    }
    if (engine_.StatesDigests()) {
      due = std::min(due, digest_statements_.NextRound(now, options.digest_interval));
    }
  }
  return std::max(due, now);
}

}  // namespace statesync
