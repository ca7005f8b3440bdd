// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

// Marks for the simulator: SIM_PROBE(name) counts that a rare branch was taken, SIM_BUG(name) is
// true where a bug that the simulator's checkers must catch is planted and chosen. Names are listed
// here and nowhere else, so a misspelt one does not compile. In ordinary builds both are nothing:
// the library that is shipped is compiled without LOCKSTEP_SIM.
//
// SIM_VERSION shows checkers every change of an entry's version, so that they need not look at
// whole tables.
//
//   SIM_PROBE(gap_list_full);
//   if (e.version >= version.bits && !SIM_BUG(accept_stale)) return kStale;
//
// Threads: one simulation at a time, one thread.  Memory: two constants' worth of counters.
// Source:  FoundationDB's CODE_PROBE; TigerBeetle's canary.

#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace statesync {

// Rare branches, by file. A probe that a swarm never reached is listed at its end.
#define STATESYNC_SIM_PROBES(X)                                                  \
  /* table_apply.h */                                                            \
  X(key_conflict_won, "An older entry went because a newer one needs its key.")  \
  X(key_conflict_lost, "A record met a newer entry that holds one of its keys.") \
  X(relinked_with_new_nat, "A known session came with other keys.")              \
  X(table_full, "A record was refused because its shard or index is full.")      \
  X(delete_is_stale, "A delete met a newer image of its own incarnation.")       \
  X(delete_finds_nothing, "A delete named an incarnation that is gone.")         \
  /* table_dirty.h */                                                            \
  X(ring_full, "A worker's dirty ring was full: its shard is scanned.")          \
  X(mark_held_back, "A change waits in its mark, as its stream has no room.")    \
  X(scan_paused, "A scan stands still, as its stream has no room.")              \
  X(scan_left, "A scan leaves its shard for one whose stream has room.")         \
  /* receive_window.cc */                                                        \
  X(gap_list_full, "More gaps than are remembered one by one.")                  \
  X(nack_ranges_full, "More missing ranges than fit into one request.")

// Bugs, by file. `simrun --bug NAME` chooses one.
#define STATESYNC_SIM_BUGS(X)                                                               \
  /* table_apply.h */                                                                       \
  X(accept_stale_insert, "An older keyed image replaces a newer one.")                      \
  X(accept_stale_update, "An older update replaces a newer image.")                         \
  X(delete_newer, "A delete removes an image that is newer than it.")                       \
  X(ignore_incarnation, "A delete by handle removes whatever is in the slot.")              \
  X(sweep_newer, "A sweep removes entries newer than the transfer's cut.")                  \
  X(hide_refusal, "An entry without room is dropped and not reported.")                     \
  X(skip_sweep, "What the sender of a transfer does not hold stays.")                       \
  /* session_table.cc */                                                                    \
  X(reuse_slot_early, "A deleted entry's slot is free before its delete was published.")    \
  /* table_dirty.h */                                                                       \
  X(lose_mark, "A mark is cleared and its change is not taken.")                            \
  X(forget_held, "Changes held back are forgotten.")                                        \
  /* receive_window.cc */                                                                   \
  X(ignore_gap, "Missing frames are not remembered.")                                       \
  X(ask_once, "A missing frame is asked for once only.")                                    \
  X(close_unrepaired, "A missing frame counts as closed once it was asked for.")            \
  /* publisher.cc */                                                                        \
  X(note_without_repair, "A gap is closed by a note although nothing was published again.") \
  X(forget_wants, "Handles that the peer does not know are not answered.")                  \
  X(confirm_too_much, "Any acknowledgement confirms everything that was sent.")             \
  /* publish_batch.cc */                                                                    \
  X(lose_unsent, "What finds no frame is forgotten.")                                       \
  X(reuse_version, "Two records carry one version.")                                        \
  /* table_publish.h */                                                                     \
  X(digest_keeps_deleted, "A deleted entry stays in the sum of its shard.")                 \
  /* applier.cc */                                                                          \
  X(apply_unknown_generation, "A handle that was never learnt is taken for an own one.")    \
  X(ack_before_apply, "Acknowledgements do not wait for answers to wants.")                 \
  /* digest_exchange.cc */                                                                  \
  X(digest_skips_shard, "One shard in eight counts as equal without a look.")               \
  /* stream_receive.cc */                                                                   \
  X(drop_tail_loss, "The next number that a keepalive states is not heeded.")               \
  /* stream_statements.cc */                                                                \
  X(sweep_from_empty, "A sender whose table is incomplete says that it is complete.")       \
  /* publish_batch.cc */                                                                    \
  X(free_tombstone_early, "A slot is freed when its delete leaves, not when it is there.")  \
  /* engine_roles.cc */                                                                     \
  X(synced_at_timeout, "A comparison that takes long counts as equal.")                     \
  X(keep_epoch, "What the peer has learnt is void, but the epoch stays the same.")          \
  /* table_dirty.h */                                                                       \
  X(forget_overflow, "Marks that find no room in a ring are forgotten.")                    \
  /* engine_status.cc */                                                                    \
  X(hide_unconfirmed, "Exposure leaves out what was sent and not confirmed.")               \
  X(hide_dirty, "Exposure leaves out what was not sent yet.")                               \
  /* role_machine.cc, role_conditions.cc */                                                 \
  X(no_fence, "Workers may forward however long ago the last heartbeat left.")              \
  X(take_lower_term, "A new owner takes a term below known ones.")                          \
  X(ignore_higher_term, "An active node does not yield to a higher term.")                  \
  X(hasty_takeover, "A peer counts as dead before the detection time.")                     \
  /* tests/sim/node.cc, the model of the seal */                                            \
  X(reuse_nonce, "Packet numbers begin anew under keys that go on.")                        \
  /* tests/sim/node.cc, where it tells the engine of the peer */                            \
  X(forget_dormant, "Marks set while the peer was away are cleared when it comes back.")

