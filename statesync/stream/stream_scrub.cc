// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

// Values stated by the owner, compared by the receiver; see scrub.h.

#include "statesync/ensure.h"
#include "statesync/stream/stream.h"

namespace statesync {

void Stream::EmitScrub(Instant now, FrameSink& sink, TableId table,
                       std::span<const ScrubWalk::Item> items) {
  OutFrame* frame = state_.Begin(sink, control_);
  for (const ScrubWalk::Item& item : items) {
    ScrubRecord record;
    record.table = static_cast<std::uint8_t>(table);
    record.handle.shard = item.handle.shard;
    record.handle.slot.Set(item.handle.slot);
    record.handle.generation = item.value.generation;
    record.version.Set(item.value.version.bits);
    record.value_hash.Set(item.value.hash);
    ENSURE(control_.AppendControl(ControlOp::kScrub, record));
  }
  FinishControl(now, *frame);
  engine_.counters.values_stated += items.size();
}

// Whatever is not here under this handle and version is on its way, or the digest's business.
void Stream::OnScrub(Instant now, const ScrubRecord& record) {
  const std::size_t table = engine_.IndexOf(static_cast<TableId>(record.table));
  if (table == kNoTable || !state_.HasShard(record.handle.shard)) return;
  const Handle sender{record.handle.shard, record.handle.slot.Get()};
  const SlotState state = applier_.SlotOf(table, sender);
  if (state.kind != SlotKind::kLive || state.wanted ||
      state.generation != record.handle.generation) {
    return;
  }
  const Handle own{state.own.shard, state.own.slot};
  EntryValue value;
  engine_.tables[table]->ReadValueBatch({&own, 1}, engine_.epoch, {&value, 1});
  if (value.state == ValueState::kNone || value.generation != state.own.generation ||
      value.version.bits != record.version.Get()) {
    return;
  }
  if (value.hash == record.value_hash.Get()) {
    ++engine_.counters.values_agreed;
    return;
  }
  ++engine_.counters.values_differed;
  needs_.difference = true;
  comparison_.Restart();
  engine_.mismatches[table].OnMismatch(now, record.handle.shard, MismatchKind::kValue);
  // Without room the next walk over the table finds it again.
  if (value_doubts_.Add(table, sender)) {
    applier_.WantValue(table, sender, state.generation, value.version);
  }
}

bool Stream::HasValueDoubts() {
  value_doubts_.Settle([this](const ValueDoubts::Doubt& doubt) {
    return applier_.SlotOf(doubt.table_index, doubt.sender).wanted;
  });
  return !value_doubts_.is_empty();
}

}  // namespace statesync
