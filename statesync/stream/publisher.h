// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

// Puts current images into numbered frames: repairs, answers to `want`, live changes, bulk.
//
// Every publication takes the same way: handles → PrepareBatch → groups by operation and schema, so
// that sections are long → version by counter → frame, repair ring, OnPublished. What finds no
// frame goes back to the pending queue; a handle costs nothing to keep, as its image is read when
// it is sent.
//
// Threads: one, the sync loop.  Memory: allocated by the constructor, never afterwards.

#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>

#include "statesync/stream/bounded_queue.h"
#include "statesync/stream/bulk_sender.h"
#include "statesync/stream/shard_hold.h"
#include "statesync/stream/stream_state.h"

namespace statesync {

inline constexpr std::size_t kPublishBatch = 256;  // Handles of one PrepareBatch.
// Handles of one class taken from a table, not yet in a frame.
inline constexpr std::size_t kPendingMax = 1'024;

class Publisher {
 public:
  explicit Publisher(StreamState& state);

  // The peer's memory is void, or this node publishes no more: confirms all deletes, forgets all
  // frames, and gives back to the tables what is pending.
  void Reset();
  // Versions of another term begin at 1.
  void RestartCounter() {
    state_.counter = has_taken_term_ ? 0 : state_.engine.options.first_term_counter;
    has_taken_term_ = true;
    confirmed_counter_ = 0;
  }

  // ---- Input ----
  void OnAck(Instant now, std::uint64_t ack, std::uint32_t credit);
  // The peer misses these frames. Returns the part that cannot be repaired, as first and last; last
  // below first: none.
  FrameRange OnNack(Instant now, FrameRange missing);
  void OnWant(TableId table, Handle handle);
  // The peer asks to let a shard rest, so that it can compare.
  void Hold(Instant now, TableId table, ShardIndex shard);
  // A change of this stream. REQUIRES: there was HasRoom of its class before this batch.
  void AddPending(std::size_t table_index, const DirtyChange& change);
  // Room for a batch of changes of this class, and what comes back of an earlier one.
  [[nodiscard]] bool HasRoom(ChangeClass change) const {
    return QueueOf(change).size() + 3 * kPublishBatch <= kPendingMax;
  }
  // Begins a turn: the peer's requests may look at so many frames of the ring until the next one.
  void BeginTurn() { nack_steps_left_ = 2 * kRepairRingFrames; }

  // ---- Output ----
  // Credit and memory for at least one more frame of live changes or bulk.
  [[nodiscard]] bool CanNumber() const;
  // The term has versions for one more frame. Without, nothing is published until it is renewed:
  // versions never wrap.
  [[nodiscard]] bool HasVersions() const {
    return state_.counter + kDatagramBytesMax <= kVersionCounterMax;
  }
  // Room in the caller's frames, too.
  [[nodiscard]] bool CanPublish(const FrameSink& sink) const;
  // Repairs wait for memory that only their own acknowledgement would free: only a new epoch helps.
  [[nodiscard]] bool IsStuck() const { return !repairs_.is_empty() && !HasRepairRoom(); }
  // Repairs, then answers to `want`.
  void PublishUrgent(Instant now, FrameSink& sink);
  void PublishPending(Instant now, FrameSink& sink, ChangeClass change);
  // So many frames went out without window edges or entries of a transfer that, if there are any,
  // it is their turn.
  [[nodiscard]] bool OwesWindows() const { return frames_without_windows_ >= 7; }
  [[nodiscard]] bool OwesBulk() const { return frames_without_bulk_ >= 3; }
  // What a transfer listed waits for a frame.
  [[nodiscard]] bool HasTransferPending() const { return !pending_[0].is_empty(); }
  // A resting shard's digest that is to be stated now, after everything that went out.
  bool TakeHeldStatement(Instant now, std::size_t& table_index, ShardIndex& shard) {
    return hold_.TakeStatement(now, table_index, shard);
  }
  [[nodiscard]] const ShardHold& hold() const { return hold_; }
  // At most frames_max frames begin.
  void PublishBulk(Instant now, FrameSink& sink, BulkSender& bulk, std::size_t frames_max);
  // Ends the open frame; it can be sent.
  void Flush(Instant now);

  // Changes and entries of a transfer that wait for a frame.
  [[nodiscard]] std::size_t pending_count() const;
  // Everything published in the own term with a counter up to this one is applied at the peer. Zero
  // while the peer is not proven in this epoch, as an acknowledgement speaks of the epoch's frames
  // only.
  [[nodiscard]] std::uint64_t confirmed_counter() const {
    return state_.engine.IsPeerProven() ? confirmed_counter_ : 0;
  }
  // What is pending or not acknowledged of one table; `age` as of now.
  [[nodiscard]] Exposure ExposureOf(Instant now, std::size_t table_index) const;
  // Something can go out now, given frames.
  [[nodiscard]] bool HasWork(bool has_bulk) const {
    if (!HasVersions()) return false;
    if ((!repairs_.is_empty() || !answers_.is_empty()) && HasRepairRoom()) return true;
    return (has_bulk || pending_count() > 0) && CanNumber();
  }

