// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

// Which entries were used lately: said by the owner, so that a takeover does not let idle times
// begin where the standby last heard of an entry. Neither versions nor digests know of it.

#include <algorithm>
#include <array>

#include "statesync/stream/stream.h"

namespace statesync {
namespace {

// Groups looked at in one turn of a stream: some 8,000 slots.
constexpr std::size_t kGroupsPerTurn = 64;

}  // namespace

// The last of all statements: with no frame left, the walk goes on and says nothing.
void Stream::EmitLiveness(Instant now, FrameSink& sink) {
  if (!engine_.Publishes()) return;
  const Duration interval = engine_.options.liveness_interval;
  const auto tables = engine_.table_span();
  if (tables.empty()) return;
  const std::size_t count = engine_.stream_count;
  OutFrame* frame = nullptr;
  for (std::size_t due = liveness_.DueCount(now, interval, tables, count, kGroupsPerTurn); due > 0;
       --due) {
    const ReplicatedTable& table = *tables[liveness_.table_index()];
    LivenessRecord record;
    // Seconds are whole ones, so the one that has begun before counts, too.
    const std::size_t used = table.ListLiveness(liveness_.shard(), liveness_.first_slot(),
                                                now - interval - Seconds(1), record.bitmap);
    record.table = static_cast<std::uint8_t>(table.id());
    record.shard = liveness_.shard();
    record.first_slot.Set(static_cast<std::uint16_t>(liveness_.first_slot()));
    liveness_.Next(tables, state_.index, count);
    if (used == 0) continue;
    if (frame != nullptr && !control_.AppendControl(ControlOp::kLiveness, record)) {
      FinishControl(now, *frame);
      frame = nullptr;
    } else if (frame != nullptr) {
      continue;
    }
    if (sink.left() == 0) continue;
    frame = state_.Begin(sink, control_);
    (void)control_.AppendControl(ControlOp::kLiveness, record);
  }
  if (frame != nullptr) FinishControl(now, *frame);
}

void Stream::OnLiveness(const LivenessRecord& record) {
  const std::size_t table = engine_.IndexOf(static_cast<TableId>(record.table));
  const std::uint32_t first = record.first_slot.Get();
  if (table == kNoTable || !state_.HasShard(record.shard) || first % kLivenessSlots != 0) return;
  std::array<OwnHandle, kLivenessSlots> own;
  std::size_t count = 0;
  for (std::uint32_t i = 0; i < kLivenessSlots; ++i) {
    if (((record.bitmap[i / 8] >> (i % 8)) & 1) == 0) continue;
    const Handle sender{record.shard, static_cast<SlotIndex>(first + i)};
    const SlotState state = applier_.SlotOf(table, sender);
    if (state.kind == SlotKind::kLive) own[count++] = state.own;
  }
  engine_.tables[table]->ApplyLiveness(std::span(own).first(count));
  engine_.counters.entries_refreshed += count;
}

}  // namespace statesync
