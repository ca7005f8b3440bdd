// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

// Which slots an owner looks at next to say which entries were used: all of its stream's, in groups
// of one record, spread evenly over the interval.
//
// Threads: one, the sync loop.  Memory: a value.

#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>

#include "statesync/table/replicated_table.h"
#include "statesync/types.h"

namespace statesync {

inline constexpr std::uint32_t kLivenessSlots = 128;  // Of one LivenessRecord.

class LivenessWalk {
 public:
  // Groups that are due now, at most `most`. After a long pause the walk goes on at its pace.
  std::size_t DueCount(Instant now, Duration interval, std::span<ReplicatedTable* const> tables,
                       std::size_t stream_count, std::size_t most) {
    if (interval.ns == 0) return 0;
    std::int64_t groups = 0;
    for (const ReplicatedTable* table : tables) {
      groups += static_cast<std::int64_t>(GroupsOf(*table) * kShardCount / stream_count + 1);
    }
    const std::int64_t step =
        std::max<std::int64_t>(interval.ns / std::max<std::int64_t>(groups, 1),
                               1);  // Time of one group.
    const std::int64_t due = std::min((now - walked_).ns / step, static_cast<std::int64_t>(most));
    if (due <= 0) return 0;
    const bool is_late = due == static_cast<std::int64_t>(most);
    walked_ = is_late ? now : walked_ + Nanos(step * due);
    return static_cast<std::size_t>(due);
  }

  [[nodiscard]] std::size_t table_index() const { return table_index_; }
  [[nodiscard]] ShardIndex shard() const { return static_cast<ShardIndex>(shard_); }
  [[nodiscard]] std::uint32_t first_slot() const { return first_slot_; }
  // Goes to the next group of shards index, index + stream_count, …
  void Next(std::span<ReplicatedTable* const> tables, std::size_t index, std::size_t stream_count) {
    first_slot_ += kLivenessSlots;
    if (first_slot_ < tables[table_index_]->slots_per_shard()) return;
    first_slot_ = 0;
    shard_ += stream_count;
    if (shard_ < kShardCount) return;
    shard_ = index;
    table_index_ = table_index_ + 1 == tables.size() ? 0 : table_index_ + 1;
  }
  void Restart(std::size_t index) {
    table_index_ = 0;
    shard_ = index;
    first_slot_ = 0;
  }

 private:
  static std::size_t GroupsOf(const ReplicatedTable& table) {
    return (table.slots_per_shard() + kLivenessSlots - 1) / kLivenessSlots;
  }

  Instant walked_;  // The walk has kept its pace up to here.
  std::size_t table_index_ = 0;
  std::size_t shard_ = 0;
  std::uint32_t first_slot_ = 0;
};

}  // namespace statesync
