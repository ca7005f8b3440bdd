// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

#include "statesync/stream/scrub.h"

#include <algorithm>

#include "statesync/ensure.h"
#include "statesync/limits.h"

namespace statesync {
namespace {

// Shards, or parts of a large one, that a step looks at.
constexpr std::size_t kLooksMax = 8;

}  // namespace

void ScrubWalk::SetStreamCount(std::size_t stream_count) {
  if (stream_count == stream_count_) return;
  *this = {};
  stream_count_ = stream_count;
}

std::span<const ScrubWalk::Item> ScrubWalk::TakeUnchanged(std::span<ReplicatedTable* const> tables,
                                                          std::uint16_t epoch) {
  if (item_count_ == 0) return {};
  std::array<Handle, kScrubEntriesMax> handles;
  std::array<EntryValue, kScrubEntriesMax> values;
  for (std::size_t i = 0; i < item_count_; ++i) handles[i] = items_[i].handle;
  tables[item_table_]->ReadValueBatch(std::span(handles).first(item_count_), epoch, values);
  std::size_t kept = 0;
  for (std::size_t i = 0; i < item_count_; ++i) {
    const EntryValue& before = items_[i].value;
    if (values[i].state != ValueState::kPublished || values[i].version != before.version ||
        values[i].generation != before.generation) {
      continue;
    }
    items_[kept++] = items_[i];
  }
  item_count_ = 0;
  return std::span(items_).first(kept);
}

std::size_t ScrubWalk::Step(Instant now, std::span<ReplicatedTable* const> tables,
                            std::uint16_t epoch, std::size_t entries_max,
                            std::span<Handle> unlearnt) {
  ENSURE(entries_max <= kScrubEntriesMax && unlearnt.size() >= entries_max);
  item_count_ = 0;
  if (!began_) pass_began_ = now;
  began_ = true;
  stepped_at_ = now;
  std::size_t unlearnt_count = 0;
  item_lane_ = lane_;
  item_table_ = table_;
  std::size_t listed = 0;
  std::array<Handle, kScrubEntriesMax> handles;
  std::array<EntryValue, kScrubEntriesMax> values;
  for (std::size_t look = 0; look < kLooksMax && listed < entries_max; ++look) {
    if (lane_ != item_lane_ || table_ != item_table_) break;  // Of another frame.
    const std::size_t count = tables[table_]->ListBatch(
        static_cast<ShardIndex>(shard_), slot_, std::span(handles).first(entries_max - listed));
    listed += count;
    tables[table_]->ReadValueBatch(std::span(handles).first(count), epoch, values);
    for (std::size_t i = 0; i < count; ++i) {
      if (values[i].state == ValueState::kPublished) {
        items_[item_count_++] = {handles[i], values[i]};
      } else if (values[i].state == ValueState::kUnlearnt) {
        unlearnt[unlearnt_count++] = handles[i];
      }
    }
    if (slot_ == kNoSlot) NextShard(now, tables.size());
  }
  return unlearnt_count;
}

void ScrubWalk::NextShard(Instant now, std::size_t table_count) {
  slot_ = 0;
  shard_ += stream_count_;
  if (shard_ < kShardCount) return;
  lane_ = lane_ + 1 == stream_count_ ? 0 : lane_ + 1;
  shard_ = lane_;
  if (lane_ != 0) return;
  table_ = table_ + 1 >= table_count ? 0 : table_ + 1;
  if (table_ != 0) return;
  ++passes_;
  pass_length_ = now - pass_began_;
  pass_began_ = now;
}

}  // namespace statesync
