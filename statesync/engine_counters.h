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

// Grouped as a reader of `lockstepctl stats` meets them; a new counter goes to the end of its group.
#define STATESYNC_ENGINE_COUNTERS(X)                                                              \
  /* Frames. */                                                                                   \
  X(frames_sent)             /* Numbered ones. */                                                 \
  X(frames_received)         /* Numbered ones that were applied. */                               \
  X(control_frames_sent)     /* Not numbered: statements, acknowledgements, keepalives. */        \
  X(control_frames_received)                                                                      \
  X(frames_duplicate)        /* Seen before, or closed by a note. */                              \
  X(frames_outside_window)   /* Too far ahead of the contiguous frame. */                         \
  X(frames_stale_epoch)      /* Of an earlier handle epoch. */                                    \
  X(frames_stale_term)       /* Of an older term than this node has applied or taken (I6). */     \
  X(frames_unwanted)         /* Table sections while this node owns the tables or sync is off. */ \
  X(frames_malformed)        /* First broken rule of the format ends a frame. */                  \
  X(sections_unknown)        /* Table, operation or schema of a newer peer: skipped. */           \
  /* Records. */                                                                                  \
  X(records_sent)                                                                                 \
  X(inserts_sent)                                                                                 \
  X(updates_sent)                                                                                 \
  X(deletes_sent)                                                                                 \
  X(records_applied)                                                                              \
  X(records_stale)           /* Not newer than what is here: harmless. */                         \
  X(records_refused)         /* Table full, key conflict, unknown id. */                          \
  X(records_malformed)       /* A field out of range. */                                          \
  X(slots_out_of_range)      /* The peer's slot is past what the handle map has room for. */      \
  X(annihilated)             /* Deleted before the peer had learnt of them: nothing was sent. */  \
  X(busy_requeues)           /* An entry was being written; it goes with the next batch. */       \
  X(tombstones_retired)      /* Deletes confirmed by the peer, or void without one. */            \
  X(changes_dropped)         /* Not published, as there is no peer; a bulk covers them. */        \
  /* Loss and repair. */                                                                          \
  X(gaps_seen)                                                                                    \
  X(nacks_sent)              /* Frames asked for. */                                              \
  X(nacks_received)          /* Frames the peer asked for. */                                     \
  X(frames_repaired)         /* Answered by publishing again. */                                  \
  X(frames_lost)             /* Not repairable any more; a bulk covers them. */                   \
  X(wants_sent)                                                                                   \
  X(wants_received)                                                                               \
  X(wants_overflowed)        /* No room to remember: a bulk is asked for instead. */              \
  X(credit_stalls)           /* Turns that had changes but no credit. */                          \
  X(acks_ignored)            /* Acknowledgements of frames that were never sent. */               \
  /* Full transfer and comparison. */                                                             \
  X(bulks_started)           /* As the sender. */                                                 \
  X(bulks_finished)          /* As the receiver. */                                               \
  X(bulks_failed)            /* Given up before the end: lost frames, lost peer, new role. */     \
  X(entries_swept)                                                                                \
  X(digests_agreed)                                                                               \
  X(digests_differed)                                                                             \
  X(digests_undecided)                                                                            \
  X(refusals_reported)       /* By the peer, of what this node published. */

struct EngineCounters {
#define X(name) std::uint64_t name = 0;
  STATESYNC_ENGINE_COUNTERS(X)
#undef X
};

inline constexpr auto kEngineCounterNames = std::to_array<std::string_view>({
#define X(name) #name,
    STATESYNC_ENGINE_COUNTERS(X)
#undef X
});
inline constexpr std::size_t kEngineCounterCount = kEngineCounterNames.size();
static_assert(sizeof(EngineCounters) == kEngineCounterCount * sizeof(std::uint64_t));

// Counters by position, in the order of kEngineCounterNames.
[[nodiscard]] inline std::array<std::uint64_t, kEngineCounterCount> ValuesOf(
    const EngineCounters& counters) {
  return {
#define X(name) counters.name,
      STATESYNC_ENGINE_COUNTERS(X)
#undef X
  };
}

}  // namespace statesync
