// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

// The generic sharded table: 256 shards of one record type, dirty rings of the workers, and what
// the engine asks of a table. A record type gives keys, name, value and bytes (session_record.h is
// the pattern). The methods are in
// table_dirty.h, table_publish.h and table_apply.h; include those to instantiate.
//
// Threads: ReplicatedTable's methods belong to the sync loop; MarkDirtyBatch to each worker with
// its own number; shards as shard.h says.  Memory: one block, allocated or taken over by Attach().

#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>

#include "statesync/limits.h"
#include "statesync/sim_hooks.h"
#include "statesync/table/dirty_ring.h"
#include "statesync/table/entry_damage.h"
#include "statesync/table/held_marks.h"
#include "statesync/table/replicated_table.h"
#include "statesync/table/shard.h"
#include "statesync/table/table_layout.h"
#include "statesync/wire/verdict.h"

namespace statesync {

// Plain counters of the sync loop; any thread may read them.
struct TableCounters {
  std::array<std::atomic<std::uint64_t>, kVerdictCount> malformed{};  // By first broken rule.
  std::atomic<std::uint64_t> stale{0};
  std::atomic<std::uint64_t> refused_full{0};
  std::atomic<std::uint64_t> refused_conflict{0};
  std::atomic<std::uint64_t> refused_unknown_id{0};
  std::atomic<std::uint64_t> conflicts_won{
      0};  // Older entries that went because of a key conflict.
};
inline void Count(std::atomic<std::uint64_t>& counter) noexcept {
  counter.store(counter.load(std::memory_order_relaxed) + 1, std::memory_order_relaxed);
}

template <typename Record>
class Table final : public ReplicatedTable {
 public:
  using Entry = typename Record::Entry;
  using Image = typename Record::Image;
  using Keys = typename Record::Keys;
  using Hashes = typename Shard<Record>::Hashes;

  // memory: layout.bytes, aligned to 64, zeroed here; outlives the table.
  void Attach(std::span<std::byte> memory, const TableLayout& layout, std::uint32_t capacity,
              std::uint8_t worker_count, std::uint32_t dirty_ring_handles, const IndexSeed& seed,
              const DigestKey& digest_key) noexcept;

  [[nodiscard]] Record& record() noexcept { return record_; }
  [[nodiscard]] Shard<Record>& shard(ShardIndex shard) noexcept { return shards_[shard]; }
  [[nodiscard]] const Shard<Record>& shard(ShardIndex shard) const noexcept {
    return shards_[shard];
  }
  [[nodiscard]] Entry& entry(Handle handle) noexcept {
    return entries_[std::size_t{handle.shard} * slots_per_shard_ + handle.slot];
  }
  [[nodiscard]] Entry* entries() noexcept { return entries_; }
  [[nodiscard]] const TableCounters& counters() const noexcept { return counters_; }

  // ---- Workers ----
  void MarkDirtyBatch(std::uint8_t worker, std::span<const Handle> handles,
                      ChangeClass change = ChangeClass::kState) noexcept;

  // ---- ReplicatedTable ----
  [[nodiscard]] TableId id() const override { return Record::kTable; }
  [[nodiscard]] std::uint8_t schema_max(Op op) const override { return Record::SchemaMax(op); }
  [[nodiscard]] std::size_t RecordBytes(Op op, std::uint8_t schema) const override {
    return Record::RecordBytes(op, schema);
  }
  [[nodiscard]] std::uint32_t capacity() const override { return capacity_; }
  [[nodiscard]] std::uint32_t slots_per_shard() const override { return slots_per_shard_; }
  [[nodiscard]] std::uint32_t live_count() const override;

