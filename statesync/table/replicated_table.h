// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

// What the engine needs from a table, whatever its records: images to publish, images to apply,
// sums to compare. Every call takes a batch, so that a virtual call is paid per batch and misses
// overlap.
//
// Threads: called by the sync loop only. While this node owns the table its workers write entries
// at the same time; PrepareBatch therefore reads under the entry's sequence word. While this node
// is a standby the sync loop is the only writer, and only then may Apply…/Sweep… be called. Memory:
// none after the table was created.

#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

#include "statesync/shard_set.h"
#include "statesync/types.h"
#include "statesync/wire/schema.h"

namespace statesync {

inline constexpr std::size_t kRecordBytesMax = 64;

// A changed entry, as taken from its table.
struct DirtyChange {
  Handle handle;
  ChangeClass change = ChangeClass::kState;  // Highest that was marked.
  Instant since;                             // It has waited since then, or a little less long.
};

// Which changes are taken now. Others keep their marks, without costing memory.
struct DirtyFilter {
  // Changes of class kWindow that were first seen later wait on.
  Instant window_before{INT64_MAX};
  std::array<ShardSet, kChangeClasses> open;  // By class: shards whose changes are taken.

  [[nodiscard]] static constexpr DirtyFilter Everything() {
    DirtyFilter filter;
    filter.open.fill(ShardSet::All());
    return filter;
  }
  [[nodiscard]] bool IsOpen(ChangeClass change, ShardIndex shard) const {
    return open[static_cast<std::size_t>(change)].Has(shard);
  }
  [[nodiscard]] bool IsAnyOpen(ShardIndex shard) const {
    return std::any_of(open.begin(), open.end(),
                       [shard](const ShardSet& set) { return set.Has(shard); });
  }
};

// What waits in a table; approximate while workers run.
struct DirtyState {
  std::uint64_t queued = 0;   // Handles that nobody has looked at yet,
  Instant queued_since;       // first seen then: as of OnTime(); if queued > 0.
  bool is_urgent = false;     // One of them was marked kHeld.
  std::uint64_t windows = 0;  // Changes of class kWindow that wait for company,
  Instant windows_since;      // the oldest since then; if windows > 0.
  Instant oldest;             // Of all that is dirty; now if nothing is.
};

// What a dirty handle turned out to need.
enum class PrepareResult : std::uint8_t {
  kRecord,   // `bytes` holds a record for `op`/`schema`.
  kNothing,  // Free slot, or deleted before the peer ever learnt it: retire without a record.
  kBusy,     // The writer was in the middle of a change for too many tries: queue the handle again.
};

struct PreparedRecord {
  PrepareResult result;
  Op op;
  std::uint8_t schema;
  std::uint8_t record_bytes;
  bool teaches;  // From here on updates say all that changes; of an insert or update.
  Handle handle;
  std::array<std::byte, kRecordBytesMax> bytes;
};

enum class ApplyResult : std::uint8_t {
  kApplied,
  kStale,      // The entry here is newer or equal; nothing changed.
  kRefused,    // Table full, key conflict or unknown id; counted, listed to the peer.
  kMalformed,  // A field out of range (verdict counted by the table); nothing changed.
};

struct ApplyOutcome {
  ApplyResult result;
  RefusalReason reason;  // Meaningful if kRefused.
  // Own slot that now holds the entry; kNoSlot otherwise. A stale update or delete tells by it
  // whether the named incarnation is here and newer (its slot) or gone (kNoSlot).
  SlotIndex slot;
  std::uint8_t generation;  // Of that slot: goes into the receiver's handle map beside it.
};

// One incarnation of an own slot, as ApplyInsertBatch returned it. A slot that was given to another
// key, or whose key was inserted anew under another handle, has another generation: a late delete
// of the sender's old handle then finds nothing, however large its version is (I4).
struct OwnHandle {
  ShardIndex shard = 0;
  std::uint8_t generation = 0;
  SlotIndex slot = kNoSlot;
};
static_assert(sizeof(OwnHandle) == 4);

// What an entry says, for a comparison of values. PROTOCOL.md §9.
enum class ValueState : std::uint8_t {
  kNone,      // No replicated entry, or one that cannot be compared now: changed, being written.
  kUnlearnt,  // Not known to the peer by its handle in the epoch that was asked for.
  kPublished,
};
struct EntryValue {
  ValueState state = ValueState::kNone;
  std::uint8_t generation = 0;
  Version version;         // Of the last publication or application.
  std::uint64_t hash = 0;  // Unless kNone: ValueHash of what stays as it was published.
};

struct DigestSum {
  std::uint64_t high = 0;
  std::uint64_t low = 0;
  friend bool operator==(const DigestSum&, const DigestSum&) = default;
};

struct ShardDigest {
  std::uint32_t count = 0;  // Entries included.
  DigestSum sum;
};

class ReplicatedTable {
 public:
  virtual ~ReplicatedTable() = default;

