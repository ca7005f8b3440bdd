// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

// The session table: 256 shards of 64-byte entries with a 4-byte-per-key index, one writer a shard.
//
// A shard's writer looks up, inserts, changes and deletes; it tells replication about a change through
// MarkDirty. Who the writer is, the caller decides (ARCHITECTURE.md, "One writer").
//
// Memory:  allocated by Create() (or taken from the caller's arena), never afterwards.
// Threads: see session_entry.h. Methods say who may call them.

#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>

#include "absl/status/statusor.h"
#include "statesync/table/replicated_table.h"
#include "statesync/table/session_entry.h"
#include "statesync/types.h"

namespace statesync {

struct SessionTableOptions {
  std::uint32_t capacity = 131'072;   // Sessions over all shards; each shard gets its part plus slack.
  std::uint8_t worker_count = 1;      // Dirty rings.
  std::uint32_t dirty_ring_handles = 65'536;  // Per worker, power of two.
  std::uint64_t index_seed = 0;       // Key of the index hash; random per boot.
  std::uint64_t digest_key[2] = {0, 0};  // Stable over boots, the same on both nodes.
  // Addresses for source NAT in the order of the id map; a record carries the position.
  std::span<const NetAddr> nat_addresses;
};

struct LookupResult {
  SlotIndex slot = kNoSlot;
  Direction direction = Direction::kFromClient;
};

// What a new session starts with. The table fills the rest.
struct NewSession {
  FlowKey key;               // As the client's first packet had it.
  NetAddr nat_addr = 0;      // 0: no NAT.
  NetPort nat_port = 0;
  std::uint16_t rule = 0;
  SessionState state = SessionState::kNone;
  std::uint8_t flags = 0;
  std::uint32_t last_seen_s = 0;
};

enum class InsertResult : std::uint8_t { kInserted, kFull, kExists, kNatPortTaken };

class SessionTable final {
 public:
  // Errors: kInvalidArgument (capacity outside 256 … 256 × 65,000, …), kResourceExhausted (memory,
  // with bytes asked for).
  static absl::StatusOr<std::unique_ptr<SessionTable>> Create(const SessionTableOptions& options);
  ~SessionTable();

  // Shard of a packet: low 8 bits of the symmetric Toeplitz hash. O(1), no memory access but a table.
  [[nodiscard]] static ShardIndex ShardOf(const FlowKey& key) noexcept;
  // Ports p (host order, ascending) for which a flow with `p` in place of `key.source_port` and
  // nat_addr in place of key.source_addr stays in the shard of `key`: start with the n-th, n < 256.
  [[nodiscard]] static std::uint16_t NatPortInShard(const FlowKey& key, NetAddr nat_addr,
                                                    std::uint32_t n) noexcept;

  // ---- Shard writer ----

  // Looks keys up in their shards. keys, results: [n], n <= kBatchMax. Verified entries only: a
  // server's packet to the pre-NAT address of a NATed session does not match.
  void LookupBatch(std::span<const FlowKey> keys, std::span<LookupResult> results) const noexcept;
  [[nodiscard]] LookupResult Lookup(const FlowKey& key) const noexcept;
  // True if `key` (or its reverse) finds a session: asked before a NAT port is taken.
  [[nodiscard]] bool IsTaken(const FlowKey& key) const noexcept;
  // The new entry is marked dirty by the caller (MarkDirty) after its burst.
  InsertResult Insert(const NewSession& session, Handle& handle) noexcept;
  // Unlinks the keys; the slot stays a tombstone until replication retires it. MarkDirty must follow.
  void Delete(Handle handle) noexcept;
  [[nodiscard]] SessionEntry& entry(Handle handle) noexcept;
  [[nodiscard]] const SessionEntry& entry(Handle handle) const noexcept;
  // Change of fields that others read: between BeginWrite and EndWrite `sequence` is odd.
  void BeginWrite(Handle handle) noexcept;
  void EndWrite(Handle handle) noexcept;

  // Tells replication that entries changed. Fences once, then sets marks and queues handles that were
  // not marked. A full ring flags the shard for a scan: never lost. handles [n], n <= kBatchMax * 2.
  void MarkDirtyBatch(std::uint8_t worker, std::span<const Handle> handles) noexcept;

  // Expiry: entries of `shard` whose check time has come, at most handles.size(); scans at most
  // 16,384 slots from an internal cursor. The caller decides (timeout by state) and either deletes or
  // calls CheckAgainAt.
  std::size_t ListExpired(ShardIndex shard, std::uint32_t now_s, std::span<Handle> handles) noexcept;
  void CheckAgainAt(Handle handle, std::uint32_t second) noexcept;

  // ---- Sync loop ----
  [[nodiscard]] ReplicatedTable& replicated() noexcept;

  // ---- Any thread ----

  // Consistent copy of an entry under its sequence word; false if free, a tombstone, or too busy.
  [[nodiscard]] bool Snapshot(Handle handle, SessionEntry& copy) const noexcept;
  [[nodiscard]] std::uint32_t slots_per_shard() const noexcept;
  [[nodiscard]] std::uint32_t capacity() const noexcept;
  [[nodiscard]] std::uint32_t live_count() const noexcept;  // Approximate while writers run.
  [[nodiscard]] std::uint32_t live_count(ShardIndex shard) const noexcept;
  [[nodiscard]] std::size_t memory_bytes() const noexcept;
  // After a takeover: called by the new writer of a shard, once, cheap (O(1)): entries of an older
  // term re-anchor by themselves, because their version's term is older than `term`.

 private:
  SessionTable() = default;
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace statesync