  std::size_t TakeChanges(const DirtyFilter& filter, std::span<DirtyChange> changes) override;
  [[nodiscard]] std::uint64_t dirty_count() const override;
  [[nodiscard]] DirtyState Dirty(Instant now) const override;
  [[nodiscard]] bool HasReady(const DirtyFilter& filter) const override;
  void PutBack(Handle handle) override;
  std::size_t VersionUntold(std::span<const Handle> handles, Version last) override;
  [[nodiscard]] bool IsHeldBack() const override;
  void PrepareBatch(std::span<const Handle> handles, std::uint16_t epoch, bool keyed_only,
                    std::span<PreparedRecord> records) override;
  void OnPublished(const PreparedRecord& record, Version version, std::uint16_t epoch) override;
  void Retire(Handle handle) override;
  std::size_t ListBatch(ShardIndex shard, SlotIndex& slot,
                        std::span<Handle> handles) const override;
  void ForgetPeer() override;

  void OnTime(Instant now) override;
  void ApplyInsertBatch(std::uint8_t schema, std::span<const std::byte* const> records,
                        std::span<const Version> versions,
                        std::span<ApplyOutcome> outcomes) override;
  void ApplyUpdateBatch(std::uint8_t schema, std::span<const std::byte* const> records,
                        std::span<const OwnHandle> own, std::span<const Version> versions,
                        std::span<ApplyOutcome> outcomes) override;
  void ApplyDeleteBatch(std::span<const OwnHandle> own, std::span<const Version> versions,
                        std::span<ApplyOutcome> outcomes) override;
  [[nodiscard]] bool Holds(OwnHandle own) const override {
    return IsIncarnation(own, shards_[own.shard].entry(own.slot));
  }
  void ApplyKeyedDeleteBatch(std::uint8_t schema, std::span<const std::byte* const> records,
                             std::span<ApplyOutcome> outcomes) override;
  void RemoveReplacedBatch(std::uint8_t schema, std::span<const std::byte* const> records,
                           std::span<const Version> versions) override;
  std::size_t SweepBatch(ShardIndex shard, SlotIndex& slot, std::size_t slot_count, Version from,
                         Version cut) override;

  void ReadValueBatch(std::span<const Handle> handles, std::uint16_t epoch,
                      std::span<EntryValue> values) const override;
  std::size_t ListLiveness(ShardIndex shard, std::uint32_t first, Instant since,
                           std::span<std::uint8_t, 16> bitmap) const override;
  void ApplyLiveness(std::span<const OwnHandle> own) override;

  [[nodiscard]] ShardDigest Digest(ShardIndex shard) const override {
    return shards_[shard].digest().Get();
  }

  // ---- Tests ----
  // Damages a live entry as a fault of memory or of this program would. False if it is not live,
  // or has no older version. Only while the sync loop is the writer.
  bool Damage(Handle handle, EntryDamage damage) noexcept;

 private:
  // An insert between the passes of ApplyInsertBatch.
  struct Incoming {
    Image image;
    Hashes hashes;
    SlotIndex candidate;  // Where the index points first; kNoSlot: nowhere.
    ShardIndex shard;
    Verdict verdict;
    bool known;

    [[nodiscard]] bool IsUsable() const { return verdict == Verdict::kAccepted && known; }
  };

  // Marks that epochs leave in entries: the low byte, which engines never let be zero.
  static std::uint8_t LearntMark(std::uint16_t epoch) noexcept {
    return static_cast<std::uint8_t>(epoch);
  }
  [[nodiscard]] Uint128 NameOf(const Entry& entry) const noexcept {
    return Record::NameOf(entry, digest_key_);
  }
  void SetVersion(ShardIndex shard, Entry& entry, Version version) noexcept {
    shards_[shard].digest().Move(NameOf(entry), {entry.version}, version);
    entry.version = version.bits;
    SIM_VERSION(static_cast<const ReplicatedTable*>(this), &entry, version.bits);
  }