  [[nodiscard]] virtual TableId id() const = 0;
  [[nodiscard]] virtual std::uint8_t schema_max(Op op) const = 0;
  // Bytes a record of `schema` needs at least; 0 if the schema is unknown here.
  [[nodiscard]] virtual std::size_t RecordBytes(Op op, std::uint8_t schema) const = 0;
  [[nodiscard]] virtual std::uint32_t capacity() const = 0;
  [[nodiscard]] virtual std::uint32_t slots_per_shard() const = 0;
  [[nodiscard]] virtual std::uint32_t live_count()
      const = 0;  // Entries of all shards, tombstones not.

  // ---- Sending ----

  // Takes up to changes.size() changes from the workers' rings and flagged shards, as the filter
  // lets: clears their marks, then fences once, so that a change made after the clear is queued
  // anew. Returns the number. What the filter keeps back stays marked and is found again when it is
  // let go. Looks at a bounded number of handles and slots, so fewer may come although more wait.
  virtual std::size_t TakeChanges(const DirtyFilter& filter, std::span<DirtyChange> changes) = 0;
  // The same without a filter.
  std::size_t TakeDirtyBatch(std::span<Handle> handles) {
    constexpr DirtyFilter kEverything = DirtyFilter::Everything();
    std::array<DirtyChange, 64> changes;
    std::size_t taken = 0;
    while (taken < handles.size()) {
      const std::size_t part = std::min(changes.size(), handles.size() - taken);
      const std::size_t count = TakeChanges(kEverything, std::span(changes).first(part));
      for (std::size_t i = 0; i < count; ++i) handles[taken++] = changes[i].handle;
      if (count < part) break;
    }
    return taken;
  }
  // Dirty handles waiting, for exposure; approximate while workers run.
  [[nodiscard]] virtual std::uint64_t dirty_count() const = 0;
  [[nodiscard]] virtual DirtyState Dirty(Instant now) const = 0;
  // Changes that a filter kept back before would be taken with this one.
  [[nodiscard]] virtual bool HasReady(const DirtyFilter& filter) const = 0;

  // Marks the handle dirty again: it was taken and nobody could be told yet. Costs no memory; a
  // scan of its shard finds it.
  virtual void PutBack(Handle handle) = 0;
  // Gives up telling a peer of these changes, taken from TakeDirtyBatch: each live entry gets the
  // next version after `last`, so that digests speak of it; deleted ones free their slots. Entries
  // that are newer than that already, or that are being written (they are put back), stay. Returns
  // the number of versions used.
  virtual std::size_t VersionUntold(std::span<const Handle> handles, Version last) = 0;
  // Deletes that the peer has not confirmed hold so many slots of some shard that new entries may
  // find none. Cost: O(shards).
  [[nodiscard]] virtual bool IsHeldBack() const = 0;

  // Reads the current image of each handle and encodes it: an insert if the peer has not learnt the
  // handle in `epoch` (or keyed_only), else an update, or a delete. A delete carries its key if the
  // peer may hold the entry without knowing the handle. records [handles.size()], written.
  virtual void PrepareBatch(std::span<const Handle> handles, std::uint16_t epoch, bool keyed_only,
                            std::span<PreparedRecord> records) = 0;

  // The record was put into a frame under `version`: the entry's version, learnt epoch and the
  // shard's digest follow (a delete leaves the digest).
  virtual void OnPublished(const PreparedRecord& record, Version version, std::uint16_t epoch) = 0;

