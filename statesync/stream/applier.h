// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

// Applies table sections of one stream: finds each record's slot in the handle map, lets the table
// act, and writes down what that means for the map. The table in PROTOCOL.md §5 is this file.
//
// Records go through in batches of kBatchMax, in passes, so that misses of the map and of the table
// overlap. What cannot be applied because the handle is unknown is asked for (`want`).
//
// Threads: one, the sync loop.  Memory: allocated by the constructor, never afterwards.

#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>

#include "statesync/stream/bounded_queue.h"
#include "statesync/stream/digest_exchange.h"
#include "statesync/stream/engine_context.h"
#include "statesync/stream/slot_map.h"
#include "statesync/stream/want_queue.h"
#include "statesync/wire/frame_reader.h"

namespace statesync {

inline constexpr std::size_t kRefusalsMax = 256;  // Waiting to be stated; more are only counted.

class Applier {
 public:
  Applier(EngineContext& engine, std::uint16_t stream, DigestComparison& comparison);

  // Every handle of the stream becomes unknown: a new epoch, or another run of the peer.
  void Forget();

  // Applies a checked table section that arrived in this frame.
  void ApplySection(const Section& section, std::uint64_t frame);

  // Next handle to ask for; false if none is due.
  [[nodiscard]] bool TakeWant(Instant now, WantedHandle& wanted);
  [[nodiscard]] Instant NextWant() const;
  // Every frame up to this one is closed and has no record that waits for the answer to a `want`:
  // what an acknowledgement may say, given the contiguous frame.
  [[nodiscard]] std::uint64_t AppliedUpTo(std::uint64_t contiguous) const;
  // More handles are unknown than can be remembered: digests find them. Reading clears it.
  [[nodiscard]] bool TakeOverflow();

  // What is known of the sender's slot; kUnknown if it is out of range.
  [[nodiscard]] SlotState SlotOf(std::size_t table_index, Handle sender) const;
  // Asks for an entry anew although its version is here, because its value differs: only a later
  // version is an answer. No acknowledgement waits for it.
  void WantValue(std::size_t table_index, Handle sender, std::uint8_t generation, Version version);
  [[nodiscard]] BoundedQueue<RefusedRecord>& refusals() { return refusals_; }

 private:
  // A record on its way through the passes.
  struct Step {
    const std::byte* bytes = nullptr;
    Version version;
    Handle sender;
    std::uint8_t generation = 0;
    bool is_known_live = false;  // `own` is what the map had.
    bool is_wanted = false;      // A `want` for the slot is open.
    OwnHandle own;
  };
  // What is handed to the table in one call.
  struct Batch {
    std::size_t count = 0;
    std::array<Step, kBatchMax> steps;
    std::array<const std::byte*, kBatchMax> bytes;
    std::array<Version, kBatchMax> versions;
    std::array<OwnHandle, kBatchMax> own;
    std::array<ApplyOutcome, kBatchMax> outcomes;
    void Add(const Step& step);
  };

  // Reads the senders' handles of records [first, first + count) that name a slot of this stream.
  std::size_t ReadHandles(const Section& section, std::size_t first, std::size_t count,
                          std::span<Step> steps);
  void ApplyInserts(std::uint8_t schema, std::span<const Step> steps);
  void ApplyUpdates(std::uint8_t schema, std::span<const Step> steps);
  void ApplyDeletes(std::uint8_t schema, std::span<const Step> steps);
  void ApplyKeyedDelete(std::uint8_t schema, const Step& step);
  // Whether an insert may go to the table; removes another incarnation of the slot before.
  bool AdmitInsert(std::uint8_t schema, Step& step);
  void AfterInsert(const Step& step, const ApplyOutcome& outcome);
  ApplyOutcome RemoveOne(OwnHandle own, Version version);
  void Want(const Step& step);
  // The entry went here for another key's sake, or by a sweep. What was published before that may
  // be on its way still: only what is newer than all that came so far is an answer.
  void WantAnew(Step step);
  // The record was dealt with: if it is as new as what was wanted, that is answered. An older one
  // that was overtaken answers nothing.
  void Answer(const Step& step);
  // It is newer than what is asked for because of its handle.
  [[nodiscard]] bool IsAnswer(const Step& step);
  void Refuse(const Step& step, RefusalReason reason);
  // A record whose slot the handle map has no room for.
  void OnOutOfRange(Op op, const Step& step);
  void StateRefusal(const Step& step, RefusalReason reason);

  EngineContext& engine_;
  std::uint16_t stream_;
  DigestComparison& comparison_;
  WantQueue wants_;
  bool overflowed_ = false;
  Version newest_;  // Of all records that came.
  BoundedQueue<RefusedRecord> refusals_;
  std::unique_ptr<Batch> batch_;
  std::unique_ptr<std::array<Step, kBatchMax>> steps_;  // Of ApplySection().

  // Of the section that is being applied.
  std::uint64_t frame_ = 0;
  std::size_t table_index_ = 0;
  ReplicatedTable* table_ = nullptr;
  SlotMap* map_ = nullptr;
};

}  // namespace statesync
