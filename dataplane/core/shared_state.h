// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

// What the threads of one dataplane tell each other: role, announcements, liveness, requests.
//
// Every field is an atomic of its own cache group with one writing thread, named on the field.
// There are no locks; a reader sees a value that was true a moment ago. All times are nanoseconds
// of CLOCK_MONOTONIC (statesync::Instant::ns).

#pragma once

#include <array>
#include <atomic>
#include <cstdint>

#include "dataplane/core/end_queue.h"
#include "dataplane/core/status_board.h"
#include "statesync/table/entry_damage.h"
#include "statesync/types.h"

namespace dataplane {

inline constexpr std::size_t kWorkersMax = 16;

// Role and term in one word, so that a reader never sees one without the other.
// Bits 0–7 role, 8–31 term, 32–63 change number (grows with every change).
struct RoleWord {
  std::uint64_t bits = 0;
  [[nodiscard]] statesync::Role role() const { return static_cast<statesync::Role>(bits & 0xff); }
  [[nodiscard]] statesync::Term term() const {
    return {static_cast<std::uint32_t>((bits >> 8) & 0xff'ffff)};
  }
  [[nodiscard]] std::uint32_t change() const { return static_cast<std::uint32_t>(bits >> 32); }
  static RoleWord Make(statesync::Role role, statesync::Term term, std::uint32_t change) {
    return {static_cast<std::uint64_t>(role) | (static_cast<std::uint64_t>(term.value) << 8) |
            (static_cast<std::uint64_t>(change) << 32)};
  }
};

// How a takeover was decided, for `lockstepctl status` and the log.
enum class DetectedBy : std::uint8_t {
  kNothing = 0,
  kSilence = 1,       // Every heartbeat path was silent for the detection time.
  kProcessDeath = 2,  // The liveness connection closed and one HA2 interval was missed.
  kNewBootId = 3,     // The peer's process was replaced within the detection time.
  kPeerYielded = 4,   // Switchover.
  kNoPeerAtStart = 5,
  kElected = 6,    // Both nodes live and nobody was active: priority decided.
  kPreempted = 7,  // Preemption is on and this node was the better one for the hold time.
};

struct alignas(64) RoleState {
  // Writer: ha thread. Readers: workers, sync loop, control.
  std::atomic<std::uint64_t> word{0};  // RoleWord::bits.
  // A worker forwards only while its burst's time stamp is before this. The ha thread extends it at
  // every tick, so a stalled ha thread mutes the node (I6).
  std::atomic<std::int64_t> forward_until_ns{0};
  // Grows by one for each announcement (gratuitous ARP for every virtual address) that is asked
  // for.
  std::atomic<std::uint32_t> announce_count{0};
  // Writer: ha thread. Milestones of the last takeover; zero if there was none.
  std::atomic<std::int64_t> peer_last_heard_ns{0};  // Last sign of life before the decision.
  std::atomic<std::int64_t> peer_declared_dead_ns{0};
  std::atomic<std::int64_t> role_taken_ns{0};
  std::atomic<std::uint8_t> detected_by{0};  // DetectedBy.
};

// A session in one word: shard, slot and generation.
struct SessionWord {
  std::uint32_t bits = 0;
  [[nodiscard]] statesync::Handle handle() const {
    return {static_cast<statesync::ShardIndex>(bits >> 24),
            static_cast<statesync::SlotIndex>(bits >> 8)};
  }
  [[nodiscard]] std::uint8_t generation() const { return static_cast<std::uint8_t>(bits); }
  static SessionWord Make(statesync::Handle handle, std::uint8_t generation) {
    return {(std::uint32_t{handle.shard} << 24) | (std::uint32_t{handle.slot} << 8) | generation};
  }
};
// Refusals that a worker can be behind without missing one.
inline constexpr std::size_t kRefusedRing = 1'024;

// For a value with one writer: no read-modify-write is needed.
inline void AddTo(std::atomic<std::uint64_t>& value, std::uint64_t n) noexcept {
  value.store(value.load(std::memory_order_relaxed) + n, std::memory_order_relaxed);
}

// One HA2 link, as the sync loop knows it.
struct Ha2LinkFacts {
  std::atomic<std::int64_t> last_heard_ns{0};  // Last authentic datagram over it; 0: never.
  std::atomic<std::uint64_t> frames_received{0};
  std::atomic<std::uint64_t> frames_sent{0};
  std::atomic<bool> used{false};               // Both nodes hear each other on it.
  std::atomic<std::int64_t> left_after_ns{0};  // Silence on it when it was last left; 0: never was.
};

// Facts about replication that the ha thread and control need. Writer: sync loop.
struct alignas(64) SyncFacts {
  std::atomic<std::int64_t> ha2_last_heard_ns{0};  // Last authentic frame, over any link.
  std::atomic<std::uint64_t> peer_boot_id{0};      // From the handshake; 0 before it.
  std::atomic<std::uint32_t> peer_term{0};         // Highest stated in a frame.
  std::atomic<bool> peer_table_larger{false};      // It has slots that this node cannot know.
  std::atomic<std::uint32_t> spent_term{0};     // Own term whose versions are nearly used up; or 0.
  std::atomic<std::uint8_t> peer_role{0};       // statesync::Role, as last stated.
  std::atomic<std::uint8_t> peer_readiness{0};  // statesync::Readiness, as last stated.
  std::atomic<std::uint8_t> readiness{0};       // Of this node as a receiver.
  std::atomic<std::uint8_t> at_risk_reason{0};  // statesync::AtRiskReason.
  std::atomic<std::uint32_t> bulk_done{0};
  std::atomic<std::uint32_t> bulk_total{0};
  std::atomic<std::uint64_t> exposure_changes{0};
  std::atomic<std::int64_t> exposure_age_ns{0};
  std::atomic<std::int64_t> round_trip_ns{0};
  std::atomic<bool> peer_connected{false};
  // The peer answers no rekey, and the keys have sealed all they may: nothing is replicated.
  std::atomic<bool> keys_exhausted{false};
  // What this owner published and the peer has applied, by stream: Version::bits of the own term, 0
  // for nothing. An entry belongs to stream shard % stream_count.
  std::array<std::atomic<std::uint64_t>, statesync::kStreamsMax> confirmed{};
  std::atomic<std::uint8_t> stream_count{1};
  // Handles that the peer could not take, as SessionWord::bits, in a ring; written before
  // `confirmed`.
  std::array<std::atomic<std::uint32_t>, kRefusedRing> refused{};
  std::atomic<std::uint64_t> refused_count{0};  // Ever.
  // The role change (RoleWord::change) from which on the sync loop writes no entries any more.
  // A worker that owns shards may write only if this is at least the change of its role word.
  std::atomic<std::uint32_t> released_change{0};
  std::array<Ha2LinkFacts, 2> ha2_links;  // `ha2` and `ha2_second` of the node file.
  // Milestone of the last takeover: first burst of a worker that forwarded. Writer: worker 0.
  std::atomic<std::int64_t> first_forward_ns{0};
};

// What the node forwards by, as far as other threads than workers need it. Writer: ForwardingSwap,
// under its lock. `number` is stored last and read first.
struct alignas(64) ForwardingFacts {
  std::atomic<std::uint64_t> number{0};  // Grows with each configuration; 0: none was built yet.
  std::atomic<bool> given{true};         // False: the node was not told what to forward by.
  std::atomic<std::uint64_t> id_map_digest{0};  // Reader: sync loop.
  std::atomic<std::uint32_t> ports_used{~0u};   // Bit by port: an interface uses it.
  std::atomic<bool> failover{true};  // Reader of these three: ha thread, once `number` is not 0.
  std::atomic<bool> preempt{false};
  std::atomic<std::uint8_t> priority{0};
  // The number that the sync loop acts on: it holds nothing of an earlier one. Writer: sync loop.
  std::atomic<std::uint64_t> seen_by_sync{0};
};

// Requests from control to others; each a counter or a flag that the receiver compares.
struct alignas(64) Requests {
  std::atomic<std::uint32_t> switchover{0};    // Reader: ha thread. Grows per request.
  std::atomic<std::uint32_t> resync{0};        // Reader: sync loop.
  std::atomic<bool> state_sync_enabled{true};  // Reader: sync loop.
  std::atomic<std::uint64_t> fill_sessions_target{
      0};                                            // Reader: workers; synthetic sessions wanted.
  std::atomic<std::uint64_t> fill_sessions_done{0};  // Writer: workers (fetch_add).
  std::atomic<bool> stop{false};                     // Everybody: leave the loop.
  // DamageRequest::bits; its number grows per request. Reader: sync loop.
  std::atomic<std::uint64_t> damage{0};
  // Number of the last request that was obeyed, and in bit 32 whether the entry was damaged.
  // Writer: sync loop.
  std::atomic<std::uint64_t> damage_done{0};
};

// `debug corrupt-entry`: bits 0–15 slot, 16–23 shard, 24–31 EntryDamage, 32–63 number of the
// request.
struct DamageRequest {
  std::uint64_t bits = 0;
  [[nodiscard]] statesync::Handle handle() const {
    return {static_cast<statesync::ShardIndex>(bits >> 16),
            static_cast<statesync::SlotIndex>(bits)};
  }
  [[nodiscard]] statesync::EntryDamage damage() const {
    return static_cast<statesync::EntryDamage>((bits >> 24) & 0xff);
  }
  [[nodiscard]] std::uint32_t number() const { return static_cast<std::uint32_t>(bits >> 32); }
  static DamageRequest Make(std::uint32_t number, statesync::EntryDamage damage,
                            statesync::Handle handle) {
    return {std::uint64_t{number} << 32 | std::uint64_t{static_cast<std::uint8_t>(damage)} << 24 |
            std::uint64_t{handle.shard} << 16 | handle.slot};
  }
};
inline constexpr std::uint64_t kDamageWasDone = std::uint64_t{1} << 32;

// What one worker tells the others. Writer: that worker.
struct alignas(64) WorkerState {
  std::atomic<std::uint32_t> seen_change{0};  // RoleWord::change this worker acts on.
  // Number of the ForwardingTables it acts on: it holds nothing of an earlier one.
  std::atomic<std::uint64_t> seen_forwarding{0};
  std::atomic<std::int64_t> turn_ns{0};  // Time of its last loop turn.
  // When it last refused a new session because the table, or the NAT ports of a pool, were used up.
  std::atomic<std::int64_t> table_full_ns{0};
  std::atomic<std::int64_t> nat_exhausted_ns{0};
};

struct SharedState {
  RoleState role;
  SyncFacts sync;
  StatusBoard status;  // Writer: sync loop.
  ForwardingFacts forwarding;
  Requests requests;
  std::array<WorkerState, kWorkersMax> workers;
  // Sessions to end, as SessionWord::bits, by worker. Writer: ForwardingSwap.
  std::array<EndQueue, kWorkersMax> ends;
};

}  // namespace dataplane