  // The delete of this handle is confirmed, or nobody needs to hear of it: the slot becomes
  // reusable.
  virtual void Retire(Handle handle) = 0;

  // Next live entries of `shard` at or after `slot`, for bulk. Fills handles, returns the number
  // and moves `slot` past the last one looked at (kNoSlot when the shard is done). Looks at most at
  // 8 * handles.size() slots, so the turn stays bounded.
  virtual std::size_t ListBatch(ShardIndex shard, SlotIndex& slot,
                                std::span<Handle> handles) const = 0;

  // Marks everything as not learnt and unpublished deletes as retired: the peer's memory is void.
  // Amortised: the next epoch already voids what was learnt; this wipes a part of the old marks, so
  // that none survives until the low byte of the epoch comes round. Called once per new epoch.
  // Tombstones are retired by the engine through its own list.
  virtual void ForgetPeer() = 0;

  // ---- Receiving ----

  // Time of this turn: what entries applied from now on count as last seen, and since when changes
  // that are there wait at least. Once per turn is enough.
  virtual void OnTime(Instant now) = 0;

  // Applies keyed images. records point at the record's first byte; versions, outcomes: same count.
  virtual void ApplyInsertBatch(std::uint8_t schema, std::span<const std::byte* const> records,
                                std::span<const Version> versions,
                                std::span<ApplyOutcome> outcomes) = 0;
  // Applies updates to entries known by own handle; kStale if the slot has another incarnation now.
  virtual void ApplyUpdateBatch(std::uint8_t schema, std::span<const std::byte* const> records,
                                std::span<const OwnHandle> own, std::span<const Version> versions,
                                std::span<ApplyOutcome> outcomes) = 0;
  // The incarnation is here.
  [[nodiscard]] virtual bool Holds(OwnHandle own) const = 0;
  // Removes entries known by own handle, unless they are newer than the version or the slot has
  // another incarnation now (kStale). Slots are free at once.
  virtual void ApplyDeleteBatch(std::span<const OwnHandle> own, std::span<const Version> versions,
                                std::span<ApplyOutcome> outcomes) = 0;
  // Removes entries known by key, unless they are newer than what the record ends: as
  // ApplyDeleteBatch.
  virtual void ApplyKeyedDeleteBatch(std::uint8_t schema, std::span<const std::byte* const> records,
                                     std::span<ApplyOutcome> outcomes) = 0;
  // Removes what inserts would have replaced: entries of their keys with smaller versions. For
  // images that are known to have ended since.
  virtual void RemoveReplacedBatch(std::uint8_t schema, std::span<const std::byte* const> records,
                                   std::span<const Version> versions) = 0;
  // Removes entries of `shard` whose version is within from … cut, from slot `slot` on, at most
  // `slot_count` slots looked at. Returns entries removed; advances `slot` (kNoSlot when done).
  virtual std::size_t SweepBatch(ShardIndex shard, SlotIndex& slot, std::size_t slot_count,
                                 Version from, Version cut) = 0;

  // ---- Liveness: no versions, not part of any digest ----

  // Which of the slots first … first + 127 of `shard` hold an entry that was used at or after
  // `since`, as LivenessRecord has them: bit i mod 8 of byte i / 8. Returns their number.
  virtual std::size_t ListLiveness(ShardIndex shard, std::uint32_t first, Instant since,
                                   std::span<std::uint8_t, 16> bitmap) const = 0;
  // Entries known by own handle were used just now (OnTime) at the owner; other incarnations are
  // left alone. Only while the sync loop is the writer.
  virtual void ApplyLiveness(std::span<const OwnHandle> own) = 0;

  // ---- Comparing ----

  // Reads what each entry says. While this node owns the table a worker may have changed an entry
  // and not yet have marked it; so the sender looks again later, before it states a value. values
  // [handles.size()], written.
  virtual void ReadValueBatch(std::span<const Handle> handles, std::uint16_t epoch,
                              std::span<EntryValue> values) const = 0;

  [[nodiscard]] virtual ShardDigest Digest(ShardIndex shard) const = 0;
};

}  // namespace statesync
