// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

// Table's sending half: marks from workers, images for the engine, what publication leaves behind.
//
// A change is never lost: a worker writes, fences, then tests the mark; the sync loop clears marks,
// fences, then reads. Whichever fence comes first, either the worker sees the cleared mark and
// queues again, or the sync loop reads the change. tests/unit/table/dirty_litmus_test.cc shows it.
//
// Threads: see table.h.

#pragma once

#include <algorithm>

#include "statesync/ensure.h"
#include "statesync/table/table.h"

namespace statesync {

inline constexpr std::uint32_t kDirtyScanSlots = 4'096;  // Slots one TakeDirtyBatch scans at most.
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

// ---- Marks -------------------------------------------------------------------------------------

template <typename Record>
void Table<Record>::MarkDirtyBatch(std::uint8_t worker, std::span<const Handle> handles,
                                   ChangeClass change) noexcept {
  DirtyRing& ring = rings_[worker];
  FullFence();
  for (const Handle handle : handles) {
    Entry& e = entry(handle);
    if (e.dirty.load(std::memory_order_relaxed) != 0) continue;
    e.dirty.store(static_cast<std::uint8_t>(change), std::memory_order_relaxed);
    if (ring.Push(handle)) continue;
    unqueued_.fetch_add(1, std::memory_order_relaxed);
    scan_wanted_[handle.shard].store(1, std::memory_order_release);
    scans_wanted_.fetch_add(1, std::memory_order_release);
  }
  ring.Publish();
}

template <typename Record>
std::size_t Table<Record>::TakeFromRings(std::span<Handle> handles) noexcept {
  std::size_t popped = 0;
  for (std::uint8_t i = 0; i < worker_count_ && popped < handles.size(); ++i) {
    DirtyRing& ring = rings_[next_ring_];
    next_ring_ = next_ring_ + 1 == worker_count_ ? std::uint8_t{0}
                                                 : static_cast<std::uint8_t>(next_ring_ + 1);
    while (popped < handles.size() && ring.Pop(handles[popped])) {
      PrefetchWrite(&entry(handles[popped]));
      ++popped;
    }
    ring.Release();
  }
  std::size_t taken = 0;
  for (const Handle handle : handles.first(popped)) {
    Entry& e = entry(handle);
    if (e.dirty.load(std::memory_order_relaxed) == 0) continue;  // A scan was faster.
    e.dirty.store(0, std::memory_order_relaxed);
    handles[taken++] = handle;
  }
  return taken;
}

// Moves the pass to the next flagged shard; false if none is left. A flag set behind the cursor is
// seen by the next pass, as it also raised scans_wanted_.
template <typename Record>
bool Table<Record>::NextScanShard() noexcept {
  if (scan_shard_ == kShardCount) {
    const std::uint32_t wanted = scans_wanted_.load(std::memory_order_acquire);
    if (wanted == scans_done_) return false;
    scans_done_ = wanted;
    scan_shard_ = 0;
  } else {
    ++scan_shard_;
  }
  for (; scan_shard_ < kShardCount; ++scan_shard_) {
    if (scan_wanted_[scan_shard_].exchange(0, std::memory_order_acquire) == 0) continue;
    scan_slot_ = 0;
    return true;
  }
  return false;
}

template <typename Record>
std::size_t Table<Record>::TakeFromScan(std::span<Handle> handles) noexcept {
  std::size_t taken = 0;
  for (std::uint32_t looked = 0; looked < kDirtyScanSlots; ++looked) {
    if (scan_shard_ == kShardCount || scan_slot_ == slots_per_shard_) {
      if (!NextScanShard()) break;
    }
    if (taken == handles.size()) break;
    const Handle handle{static_cast<ShardIndex>(scan_shard_), static_cast<SlotIndex>(scan_slot_)};
    ++scan_slot_;
    Entry& e = entry(handle);
    if (e.dirty.load(std::memory_order_acquire) == 0) continue;
    e.dirty.store(0, std::memory_order_relaxed);
    handles[taken++] = handle;
  }
  scanned_.store(scanned_.load(std::memory_order_relaxed) + taken, std::memory_order_relaxed);
  return taken;
}

template <typename Record>
std::size_t Table<Record>::TakeDirtyBatch(std::span<Handle> handles) {
  std::size_t taken = TakeFromRings(handles);
  if (taken < handles.size()) taken += TakeFromScan(handles.subspan(taken));
  if (taken != 0) FullFence();
  return taken;
}

template <typename Record>
std::uint64_t Table<Record>::dirty_count() const {
  std::uint64_t sum = 0;
  for (std::uint8_t w = 0; w < worker_count_; ++w) sum += rings_[w].size();
  // A scan also finds marks whose handles wait in a ring; those must not make the rest negative.
  const std::uint64_t unqueued = unqueued_.load(std::memory_order_relaxed);
  const std::uint64_t scanned = scanned_.load(std::memory_order_relaxed);
  const bool pending =
      scans_wanted_.load(std::memory_order_relaxed) != scans_done_ || scan_shard_ != kShardCount;
  if (!pending) return sum;
  return sum + (unqueued > scanned ? unqueued - scanned : 1);
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
    if (!Record::IsReplicated(e)) {
      record.result = PrepareResult::kNothing;
    } else if (Record::IsLive(e)) {
      if (learnt && !keyed_only) {
        Record::EncodeUpdate(e, handles[i], record);
      } else {
        record_.EncodeInsert(e, handles[i], record);
      }
    } else if (e.tombstone != Tombstone::kLive && learnt) {
      Record::EncodeDelete(handles[i], record);
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
    e.learnt_epoch = LearntMark(epoch);
    return;
  }
  if (e.tombstone == Tombstone::kDeleted) {
    SetVersion(handle.shard, e, Version{});
    e.tombstone = Tombstone::kPublished;
  }
  if (e.tombstone == Tombstone::kPublished) e.version = version.bits;
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
void Table<Record>::ForgetPeer() {
  const std::size_t slots = std::size_t{slots_per_shard_} * kShardCount;
  const std::size_t part = (slots + kForgetParts - 1) / kForgetParts;
  for (std::size_t i = 0; i < part; ++i) {
    entries_[forget_cursor_].learnt_epoch = 0;
    forget_cursor_ = forget_cursor_ + 1 == slots ? 0 : forget_cursor_ + 1;
  }
}

}  // namespace statesync
