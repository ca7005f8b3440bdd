// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

// What an engine says of itself: readiness, exposure and progress, in total and per table.
//
// Threads: filled in by the sync loop and copied out by it.  Memory: values.

#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "statesync/engine_counters.h"
#include "statesync/exposure_histogram.h"
#include "statesync/types.h"
#include "statesync/wire/schema.h"

namespace statesync {

struct Exposure {
  std::uint64_t changes = 0;  // Dirty handles plus published records the peer has not confirmed.
  Duration age;               // Of the oldest of them; zero if none.
};

// By RefusalReason, 0 for one that is unknown here; what a receiver does not hold because it could
// not take it.
inline constexpr std::size_t kRefusalReasons = 4;
using RefusalCounts = std::array<std::uint32_t, kRefusalReasons>;

// An entry of this owner that the peer could not take, as the peer states it.
struct RefusedChange {
  TableId table = TableId::kControl;
  Handle handle;                // Own,
  std::uint8_t generation = 0;  // and which incarnation of the slot was meant.
  RefusalReason reason = RefusalReason::kTableFull;
};

// What told that a shard differs.
enum class MismatchKind : std::uint8_t {
  kDigest = 0,  // Its sum: an entry is missing, too many, or of another version.
  kValue = 1,   // An entry says something else under the same version; only a scrub sees it.
};

// Shards of a table that differed from the owner's and that no frame explains, as this node found
// them as a receiver since its engine was made. PROTOCOL.md §9.
struct ShardMismatches {
  std::uint64_t found = 0;  // One each time a shard that agreed is found to differ.
  std::uint16_t open = 0;   // Shards that have not agreed since.
  // The latest one found:
  ShardIndex shard = 0;
  MismatchKind kind = MismatchKind::kDigest;
  bool is_repaired = false;  // It has agreed since,
  Instant found_at;
  Instant repaired_at;  // then.
};

struct TableStatus {
  TableId table = TableId::kControl;
  std::uint32_t live = 0;  // Entries, tombstones not.
  // Of this node's copy as a receiver; of an owner, of the peer's, as EngineStatus::peer_readiness.
  Readiness readiness = Readiness::kNoPeer;
  AtRiskReason reason = AtRiskReason::kNone;
  Exposure exposure;  // Of an owner.
  // Change → applied on the peer, since the engine was made; of an owner.
  ExposureHistogram confirmed;
  // Shards by the outcome of their last comparison: of a receiver its own, of an owner what the
  // peer reports.
  std::uint16_t shards_agreed = 0;
  std::uint16_t shards_differed = 0;
  std::uint16_t shards_undecided = 0;
  // Of a receiver: records it has refused since the peer connected; of an owner: refusals stated by
  // the peer since then.
  RefusalCounts refused{};
  ShardMismatches mismatches;
};

struct EngineStatus {
  bool peer_connected = false;
  Readiness readiness = Readiness::kNoPeer;  // Of this node as a receiver.
  AtRiskReason reason = AtRiskReason::kNone;
  // Entries of the running transfer, either direction, and how long the rest will take at the rate
  // so far; zero if nothing runs or nothing is known yet.
  std::uint32_t bulk_done = 0, bulk_total = 0;
  Duration bulk_eta;
  Readiness peer_readiness = Readiness::kNoPeer;  // As the peer states it.
  Role peer_role = Role::kInit;
  Term peer_term;  // Highest term the peer has stated.
  Exposure exposure;
  Duration round_trip;  // Smoothed; zero before the first sample.
  std::uint64_t last_frame_acked = 0;
  Instant last_heard;                // Last authentic frame of the peer.
  std::uint8_t stream_count = 1;     // Agreed with the peer: the smaller of the two.
  std::uint16_t datagram_bytes = 0;  // Largest that is sent now; see path MTU, PROTOCOL.md §2.
  Duration scrub_pass_length;  // Of an owner: the last whole walk that compared values; see §9.
  // Per stream: every change this owner published with a version counter up to this one is applied
  // at the peer. Zero: none. Commit-before-forward waits for it.
  std::array<std::uint64_t, kStreamsMax> confirmed_counter{};
  // Of an owner: its tables lack nothing since its boot, so what its transfer does not name may go
  // (I5). If not, a peer that holds more stays at risk until an operator restarts it.
  bool is_complete = false;
  // The version counter of the own term is nearly used up: the role machine should take a new one.
  bool wants_new_term = false;
  std::size_t table_count = 0;
  std::array<TableStatus, kHelloTablesMax> tables{};  // In the order of their ids.
  EngineCounters counters{};                          // Summed from all streams.
};

}  // namespace statesync
