// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

// Background comparison of values: digests prove versions, this proves what is behind them.
// PROTOCOL.md §9, "Values".
//
// The owner walks its tables, a few entries each interval, and states the hash of each one's value.
// It reads an entry, and states what it read an interval later, if the entry has not changed until
// then: so a change that a worker has written but not yet marked is never stated under the version
// before it. The receiver compares entries of the same version and asks for those that differ.
//
// Threads: one.  Memory: ScrubWalk is a value; ValueDoubts allocates in its constructor.

#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

#include "statesync/stream/bounded_queue.h"
#include "statesync/table/replicated_table.h"
#include "statesync/types.h"
#include "statesync/wire/schema.h"

namespace statesync {

// Entries of one statement, which fits in the smallest datagram.
inline constexpr std::size_t kScrubEntriesMax = 50;
static_assert(kFrameOverheadBytes + sizeof(SectionHeader) +
                  kScrubEntriesMax * sizeof(ScrubRecord) <=
              kDatagramBytesMin);

// Sending side: where the walk is, and what was read in the last step.
class ScrubWalk {
 public:
  struct Item {
    Handle handle;
    EntryValue value;
  };

  // Streams of the connection; another number begins the walk anew.
  void SetStreamCount(std::size_t stream_count);
  // What was read is void: an epoch or a role changed. The walk goes on where it is.
  void Drop() { item_count_ = 0; }

  [[nodiscard]] bool IsDue(Instant now, Duration interval) const {
    return !began_ || stepped_at_ + interval <= now;
  }
  [[nodiscard]] Instant Next(Instant now, Duration interval) const {
    return began_ ? stepped_at_ + interval : now;
  }

  // What the last step read and is still so, to be stated now.
  [[nodiscard]] std::span<const Item> TakeUnchanged(std::span<ReplicatedTable* const> tables,
                                                    std::uint16_t epoch);

  // Reads the next entries of one table and one stream's shards, at most `entries_max`. Those that
  // the peer does not know by handle go to `unlearnt`; returns their number. Looks at a bounded
  // number of slots.
  std::size_t Step(Instant now, std::span<ReplicatedTable* const> tables, std::uint16_t epoch,
                   std::size_t entries_max, std::span<Handle> unlearnt);
  // Of the last step; and the stream of the next one.
  [[nodiscard]] std::size_t table_index() const { return item_table_; }
  [[nodiscard]] std::size_t stream() const { return item_lane_; }
  [[nodiscard]] std::size_t next_stream() const { return lane_; }
  // Nothing is read in this step: the stream is behind.
  void Skip(Instant now) {
    began_ = true;
    stepped_at_ = now;
    item_count_ = 0;
  }

  // Whole passes over all tables, and how long the last one took.
  [[nodiscard]] std::uint64_t passes() const { return passes_; }
  [[nodiscard]] Duration pass_length() const { return pass_length_; }

 private:
  void NextShard(Instant now, std::size_t table_count);

  std::size_t stream_count_ = 1;
  bool began_ = false;
  Instant stepped_at_;
  Instant pass_began_;
  std::uint64_t passes_ = 0;
  Duration pass_length_;

  // Cursor: tables, in each the shards lane, lane + stream_count, … of one stream after another; a
  // lane is a stream's index.
  std::size_t table_ = 0;
  std::size_t lane_ = 0;
  std::size_t shard_ = 0;
  SlotIndex slot_ = 0;

  std::size_t item_table_ = 0;
  std::size_t item_lane_ = 0;
  std::size_t item_count_ = 0;
  std::array<Item, kScrubEntriesMax> items_;
};

// Receiving side: entries whose value differed, until the peer's answer overwrote them.
class ValueDoubts {
 public:
  static constexpr std::size_t kMax = 256;
  struct Doubt {
    std::size_t table_index;
    Handle sender;
  };

  ValueDoubts() : doubts_(kMax) {}

  void Clear() { doubts_.Clear(); }
  // False without room: the next walk finds it again.
  [[nodiscard]] bool Add(std::size_t table_index, Handle sender) {
    return doubts_.Push({table_index, sender});
  }
  // Forgets those for which `is_open(doubt)` is false. Cost: O(size()).
  template <typename IsOpen>
  void Settle(IsOpen is_open) {
    for (std::size_t left = doubts_.size(); left > 0; --left) {
      const Doubt doubt = doubts_.Pop();
      if (is_open(doubt)) (void)doubts_.Push(doubt);
    }
  }
  [[nodiscard]] bool is_empty() const { return doubts_.is_empty(); }

 private:
  BoundedQueue<Doubt> doubts_;
};

}  // namespace statesync
