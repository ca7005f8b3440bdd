// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

// One shard of a table: entries, the index that finds them, free slots and check times.
//
// Life of a slot: free → Insert → live → Delete → tombstone → Retire → free. A standby has no
// tombstones: Remove takes a live entry straight to free. The generation grows with each
// incarnation.
//
// Threads: methods say who may call them. The shard's writer is its worker while this node owns the
// table, else the sync loop.  Memory: given by the table.

#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>

#include "statesync/ensure.h"
#include "statesync/table/expiry_scan.h"
#include "statesync/table/free_fifo.h"
#include "statesync/table/hash.h"
#include "statesync/table/key_index.h"
#include "statesync/table/sequence.h"
#include "statesync/table/tombstone.h"

namespace statesync {

template <typename Record>
class alignas(64) Shard {
 public:
  using Entry = typename Record::Entry;
  using Image = typename Record::Image;
  using Keys = typename Record::Keys;
  using Hashes = std::array<std::uint64_t, Record::kKeysMax>;

  void Init(Entry* entries, std::uint32_t slot_count, IndexBucket* buckets,
            std::uint32_t bucket_count, SlotIndex* free_slots, std::uint16_t* check_times,
            const IndexSeed& seed) noexcept {
    entries_ = entries;
    seed_ = seed;
    index_.Init(buckets, bucket_count);
    free_.Init(free_slots, slot_count);
    expiry_.Init(check_times, slot_count);
  }

  [[nodiscard]] Entry& entry(SlotIndex slot) noexcept { return entries_[slot]; }
  [[nodiscard]] const Entry& entry(SlotIndex slot) const noexcept { return entries_[slot]; }

  // ---- Shard writer ----

  template <typename Words>
  [[nodiscard]] std::uint64_t HashOf(const Words& words) const noexcept {
    return IndexHash(words.a, words.b, seed_);
  }
  [[nodiscard]] Hashes HashesOf(const Keys& keys) const noexcept {
    Hashes hashes{};
    for (std::uint32_t i = 0; i < keys.count; ++i) hashes[i] = HashOf(keys.words[i]);
    return hashes;
  }
  [[nodiscard]] const KeyIndex& index() const noexcept { return index_; }
  [[nodiscard]] ExpiryScan& expiry() noexcept { return expiry_; }
  [[nodiscard]] FreeFifo& free_slots() noexcept { return free_; }

  // Slot of the live entry that has `words` among its keys.
  template <typename Words>
  [[nodiscard]] SlotIndex FindOwner(const Words& words, std::uint64_t hash) const noexcept {
    return index_.Find(hash, [&](SlotIndex slot) { return Record::Owns(entries_[slot], words); });
  }

  // A new entry with `keys`, none of which is in the index. kNoSlot if there is no room; then
  // nothing changed. The entry's version stays zero until it is published or SetVersion().
  [[nodiscard]] SlotIndex Insert(const Image& image, const Keys& keys,
                                 const Hashes& hashes) noexcept {
    const SlotIndex slot = free_.Peek();
    if (slot == kNoSlot || !Link(keys, hashes, slot)) return kNoSlot;
    free_.Take();
    Entry& e = entries_[slot];
    BeginEntryWrite(e.sequence);
    Record::Fill(e, image);
    ++e.generation;
    EndEntryWrite(e.sequence);
    AddLive(1);
    return slot;
  }

  // The live entry takes the image, whose keys differ from the old ones beyond the first. False if
  // there is no room in the index: then the entry is as it was.
  [[nodiscard]] bool Relink(SlotIndex slot, const Image& image, const Keys& keys,
                            const Hashes& hashes) noexcept {
    Entry& e = entries_[slot];
    const Keys old_keys = Record::KeysOf(e);
    Unlink(slot);
    if (!Link(keys, hashes, slot)) {
      ENSURE(Link(old_keys, HashesOf(old_keys), slot));
      return false;
    }
    BeginEntryWrite(e.sequence);
    Record::Fill(e, image);
    ++e.generation;
    EndEntryWrite(e.sequence);
    return true;
  }

  // Live → tombstone. From here on the entry belongs to the sync loop.
  void Delete(SlotIndex slot) noexcept {
    Entry& e = entries_[slot];
    ENSURE(Record::IsLive(e));
    Unlink(slot);
    expiry_.Clear(slot);
    AddLive(-1);
    BeginEntryWrite(e.sequence);
    e.tombstone = Tombstone::kDeleted;
    EndEntryWrite(e.sequence);
    buried_.store(buried_.load(std::memory_order_relaxed) + 1, std::memory_order_relaxed);
  }

  // ---- Sync loop ----

  // Live → free, on a standby, where the sync loop is the writer.
  void Remove(SlotIndex slot) noexcept {
    Unlink(slot);
    expiry_.Clear(slot);
    AddLive(-1);
    Free(slot);
  }
  // Tombstone → free.
  void Free(SlotIndex slot) noexcept {
    Entry& e = entries_[slot];
    if (e.tombstone != Tombstone::kLive) {
      exhumed_.store(exhumed_.load(std::memory_order_relaxed) + 1, std::memory_order_relaxed);
    }
    BeginEntryWrite(e.sequence);
    e.version = 0;
    e.learnt_epoch = 0;
    e.state = 0;
    e.flags = 0;
    e.tombstone = Tombstone::kLive;
    EndEntryWrite(e.sequence);
    free_.Return(slot);
  }
  [[nodiscard]] DigestSumBook& digest() noexcept { return digest_; }
  [[nodiscard]] const DigestSumBook& digest() const noexcept { return digest_; }

  // ---- Any thread ----

  [[nodiscard]] std::uint32_t live_count() const noexcept {
    return live_.load(std::memory_order_relaxed);
  }
  // Slots of deleted entries that are not free yet.
  [[nodiscard]] std::uint32_t tombstone_count() const noexcept {
    return buried_.load(std::memory_order_relaxed) - exhumed_.load(std::memory_order_relaxed);
  }

 private:
  [[nodiscard]] bool Link(const Keys& keys, const Hashes& hashes, SlotIndex slot) noexcept {
    for (std::uint32_t i = 0; i < keys.count; ++i) {
      if (index_.Insert(hashes[i], slot)) continue;
      while (i-- > 0) ENSURE(index_.Erase(hashes[i], slot));
      return false;
    }
    return true;
  }
  void Unlink(SlotIndex slot) noexcept {
    const Keys keys = Record::KeysOf(entries_[slot]);
    for (std::uint32_t i = 0; i < keys.count; ++i) {
      ENSURE(index_.Erase(HashOf(keys.words[i]), slot));
    }
  }
  void AddLive(int change) noexcept {
    live_.store(live_.load(std::memory_order_relaxed) + static_cast<std::uint32_t>(change),
                std::memory_order_relaxed);
  }

  // Shard writer.
  Entry* entries_ = nullptr;
  IndexSeed seed_;
  KeyIndex index_;
  std::atomic<std::uint32_t> live_{0};
  std::atomic<std::uint32_t> buried_{0};  // Tombstones ever made, wrapping.
  FreeFifo free_;                         // Consumer: shard writer. Producer: sync loop.
  ExpiryScan expiry_;
  // Sync loop.
  alignas(64) DigestSumBook digest_;
  std::atomic<std::uint32_t> exhumed_{0};  // Tombstones ever freed, wrapping.
};

}  // namespace statesync
