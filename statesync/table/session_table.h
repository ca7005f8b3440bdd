// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

// The session table: 256 shards of 64-byte entries with a 4-byte-per-key index, one writer a shard.
//
// A shard's writer looks up, inserts, changes and deletes; it tells replication about a change
// through MarkDirtyBatch. Who the writer is, the caller decides (ARCHITECTURE.md, "One writer").
//
// Memory:  one block, allocated by Create() or taken from the caller's arena, never afterwards.
// Threads: see session_entry.h. Methods say who may call them.

#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>

#include "absl/status/statusor.h"
#include "statesync/table/entry_damage.h"
#include "statesync/table/nat_addresses.h"
#include "statesync/table/replicated_table.h"
#include "statesync/table/sequence.h"
#include "statesync/table/session_entry.h"
#include "statesync/types.h"

namespace statesync {

struct TableCounters;

struct SessionTableOptions {
  std::uint32_t capacity =
      131'072;                    // Sessions over all shards; each shard gets its part plus slack.
  std::uint8_t worker_count = 1;  // Dirty rings, at most 16.
  std::uint32_t dirty_ring_handles = 65'536;  // Per worker, power of two.
  std::uint64_t index_seed = 0;               // Key of the index hash; random per boot.
  std::uint64_t digest_key[2] = {0, 0};       // Stable over boots, the same on both nodes.
  // Addresses for source NAT by the number that a record carries, to begin with; 0: none has this
  // number. At most 255; copied.
  std::span<const NetAddr> nat_addresses;
  // Memory for the table (hugepages, a NUMA node): SessionTable::BytesNeeded(), aligned to 64,
  // longer lived than the table. Empty: Create() allocates.
  std::span<std::byte> arena;
};

struct LookupResult {
  SlotIndex slot = kNoSlot;
  Direction direction = Direction::kFromClient;
};

// What a new session starts with. The table fills the rest with zeros.
struct NewSession {
  FlowKey key;           // As the client's first packet had it.
  NetAddr nat_addr = 0;  // 0: no NAT.
  NetPort nat_port = 0;
  std::uint16_t rule = 0;
  SessionState state = SessionState::kNone;
  std::uint8_t flags = 0;
  std::uint32_t last_seen_s = 0;
};

enum class InsertResult : std::uint8_t {
  kInserted,
  kFull,               // No free slot in the key's shard.
  kExists,             // A session has this pair of endpoints, in either direction.
  kNatPortTaken,       // The key behind NAT is taken, or is the client's own, or in another shard.
  kNatAddressUnknown,  // nat_addr is none of the NAT addresses.
};

class SessionTable final {
 public:
  // Errors: kInvalidArgument (field, value, range), kResourceExhausted (bytes asked for).
  static absl::StatusOr<std::unique_ptr<SessionTable>> Create(const SessionTableOptions& options);
  // Bytes of arena that Create() would use. Errors: kInvalidArgument as above.
  static absl::StatusOr<std::size_t> BytesNeeded(const SessionTableOptions& options);
  ~SessionTable();

  // Shard of a packet: low 8 bits of the symmetric Toeplitz hash. O(1), no memory access but a
  // table.
  [[nodiscard]] static ShardIndex ShardOf(const FlowKey& key) noexcept;
  // Ports p (host order, ascending) for which a flow with `p` in place of `key.source_port` and
  // nat_addr in place of key.source_addr stays in the shard of `key`: the n-th of 256, n < 256.
  [[nodiscard]] static std::uint16_t NatPortInShard(const FlowKey& key, NetAddr nat_addr,
                                                    std::uint32_t n) noexcept;

  // ---- Shard writer ----

