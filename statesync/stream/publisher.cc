// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

#include "statesync/stream/publisher.h"

#include <algorithm>

#include "statesync/ensure.h"
#include "statesync/sim_hooks.h"

namespace statesync {

namespace {

constexpr std::int64_t kRepairPatience = 10;  // Round trips and retry intervals.
constexpr Duration kRepairPatienceMax = Millis(100);

}  // namespace

Publisher::Publisher(StreamState& state)
    : state_(state),
      pending_{BoundedQueue<Item>(kPendingMax), BoundedQueue<Item>(kPendingMax),
               BoundedQueue<Item>(kPendingMax), BoundedQueue<Item>(kPendingMax)},
      answers_(kWantQueueMax),
      repairs_(kRepairRingFrames),
      records_(std::make_unique<std::array<PreparedRecord, kPublishBatch>>()) {}

void Publisher::Reset() {
  ENSURE(open_ == nullptr);
  RepairRing& ring = state_.ring;
  while (const RepairRing::Frame* frame = ring.Front(ring.next_frame())) {
    for (std::uint32_t i = 0; i < frame->item_count; ++i) Retire(ring.item(*frame, i));
    ring.Pop();
  }
  ring.Reset();
  for (BoundedQueue<Item>& queue : pending_) {
    while (!queue.is_empty()) {
      const Item item = queue.Pop();
      state_.engine.tables[item.table_index]->PutBack(item.handle);
    }
  }
  hold_.Clear();
  answers_.Clear();
  repairs_.Clear();
  repair_item_ = repair_note_ = 0;
  repair_first_ = 0;
  state_.credit.Reset(ring.closed_frame());
}

void Publisher::Retire(RingItem item) {
  if (!item.retires()) return;
  const std::size_t table = state_.engine.IndexOf(item.table());
  state_.engine.tombstones[table]->Clear(item.handle());
  state_.engine.tables[table]->Retire(item.handle());
  ++state_.engine.counters.tombstones_retired;
}

void Publisher::OnAck(Instant now, std::uint64_t ack, std::uint32_t credit) {
  RepairRing& ring = state_.ring;
  if (ack >= ring.next_frame()) {
    ++state_.engine.counters.acks_ignored;
    return;
  }
  // Zero: the peer has not heard a frame yet. Its grant would reach below what is already closed.
  if (ack == 0 && ring.closed_frame() != 0) return;
  if (SIM_BUG(confirm_too_much)) ack = ring.next_frame() - 1;
  bool waited_for_repair = false;
  while (const RepairRing::Frame* frame = ring.Front(ack)) {
    for (std::uint32_t i = 0; i < frame->item_count; ++i) Retire(ring.item(*frame, i));
    const bool is_newest = ring.closed_frame() + 1 == ack;
    waited_for_repair = waited_for_repair || frame->repaired.ns != 0;
    if (is_newest && !waited_for_repair) state_.round_trip.OnSample(now - frame->sent);
    for (std::size_t t = 0; t < state_.engine.table_count; ++t) {
      const auto id = static_cast<std::size_t>(state_.engine.tables[t]->id());
      state_.engine.confirmed[t].Add(now - frame->oldest, frame->changes_of[id]);
    }
    confirmed_counter_ = frame->counter;
    ring.Pop();
  }
  state_.credit.OnGrant(ack, credit);
}

FrameRange Publisher::OnNack(Instant now, FrameRange missing) {
  RepairRing& ring = state_.ring;
  FrameRange lost{missing.first, std::min(missing.last, ring.closed_frame())};
  const std::uint64_t last = std::min(missing.last, ring.next_frame() - 1);
  // A repair that got lost is asked for itself, and brings the note of this frame again. To repeat
  // both would double what is published with every loss; so a repaired frame is repeated only as a
  // last resort.
  const Duration patience = std::min(
      (state_.round_trip.smoothed() + state_.engine.options.nack_retry_interval) * kRepairPatience,
      kRepairPatienceMax);
  for (std::uint64_t number = std::max(missing.first, ring.oldest_frame()); number <= last;
       ++number) {
    if (nack_steps_left_ == 0) break;  // The peer asks again; a turn's work stays bounded.
    --nack_steps_left_;
    RepairRing::Frame* frame = ring.Find(number);
    if (frame->repair_queued) continue;
    if (frame->repaired.ns != 0 && now - frame->repaired < patience) continue;
    if (!repairs_.Push(number)) break;
    frame->repair_queued = true;
  }
  return lost;
}

void Publisher::OnWant(TableId table, Handle handle) {
  const std::size_t index = state_.engine.IndexOf(table);
  if (index == kNoTable || !state_.HasShard(handle.shard) ||
      handle.slot >= state_.engine.tables[index]->slots_per_shard() || SIM_BUG(forget_wants)) {
    return;
  }
  // Without room the want is forgotten here: the peer repeats it.
  (void)answers_.Push({static_cast<std::uint8_t>(index), handle, {}});
}

void Publisher::Hold(Instant now, TableId table, ShardIndex shard) {
  const std::size_t index = state_.engine.IndexOf(table);
  if (index == kNoTable || !state_.HasShard(shard)) return;
  if (hold_.Begin(now, index, shard, state_.round_trip.smoothed())) {
    ++state_.engine.counters.holds_obeyed;
  }
}

void Publisher::AddPending(std::size_t table_index, const DirtyChange& change) {
  ENSURE(pending_[static_cast<std::size_t>(change.change)].Push(
      {static_cast<std::uint8_t>(table_index), change.handle, change.since}));
}

// A batch came out of the queue or found room there, so what comes back fits.
void Publisher::Requeue(std::size_t table_index, Handle handle) {
  ENSURE(pending_[queue_].Push({static_cast<std::uint8_t>(table_index), handle, since_}));
}

std::size_t Publisher::pending_count() const {
  std::size_t count = 0;
  for (const BoundedQueue<Item>& queue : pending_) count += queue.size();
  return count;
}

bool Publisher::CanPublish(const FrameSink& sink) const {
  if (open_ != nullptr) return true;
  return sink.left() > 0 && (is_urgent_ ? HasRepairRoom() && HasVersions() : CanNumber());
}

// A part of the ring is for repairs alone.
bool Publisher::CanNumber() const {
  const RepairRing& ring = state_.ring;
  return state_.credit.Allows(ring.next_frame()) && HasVersions() &&
         ring.HasRoom(kRepairRingItems / 4 + state_.engine.frame_bytes_max,
                      kRepairRingFrames / 4 + kNotesPerFrameMax);
}

bool Publisher::HasRepairRoom() const {
  return state_.ring.HasRoom(state_.engine.frame_bytes_max, kNotesPerFrameMax);
}

void Publisher::PublishUrgent(Instant now, FrameSink& sink) {
  is_urgent_ = true;
  since_ = now;
  queue_ = static_cast<std::size_t>(ChangeClass::kState);
  PublishRepairs(now, sink);
  PublishAnswers(now, sink);
  is_urgent_ = false;
}

void Publisher::PublishRepairs(Instant now, FrameSink& sink) {
  while (!repairs_.is_empty()) {
    const std::uint64_t number = repairs_.Front();
    if (!RepairFrame(now, sink, number)) return;
    if (RepairRing::Frame* frame = state_.ring.Find(number)) {
      frame->repair_queued = false;
      frame->repaired = now;
      ++state_.engine.counters.frames_repaired;
    }
    (void)repairs_.Pop();
    repair_item_ = repair_note_ = 0;
    repair_first_ = 0;
  }
}

// False if frames ran out; the next call continues where this one stopped.
bool Publisher::RepairFrame(Instant now, FrameSink& sink, std::uint64_t number) {
  RepairRing& ring = state_.ring;
  std::array<Handle, kPublishBatch> handles;
  const RepairRing::Frame* frame = ring.Find(number);
  if (frame == nullptr) return true;  // Acknowledged meanwhile.
  if (repair_first_ == 0) repair_first_ = ring.next_frame();
  if (SIM_BUG(note_without_repair)) return PutNote(now, sink, number, repair_first_);
  while (repair_item_ < frame->item_count) {
    // A run of items of one kind; a frame was written in such runs.
    const RingItem first = ring.item(*frame, repair_item_);
    std::size_t count = 0;
    while (count < handles.size() && repair_item_ + count < frame->item_count) {
      const RingItem item = ring.item(*frame, static_cast<std::uint32_t>(repair_item_ + count));
      if (item.table() != first.table() || item.keyed() != first.keyed()) break;
      handles[count++] = item.handle();
    }
    if (!PublishBatch(now, sink, state_.engine.IndexOf(first.table()),
                      std::span(handles).first(count), first.keyed(), Cause::kAsked)) {
      return false;
    }
    repair_item_ += static_cast<std::uint32_t>(count);
  }
  for (; repair_note_ < frame->note_count; ++repair_note_) {
    if (!RepairNote(now, sink, ring.note(*frame, repair_note_))) return false;
  }
  return PutNote(now, sink, number, repair_first_);
}

bool Publisher::RepairNote(Instant now, FrameSink& sink, RingNote note) {
  RepairRing::Frame* frame = state_.ring.Find(note.frame);
  if (frame == nullptr) return true;
  // All that the note speaks of was in the lost frame, so it was published just now.
  if (note.is_whole) {
    frame->repaired = now;
    return PutNote(now, sink, note.frame, repair_first_);
  }
  if (!frame->repair_queued && repairs_.Push(note.frame)) frame->repair_queued = true;
  return true;
}

void Publisher::PublishAnswers(Instant now, FrameSink& sink) {
  if (answers_.is_empty()) return;
  std::array<Handle, kPublishBatch> handles;
  while (!answers_.is_empty() && CanPublish(sink)) {
    const std::uint8_t table = answers_.Front().table_index;
    std::size_t count = 0;
    while (count < handles.size() && !answers_.is_empty() &&
           answers_.Front().table_index == table) {
      handles[count++] = answers_.Pop().handle;
    }
    // What fails here is asked for again.
    if (!PublishBatch(now, sink, table, std::span(handles).first(count), true, Cause::kAsked)) {
      return;
    }
  }
}

void Publisher::PublishPending(Instant now, FrameSink& sink, ChangeClass change) {
  is_change_ = true;
  const std::uint64_t before = state_.counter;
  PublishQueue(now, sink, static_cast<std::size_t>(change));
  if (change == ChangeClass::kWindow && state_.counter > before) frames_without_windows_ = 0;
  is_change_ = false;
}

void Publisher::PublishQueue(Instant now, FrameSink& sink, std::size_t queue) {
  BoundedQueue<Item>& pending = pending_[queue];
  queue_ = queue;
  if (pending.is_empty()) return;
  std::array<Handle, kPublishBatch>& handles = queue_handles_;
  // A busy entry comes back to the queue, so the loop ends at what was there when it began.
  std::size_t left = pending.size();
  while (left > 0 && CanPublish(sink)) {
    const std::uint8_t table = pending.Front().table_index;
    std::size_t count = 0;
    since_ = pending.Front().since;
    while (count < handles.size() && left > 0 && pending.Front().table_index == table) {
      const Item item = pending.Pop();
      --left;
      since_ = std::min(since_, item.since);
      if (hold_.Rests(item.handle.shard)) {
        ENSURE(pending.Push(item));
      } else {
        handles[count++] = item.handle;
      }
    }
    if (!PublishBatch(now, sink, table, std::span(handles).first(count), false, Cause::kChange)) {
      return;
    }
  }
}

Exposure Publisher::ExposureOf(Instant now, std::size_t table_index) const {
  const TableId table = state_.engine.tables[table_index]->id();
  Exposure exposure{state_.ring.item_count(table), {}};
  Instant oldest = exposure.changes > 0 ? state_.ring.Oldest(table) : now;
  for (const BoundedQueue<Item>& queue : pending_) {
    for (std::size_t i = 0; i < queue.size(); ++i) {
      const Item& item = queue.At(i);
      if (item.table_index != table_index) continue;
      ++exposure.changes;
      oldest = std::min(oldest, item.since);
    }
  }
  exposure.age = now - oldest;
  return exposure;
}

void Publisher::PublishBulk(Instant now, FrameSink& sink, BulkSender& bulk,
                            std::size_t frames_max) {
  std::array<Handle, kPublishBatch> handles;
  const std::size_t end = sink.used() + std::min(frames_max, sink.left());
  const std::uint64_t before = state_.counter;
  PublishQueue(now, sink, 0);  // What an earlier turn listed.
  if (state_.counter > before) frames_without_bulk_ = 0;
  since_ = now;
  while (bulk.state() == BulkSendState::kWalking && sink.used() < end && CanPublish(sink) &&
         pending_[0].size() + 2 * kPublishBatch <= kPendingMax) {
    std::size_t table = 0;
    const std::size_t count =
        bulk.ListBatch(state_.engine.table_span(), static_cast<ShardIndex>(state_.index),
                       state_.engine.stream_count, handles, table);
    if (count > 0) {
      (void)PublishBatch(now, sink, table, std::span(handles).first(count), true, Cause::kChange);
      bulk.OnSent(count);
    }
    if (state_.counter > before) frames_without_bulk_ = 0;
    if (bulk.is_walk_over()) {
      EndBulk(now, bulk);
      return;
    }
    if (count == 0) return;  // A long empty stretch: the rest of it in the next turn.
  }
}

// The transfer ends when what the walk listed, and found no frame for, is out.
void Publisher::EndBulk(Instant now, BulkSender& bulk) {
  if (!pending_[0].is_empty()) return;
  Flush(now);
  bulk.OnWalked(state_.ring.next_frame() - 1);
}

}  // namespace statesync
