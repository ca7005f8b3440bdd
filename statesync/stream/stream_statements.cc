// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

// Frames that are not numbered: statements, digests, keepalives; see stream.h.

#include <algorithm>
#include <array>

#include "statesync/sim_hooks.h"
#include "statesync/stream/stream.h"

namespace statesync {
namespace {

constexpr std::size_t kWantsPerFrameMax = 100;

}  // namespace

void Stream::FinishControl(Instant now, OutFrame& frame) {
  state_.Finish(now, control_, frame, false, state_.ring.next_frame());
  ++engine_.counters.control_frames_sent;
}

void Stream::EmitStatements(Instant now, FrameSink& sink) {
  const StreamState& state = state_;
  const bool asks =
      engine_.Applies() && (state.window.NextDue() <= now || applier_.NextWant() <= now ||
                            IsBulkAnswerDue() || report_due_ || !applier_.refusals().is_empty() ||
                            bulk_receiver_.IsRequestDue(now, engine_.options.statement_interval));
  const bool states =
      engine_.Publishes() && (lost_.first <= lost_.last ||
                              bulk_sender_.IsStatementDue(now, engine_.options.statement_interval));
  if ((!asks && !states) || sink.left() == 0) return;
  OutFrame* frame = state_.Begin(sink, control_);
  if (engine_.Applies()) {
    (void)(AppendBulk(now) && AppendBulkAnswer() && AppendNacks(now) && AppendReport() &&
           AppendRefusals() && AppendWants(now));
  } else {
    (void)(AppendBulk(now) && AppendLost());
  }
  FinishControl(now, *frame);
}

// Each Append… returns false when the frame is full; the rest goes with the next one.
bool Stream::AppendNacks(Instant now) {
  std::array<FrameRange, kNackRangesMax> ranges;
  const std::size_t fit = std::min(
      kNackRangesMax, control_.room() / (sizeof(NackRecord) + 1));  // + 1: the section header.
  const std::size_t count = state_.window.TakeDue(now, std::span(ranges).first(fit));
  for (std::size_t i = 0; i < count; ++i) {
    const std::uint64_t frames =
        std::min<std::uint64_t>(ranges[i].last - ranges[i].first + 1, 0xffff);
    NackRecord record;
    record.first.Set(ranges[i].first);
    record.count.Set(static_cast<std::uint16_t>(frames));
    if (!control_.AppendControl(ControlOp::kNack, record)) return false;  // Asked for again.
    engine_.counters.nacks_sent += frames;
  }
  return true;
}

bool Stream::AppendWants(Instant now) {
  WantedHandle wanted;
  const std::size_t fit = std::min(kWantsPerFrameMax, control_.room() / (sizeof(WantRecord) + 1));
  for (std::size_t i = 0; i < fit && applier_.TakeWant(now, wanted); ++i) {
    WantRecord record;
    record.table = static_cast<std::uint8_t>(wanted.table);
    record.handle.shard = wanted.handle.shard;
    record.handle.slot.Set(wanted.handle.slot);
    record.handle.generation = wanted.generation;
    if (!control_.AppendControl(ControlOp::kWant, record)) return false;  // Repeated later.
    ++engine_.counters.wants_sent;
  }
  return true;
}

bool Stream::AppendBulk(Instant now) {
  const Duration interval = engine_.options.statement_interval;
  if (engine_.Applies()) {
    if (bulk_receiver_.IsRequestDue(now, interval)) {
      BulkRequestRecord record;
      record.bulk_id.Set(bulk_receiver_.bulk_id());
      record.table = 0;
      StoreShardSet(bulk_receiver_.shards(), record.shards);
      if (!control_.AppendControl(ControlOp::kBulkRequest, record)) return false;
      bulk_receiver_.OnRequested(now);
    }
    return true;
  }
  if (!bulk_sender_.IsStatementDue(now, interval)) return true;
  const bool is_finished = bulk_sender_.state() == BulkSendState::kFinished;
  BulkStateRecord record;
  record.bulk_id.Set(bulk_sender_.bulk_id());
  record.phase =
      static_cast<std::uint8_t>(is_finished ? BulkPhase::kFinished : BulkPhase::kRunning);
  record.complete = engine_.is_complete || SIM_BUG(sweep_from_empty) ? 1 : 0;
  record.cut_term.Set(TermOf(bulk_sender_.cut()).value);
  record.cut_counter.Set(CounterOf(bulk_sender_.cut()));
  record.end_frame.Set(bulk_sender_.end_frame());
  record.entry_count.Set(bulk_sender_.total_count());
  record.sent_count.Set(bulk_sender_.sent_count());
  if (!control_.AppendControl(ControlOp::kBulkState, record)) return false;
  bulk_sender_.OnStated(now);
  return true;
}

// The answer says what the digests said, so it waits for them; the sender goes on asking.
bool Stream::IsBulkAnswerDue() const {
  return bulk_receiver_.IsAnswerDue() && comparison_.AllCompared(bulk_receiver_.shards());
}

bool Stream::AppendBulkAnswer() {
  if (!IsBulkAnswerDue()) return true;
  const bool is_equal = comparison_.AllAgreed(bulk_receiver_.shards());
  BulkDoneRecord record;
  record.bulk_id.Set(bulk_receiver_.bulk_id());
  record.result = static_cast<std::uint8_t>(engine_.RefusedCount() > 0 ? BulkResult::kRefusedSome
                                            : is_equal                 ? BulkResult::kAgreed
                                                       : BulkResult::kDigestMismatch);
  record.swept_count.Set(bulk_receiver_.swept_count());
  if (!control_.AppendControl(ControlOp::kBulkDone, record)) return false;
  bulk_receiver_.OnAnswered();
  return true;
}

bool Stream::AppendReport() {
  if (!report_due_) return true;
  DigestReportRecord report;
  report.as_of.Set(report_as_of_);
  report.agreed.Set(static_cast<std::uint16_t>(comparison_.agreed_count()));
  report.differed.Set(static_cast<std::uint16_t>(comparison_.differed_count()));
  report.undecided.Set(undecided_count_);
  report.refused_count.Set(engine_.RefusedCount());
  report.epoch.Set(peer_epoch_);
  if (!control_.AppendControl(ControlOp::kDigestReport, report)) return false;
  report_due_ = false;
  undecided_count_ = 0;
  std::size_t table = 0;
  HoldRecord hold;
  while (comparison_.TakeRestless(table, hold.shard)) {
    hold.table = static_cast<std::uint8_t>(engine_.tables[table]->id());
    if (!control_.AppendControl(ControlOp::kHold, hold)) return false;
    ++engine_.counters.holds_sent;
  }
  return true;
}

bool Stream::AppendRefusals() {
  while (!applier_.refusals().is_empty()) {
    if (!control_.AppendControl(ControlOp::kRefused, applier_.refusals().Front())) return false;
    (void)applier_.refusals().Pop();
  }
  return true;
}

bool Stream::AppendLost() {
  if (lost_.last < lost_.first) return true;
  LostRecord record;
  record.first.Set(lost_.first);
  record.last.Set(lost_.last);
  if (!control_.AppendControl(ControlOp::kLost, record)) return false;
  lost_ = {1, 0};  // If it gets lost the receiver asks for the frames again.
  return true;
}

// The sums are those of everything published so far, so they are stated as of the last numbered
// frame: nothing may be published between the sums and the end of this turn.
void Stream::EmitDigests(Instant now, FrameSink& sink) {
  // A peer that was given up would prove itself equal to what it has not been told since.
  if (!engine_.StatesDigests()) return;
  const Duration interval = engine_.options.digest_interval;
  OutFrame* frame = nullptr;
  const auto append = [&](std::size_t table_index, ShardIndex shard, const ShardDigest& digest) {
    if (frame == nullptr) {
      if (sink.left() == 0) return false;
      frame = state_.Begin(sink, control_);
    }
    DigestRecord record;
    record.table = static_cast<std::uint8_t>(engine_.tables[table_index]->id());
    record.shard = shard;
    record.count.Set(static_cast<std::uint16_t>(digest.count));
    record.as_of.Set(state_.ring.next_frame() - 1);
    record.sum_high.Set(digest.sum.high);
    record.sum_low.Set(digest.sum.low);
    if (control_.AppendControl(ControlOp::kDigest, record)) return true;
    FinishControl(now, *frame);
    frame = nullptr;
    return false;
  };
  std::size_t held_table = 0;
  ShardIndex held = 0;
  while (publisher_.TakeHeldStatement(now, held_table, held)) {
    (void)append(held_table, held, engine_.tables[held_table]->Digest(held));
  }
  while (digest_statements_.IsDue(now, interval)) {
    const std::size_t table = digest_statements_.table_index();
    digest_statements_.SkipOld(*engine_.tables[table]);
    const ShardIndex shard = digest_statements_.shard();
    const ShardDigest digest = engine_.tables[table]->Digest(shard);
    const bool is_told = engine_.common_schema[table] != 0;
    if (is_told && digest_statements_.IsNews(digest)) {
      if (!append(table, shard, digest)) {
        if (sink.left() == 0) break;
        continue;
      }
      digest_statements_.OnStated(digest);
    }
    digest_statements_.Next();
  }
  if (frame != nullptr) FinishControl(now, *frame);
}

void Stream::EmitKeepalive(Instant now, FrameSink& sink) {
  const bool ack_due = state_.unacked_frames > 0 && state_.ack_due <= now;
  const bool is_silent = state_.last_sent + engine_.options.keepalive_interval <= now;
  if ((!ack_due && !is_silent) || sink.left() == 0) return;
  OutFrame* frame = state_.Begin(sink, control_);
  FinishControl(now, *frame);
}

}  // namespace statesync
