// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

// What the engine counts, declared once as a list and expanded into the struct and its names.
//
// Threads: written by the sync loop, copied out by it.  Memory: values only.
// Source:  the counter lists of Aeron's aeron_system_counters.h.

#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace statesync {

// Grouped as a reader of `lockstepctl stats` meets them; a new counter goes to the end of its
// group.
#define STATESYNC_ENGINE_COUNTERS(X)                                                    \
  /* Frames. */                                                                         \
  X(frames_sent, "Numbered frames sent.")                                               \
  X(frames_received, "Numbered frames applied.")                                        \
  X(control_frames_sent, "Statements, acknowledgements and keepalives sent.")           \
  X(control_frames_received, "Statements, acknowledgements and keepalives received.")   \
  X(frames_duplicate, "Seen before, or closed by a note.")                              \
  X(frames_outside_window, "Too far ahead of the contiguous frame.")                    \
  X(frames_stale_epoch, "Of an earlier handle epoch.")                                  \
  X(frames_stale_term, "Of an older term than this node has applied or taken (I6).")    \
  X(frames_unwanted, "With entries, while this node owns the tables or sync is off.")   \
  X(frames_malformed, "Frames ended by the first broken rule of the format.")           \
  X(sections_unknown, "Table, operation or schema of a newer peer: skipped.")           \
  X(probes_sent, "Padded frames sent to learn what the path carries.")                  \
  X(probes_acked, "Probes that the peer says it received.")                             \
  X(probes_received, "Padded frames of the peer.")                                      \
  X(probe_acks_ignored, "Acknowledged sizes that were not probed lately.")              \
  X(path_mtu_raised, "Times that larger datagrams were found to pass.")                 \
  X(path_mtu_lowered, "Times that large datagrams stopped passing.")                    \
  /* Records. */                                                                        \
  X(records_sent, "Records published.")                                                 \
  X(inserts_sent, "Keyed images published.")                                            \
  X(updates_sent, "Updates published.")                                                 \
  X(deletes_sent, "Deletes published.")                                                 \
  X(records_applied, "Records that changed an entry here.")                             \
  X(records_stale, "Not newer than what is here: harmless.")                            \
  X(records_refused, "Table full, key conflict, unknown id.")                           \
  X(records_malformed, "A field out of range.")                                         \
  X(slots_out_of_range, "The peer's slot is past what the handle map has room for.")    \
  X(annihilated, "Deleted before the peer had learnt of them: nothing was sent.")       \
  X(records_untold, "Not published: the peer does not understand the table or schema.") \
  X(busy_requeues, "An entry was being written; it went with the next batch.")          \
  X(tombstones_retired, "Deletes confirmed by the peer, or void without one.")          \
  X(changes_dropped, "Told to nobody, as no peer may come back; digests find them.")    \
  /* Loss and repair. */                                                                \
  X(gaps_seen, "Ranges of frames found missing.")                                       \
  X(nacks_sent, "Frames asked for, repetitions included.")                              \
  X(nacks_received, "Frames the peer asked for, repetitions included.")                 \
  X(frames_repaired, "Frames whose entries were published again.")                      \
  X(frames_lost, "Not repairable any more; digests find what they carried.")            \
  X(wants_sent, "Unknown handles asked for.")                                           \
  X(wants_received, "Handles the peer asked for.")                                      \
  X(wants_overflowed, "No room to remember: digests find the entries.")                 \
  X(credit_stalls, "Turns that had changes but no credit.")                             \
  X(acks_ignored, "Acknowledgements of frames that were never sent.")                   \
  /* Full transfer and comparison. */                                                   \
  X(bulks_started, "Transfers of shards begun as the sender.")                          \
  X(bulks_finished, "Transfers of shards finished as the receiver.")                    \
  X(bulks_failed, "Given up before the end: lost frames, lost peer, new role.")         \
  X(entries_swept, "Entries removed because a transfer did not name them.")             \
  X(epochs_begun, "Handle epochs begun: what the peer had learnt is void.")             \
  X(rejoins, "Times the peer came back in the same run and went on where it was.")      \
  X(holds_sent, "Shards asked to rest, as they changed too often to be compared.")      \
  X(holds_obeyed, "Shards that rested for a comparison.")                               \
  X(digests_agreed, "Comparisons of a shard that agreed.")                              \
  X(digests_differed, "Comparisons of a shard that differed.")                          \
  X(digests_undecided, "Shards that changed too often to be compared.")                 \
  X(values_stated, "Entries whose value was stated for a comparison.")                  \
  X(values_agreed, "Values compared that were equal.")                                  \
  X(values_differed, "Values compared that differed under one version: asked for.")     \
  X(values_taught, "Entries published so that their values can be compared.")           \
  X(scrub_passes, "Whole walks over the tables that compared values.")                  \
  X(entries_refreshed, "Entries the owner named as used lately.")                       \
  X(refusals_reported, "Entries the peer could not take, as it says.")                  \
  X(refusals_dropped, "Of these, not taken from the engine in time.")                   \
  X(term_stalls, "Turns that had changes but no version left in the term.")

struct EngineCounters {
#define X(name, help) std::uint64_t name = 0;
  STATESYNC_ENGINE_COUNTERS(X)
#undef X
};

inline constexpr auto kEngineCounterNames = std::to_array<std::string_view>({
#define X(name, help) #name,
    STATESYNC_ENGINE_COUNTERS(X)
#undef X
});
// One sentence each for an operator, in the same order.
inline constexpr auto kEngineCounterHelps = std::to_array<std::string_view>({
#define X(name, help) help,
    STATESYNC_ENGINE_COUNTERS(X)
#undef X
});
inline constexpr std::size_t kEngineCounterCount = kEngineCounterNames.size();
static_assert(sizeof(EngineCounters) == kEngineCounterCount * sizeof(std::uint64_t));

// Counters by position, in the order of kEngineCounterNames.
[[nodiscard]] inline std::array<std::uint64_t, kEngineCounterCount> ValuesOf(
    const EngineCounters& counters) {
  return {
#define X(name, help) counters.name,
      STATESYNC_ENGINE_COUNTERS(X)
#undef X
  };
}

}  // namespace statesync