  // Looks keys up in their shards. keys, results: [n], n <= kBatchMax. Verified entries only: a
  // server's packet to the pre-NAT address of a NATed session does not match.
  void LookupBatch(std::span<const FlowKey> keys, std::span<LookupResult> results) const noexcept;
  [[nodiscard]] LookupResult Lookup(const FlowKey& key) const noexcept;
  // True if `key` (or its reverse) finds a session: asked before a NAT port is taken.
  [[nodiscard]] bool IsTaken(const FlowKey& key) const noexcept;
  // The new entry is marked dirty by the caller (MarkDirtyBatch) after its burst. On kInserted
  // `handle` names it, and it is due for ListExpired until CheckAgainAt.
  InsertResult Insert(const NewSession& session, Handle& handle) noexcept;
  // Unlinks the keys; the slot stays a tombstone until replication retires it. MarkDirtyBatch must
  // follow.
  // REQUIRES: the entry is live.
  void Delete(Handle handle) noexcept;
  // REQUIRES: handle came from this table.
  [[nodiscard]] SessionEntry& entry(Handle handle) noexcept {
    return entries_[std::size_t{handle.shard} * slots_per_shard_ + handle.slot];
  }
  [[nodiscard]] const SessionEntry& entry(Handle handle) const noexcept {
    return entries_[std::size_t{handle.shard} * slots_per_shard_ + handle.slot];
  }
  // Change of fields that others read: between BeginWrite and EndWrite `sequence` is odd.
  void BeginWrite(Handle handle) noexcept { BeginEntryWrite(entry(handle).sequence); }
  void EndWrite(Handle handle) noexcept { EndEntryWrite(entry(handle).sequence); }

  // Tells replication that entries changed. Fences once, then sets marks and queues handles that
  // were not marked. A full ring flags the shard for a scan: never lost. worker < worker_count;
  // handles [n], any n.
  void MarkDirtyBatch(std::uint8_t worker, std::span<const Handle> handles,
                      ChangeClass change = ChangeClass::kState) noexcept;

  // Expiry: entries of `shard` whose check time has come, at most handles.size(); scans at most
  // 16,384 slots from an internal cursor. The caller decides (timeout by state) and either deletes
  // or calls CheckAgainAt, else it gets the entry again.
  std::size_t ListExpired(ShardIndex shard, std::uint32_t now_s,
                          std::span<Handle> handles) noexcept;
  // `second` of the node's clock. One more than 32,000 ahead may be asked for at once and again.
  void CheckAgainAt(Handle handle, std::uint32_t second) noexcept;
  // A new owner of the shard calls it once: check times of a standby mean nothing, so ListExpired
  // lists every live entry once more. O(1).
  void RecheckAll(ShardIndex shard) noexcept;

  // ---- Sync loop ----
  [[nodiscard]] ReplicatedTable& replicated() noexcept;
  // See Table::Damage. Only while the sync loop is the writer.
  bool Damage(Handle handle, EntryDamage damage) noexcept;

  // ---- One thread that is none of the above ----
  // The NAT addresses from here on. Existing sessions stay as they are; one whose address is gone
  // is encoded with a number that every peer refuses (unknown-id), so end it.
  // `addresses` must live until the writers and the sync loop have begun anew after the next call.
  void SetNatAddresses(const NatAddresses& addresses) noexcept;

  // ---- Any thread ----

  // Consistent copy of an entry under its sequence word; false if free, a tombstone, or too busy.
  [[nodiscard]] bool Snapshot(Handle handle, SessionEntry& copy) const noexcept;
  [[nodiscard]] std::uint32_t slots_per_shard() const noexcept { return slots_per_shard_; }
  [[nodiscard]] std::uint32_t capacity() const noexcept;
  [[nodiscard]] std::uint32_t live_count() const noexcept;  // Approximate while writers run.
  [[nodiscard]] std::uint32_t live_count(ShardIndex shard) const noexcept;
  [[nodiscard]] std::size_t memory_bytes() const noexcept;
  // What was refused or found malformed while applying; table.h has the struct.
  [[nodiscard]] const TableCounters& counters() const noexcept;

 private:
  struct Impl;

  SessionTable();

  SessionEntry* entries_ = nullptr;
  std::uint32_t slots_per_shard_ = 0;
  std::unique_ptr<Impl> impl_;
};

}  // namespace statesync
