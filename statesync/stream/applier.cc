// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

#include "statesync/stream/applier.h"

#include <algorithm>
#include <limits>

#include "statesync/ensure.h"
#include "statesync/sim_hooks.h"

namespace statesync {

void Applier::Batch::Add(const Step& step) {
  steps[count] = step;
  bytes[count] = step.bytes;
  versions[count] = step.version;
  own[count] = step.own;
  ++count;
}

Applier::Applier(EngineContext& engine, std::uint16_t stream, DigestComparison& comparison)
    : engine_(engine),
      stream_(stream),
      comparison_(comparison),
      refusals_(kRefusalsMax),
      batch_(std::make_unique<Batch>()),
      steps_(std::make_unique<std::array<Step, kBatchMax>>()) {}

void Applier::Forget() {
  for (std::size_t i = 0; i < engine_.table_count; ++i) {
    for (std::size_t s = stream_; s < kShardCount; s += engine_.stream_count) {
      engine_.maps[i]->Forget(static_cast<ShardIndex>(s));
      engine_.out_of_range[i].Forget(static_cast<ShardIndex>(s));
    }
  }
  wants_.Clear();
  refusals_.Clear();
  overflowed_ = false;
  newest_ = {};
}

void Applier::ApplySection(const Section& section, std::uint64_t frame) {
  table_index_ = engine_.IndexOf(section.table);
  const auto op = static_cast<Op>(section.op);
  if (table_index_ == kNoTable ||
      engine_.tables[table_index_]->RecordBytes(op, section.schema) == 0) {
    ++engine_.counters.sections_unknown;
    return;
  }
  table_ = engine_.tables[table_index_];
  frame_ = frame;
  map_ = engine_.maps[table_index_].get();
  if (section.count > 0) newest_ = std::max(newest_, section.version(section.count - 1));
  std::array<Step, kBatchMax>& steps = *steps_;
  for (std::size_t first = 0; first < section.count; first += kBatchMax) {
    const std::size_t count = std::min<std::size_t>(kBatchMax, section.count - first);
    const std::size_t read = ReadHandles(section, first, count, steps);
    const auto known = std::span(steps).first(read);
    for (const Step& step : known) {
      comparison_.OnTouched(table_index_, step.sender.shard, frame);
    }
    switch (op) {
      case Op::kInsert:
        ApplyInserts(section.schema, known);
        break;
      case Op::kUpdate:
        ApplyUpdates(section.schema, known);
        break;
      case Op::kDelete:
        ApplyDeletes(section.schema, known);
        break;
    }
  }
}

std::size_t Applier::ReadHandles(const Section& section, std::size_t first, std::size_t count,
                                 std::span<Step> steps) {
  const bool has_generation = static_cast<Op>(section.op) != Op::kDelete;
  std::size_t read = 0;
  for (std::size_t i = first; i < first + count; ++i) {
    Step& step = steps[read];
    step = {};
    step.bytes = section.record(i);
    step.version = section.version(i);
    // A delete is the beginning of a handle.
    const auto byte = [&step](std::size_t at) {
      return std::to_integer<std::uint8_t>(step.bytes[at]);
    };
    step.sender = {byte(0), static_cast<SlotIndex>((byte(1) << 8) | byte(2))};
    if (has_generation) step.generation = byte(3);
    if (step.sender.shard % engine_.stream_count != stream_) {
      ++engine_.counters.records_malformed;
      continue;
    }
    if (!map_->IsInRange(step.sender.slot)) {
      OnOutOfRange(static_cast<Op>(section.op), step);
      continue;
    }
    map_->Prefetch(step.sender);
    ++read;
  }
  return read;
}

// ---- Inserts -----------------------------------------------------------------------------------

void Applier::ApplyInserts(std::uint8_t schema, std::span<const Step> steps) {
  Batch& batch = *batch_;
  batch.count = 0;
  for (Step step : steps) {
    if (AdmitInsert(schema, step)) {
      batch.Add(step);
    } else {
      ++engine_.counters.records_stale;
    }
  }
  const auto count = batch.count;
  if (count == 0) return;
  table_->ApplyInsertBatch(schema, std::span(batch.bytes).first(count),
                           std::span(batch.versions).first(count),
                           std::span(batch.outcomes).first(count));
  for (std::size_t i = 0; i < count; ++i) AfterInsert(batch.steps[i], batch.outcomes[i]);
}

bool Applier::AdmitInsert(std::uint8_t schema, Step& step) {
  const SlotState state = map_->Get(step.sender);
  step.is_wanted = state.wanted;
  switch (state.kind) {
    case SlotKind::kUnknown:
      return true;
    case SlotKind::kDead:
    case SlotKind::kRefused:
      if (CounterOf(step.version) > state.since) return true;
      // It ended meanwhile, and so did what it would have replaced: the end named only a handle.
      table_->RemoveReplacedBatch(schema, {&step.bytes, 1}, {&step.version, 1});
      return false;
    case SlotKind::kLive:
      break;
  }
  if (state.generation == step.generation) {
    step.is_known_live = true;
    step.own = state.own;
    if (table_->Holds(state.own) || IsAnswer(step)) return true;
    WantAnew(step);
    return false;
  }
  // Another incarnation of the slot is here. If it is newer, this insert is history.
  const ApplyOutcome removed = RemoveOne(state.own, step.version);
  return removed.result == ApplyResult::kApplied || removed.slot == kNoSlot;
}

void Applier::AfterInsert(const Step& step, const ApplyOutcome& outcome) {
  const OwnHandle own{step.sender.shard, outcome.generation, outcome.slot};
  switch (outcome.result) {
    case ApplyResult::kApplied:
      ++engine_.counters.records_applied;
      // The generation came round: the same handle names another key. The old one is gone there.
      if (step.is_known_live &&
          (step.own.slot != own.slot || step.own.generation != own.generation)) {
        (void)RemoveOne(step.own, step.version);
      }
      map_->SetLive(step.sender, step.generation, own);
      break;
    case ApplyResult::kStale:
      ++engine_.counters.records_stale;
      break;
    case ApplyResult::kRefused:
      Refuse(step, outcome.reason);
      break;
    case ApplyResult::kMalformed:
      ++engine_.counters.records_malformed;
      break;
  }
  Answer(step);
}

ApplyOutcome Applier::RemoveOne(OwnHandle own, Version version) {
  ApplyOutcome outcome{};
  table_->ApplyDeleteBatch(std::span(&own, 1), std::span(&version, 1), std::span(&outcome, 1));
  return outcome;
}

void Applier::Refuse(const Step& step, RefusalReason reason) {
  map_->SetRefused(step.sender, CounterOf(step.version));
  StateRefusal(step, reason);
}

// The peer's table is larger than this node was told to expect. Updates speak of what was refused.
void Applier::OnOutOfRange(Op op, const Step& step) {
  ++engine_.counters.slots_out_of_range;
  OutOfRangeSlots& slots = engine_.out_of_range[table_index_];
  if (op == Op::kDelete) slots.Remove(step.sender);
  if (op != Op::kInsert) return;
  slots.Refuse(step.sender);
  StateRefusal(step, RefusalReason::kTableFull);
}

void Applier::StateRefusal(const Step& step, RefusalReason reason) {
  ++engine_.counters.records_refused;
  ++engine_.refused[table_index_][static_cast<std::size_t>(reason) % kRefusalReasons];
  RefusedRecord record;
  record.table = static_cast<std::uint8_t>(table_->id());
  record.handle.shard = step.sender.shard;
  record.handle.slot.Set(step.sender.slot);
  record.handle.generation = step.generation;
  record.reason = static_cast<std::uint8_t>(reason);
  (void)refusals_.Push(record);  // When the list is full the count still says how many.
}

// ---- Updates -----------------------------------------------------------------------------------

void Applier::ApplyUpdates(std::uint8_t schema, std::span<const Step> steps) {
  Batch& batch = *batch_;
  batch.count = 0;
  for (Step step : steps) {
    const SlotState state = map_->Get(step.sender);
    step.is_wanted = state.wanted;
    if (state.kind == SlotKind::kDead && CounterOf(step.version) <= state.since) {
      ++engine_.counters.records_stale;
    } else if (state.kind == SlotKind::kLive && state.generation == step.generation) {
      step.own = state.own;
      batch.Add(step);
    } else if (SIM_BUG(apply_unknown_generation)) {
      step.own = {step.sender.shard, step.generation, step.sender.slot};
      batch.Add(step);
    } else {
      Want(step);
    }
  }
  const auto count = batch.count;
  if (count == 0) return;
  table_->ApplyUpdateBatch(
      schema, std::span(batch.bytes).first(count), std::span(batch.own).first(count),
      std::span(batch.versions).first(count), std::span(batch.outcomes).first(count));
  for (std::size_t i = 0; i < count; ++i) {
    const ApplyOutcome& outcome = batch.outcomes[i];
    if (outcome.result == ApplyResult::kApplied) {
      ++engine_.counters.records_applied;
    } else if (outcome.result == ApplyResult::kMalformed) {
      ++engine_.counters.records_malformed;
    } else {
      ++engine_.counters.records_stale;
      if (outcome.slot == kNoSlot) {
        WantAnew(batch.steps[i]);
        continue;
      }
    }
    Answer(batch.steps[i]);
  }
}

// ---- Deletes -----------------------------------------------------------------------------------

void Applier::ApplyDeletes(std::uint8_t schema, std::span<const Step> steps) {
  Batch& batch = *batch_;
  batch.count = 0;
  for (Step step : steps) {
    const SlotState state = map_->Get(step.sender);
    step.is_wanted = state.wanted;
    if (state.kind == SlotKind::kLive) {
      step.own = state.own;
      batch.Add(step);
      continue;
    }
    const std::uint64_t since = CounterOf(step.version);
    const bool is_refused_since = state.kind == SlotKind::kRefused && since < state.since;
    if (!is_refused_since) map_->SetDead(step.sender, std::max(since, state.since));
    if (schema != kPlainDelete) {
      ApplyKeyedDelete(schema, step);
    } else {
      ++engine_.counters.records_applied;
    }
    Answer(step);
  }
  const auto count = batch.count;
  if (count == 0) return;
  table_->ApplyDeleteBatch(std::span(batch.own).first(count),
                           std::span(batch.versions).first(count),
                           std::span(batch.outcomes).first(count));
  for (std::size_t i = 0; i < count; ++i) {
    const ApplyOutcome& outcome = batch.outcomes[i];
    const bool is_newer_here = outcome.result != ApplyResult::kApplied && outcome.slot != kNoSlot;
    if (is_newer_here) {
      ++engine_.counters.records_stale;
    } else {
      ++engine_.counters.records_applied;
      map_->SetDead(batch.steps[i].sender, CounterOf(batch.steps[i].version));
    }
    Answer(batch.steps[i]);
  }
}

// The handle is unknown here, or was; the entry may have come under another one.
void Applier::ApplyKeyedDelete(std::uint8_t schema, const Step& step) {
  ApplyOutcome outcome{};
  table_->ApplyKeyedDeleteBatch(schema, std::span(&step.bytes, 1), std::span(&outcome, 1));
  if (outcome.result == ApplyResult::kMalformed) {
    ++engine_.counters.records_malformed;
  } else if (outcome.result == ApplyResult::kStale && outcome.slot != kNoSlot) {
    ++engine_.counters.records_stale;
  } else {
    ++engine_.counters.records_applied;
  }
}

// ---- Wants and refusals ------------------------------------------------------------------------

void Applier::Want(const Step& step) {
  const bool is_open = map_->Get(step.sender).wanted;
  map_->SetWanted(step.sender, true);
  // One item a handle: an answered one stays in the queue until its time comes, and serves again.
  if (WantedHandle* wanted = wants_.Find(table_->id(), step.sender)) {
    wanted->generation = step.generation;
    wanted->version = is_open ? std::max(wanted->version, step.version) : step.version;
    wanted->frame = is_open ? std::min(wanted->frame, frame_) : frame_;
    return;
  }
  if (wants_.Add({table_->id(), step.generation, step.sender, step.version, frame_})) return;
  map_->SetWanted(step.sender, false);  // Not asked for, so a later record may ask.
  ++engine_.counters.wants_overflowed;
  overflowed_ = true;
}

void Applier::WantAnew(Step step) {
  step.version = std::max(step.version, newest_);
  Want(step);
}

bool Applier::IsAnswer(const Step& step) {
  if (!step.is_wanted) return false;
  const WantedHandle* wanted = wants_.Find(table_->id(), step.sender);
  return wanted == nullptr || step.version > wanted->version;
}

void Applier::Answer(const Step& step) {
  if (!step.is_wanted) return;
  const WantedHandle* wanted = wants_.Find(table_->id(), step.sender);
  if (wanted == nullptr || step.version >= wanted->version) {
    map_->SetWanted(step.sender, false);
  }
}

SlotState Applier::SlotOf(std::size_t table_index, Handle sender) const {
  const SlotMap& map = *engine_.maps[table_index];
  return map.IsInRange(sender.slot) ? map.Get(sender) : SlotState{};
}

void Applier::WantValue(std::size_t table_index, Handle sender, std::uint8_t generation,
                        Version version) {
  table_ = engine_.tables[table_index];
  map_ = engine_.maps[table_index].get();
  frame_ = std::numeric_limits<std::uint64_t>::max();
  Want({.version = {version.bits + 1}, .sender = sender, .generation = generation});
}

std::uint64_t Applier::AppliedUpTo(std::uint64_t contiguous) const {
  if (wants_.size() == 0 || SIM_BUG(ack_before_apply)) return contiguous;
  const auto is_wanted = [this](const WantedHandle& item) {
    return engine_.maps[engine_.IndexOf(item.table)]->Get(item.handle).wanted;
  };
  return wants_.OldestFrame(is_wanted, contiguous + 1) - 1;
}

bool Applier::TakeWant(Instant now, WantedHandle& wanted) {
  const auto is_wanted = [this](const WantedHandle& item) {
    return engine_.maps[engine_.IndexOf(item.table)]->Get(item.handle).wanted;
  };
  return wants_.TakeDue(now, engine_.options.statement_interval, is_wanted, wanted);
}

Instant Applier::NextWant() const {
  if (wants_.has_fresh()) return {0};
  if (wants_.has_asked()) return wants_.NextRepeat(engine_.options.statement_interval);
  return {std::numeric_limits<std::int64_t>::max()};
}

bool Applier::TakeOverflow() {
  const bool overflowed = overflowed_;
  overflowed_ = false;
  return overflowed;
}

}  // namespace statesync
