// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

// What a stream does with a frame that was opened and whose form was checked; see stream.h.

#include <algorithm>

#include "statesync/sim_hooks.h"
#include "statesync/stream/stream.h"

namespace statesync {
namespace {

constexpr int kNoteRoundsMax = 16;  // Of CloseRepaired; one note rarely makes another true.

}  // namespace

void Stream::OnFrame(Instant now, const OpenedFrame& frame, const FrameFields& fields) {
  stated_frame_ = fields.number;
  // Acknowledgements speak of our numbering, which no epoch of the peer's changes.
  if (engine_.is_connected) publisher_.OnAck(now, fields.ack, fields.credit);
  if (!IsEpochCurrent(frame.epoch, fields.role)) {
    ++engine_.counters.frames_stale_epoch;
    return;
  }
  if (fields.numbered) {
    OnNumbered(now, frame.sealed, fields);
    return;
  }
  if (IsRefused(frame.sealed, fields)) return;
  ++engine_.counters.control_frames_received;
  if (engine_.Applies()) {
    CloseForgotten(now, fields.oldest);
    if (!SIM_BUG(drop_tail_loss)) state_.window.OnKnown(fields.number - 1, now);
  }
  OnSections(now, frame.sealed, 0);
  AfterProgress();
}

// A newer epoch voids the handle map, and digests find what earlier frames would have brought.
bool Stream::IsEpochCurrent(std::uint16_t epoch, Role role) {
  if (has_peer_epoch_) {
    const auto ahead = static_cast<std::int16_t>(static_cast<std::uint16_t>(epoch - peer_epoch_));
    if (ahead == 0) return true;
    if (ahead < 0) return false;
  }
  ResetReceiving();
  has_peer_epoch_ = true;
  peer_epoch_ = epoch;
  needs_.difference = engine_.Applies() && role == Role::kActive;
  return true;
}

// Rules that refuse a whole frame, before its number is noted: it stays missing (I6).
bool Stream::IsRefused(std::span<const std::byte> sealed, const FrameFields& fields) {
  FrameReader reader(sealed);
  Section section;
  while (reader.Next(section)) {
    if (section.table == TableId::kControl) continue;
    if (!fields.numbered) {
      ++engine_.counters.frames_malformed;
      return true;
    }
    if (!engine_.Applies()) {
      ++engine_.counters.frames_unwanted;
      return true;
    }
    if (TermOf(section.first) < engine_.fence_term) {
      ++engine_.counters.frames_stale_term;
      return true;
    }
  }
  if (reader.skipped_count() > 0) ++engine_.counters.sections_unknown;
  return false;
}

void Stream::CloseForgotten(Instant now, std::uint64_t oldest) {
  if (!state_.window.has_base()) state_.window.SetBase(oldest - 1);
  if (oldest > 1) CloseLost(now, {state_.window.contiguous() + 1, oldest - 1});
}

void Stream::OnNumbered(Instant now, std::span<const std::byte> sealed, const FrameFields& fields) {
  if (IsRefused(sealed, fields)) return;
  if (!engine_.Applies()) return;  // Closing notes only; they close nothing here.
  ReceiveWindow& window = state_.window;
  CloseForgotten(now, fields.oldest);
  switch (window.Classify(fields.number)) {
    case ReceiveWindow::Arrival::kDuplicate:
      ++engine_.counters.frames_duplicate;
      window.OnDuplicate(fields.number);
      state_.AfterFrameClosed(now);  // The peer may have missed our acknowledgement.
      return;
    case ReceiveWindow::Arrival::kOutside:
      ++engine_.counters.frames_outside_window;
      window.OnKnown(fields.number, now);
      return;
    case ReceiveWindow::Arrival::kNew:
      break;
  }
  ++engine_.counters.frames_received;
  OnSections(now, sealed, fields.number);
  window.OnApplied(fields.number, now);
  CloseRepaired(now);
  state_.AfterFrameClosed(now);
  AfterProgress();
}

void Stream::OnSections(Instant now, std::span<const std::byte> sealed,
                        std::uint64_t applied_frame) {
  current_frame_ = applied_frame;
  FrameReader reader(sealed);
  Section section;
  while (reader.Next(section)) {
    if (section.table == TableId::kControl) {
      const std::size_t datagram_bytes = sealed.size() + sizeof(ClearHeader) + kTagBytes;
      if (!OnPathSection(now, section, datagram_bytes)) OnControl(now, section);
    } else {
      engine_.fence_term = std::max(engine_.fence_term, TermOf(section.first));
      applier_.ApplySection(section, applied_frame);
    }
  }
}

void Stream::OnControl(Instant now, const Section& section) {
  for (std::size_t i = 0; i < section.count; ++i) {
    if (engine_.Publishes()) OnRequestOfReceiver(now, section, i);
    if (engine_.Applies()) OnStatementOfOwner(now, section, i);
  }
}

// What a receiver says to the owner of the tables.
void Stream::OnRequestOfReceiver(Instant now, const Section& section, std::size_t i) {
  switch (static_cast<ControlOp>(section.op)) {
    case ControlOp::kNack: {
      const auto record = section.Get<NackRecord>(i);
      const std::uint64_t first = record.first.Get();
      const FrameRange missing{first, first + record.count.Get() - 1};
      if (record.count.Get() == 0 || first == 0) break;
      engine_.counters.nacks_received += record.count.Get();
      engine_.path_mtu.Suspect(now);
      const FrameRange lost = publisher_.OnNack(now, missing);
      if (lost.first <= lost.last) lost_ = lost;
      break;
    }
    case ControlOp::kWant: {
      const auto record = section.Get<WantRecord>(i);
      ++engine_.counters.wants_received;
      publisher_.OnWant(static_cast<TableId>(record.table),
                        {record.handle.shard, record.handle.slot.Get()});
      break;
    }
    case ControlOp::kBulkRequest: {
      OnBulkRequest(now, section.Get<BulkRequestRecord>(i));
      break;
    }
    case ControlOp::kBulkDone:
      bulk_sender_.OnDone(section.Get<BulkDoneRecord>(i).bulk_id.Get());
      break;
    case ControlOp::kRefused:
      OnRefused(section.Get<RefusedRecord>(i));
      break;
    case ControlOp::kDigestReport:
      OnReport(section.Get<DigestReportRecord>(i));
      break;
    case ControlOp::kHold: {
      const auto record = section.Get<HoldRecord>(i);
      publisher_.Hold(now, static_cast<TableId>(record.table), record.shard);
      break;
    }
    case ControlOp::kRepaired:
    case ControlOp::kLost:
    case ControlOp::kBulkState:
    case ControlOp::kDigest:
    case ControlOp::kProbe:
    case ControlOp::kProbeAck:
    case ControlOp::kLiveness:
    case ControlOp::kScrub:
      break;
  }
}

void Stream::OnBulkRequest(Instant now, const BulkRequestRecord& record) {
  const ShardSet shards = ShardSetFrom(record.shards);
  std::uint32_t estimate = 0;
  for (std::size_t s = state_.index; s < kShardCount; s += engine_.stream_count) {
    if (!shards.Has(static_cast<ShardIndex>(s))) continue;
    for (const ReplicatedTable* table : engine_.table_span()) {
      estimate += table->Digest(static_cast<ShardIndex>(s)).count;
    }
  }
  const Version cut = MakeVersion(engine_.own_term, state_.counter);
  if (!bulk_sender_.OnRequest(now, record.bulk_id.Get(), shards, cut, estimate)) return;
  ++engine_.counters.bulks_started;
}

// Only a report of the current epoch says that the peer speaks of it.
void Stream::OnReport(const DigestReportRecord& record) {
  if (record.epoch.Get() != engine_.epoch) return;
  engine_.peer_follows = true;
  peer_report_ = {record.agreed.Get(), record.differed.Get(), record.undecided.Get()};
  digest_statements_.OnReport(record.agreed.Get() == comparison_.wanted_count());
}

// What the owner of the tables says to a receiver.
void Stream::OnStatementOfOwner(Instant now, const Section& section, std::size_t i) {
  switch (static_cast<ControlOp>(section.op)) {
    case ControlOp::kRepaired:
      OnRepaired(section.Get<RepairedRecord>(i));
      break;
    case ControlOp::kLost: {
      const auto record = section.Get<LostRecord>(i);
      // What has not been sent yet cannot be lost, nor can the frame that says so.
      if (record.last.Get() >= stated_frame_) {
        ++engine_.counters.records_malformed;
        break;
      }
      CloseLost(now, {record.first.Get(), record.last.Get()});
      break;
    }
    case ControlOp::kBulkState:
      OnBulkState(section.Get<BulkStateRecord>(i));
      break;
    case ControlOp::kDigest:
      OnDigest(now, section.Get<DigestRecord>(i));
      break;
    case ControlOp::kScrub:
      OnScrub(now, section.Get<ScrubRecord>(i));
      break;
    case ControlOp::kLiveness:
      OnLiveness(section.Get<LivenessRecord>(i));
      break;
    case ControlOp::kNack:
    case ControlOp::kWant:
    case ControlOp::kBulkRequest:
    case ControlOp::kBulkDone:
    case ControlOp::kRefused:
    case ControlOp::kDigestReport:
    case ControlOp::kHold:
    case ControlOp::kProbe:
    case ControlOp::kProbeAck:
      break;
  }
}

void Stream::OnRefused(const RefusedRecord& record) {
  const RefusedChange change{static_cast<TableId>(record.table),
                             {record.handle.shard, record.handle.slot.Get()},
                             record.handle.generation,
                             static_cast<RefusalReason>(record.reason)};
  ++engine_.counters.refusals_reported;
  const std::size_t table = engine_.IndexOf(change.table);
  if (table == kNoTable) return;
  ++engine_.refused[table][record.reason < kRefusalReasons ? record.reason : 0];
  if (!state_.HasShard(change.handle.shard) ||
      change.handle.slot >= engine_.tables[table]->slots_per_shard()) {
    return;  // Names no entry of this node.
  }
  if (engine_.refusals.is_full()) {
    (void)engine_.refusals.Pop();
    ++engine_.counters.refusals_dropped;
  }
  (void)engine_.refusals.Push(change);
}

void Stream::OnBulkState(const BulkStateRecord& record) {
  bulk_receiver_.OnStatement({
      .bulk_id = record.bulk_id.Get(),
      .finished = record.phase == static_cast<std::uint8_t>(BulkPhase::kFinished),
      .complete = record.complete == 1,
      .cut = MakeVersion({record.cut_term.Get()}, record.cut_counter.Get()),
      .end_frame = record.end_frame.Get(),
      .entry_count = record.entry_count.Get(),
      .sent_count = record.sent_count.Get(),
  });
}

void Stream::OnDigest(Instant now, const DigestRecord& record) {
  const std::size_t table = engine_.IndexOf(static_cast<TableId>(record.table));
  if (table == kNoTable || !state_.HasShard(record.shard)) return;
  report_due_ = true;
  report_as_of_ = record.as_of.Get();
  // During a transfer the shard differs by intent; with untold changes nobody knows.
  if (bulk_receiver_.Covers(record.shard) || engine_.has_untold) return;
  // It may be from before frames that were closed unseen.
  if (record.as_of.Get() < state_.window.base()) return;
  const ShardDigest own = engine_.tables[table]->Digest(record.shard);
  const ShardDigest stated{record.count.Get(), {record.sum_high.Get(), record.sum_low.Get()}};
  const bool is_reached = applier_.AppliedUpTo(state_.window.contiguous()) >= record.as_of.Get();
  // A receiver that does not keep up with the frames proves nothing, however often it is asked.
  if (is_reached) last_compared_ = now;
  switch (
      comparison_.Compare(now, table, record.shard, record.as_of.Get(), is_reached, own, stated)) {
    case DigestComparison::Outcome::kAgreed:
      ++engine_.counters.digests_agreed;
      // A digest sees no values: as long as one is asked for nothing is repaired.
      if (value_doubts_.is_empty()) engine_.mismatches[table].OnAgreed(now, record.shard);
      break;
    case DigestComparison::Outcome::kUndecided:
      ++engine_.counters.digests_undecided;
      ++undecided_count_;
      break;
    case DigestComparison::Outcome::kDiffered:
      ++engine_.counters.digests_differed;
      needs_.difference = true;
      break;
    case DigestComparison::Outcome::kMismatch:
      // What was refused is not here, and that is no damage.
      if (engine_.RefusedCount() == 0) {
        engine_.mismatches[table].OnMismatch(now, record.shard, MismatchKind::kDigest);
      }
      [[fallthrough]];
    case DigestComparison::Outcome::kUncured:
      ++engine_.counters.digests_differed;
      needs_.difference = true;
      needs_.mismatch = true;
      break;
  }
}

void Stream::OnRepaired(const RepairedRecord& record) {
  const std::uint64_t back = record.first_back.Get();
  if (current_frame_ != 0 && record.frame.Get() >= current_frame_) {
    ++engine_.counters.records_malformed;  // A repair of what has not been sent yet.
    return;
  }
  if (current_frame_ <= back || state_.window.IsClosed(record.frame.Get())) return;
  (void)notes_.Push({record.frame.Get(), {current_frame_ - back, current_frame_}});
}

// A gap is closed when everything that was published again for it is here. One note can make
// another one true, so this goes round until nothing changes.
void Stream::CloseRepaired(Instant now) {
  ReceiveWindow& window = state_.window;
  bool progress = true;
  // What is left after so many rounds is looked at again with the next frame.
  for (int round = 0; progress && !notes_.is_empty() && round < kNoteRoundsMax; ++round) {
    progress = false;
    for (std::size_t left = notes_.size(); left > 0; --left) {
      const Note note = notes_.Pop();
      std::uint64_t frame = std::max(note.publication.first, window.contiguous() + 1);
      while (frame <= note.publication.last && window.IsClosed(frame)) ++frame;
      if (frame <= note.publication.last) {
        (void)notes_.Push(note);
      } else if (window.Close({note.frame, note.frame}, now) > 0) {
        state_.AfterFrameClosed(now);
        progress = true;
      }
    }
  }
}

void Stream::CloseLost(Instant now, FrameRange range) {
  if (range.last < range.first) return;
  const std::uint64_t closed = state_.window.Close(range, now);
  if (closed == 0) return;
  engine_.counters.frames_lost += closed;
  state_.AfterFrameClosed(now);
  comparison_.Restart();
  needs_.lost_frames = true;
}

void Stream::AfterProgress() {
  if (applier_.TakeOverflow()) {
    comparison_.Restart();
    needs_.difference = true;
  }
  state_.applied_frame = applier_.AppliedUpTo(state_.window.contiguous());
  (void)bulk_receiver_.OnContiguous(state_.applied_frame);
}

}  // namespace statesync
