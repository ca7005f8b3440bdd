// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

// Table's marks: from a worker's change to the sync loop that takes it, by class.
//
// A change is never lost: a worker writes, fences, then tests the mark; the sync loop clears marks,
// fences, then reads. Whichever fence comes first, either the worker sees the cleared mark and
// queues again, or the sync loop reads the change. tests/unit/table/dirty_litmus_test.cc shows it.
//
// Invariant: a marked entry's handle is in a ring, or waits in windows_, or its shard is flagged
// (scan_wanted_, held_), or the running scan has not passed it. A worker that raises the class of a
// mark queues the handle again; whoever meets a handle without a mark drops it.
//
// Threads: see table.h.

#pragma once

#include <algorithm>

#include "statesync/ensure.h"
#include "statesync/sim_hooks.h"
#include "statesync/table/table.h"

namespace statesync {

inline constexpr std::uint32_t kDirtyScanSlots = 4'096;  // Slots one TakeChanges scans at most.
inline constexpr std::size_t kDirtyLookMax = 4'096;      // Handles it looks at, at most.
inline constexpr std::size_t kDirtyChunk = 128;          // Handles whose misses overlap.
inline constexpr std::uint32_t kWindowsAhead = 8;        // Prefetched in the waiting queue.

template <typename Record>
void Table<Record>::MarkDirtyBatch(std::uint8_t worker, std::span<const Handle> handles,
                                   ChangeClass change) noexcept {
  DirtyRing& ring = rings_[worker];
  const auto mark = static_cast<std::uint8_t>(change);
  FullFence();
  for (const Handle handle : handles) {
    Entry& e = entry(handle);
    if (e.dirty.load(std::memory_order_relaxed) >= mark) continue;
    e.dirty.store(mark, std::memory_order_relaxed);
    if (ring.Push(handle)) continue;
    SIM_PROBE(ring_full);
    if (SIM_BUG(forget_overflow)) continue;
    unqueued_.fetch_add(1, std::memory_order_relaxed);
    scan_wanted_[handle.shard].fetch_add(1, std::memory_order_release);
    scans_wanted_.fetch_add(1, std::memory_order_release);
  }
  ring.Publish();
  if (change == ChangeClass::kHeld) urgent_marks_.fetch_add(1, std::memory_order_release);
}

template <typename Record>
std::uint64_t Table<Record>::QueuedCount() const noexcept {
  std::uint64_t sum = unqueued_.load(std::memory_order_relaxed);
  for (std::uint8_t w = 0; w < worker_count_; ++w) sum += rings_[w].size();
  return sum;
}

template <typename Record>
void Table<Record>::OnTime(Instant now) {
  now_ = now;
  now_s_ = static_cast<std::uint32_t>(now.ns / Seconds(1).ns);
  if (is_queue_seen_ || QueuedCount() == 0) return;
  is_queue_seen_ = true;
  queue_since_ = now;
}

template <typename Record>
std::size_t Table<Record>::PopHandles(std::span<Handle> handles) noexcept {
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
  return popped;
}

// Clears the entry's mark if the filter lets its change go. False if it has none, or keeps it.
template <typename Record>
inline bool Table<Record>::Claim(const DirtyFilter& filter, Handle handle, Instant since,
                                 Found found, DirtyChange& change) noexcept {
  Entry& e = entry(handle);
  std::uint8_t mark = e.dirty.load(std::memory_order_acquire);
  if (mark == 0) return false;  // Somebody was faster.
  const auto marked = static_cast<ChangeClass>(mark);
  if (marked == ChangeClass::kWindow && found == Found::kInRing && since > filter.window_before &&
      windows_.Push(handle, since)) {
    return false;
  }
  if (!filter.IsOpen(marked, handle.shard)) {
    SIM_PROBE(mark_held_back);
    if (!SIM_BUG(forget_held)) held_.Add(marked, handle.shard, since);
    return false;
  }
  if (marked != ChangeClass::kWindow) {
    // A class raised to kHeld at this moment goes as the one it was: at once, too.
    e.dirty.store(0, std::memory_order_relaxed);
  } else if (!e.dirty.compare_exchange_strong(mark, 0, std::memory_order_relaxed)) {
    return false;  // The worker that raised it queued the handle again.
  }
  change = {handle, marked, since};
  return !SIM_BUG(lose_mark);
}

template <typename Record>
std::size_t Table<Record>::TakeFromRings(const DirtyFilter& filter,
                                         std::span<DirtyChange> changes) noexcept {
  const std::uint32_t urgent = urgent_marks_.load(std::memory_order_acquire);
  const Instant since = is_queue_seen_ ? queue_since_ : now_;
  std::array<Handle, kDirtyChunk> chunk;
  std::size_t taken = 0;
  for (std::size_t looked = 0; looked < kDirtyLookMax && taken < changes.size();) {
    const std::size_t popped =
        PopHandles(std::span(chunk).first(std::min(chunk.size(), changes.size() - taken)));
    if (popped == 0) {
      urgent_seen_ = urgent;
      is_queue_seen_ = false;
      break;
    }
    looked += popped;
    for (const Handle handle : std::span(chunk).first(popped)) {
      if (Claim(filter, handle, since, Found::kInRing, changes[taken])) ++taken;
    }
  }
  return taken;
}

template <typename Record>
std::size_t Table<Record>::TakeFromWindows(const DirtyFilter& filter,
                                           std::span<DirtyChange> changes) noexcept {
  if (filter.open[static_cast<std::size_t>(ChangeClass::kWindow)].IsEmpty()) return 0;
  std::size_t taken = 0;
  for (std::size_t looked = 0; looked < kDirtyLookMax && taken < changes.size(); ++looked) {
    if (windows_.size() == 0) break;
    const Instant since = windows_.Oldest(now_);
    if (since > filter.window_before) break;
    if (windows_.size() > kWindowsAhead) PrefetchWrite(&entry(windows_.Peek(kWindowsAhead)));
    if (Claim(filter, windows_.Pop(), since, Found::kInWindows, changes[taken])) ++taken;
  }
  return taken;
}

// Workers' requests for scans join what filters held back.
template <typename Record>
void Table<Record>::CollectFlags() noexcept {
  const std::uint32_t wanted = scans_wanted_.load(std::memory_order_acquire);
  if (wanted == scans_seen_) return;
  scans_seen_ = wanted;
  for (std::size_t s = 0; s < kShardCount; ++s) {
    if (scan_wanted_[s].load(std::memory_order_relaxed) == 0) continue;
    const std::uint32_t marks = scan_wanted_[s].exchange(0, std::memory_order_acquire);
    unqueued_.fetch_sub(marks, std::memory_order_relaxed);
    held_.AddShard(static_cast<ShardIndex>(s), {is_queue_seen_ ? queue_since_ : now_, marks});
  }
}

// Goes to a shard that the filter lets go; false if there is none.
template <typename Record>
bool Table<Record>::NextScanShard(const DirtyFilter& filter) noexcept {
  const std::size_t next = held_.FindReady(filter, scan_next_);
  if (next == kShardCount) return false;
  scan_shard_ = static_cast<std::uint32_t>(next);
  scan_next_ = scan_shard_ + 1;
  scan_slot_ = 0;
  // Forgotten before it is looked at: a mark kept back behind the cursor flags the shard anew.
  scan_ = held_.Take(static_cast<ShardIndex>(next));
  return true;
}

template <typename Record>
std::size_t Table<Record>::TakeFromScan(const DirtyFilter& filter,
                                        std::span<DirtyChange> changes) noexcept {
  if (scan_shard_ != kShardCount && !filter.IsAnyOpen(static_cast<ShardIndex>(scan_shard_))) {
    SIM_PROBE(scan_paused);
    if (!held_.HasReady(filter)) return 0;
    SIM_PROBE(scan_left);
    held_.AddShard(static_cast<ShardIndex>(scan_shard_), scan_);
    scan_shard_ = kShardCount;
  }
  std::size_t taken = 0;
  for (std::uint32_t looked = 0; looked < kDirtyScanSlots && taken < changes.size(); ++looked) {
    if (scan_shard_ == kShardCount || scan_slot_ == slots_per_shard_) {
      scan_shard_ = kShardCount;
      if (!NextScanShard(filter)) break;
    }
    const Handle handle{static_cast<ShardIndex>(scan_shard_), static_cast<SlotIndex>(scan_slot_)};
    ++scan_slot_;
    if (Claim(filter, handle, scan_.since, Found::kByScan, changes[taken])) ++taken;
  }
  return taken;
}

template <typename Record>
std::size_t Table<Record>::TakeChanges(const DirtyFilter& filter, std::span<DirtyChange> changes) {
  CollectFlags();
  std::size_t taken = TakeFromRings(filter, changes);
  if (taken < changes.size()) taken += TakeFromWindows(filter, changes.subspan(taken));
  if (taken < changes.size()) taken += TakeFromScan(filter, changes.subspan(taken));
  if (taken != 0) FullFence();
  return taken;
}

template <typename Record>
void Table<Record>::PutBack(Handle handle) {
  // A worker that marks the entry at the same time queues it itself: twice is harmless.
  entry(handle).dirty.store(static_cast<std::uint8_t>(ChangeClass::kState),
                            std::memory_order_relaxed);
  held_.Add(ChangeClass::kState, handle.shard, now_);
}

template <typename Record>
std::uint64_t Table<Record>::dirty_count() const {
  // What the running scan has taken counts until it is through: a change too many, never one less.
  const std::uint64_t scanned = scan_shard_ != kShardCount ? scan_.count : 0;
  return QueuedCount() + windows_.size() + held_.count() + scanned;
}

template <typename Record>
DirtyState Table<Record>::Dirty(Instant now) const {
  DirtyState state;
  state.queued = QueuedCount();
  state.queued_since = is_queue_seen_ ? queue_since_ : now;
  state.is_urgent = urgent_marks_.load(std::memory_order_acquire) != urgent_seen_;
  state.windows = windows_.size();
  state.windows_since = state.windows > 0 ? windows_.Oldest(now) : now;
  state.oldest = std::min(held_.Oldest(now), state.windows_since);
  if (state.queued > 0) state.oldest = std::min(state.oldest, state.queued_since);
  if (scan_shard_ != kShardCount) state.oldest = std::min(state.oldest, scan_.since);
  return state;
}

template <typename Record>
bool Table<Record>::HasReady(const DirtyFilter& filter) const {
  const bool scans =
      scan_shard_ != kShardCount && filter.IsAnyOpen(static_cast<ShardIndex>(scan_shard_));
  return scans || held_.HasReady(filter) ||
         scans_wanted_.load(std::memory_order_relaxed) != scans_seen_;
}

}  // namespace statesync
