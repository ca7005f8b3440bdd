// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

// What the sender remembers of each numbered frame until it is acknowledged: handles, not bytes.
//
// A lost frame is repaired by publishing its handles again, with the notes that it carried. The
// ring never overwrites a frame that is not acknowledged: when it has no room the stream stalls,
// and the dirty marks, which need no memory, hold the changes. So the oldest repairable frame is
// always the one after the acknowledged one.
//
// Threads: one.  Memory: allocated by the constructor, never afterwards.
// Invariant: closed_ < next_; frames (closed_, next_) are held.

#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>

#include "statesync/limits.h"
#include "statesync/types.h"
#include "statesync/wire/schema.h"

namespace statesync {

// One published handle, packed. `keyed`: it was published with its key, so a repair must be, too.
// `retires`: this frame owns the duty to retire the slot when it is acknowledged (tombstones.h).
struct RingItem {
  std::uint32_t bits;
  static RingItem Make(TableId table, Handle handle, bool keyed, bool retires) {
    return {static_cast<std::uint32_t>(handle.slot) | (std::uint32_t{handle.shard} << 16) |
            (static_cast<std::uint32_t>(table) << 24) | (keyed ? 0x4000'0000u : 0u) |
            (retires ? 0x8000'0000u : 0u)};
  }
  [[nodiscard]] Handle handle() const {
    return {static_cast<ShardIndex>(bits >> 16), static_cast<SlotIndex>(bits)};
  }
  [[nodiscard]] TableId table() const { return static_cast<TableId>((bits >> 24) & 0x3f); }
  [[nodiscard]] bool keyed() const { return (bits & 0x4000'0000u) != 0; }
  [[nodiscard]] bool retires() const { return (bits & 0x8000'0000u) != 0; }
};
static_assert(sizeof(RingItem) == 4);

// Notes that fit a frame of the largest datagram, at most; records too, as none is shorter than
// three.
inline constexpr std::size_t kNotesPerFrameMax = kDatagramBytesMax / 8;

// A note that a frame carried. `is_whole`: everything it speaks of was published in the same frame.
struct RingNote {
  std::uint64_t frame = 0;
  bool is_whole = false;
};

struct RepairRingOptions {
  std::size_t frames = kRepairRingFrames;  // Each a power of two.
  std::size_t items = kRepairRingItems;
  std::size_t notes = 2 * kRepairRingFrames;
};

class RepairRing {
 public:
  struct Frame {
    Instant sent;
    Instant oldest;                // When the oldest of its items was first seen to wait.
    std::uint64_t counter = 0;     // Of the last version used when it was closed.
    Instant repaired;              // Last time its repair was queued; zero: never.
    std::uint64_t first_item = 0;  // Running index, as first_note.
    std::uint64_t first_note = 0;
    std::uint32_t item_count = 0;
    std::uint32_t note_count = 0;
    // What it carries by table id, and how much of that was published because it had changed.
    std::array<std::uint16_t, kHelloTablesMax> items_of{};
    std::array<std::uint16_t, kHelloTablesMax> changes_of{};
    std::uint32_t run_items = 0;  // Items before the run that is being added.
    bool repair_queued = false;
  };

  explicit RepairRing(const RepairRingOptions& options = {});

  // Forgets everything; the next frame follows the last one. Duties must have been taken before.
  void Reset();

  [[nodiscard]] std::uint64_t next_frame() const { return next_; }
  [[nodiscard]] std::uint64_t closed_frame() const { return closed_; }
  [[nodiscard]] std::uint64_t oldest_frame() const { return closed_ + 1; }
  [[nodiscard]] bool is_empty() const { return closed_ + 1 == next_; }
  // Items in frames that are not acknowledged, the open one included.
  [[nodiscard]] std::uint64_t item_count() const { return item_end_ - item_begin_; }
  // The same of one table.
  [[nodiscard]] std::uint64_t item_count(TableId table) const { return held_[IdOf(table)].items; }
  // When the oldest of these items was first seen to wait. REQUIRES: item_count(table) > 0.
  [[nodiscard]] Instant Oldest(TableId table) const;

  // Room for one more frame of up to so many items and notes.
  [[nodiscard]] bool HasRoom(std::size_t items, std::size_t notes) const;

  // ---- One frame: Open (AddItem* EndRun | AddNote)* Close ----
  void Open();
  void AddItem(RingItem item);
  // Says of the items since the last run, which are of one table, if there are any:
  // since  when the oldest change of them was first seen to wait.
  // is_change  they were published because they changed: not again, not for a transfer, not on
  //            request.
  void EndRun(TableId table, Instant since, bool is_change);
  void AddNote(RingNote note);
  // Gives the frame its number and returns it. REQUIRES: open.
  // counter  of the last version used.
  std::uint64_t Close(Instant now, std::uint64_t counter);

  // ---- Acknowledgement: while TakeClosed, ask Frame's items; then it is gone ----
  // The oldest frame up to `ack`, or null. Pop() drops it.
  [[nodiscard]] const Frame* Front(std::uint64_t ack) const;
  void Pop();

  // Null if the frame was never sent or is acknowledged.
  [[nodiscard]] Frame* Find(std::uint64_t frame);
  [[nodiscard]] RingItem item(const Frame& frame, std::uint32_t index) const {
    return items_[(frame.first_item + index) & item_mask_];
  }
  [[nodiscard]] RingNote note(const Frame& frame, std::uint32_t index) const {
    return notes_[(frame.first_note + index) & note_mask_];
  }

 private:
  // Of one table. Invariant: if items > 0, `first` is the oldest held frame that has one.
  struct Held {
    std::uint64_t items = 0;
    std::uint64_t first = 0;
  };
  [[nodiscard]] static std::size_t IdOf(TableId table) { return static_cast<std::size_t>(table); }
  [[nodiscard]] Frame& At(std::uint64_t frame) { return frames_[frame & frame_mask_]; }
  [[nodiscard]] const Frame& At(std::uint64_t frame) const { return frames_[frame & frame_mask_]; }

  std::size_t frame_mask_, item_mask_, note_mask_;
  std::unique_ptr<Frame[]> frames_;
  std::unique_ptr<RingItem[]> items_;
  std::unique_ptr<RingNote[]> notes_;
  std::uint64_t next_ = 1;
  std::uint64_t closed_ = 0;
  std::uint64_t item_begin_ = 0, item_end_ = 0;
  std::uint64_t note_begin_ = 0, note_end_ = 0;
  bool open_ = false;
  std::array<Held, kHelloTablesMax> held_{};
};

}  // namespace statesync