enum class SimProbe : std::uint8_t {
#define X(name, help) name,
  STATESYNC_SIM_PROBES(X)
#undef X
};
enum class SimBug : std::uint8_t {
  none,
#define X(name, help) name,
  STATESYNC_SIM_BUGS(X)
#undef X
};

#ifdef LOCKSTEP_SIM

struct SimMark {
  std::string_view name;
  std::string_view help;
};
inline constexpr auto kSimProbes = std::to_array<SimMark>({
#define X(name, help) {#name, help},
    STATESYNC_SIM_PROBES(X)
#undef X
});
// Without `none`: the bug of number n is at n − 1.
inline constexpr auto kSimBugs = std::to_array<SimMark>({
#define X(name, help) {#name, help},
    STATESYNC_SIM_BUGS(X)
#undef X
});

// The only global state of the engine, in simulations only: marks are in functions without context.
struct SimHooks {
  // Called when an entry's version is set; zero: it leaves the digest, and `entry` is as it was.
  using OnVersion = void (*)(void* watcher, const void* table, const void* entry,
                             std::uint64_t version);
  OnVersion on_version = nullptr;
  void* watcher = nullptr;
  std::array<std::uint64_t, kSimProbes.size()> reached{};  // By SimProbe.
  SimBug bug = SimBug::none;
  std::uint64_t bug_met = 0;  // How often the chosen bug's place was passed.
};
inline SimHooks sim_hooks;

inline bool IsPlanted(SimBug bug) {
  if (sim_hooks.bug != bug) return false;
  ++sim_hooks.bug_met;
  return true;
}

#define SIM_PROBE(name) \
  (++::statesync::sim_hooks.reached[static_cast<std::size_t>(::statesync::SimProbe::name)])
#define SIM_BUG(name) (::statesync::IsPlanted(::statesync::SimBug::name))

#define SIM_VERSION(table, entry, version)                                                        \
  (::statesync::sim_hooks.on_version != nullptr                                                   \
       ? ::statesync::sim_hooks.on_version(::statesync::sim_hooks.watcher, table, entry, version) \
       : static_cast<void>(0))

#else

constexpr void Pass(SimProbe) noexcept {}
constexpr bool IsPlanted(SimBug) noexcept { return false; }

#define SIM_PROBE(name) (::statesync::Pass(::statesync::SimProbe::name))
#define SIM_BUG(name) (::statesync::IsPlanted(::statesync::SimBug::name))
#define SIM_VERSION(table, entry, version) static_cast<void>(0)

#endif

}  // namespace statesync
