// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

// The facade for the sync loop: opened frames, dirty handles and events in; frames to seal out.
//
// The engine is a function of (state, time, input): it has no clock, socket, thread, log or random
// source (I1). One turn of the loop is, in this order: events (OnRole, OnPeer…), OnFrameBatch with
// what arrived, then TakeFrames, which also drains the tables' dirty handles. PROTOCOL.md is the
// contract of its bytes.
//
// Threads: one, the sync loop. status() is read by the same thread and copied out by it.
// Memory:  allocated by Create(), never afterwards.

#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>

#include "absl/status/statusor.h"
#include "statesync/engine_status.h"
#include "statesync/table/replicated_table.h"
#include "statesync/types.h"
#include "statesync/wire/schema.h"
#include "statesync/wire/version_range.h"

namespace statesync {

struct EngineOptions {
  NodeIndex node = 0;
  std::uint8_t stream_count = 1;  // 1 to kStreamsMax. Shard s belongs to stream s mod count.
  std::uint16_t datagram_bytes_max = 1'472;  // UDP payload of the largest frame, tag included.

  // Affects behaviour.
  Duration flush_delay = Micros(50);         // A change waits at most this long for company.
  Duration window_delay = Millis(1);         // A change of class kWindow waits as long; 0: no wait.
  Duration keepalive_interval = Millis(10);  // Longest silence on a stream.
  Duration reorder_wait = Micros(200);       // A missing frame is waited for so long at most.
  Duration nack_retry_interval = Millis(2);  // And again after this long without repair.
  Duration statement_interval = Millis(5);   // Unanswered control statements are repeated.
  Duration digest_interval = Millis(50);     // Between two rounds of digests per stream.
  Duration liveness_interval = Seconds(1);   // In which all used entries are named once; 0: never.
  Duration silence_limit = Millis(100);      // No authentic frame for so long: at-risk(ha2-silent).
  Duration exposure_limit = Millis(500);     // Unconfirmed change older than this: at-risk.
  Duration path_verify_interval = Seconds(1);  // A datagram of the size in use is probed again.
  Duration path_raise_interval = Seconds(10);  // Larger ones than the size in use are.

  Duration scrub_interval = Millis(50);  // Between two statements of values.

  // Affects performance.
  std::uint32_t scrub_entries = 50;  // Entries in one of them, at most 50. 0: values go unproven.
  std::uint32_t credit_frames = 4'096;      // Granted to the peer past the acknowledged frame.
  std::uint32_t bulk_frames_per_turn = 16;  // Upper bound of bulk frames in one TakeFrames.
  // Slots per shard of the peer's tables that the handle maps have room for. 0: a quarter more than
  // the own table has. A record of a higher slot is refused and counted.
  std::uint32_t peer_slots_per_shard_max = 0;

  // For tests of its renewal only: the version counter of the first term that this engine takes
  // begins here. Any other value than zero wastes versions.
  std::uint64_t first_term_counter = 0;
};

// What the handshake learnt of the peer. A peer of which nothing is filled in is one like us.
struct PeerInfo {
  NodeIndex node = 0;
  BootId boot_id = 0;
  Term term;
  std::uint16_t datagram_bytes_max = 0;
  std::uint64_t id_map_digest = 0;
  bool id_map_equal = true;
  std::uint8_t stream_count = kStreamsMax;  // What it can do; both use the smaller number.
  // By TableId. Entries it can hold; 0: unknown.
  std::array<std::uint32_t, kHelloTablesMax> capacity{};
  // Schemas of keyed images that it understands; a maximum of 0: it has no such table.
  std::array<VersionRange, kHelloTablesMax> schemas = AnySchema();

  static constexpr std::array<VersionRange, kHelloTablesMax> AnySchema() {
    std::array<VersionRange, kHelloTablesMax> schemas;
    schemas.fill({1, 0xff});
    return schemas;
  }
};

// An authenticated frame: what followed the clear header, tag removed.
struct OpenedFrame {
  std::uint16_t stream;
  std::uint16_t epoch;
  std::span<const std::byte> sealed;
};

// A buffer for one frame's plaintext (FrameHeader and sections). The caller sets `buffer`, which
// must hold datagram_bytes_max − sizeof(ClearHeader) − kTagBytes bytes; the engine sets the rest.
struct OutFrame {
  std::span<std::byte> buffer;
  std::uint16_t bytes;
  std::uint16_t stream;
  std::uint16_t epoch;
};

class Engine final {
 public:
  // tables: one per TableId at most; they outlive the engine.
  // Errors: kInvalidArgument naming the option, its value and its range.
  static absl::StatusOr<std::unique_ptr<Engine>> Create(const EngineOptions& options,
                                                        std::span<ReplicatedTable* const> tables);
  ~Engine();
  Engine(const Engine&) = delete;
  Engine& operator=(const Engine&) = delete;

  // ---- Events ----

  // A sealed session with the peer exists. The same boot id again changes nothing (a rekey), or
  // brings the peer just what it missed since OnPeerLost; another one begins a new handle epoch and
  // voids what the peer had learnt. PROTOCOL.md §5, Rejoin.
  void OnPeerConnected(Instant now, const PeerInfo& peer);
  // The handshake gave the peer up, or it restarted. Forwarding goes on; nothing waits.
  void OnPeerLost(Instant now);
  // Roles decide who publishes: kActive publishes, every other role applies. After a change away
  // from standby returns, this engine does not write entries any more, so workers may.
  void OnRole(Instant now, Role role, Term term);
  // state-synchronization enabled yes/no (F152): session frames stop, keepalives continue.
  void SetStateSync(Instant now, bool enabled);
  // This node is active but forwards nothing at the moment, because its ha thread stands still:
  // frames then state kNonfunctional, so that a living HA2 does not keep the peer from taking over.
  void SetMuted(bool muted);
  // Operator's `peer resync`: the receiver asks for a full transfer.
  void RequestBulk(Instant now);

  // ---- Input ----

  // Applies authenticated frames, at most kBatchMax. Every defect is counted, none is fatal (I8).
  void OnFrameBatch(Instant now, std::span<const OpenedFrame> frames);

  // ---- Output ----

  // Publishes what is dirty, answers what was asked, and fills up to frames.size() frames. Returns
  // the number filled; they must be sent in this order. Work per call is bounded by frames.size().
  std::size_t TakeFrames(Instant now, std::span<OutFrame> frames);

  // When TakeFrames next has something to say although nothing new arrived.
  [[nodiscard]] Instant NextDeadline(Instant now) const;

  [[nodiscard]] const EngineStatus& status(Instant now);

  // Refusals that the peer has stated since the last call, oldest first; returns their number. Of
  // more than kRefusedChangesMax the oldest are dropped and counted (refusals_dropped): the counts
  // in TableStatus are complete.
  std::size_t TakeRefusals(std::span<RefusedChange> refusals);

 private:
  struct Impl;
  explicit Engine(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace statesync
