// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

// What all streams of one engine share: options, tables, counters, who the nodes are and what they
// know.
//
// Threads: one, the sync loop.  Memory: allocated by Engine::Create, never afterwards.

#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>

#include "statesync/engine.h"
#include "statesync/stream/bounded_queue.h"
#include "statesync/stream/mismatch_ledger.h"
#include "statesync/stream/out_of_range.h"
#include "statesync/stream/path_mtu.h"
#include "statesync/stream/slot_map.h"
#include "statesync/stream/tombstones.h"
#include "statesync/table/replicated_table.h"
#include "statesync/types.h"

namespace statesync {

inline constexpr std::size_t kTablesMax = kHelloTablesMax;
inline constexpr std::size_t kNoTable = kTablesMax;

struct EngineContext {
  EngineOptions options;
  EngineCounters counters;

  // Tables in the order of their ids.
  std::array<ReplicatedTable*, kTablesMax> tables{};
  std::array<std::unique_ptr<Tombstones>, kTablesMax> tombstones;
  std::size_t table_count = 0;
  std::array<std::size_t, kTablesMax> table_index{};      // By TableId; kNoTable: none.
  std::array<ExposureHistogram, kTablesMax> confirmed{};  // Change → confirmed, by table index.
  // By table index: what this node has refused, or as an owner, what the peer says it has.
  std::array<RefusalCounts, kTablesMax> refused{};
  std::array<MismatchLedger, kTablesMax> mismatches{};       // By table index.
  BoundedQueue<RefusedChange> refusals{kRefusedChangesMax};  // Stated by the peer.
  std::array<std::unique_ptr<SlotMap>, kTablesMax> maps;  // Of the peer's handles; by table index.
  std::array<OutOfRangeSlots, kTablesMax> out_of_range;   // … for which they have no room.

  // Streams in use: what both nodes can do. Shard s belongs to stream s mod this.
  std::size_t stream_count = 1;

  // This node.
  Role role = Role::kInit;
  bool is_muted = false;    // Active by role, but forwarding nothing: frames state kNonfunctional.
  Term own_term;            // Of the last time it became active; versions carry it.
  Term fence_term;          // Highest term applied or taken: older table sections are refused (I6).
  Term known_term;          // Highest term heard of; every frame states it.
  std::uint16_t epoch = 0;  // Handle epoch of what this node sends.
  bool sync_enabled = true;
  bool is_complete = false;  // The tables are complete since boot: a sweep may follow a bulk.
  Readiness stated_readiness = Readiness::kNoPeer;
  // Changes from the time as an owner wait for a version; until then digests do not speak of them.
  bool has_untold = false;

  // The peer.
  bool is_connected = false;
  // By table index. Highest schema of keyed images that both nodes understand; 0: the peer is not
  // told of the table.
  std::array<std::uint8_t, kTablesMax> common_schema{};
  std::array<std::uint32_t, kTablesMax> peer_capacity{};  // 0: unknown.
  // What the peer has learnt still holds: it is connected, or dormant, which means that it was lost
  // and may come back in the same run. Then streams go on where they were.
  bool has_peer_memory = false;
  std::size_t frame_bytes_max = 0;  // Plaintext of a frame that the path carries: FollowPath().
  PathMtu path_mtu;
  ProbeAnswers probe_answers;
  Role peer_role = Role::kInit;
  Readiness peer_readiness = Readiness::kNoPeer;
  // The peer has compared digests of the current epoch; before, it speaks of an earlier one.
  bool peer_follows = false;
  Term peer_term;
  Instant last_heard;
  bool has_peer_time = false;      // peer_time_us is of this connection.
  std::uint32_t peer_time_us = 0;  // Newest send time seen: an overtaken frame's role is old news.

  // Frames begun from now on have the size that the path carries.
  void FollowPath() {
    frame_bytes_max = path_mtu.datagram_bytes() - sizeof(ClearHeader) - kTagBytes;
  }
  [[nodiscard]] bool IsOwner() const { return role == Role::kActive; }
  [[nodiscard]] Role stated_role() const {
    return is_muted && IsOwner() ? Role::kNonfunctional : role;
  }
  // Table sections are sent.
  [[nodiscard]] bool Publishes() const { return is_connected && sync_enabled && IsOwner(); }
  // Changes are kept for a peer that may come back, rather than told to nobody.
  [[nodiscard]] bool KeepsChanges() const { return has_peer_memory && sync_enabled && IsOwner(); }
  // Digests are stated. Not while changes are told to nobody: they are in no frame.
  [[nodiscard]] bool StatesDigests() const { return Publishes() && KeepsChanges(); }
  // The peer says in this epoch that it is synced: what it acknowledged is there, and so is what
  // was published before the epoch.
  [[nodiscard]] bool IsPeerProven() const {
    return Publishes() && peer_follows && peer_readiness == Readiness::kSynced;
  }
  // Table sections are applied.
  [[nodiscard]] bool Applies() const { return is_connected && sync_enabled && !IsOwner(); }

  [[nodiscard]] std::span<ReplicatedTable* const> table_span() const {
    return std::span(tables).first(table_count);
  }
  // The peer understands the record.
  [[nodiscard]] bool CanTell(std::size_t table_index_of, const PreparedRecord& record) const {
    const std::uint8_t common = common_schema[table_index_of];
    return record.op == Op::kInsert ? record.schema <= common : common != 0;
  }
  // Entries of the peer that this node refused and does not hold.
  [[nodiscard]] std::uint32_t RefusedCount() const {
    std::uint32_t count = 0;
    for (std::size_t i = 0; i < table_count; ++i) {
      count += maps[i]->refused_count() + out_of_range[i].count();
    }
    return count;
  }
  [[nodiscard]] std::size_t IndexOf(TableId table) const {
    const auto id = static_cast<std::size_t>(table);
    return id < kTablesMax ? table_index[id] : kNoTable;
  }
};

}  // namespace statesync
