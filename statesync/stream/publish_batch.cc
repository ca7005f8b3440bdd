// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

// The one way of a record into a frame; see publisher.h.

#include <cstring>

#include "statesync/ensure.h"
#include "statesync/sim_hooks.h"
#include "statesync/stream/publisher.h"

namespace statesync {
namespace {

// Every table's delete record is the shard and slot (PROTOCOL.md §5), so a delete can also be said
// of a slot that holds nothing any more.
void EncodeDeleteOf(Handle handle, PreparedRecord& record) {
  SessionDelete wire;
  wire.shard = handle.shard;
  wire.slot.Set(handle.slot);
  record.result = PrepareResult::kRecord;
  record.op = Op::kDelete;
  record.schema = kPlainDelete;
  record.record_bytes = sizeof(wire);
  record.handle = handle;
  std::memcpy(record.bytes.data(), &wire, sizeof(wire));
}

// Groups in the order deletes, inserts, updates. Where frames run out in the middle, the end of a
// session must not come after the next one of its key: the digest counts both until then.
constexpr std::size_t kGroups = 16;
std::size_t GroupOf(const PreparedRecord& record) {
  switch (record.op) {
    case Op::kDelete:
      return record.schema & 3u;
    case Op::kInsert:
      return 4 + (record.schema & 7u);
    case Op::kUpdate:
      break;
  }
  return 12 + (record.schema & 3u);
}

}  // namespace

bool Publisher::PublishBatch(Instant now, FrameSink& sink, std::size_t table_index,
                             std::span<const Handle> handles, bool keyed_only, Cause cause) {
  ENSURE(handles.size() <= kPublishBatch);
  ReplicatedTable& table = *state_.engine.tables[table_index];
  table.PrepareBatch(handles, state_.engine.epoch, keyed_only, *records_);
  bool failed = false;
  nothing_count_ = 0;
  for (std::size_t i = 0; i < handles.size(); ++i) {
    is_ready_[i] = Settle(table_index, (*records_)[i], cause, failed);
  }
  const std::size_t ready = Group(handles.size());
  std::size_t put = 0;
  run_table_ = table.id();
  while (put < ready && Put(now, sink, table_index, (*records_)[order_[put]])) ++put;
  if (open_ != nullptr) EndRun();
  // Frames or credit ran out. Callers keep kPublishBatch of room free in the queue.
  for (std::size_t i = put; cause == Cause::kChange && i < ready; ++i) {
    if (!SIM_BUG(lose_unsent)) Requeue(table_index, (*records_)[order_[i]].handle);
  }
  RetireNothing(table_index);
  return put == ready && !failed;
}

bool Publisher::Settle(std::size_t table_index, PreparedRecord& record, Cause cause, bool& failed) {
  if (record.result == PrepareResult::kRecord) {
    if (state_.engine.CanTell(table_index, record)) return true;
    ++state_.engine.counters.records_untold;
    state_.engine.tables[table_index]->Retire(record.handle);  // If it is deleted.
    return false;
  }
  if (record.result == PrepareResult::kBusy) {
    ++state_.engine.counters.busy_requeues;
    if (cause == Cause::kChange) {
      Requeue(table_index, record.handle);
    } else {
      failed = true;
    }
    return false;
  }
  nothing_[nothing_count_++] = record.handle;
  if (cause == Cause::kChange) return false;
  EncodeDeleteOf(record.handle, record);
  record.result = PrepareResult::kNothing;  // Put() must not tell the table of it.
  return true;
}

// A handle can be twice in one batch, and its entry can be deleted between the two looks: then the
// first one has taught it to the peer and the second one found nothing. So the table is asked
// again; a delete that the peer must hear of now is published with the next batch.
void Publisher::RetireNothing(std::size_t table_index) {
  if (nothing_count_ == 0) return;
  EngineContext& engine = state_.engine;
  const auto handles = std::span(nothing_).first(nothing_count_);
  engine.tables[table_index]->PrepareBatch(handles, state_.engine.epoch, false, *records_);
  for (std::size_t i = 0; i < nothing_count_; ++i) {
    // A published delete waits for its acknowledgement and is retired by it alone.
    if (engine.tombstones[table_index]->IsMarked(handles[i])) continue;
    if ((*records_)[i].result == PrepareResult::kNothing) {
      engine.tables[table_index]->Retire(handles[i]);
      ++engine.counters.annihilated;
    } else if (!pending_[queue_].is_full()) {
      Requeue(table_index, handles[i]);
    }
  }
}

// Counting sort, stable, so that handles keep their order within a group.
std::size_t Publisher::Group(std::size_t count) {
  std::array<std::uint16_t, kGroups + 1> starts{};
  for (std::size_t i = 0; i < count; ++i) {
    if (is_ready_[i]) ++starts[GroupOf((*records_)[i]) + 1];
  }
  for (std::size_t g = 1; g <= kGroups; ++g) {
    starts[g] = static_cast<std::uint16_t>(starts[g] + starts[g - 1]);
  }
  const std::size_t ready = starts[kGroups];
  for (std::size_t i = 0; i < count; ++i) {
    if (is_ready_[i]) order_[starts[GroupOf((*records_)[i])]++] = static_cast<std::uint16_t>(i);
  }
  return ready;
}

bool Publisher::OpenFrame(FrameSink& sink) {
  if (!CanPublish(sink)) return false;
  open_ = state_.Begin(sink, writer_);
  state_.ring.Open();
  ++frames_without_windows_;
  ++frames_without_bulk_;
  return true;
}

bool Publisher::Put(Instant now, FrameSink& sink, std::size_t table_index,
                    const PreparedRecord& record) {
  EngineContext& engine = state_.engine;
  ReplicatedTable& table = *engine.tables[table_index];
  const Version version = MakeVersion(engine.own_term, state_.counter + 1);
  const auto bytes = std::span(record.bytes).first(record.record_bytes);
  if (open_ == nullptr && !OpenFrame(sink)) return false;
  if (!writer_.Append(table.id(), record.op, record.schema, bytes, version)) {
    Flush(now);
    if (!OpenFrame(sink)) return false;
    ENSURE(writer_.Append(table.id(), record.op, record.schema, bytes, version));
  }
  if (!SIM_BUG(reuse_version)) ++state_.counter;
  const bool is_table_record = record.result == PrepareResult::kRecord;
  if (is_table_record) table.OnPublished(record, version, engine.epoch);
  if (record.op == Op::kDelete && SIM_BUG(free_tombstone_early)) table.Retire(record.handle);
  const bool retires = is_table_record && record.op == Op::kDelete &&
                       engine.tombstones[table_index]->Mark(record.handle);
  const bool is_keyed =
      record.op == Op::kInsert || (record.op == Op::kDelete && record.schema != kPlainDelete);
  state_.ring.AddItem(RingItem::Make(table.id(), record.handle, is_keyed, retires));
  Count(record.op);
  return true;
}

bool Publisher::PutNote(Instant now, FrameSink& sink, std::uint64_t frame, std::uint64_t first) {
  if (open_ == nullptr && !OpenFrame(sink)) return false;
  const auto append = [&] {
    RepairedRecord note;
    note.frame.Set(frame);
    note.first_back.Set(static_cast<std::uint16_t>(state_.ring.next_frame() - first));
    return writer_.AppendControl(ControlOp::kRepaired, note);
  };
  if (!append()) {
    Flush(now);
    if (!OpenFrame(sink)) return false;
    ENSURE(append());
  }
  state_.ring.AddNote({frame, state_.ring.next_frame() == first});
  return true;
}

void Publisher::EndRun() { state_.ring.EndRun(run_table_, since_, is_change_); }

void Publisher::Flush(Instant now) {
  if (open_ == nullptr) return;
  EndRun();
  const std::uint64_t number = state_.ring.Close(now, state_.counter);
  state_.Finish(now, writer_, *open_, true, number);
  open_ = nullptr;
  ++state_.engine.counters.frames_sent;
}

void Publisher::Count(Op op) {
  EngineCounters& counters = state_.engine.counters;
  ++counters.records_sent;
  switch (op) {
    case Op::kInsert:
      ++counters.inserts_sent;
      break;
    case Op::kUpdate:
      ++counters.updates_sent;
      break;
    case Op::kDelete:
      ++counters.deletes_sent;
      break;
  }
}

}  // namespace statesync