 private:
  struct Item {
    std::uint8_t table_index = 0;
    Handle handle;
    Instant since;  // When its change was first seen to wait.
  };
  // How a batch treats handles that have nothing to publish or are being written.
  enum class Cause : std::uint8_t {
    kChange,  // Nothing: retire. Busy: comes again.
    kAsked,   // The peer named the handle: nothing is answered by a delete. Busy: the batch failed.
  };

  // Publishes the current images of handles [n], n <= kPublishBatch, of one table. False if some
  // found no frame (cause kChange: they are pending again) or, with kAsked, were busy.
  bool PublishBatch(Instant now, FrameSink& sink, std::size_t table_index,
                    std::span<const Handle> handles, bool keyed_only, Cause cause);
  // Decides on what is not an ordinary record. Returns false if the record must not be published.
  bool Settle(std::size_t table_index, PreparedRecord& record, Cause cause, bool& failed);
  // Retires what had nothing to publish, unless the batch itself has just taught it to the peer.
  void RetireNothing(std::size_t table_index);
  // Sorts indexes of publishable records by operation and schema.
  std::size_t Group(std::size_t count);
  bool Put(Instant now, FrameSink& sink, std::size_t table_index, const PreparedRecord& record);
  // Says that everything `frame` carried was published again from frame `first` on.
  bool PutNote(Instant now, FrameSink& sink, std::uint64_t frame, std::uint64_t first);
  // A frame that carried the note of `frame` is lost: the note goes again, or the repair does.
  bool RepairNote(Instant now, FrameSink& sink, RingNote note);
  bool OpenFrame(FrameSink& sink);
  [[nodiscard]] bool HasRepairRoom() const;
  void PublishRepairs(Instant now, FrameSink& sink);
  void PublishAnswers(Instant now, FrameSink& sink);
  bool RepairFrame(Instant now, FrameSink& sink, std::uint64_t number);
  void EndBulk(Instant now, BulkSender& bulk);
  [[nodiscard]] const BoundedQueue<Item>& QueueOf(ChangeClass change) const {
    return pending_[static_cast<std::size_t>(change)];
  }
  // Publishes what was in the queue when it began.
  void PublishQueue(Instant now, FrameSink& sink, std::size_t queue);
  void Requeue(std::size_t table_index, Handle handle);
  // What the batch has put into the open frame is counted there.
  void EndRun();
  void Retire(RingItem item);
  void Count(Op op);

  StreamState& state_;
  FrameWriter writer_;
  OutFrame* open_ = nullptr;
  // What is published now is what the peer waits for: repairs and answers need no credit, because
  // the acknowledgement that would bring credit waits for them.
  bool is_urgent_ = false;
  bool is_change_ = false;  // … because it changed. What finds no frame goes back to this queue.
  std::size_t queue_ = 0;
  std::uint32_t frames_without_windows_ = 0;
  std::uint32_t frames_without_bulk_ = 0;
  Instant since_;  // The oldest change of the batch has waited since then.
  TableId run_table_ = TableId::kControl;

  std::uint64_t confirmed_counter_ = 0;  // Of the newest frame that was acknowledged.
  bool has_taken_term_ = false;

  // By class; the first one holds what a transfer listed.
  std::array<BoundedQueue<Item>, kChangeClasses> pending_;
  std::size_t nack_steps_left_ = 2 * kRepairRingFrames;
  ShardHold hold_;
  BoundedQueue<Item> answers_;
  BoundedQueue<std::uint64_t> repairs_;  // Frame numbers.
  std::uint32_t repair_item_ = 0;  // Next item and note of the frame at the front of repairs_.
  std::uint32_t repair_note_ = 0;
  std::uint64_t repair_first_ = 0;  // Where its publication began; 0: not begun.

  std::unique_ptr<std::array<PreparedRecord, kPublishBatch>> records_;
  std::array<Handle, kPublishBatch> queue_handles_{};  // Of PublishQueue().
  std::array<std::uint16_t, kPublishBatch> order_{};
  std::array<bool, kPublishBatch> is_ready_{};
  std::array<Handle, kPublishBatch> nothing_{};  // Handles of the batch without an image.
  std::size_t nothing_count_ = 0;
};

}  // namespace statesync
