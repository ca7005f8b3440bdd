// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

#include "statesync/stream/repair_ring.h"

#include <algorithm>
#include <bit>

#include "statesync/ensure.h"

namespace statesync {

RepairRing::RepairRing(const RepairRingOptions& options)
    : frame_mask_(options.frames - 1),
      item_mask_(options.items - 1),
      note_mask_(options.notes - 1),
      frames_(std::make_unique<Frame[]>(options.frames)),
      // Written before they are read: most of the memory is never touched on a quiet link.
      items_(std::make_unique_for_overwrite<RingItem[]>(options.items)),
      notes_(std::make_unique<RingNote[]>(options.notes)) {
  ENSURE(std::has_single_bit(options.frames));
  ENSURE(std::has_single_bit(options.items));
  ENSURE(std::has_single_bit(options.notes));
}

void RepairRing::Reset() {
  ENSURE(!open_);
  closed_ = next_ - 1;
  item_begin_ = item_end_;
  note_begin_ = note_end_;
  held_ = {};
}

Instant RepairRing::Oldest(TableId table) const {
  const Held& held = held_[IdOf(table)];
  ENSURE(held.items > 0);
  return At(held.first).oldest;
}

bool RepairRing::HasRoom(std::size_t items, std::size_t notes) const {
  return next_ - closed_ <= frame_mask_ + 1 && item_end_ - item_begin_ + items <= item_mask_ + 1 &&
         note_end_ - note_begin_ + notes <= note_mask_ + 1;
}

void RepairRing::Open() {
  ENSURE(!open_);
  ENSURE(HasRoom(0, 0));
  Frame frame;
  frame.first_item = item_end_;
  frame.first_note = note_end_;
  At(next_) = frame;
  open_ = true;
}

void RepairRing::AddItem(RingItem item) {
  ENSURE(open_ && item_end_ - item_begin_ <= item_mask_);
  items_[item_end_++ & item_mask_] = item;
  ++At(next_).item_count;
}

void RepairRing::EndRun(TableId table, Instant since, bool is_change) {
  ENSURE(open_);
  Frame& frame = At(next_);
  const std::uint32_t items = frame.item_count - frame.run_items;
  if (items == 0) return;
  frame.oldest = frame.run_items == 0 ? since : std::min(frame.oldest, since);
  frame.run_items = frame.item_count;
  const std::size_t id = IdOf(table);
  frame.items_of[id] = static_cast<std::uint16_t>(frame.items_of[id] + items);
  if (is_change) frame.changes_of[id] = static_cast<std::uint16_t>(frame.changes_of[id] + items);
  if (held_[id].items == 0) held_[id].first = next_;
  held_[id].items += items;
}

void RepairRing::AddNote(RingNote note) {
  ENSURE(open_ && note_end_ - note_begin_ <= note_mask_);
  notes_[note_end_++ & note_mask_] = note;
  ++At(next_).note_count;
}

std::uint64_t RepairRing::Close(Instant now, std::uint64_t counter) {
  ENSURE(open_);
  open_ = false;
  At(next_).sent = now;
  At(next_).counter = counter;
  return next_++;
}

const RepairRing::Frame* RepairRing::Front(std::uint64_t ack) const {
  return closed_ + 1 < next_ && closed_ < ack ? &At(closed_ + 1) : nullptr;
}

void RepairRing::Pop() {
  ENSURE(closed_ + 1 < next_);
  ++closed_;
  const Frame& frame = At(closed_);
  item_begin_ = frame.first_item + frame.item_count;
  note_begin_ = frame.first_note + frame.note_count;
  for (std::size_t table = 0; table < held_.size(); ++table) {
    Held& held = held_[table];
    if (frame.items_of[table] == 0) continue;
    held.items -= frame.items_of[table];
    // Moves over each frame once; the open one, if any, holds what the closed ones do not.
    while (held.items > 0 && held.first < next_ &&
           (held.first <= closed_ || At(held.first).items_of[table] == 0)) {
      ++held.first;
    }
  }
}

RepairRing::Frame* RepairRing::Find(std::uint64_t frame) {
  return frame > closed_ && frame < next_ ? &At(frame) : nullptr;
}

}  // namespace statesync
