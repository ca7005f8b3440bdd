// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

// Table's sending half: images for the engine, what publication leaves behind.
//
// Threads: see table.h.

#pragma once

#include <algorithm>

#include "statesync/ensure.h"
#include "statesync/sim_hooks.h"
#include "statesync/table/table.h"

namespace statesync {

inline constexpr std::size_t kForgetParts =
    128;  // ForgetPeer wipes one part; fewer than 255 epochs.
inline constexpr std::size_t kListLookFactor = 8;  // Slots ListBatch looks at per handle.

template <typename Record>
void Table<Record>::Attach(std::span<std::byte> memory, const TableLayout& layout,
                           std::uint32_t capacity, std::uint8_t worker_count,
                           std::uint32_t dirty_ring_handles, const IndexSeed& seed,
                           const DigestKey& digest_key) noexcept {
  ENSURE(memory.size() >= layout.bytes);
  const std::size_t slots = std::size_t{layout.slots_per_shard} * kShardCount;
  std::memset(memory.data(), 0, layout.bytes);
  entries_ = reinterpret_cast<Entry*>(memory.data() + layout.entries);
  std::uninitialized_value_construct_n(entries_, slots);
  auto* buckets = reinterpret_cast<IndexBucket*>(memory.data() + layout.buckets);
  auto* free_slots = reinterpret_cast<SlotIndex*>(memory.data() + layout.free_slots);
  auto* check_times = reinterpret_cast<std::uint16_t*>(memory.data() + layout.check_times);
  auto* ring_handles = reinterpret_cast<Handle*>(memory.data() + layout.rings);
  for (std::size_t s = 0; s < kShardCount; ++s) {
    const std::size_t first = s * layout.slots_per_shard;
    shards_[s].Init(entries_ + first, layout.slots_per_shard,
                    buckets + s * layout.buckets_per_shard, layout.buckets_per_shard,
                    free_slots + first, check_times + first, seed);
  }
  for (std::size_t w = 0; w < worker_count; ++w) {
    rings_[w].Init(ring_handles + w * dirty_ring_handles, dirty_ring_handles);
  }
  windows_.Init(reinterpret_cast<WaitingWindows::Item*>(memory.data() + layout.windows),
                dirty_ring_handles);
  slots_per_shard_ = layout.slots_per_shard;
  capacity_ = capacity;
  worker_count_ = worker_count;
  digest_key_ = digest_key;
}

template <typename Record>
std::uint32_t Table<Record>::live_count() const {
  std::uint32_t sum = 0;
  for (const auto& shard : shards_) sum += shard.live_count();
  return sum;
}

// ---- Changes without a peer --------------------------------------------------------------------

template <typename Record>
std::size_t Table<Record>::VersionUntold(std::span<const Handle> handles, Version last) {
  std::size_t used = 0;
  for (const Handle handle : handles) {
    Entry& e = entry(handle);
    EntryCopy<Entry> copy;
    if (!CopyEntry(e, copy)) {
      PutBack(handle);
    } else if (copy.get().tombstone != Tombstone::kLive) {
      Retire(handle);
    } else if (Record::IsLive(copy.get()) && Record::IsReplicated(copy.get()) &&
               e.version <= last.bits + used) {
      SetVersion(handle.shard, e, {last.bits + ++used});
    }
  }
  return used;
}

template <typename Record>
bool Table<Record>::IsHeldBack() const {
  constexpr std::uint32_t kHeldShare = 4;  // More than every fourth slot of a shard.
  return std::any_of(shards_.begin(), shards_.end(), [this](const Shard<Record>& shard) {
    return shard.tombstone_count() > slots_per_shard_ / kHeldShare;
  });
}

// ---- Images ------------------------------------------------------------------------------------

template <typename Record>
void Table<Record>::PrepareBatch(std::span<const Handle> handles, std::uint16_t epoch,
                                 bool keyed_only, std::span<PreparedRecord> records) {
  ENSURE(records.size() >= handles.size());
  const std::uint8_t mark = LearntMark(epoch);
  ENSURE(mark != 0);
  for (const Handle handle : handles) PrefetchRead(&entry(handle));
  for (std::size_t i = 0; i < handles.size(); ++i) {
    PreparedRecord& record = records[i];
    record.handle = handles[i];
    EntryCopy<Entry> copy;
    if (!CopyEntry(entry(handles[i]), copy)) {
      record.result = PrepareResult::kBusy;
      continue;
    }
    const Entry& e = copy.get();
    const bool learnt = e.learnt_epoch == mark;
    record.result = PrepareResult::kRecord;
    record.teaches = Record::IsSettled(e);
    if (!Record::IsReplicated(e)) {
      record.result = PrepareResult::kNothing;
    } else if (Record::IsLive(e)) {
      if (learnt && !keyed_only) {
        Record::EncodeUpdate(e, handles[i], record);
      } else {
        record_.EncodeInsert(e, handles[i], record);
      }
    } else if (e.tombstone != Tombstone::kLive && learnt && !keyed_only) {
      Record::EncodeDelete(handles[i], record);
    } else if (e.tombstone != Tombstone::kLive && e.version != 0) {
      Record::EncodeKeyedDelete(e, handles[i], record);
    } else {
      record.result = PrepareResult::kNothing;
    }
  }
}

template <typename Record>
void Table<Record>::OnPublished(const PreparedRecord& record, Version version,
                                std::uint16_t epoch) {
  ENSURE(record.result == PrepareResult::kRecord);
  const Handle handle = record.handle;
  Entry& e = entry(handle);
  if (record.op != Op::kDelete) {
    SetVersion(handle.shard, e, version);
    e.learnt_epoch = record.teaches ? LearntMark(epoch) : std::uint8_t{0};
    return;
  }
  if (e.tombstone != Tombstone::kDeleted) return;
  // The digest does not count it any more; keyed deletes go on naming the version that ended.
  const std::uint64_t ended = e.version;
  if (!SIM_BUG(digest_keeps_deleted)) SetVersion(handle.shard, e, Version{});
  e.version = ended;
  e.tombstone = Tombstone::kPublished;
}

template <typename Record>
void Table<Record>::Retire(Handle handle) {
  Entry& e = entry(handle);
  EntryCopy<Entry> copy;
  // A writer in the middle of a change works on another incarnation, or its mark is yet to come.
  if (!CopyEntry(e, copy) || copy.get().tombstone == Tombstone::kLive) return;
  if (e.tombstone == Tombstone::kDeleted) SetVersion(handle.shard, e, Version{});
  shards_[handle.shard].Free(handle.slot);
}

template <typename Record>
std::size_t Table<Record>::ListBatch(ShardIndex shard, SlotIndex& slot,
                                     std::span<Handle> handles) const {
  // An entry that comes this moment is a change, and goes out as one.
  if (shards_[shard].live_count() == 0) {
    slot = kNoSlot;
    return 0;
  }
  std::size_t found = 0;
  std::size_t looked = 0;
  std::uint32_t next = slot;
  for (; next < slots_per_shard_ && found < handles.size(); ++next) {
    if (looked++ == kListLookFactor * handles.size()) break;
    EntryCopy<Entry> copy;
    const Entry& e = shards_[shard].entry(static_cast<SlotIndex>(next));
    // A busy entry is listed: looking at it again is the engine's way with busy entries anyhow.
    if (CopyEntry(e, copy) && !(Record::IsLive(copy.get()) && Record::IsReplicated(copy.get()))) {
      continue;
    }
    handles[found++] = {shard, static_cast<SlotIndex>(next)};
  }
  slot = next >= slots_per_shard_ ? kNoSlot : static_cast<SlotIndex>(next);
  return found;
}

template <typename Record>
void Table<Record>::ReadValueBatch(std::span<const Handle> handles, std::uint16_t epoch,
                                   std::span<EntryValue> values) const {
  ENSURE(values.size() >= handles.size());
  const auto at = [this](Handle handle) -> const Entry& {
    return shards_[handle.shard].entry(handle.slot);
  };
  for (const Handle handle : handles) PrefetchRead(&at(handle));
  for (std::size_t i = 0; i < handles.size(); ++i) {
    values[i] = {};
    EntryCopy<Entry> copy;
    if (!CopyEntry(at(handles[i]), copy)) continue;
    const Entry& e = copy.get();
    // What is not settled is on its way to the peer soon, as an insert.
    if (!Record::IsLive(e) || !Record::IsReplicated(e) || !Record::IsSettled(e)) continue;
    if (at(handles[i]).dirty.load(std::memory_order_relaxed) != 0) continue;
    PreparedRecord record;
    if (!record_.EncodeForComparison(e, record)) continue;
    const auto label =
        (static_cast<std::uint64_t>(Record::kTable) << 56) | (std::uint64_t{record.schema} << 48);
    const auto value = std::span(record.bytes).first(record.record_bytes);
    values[i] = {.state = e.learnt_epoch == LearntMark(epoch) && e.version != 0
                              ? ValueState::kPublished
                              : ValueState::kUnlearnt,
                 .generation = e.generation,
                 .version = {e.version},
                 .hash = ValueHash(value.subspan(sizeof(WireHandle)), label, digest_key_)};
  }
}

template <typename Record>
void Table<Record>::ForgetPeer() {
  const std::size_t slots = std::size_t{slots_per_shard_} * kShardCount;
  const std::size_t part = (slots + kForgetParts - 1) / kForgetParts;
  for (std::size_t i = 0; i < part; ++i) {
    entries_[forget_cursor_].learnt_epoch = 0;
    forget_cursor_ = forget_cursor_ + 1 == slots ? 0 : forget_cursor_ + 1;
  }
}

}  // namespace statesync