  // ---- table_dirty.h ----
  [[nodiscard]] std::uint64_t QueuedCount() const noexcept;
  std::size_t PopHandles(std::span<Handle> handles) noexcept;
  enum class Found : std::uint8_t { kInRing, kInWindows, kByScan };
  [[nodiscard, gnu::always_inline]] inline bool Claim(const DirtyFilter& filter, Handle handle,
                                                      Instant since, Found found,
                                                      DirtyChange& change) noexcept;
  std::size_t TakeFromRings(const DirtyFilter& filter, std::span<DirtyChange> changes) noexcept;
  std::size_t TakeFromWindows(const DirtyFilter& filter, std::span<DirtyChange> changes) noexcept;
  std::size_t TakeFromScan(const DirtyFilter& filter, std::span<DirtyChange> changes) noexcept;
  void CollectFlags() noexcept;
  [[nodiscard]] bool NextScanShard(const DirtyFilter& filter) noexcept;

  void DecodeInsertBatch(std::uint8_t schema, std::span<const std::byte* const> records,
                         std::span<Incoming> incoming) noexcept;
  void FindCandidates(std::span<Incoming> incoming) noexcept;
  [[nodiscard, gnu::always_inline]] inline ApplyOutcome ApplyInsert(const Incoming& in,
                                                                    Version version) noexcept;
  // The rare outcomes: malformed, unknown id, new NAT, conflicts. same: the entry to replace.
  [[nodiscard, gnu::cold]] ApplyOutcome RefuseInsert(const Incoming& in) noexcept;
  [[nodiscard, gnu::noinline]] ApplyOutcome InsertOrRelink(const Incoming& in, Version version,
                                                           SlotIndex same) noexcept;
  // Removes entries that hold a key of `in` and are older. kStale or kRefused if one is not.
  [[nodiscard]] ApplyResult ResolveConflicts(const Incoming& in, const Keys& keys, Version version,
                                             SlotIndex same) noexcept;
  void RemoveApplied(ShardIndex shard, SlotIndex slot) noexcept;
  [[nodiscard]] bool IsIncarnation(const OwnHandle& own, const Entry& entry) const noexcept {
    return own.slot < slots_per_shard_ && Record::IsLive(entry) &&
           entry.generation == own.generation;
  }
  [[nodiscard]] static ApplyOutcome Outcome(ApplyResult result) noexcept {
    return {result, RefusalReason::kTableFull, kNoSlot, 0};
  }

  // Constant after Attach().
  Entry* entries_ = nullptr;  // [kShardCount][slots_per_shard_]
  std::uint32_t slots_per_shard_ = 0;
  std::uint32_t capacity_ = 0;
  std::uint8_t worker_count_ = 0;
  DigestKey digest_key_;
  Record record_;

  std::array<Shard<Record>, kShardCount> shards_;
  std::array<DirtyRing, kDirtyRingsMax> rings_;  // [worker_count_] in use.

  // Writers: workers add, the sync loop takes. Marks of this shard that found no place in a ring.
  std::array<std::atomic<std::uint32_t>, kShardCount> scan_wanted_{};
  std::atomic<std::uint32_t> scans_wanted_{0};  // Grows with every request.
  std::atomic<std::uint64_t> unqueued_{0};      // Sum of scan_wanted_.
  std::atomic<std::uint32_t> urgent_marks_{0};  // Grows with every batch marked kHeld.

  // Sync loop.
  Instant now_;                    // As of OnTime().
  std::uint32_t urgent_seen_ = 0;  // Value of urgent_marks_ when the rings were last empty.
  bool is_queue_seen_ = false;
  Instant queue_since_;           // When the rings' handles were first seen; if is_queue_seen_.
  WaitingWindows windows_;        // Marks that wait on purpose.
  HeldMarks held_;                // Marks in no queue, by scans_wanted_ or a filter.
  std::uint32_t scans_seen_ = 0;  // Value of scans_wanted_ that held_ covers.
  std::uint32_t scan_shard_ = kShardCount;  // kShardCount: no scan is running.
  std::uint32_t scan_next_ = 0;             // Where to look for the next shard.
  std::uint32_t scan_slot_ = 0;
  HeldMarks::Held scan_;  // What held_ said of scan_shard_.
  std::uint8_t next_ring_ = 0;
  std::size_t forget_cursor_ = 0;
  std::uint32_t now_s_ = 0;
  TableCounters counters_;
};

}  // namespace statesync
