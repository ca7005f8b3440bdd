// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

// One stream: its publisher and applier, both sides of bulk and digests, and the statements that
// the two ends repeat until they are answered. The engine decides on roles and readiness and calls
// in turn.
//
// Threads: one, the sync loop.  Memory: allocated by the constructor, never afterwards.

#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "statesync/stream/applier.h"
#include "statesync/stream/bulk_receiver.h"
#include "statesync/stream/bulk_sender.h"
#include "statesync/stream/digest_exchange.h"
#include "statesync/stream/liveness_walk.h"
#include "statesync/stream/publisher.h"
#include "statesync/stream/scrub.h"
#include "statesync/stream/stream_state.h"

namespace statesync {

// What a stream asks of the engine; the engine clears it.
struct StreamNeeds {
  bool lost_frames = false;  // Records are missing that the sender cannot repair any more.
  bool difference = false;   // A digest differed, or the owner's numbering began anew.
  bool mismatch = false;     // … and no frame explains it.
};

class Stream {
 public:
  Stream(EngineContext& engine, std::uint16_t index, const RepairRingOptions& ring_options);
  Stream(const Stream&) = delete;
  Stream& operator=(const Stream&) = delete;

  // ---- Events ----
  // The number of streams in use has changed: other shards belong to this one. What was sent and
  // received is void.
  void Configure();
  // What this node sends begins anew: a peer connected or was lost, the role or the epoch changed.
  void ResetSending();
  // Nothing that the peer sent counts any more: another run of it, or this node begins to listen.
  void ResetReceiving();
  // Asks for a transfer of these shards, as far as they are the stream's, with a new id.
  void AskBulk(Instant now, const ShardSet& shards, bool sweep_all);
  void GiveUpBulk();
  // Shards that are to be repaired now; none if it is not time. What a transfer did not cure is
  // tried again at growing distances.
  [[nodiscard]] ShardSet ShardsToRepair(Instant now);

  // ---- Input ----
  void OnFrame(Instant now, const OpenedFrame& frame, const FrameFields& fields);

  // ---- Output, in the order of use ----
  // Of stream 0: probes of the path and answers to the peer's.
  void EmitProbes(Instant now, FrameSink& sink);
  void EmitStatements(Instant now, FrameSink& sink);
  void EmitDigests(Instant now, FrameSink& sink);
  // Values of entries of this stream's shards, all of one table.
  void EmitScrub(Instant now, FrameSink& sink, TableId table,
                 std::span<const ScrubWalk::Item> items);
  // Which entries were used lately, if a frame is left for it.
  void EmitLiveness(Instant now, FrameSink& sink);
  // An acknowledgement or a keepalive, if nothing else carried one.
  void EmitKeepalive(Instant now, FrameSink& sink);
  [[nodiscard]] Instant NextDeadline(Instant now) const;

  // One bounded part of a sweep that a finished transfer began. Returns true when it is over.
  bool SweepSome();

  [[nodiscard]] StreamState& state() { return state_; }
  [[nodiscard]] const StreamState& state() const { return state_; }
  [[nodiscard]] Publisher& publisher() { return publisher_; }
  [[nodiscard]] const Publisher& publisher() const { return publisher_; }
  [[nodiscard]] BulkSender& bulk_sender() { return bulk_sender_; }
  [[nodiscard]] const BulkSender& bulk_sender() const { return bulk_sender_; }
  [[nodiscard]] const BulkReceiver& bulk_receiver() const { return bulk_receiver_; }
  [[nodiscard]] DigestComparison& comparison() { return comparison_; }
  [[nodiscard]] const DigestComparison& comparison() const { return comparison_; }
  [[nodiscard]] const Applier& applier() const { return applier_; }
  [[nodiscard]] StreamNeeds& needs() { return needs_; }
  // An entry's value is known to differ, and the answer has not come yet.
  [[nodiscard]] bool HasValueDoubts();
  // Shards by outcome, as the peer stated it last.
  struct Report {
    std::uint16_t agreed = 0, differed = 0, undecided = 0;
  };
  [[nodiscard]] const Report& peer_report() const { return peer_report_; }
  // When a statement of the peer's digests was last compared.
  [[nodiscard]] Instant last_compared() const { return last_compared_; }

 private:
  // ---- stream_receive.cc ----
  [[nodiscard]] bool IsEpochCurrent(std::uint16_t epoch, Role role);
  void OnNumbered(Instant now, std::span<const std::byte> sealed, const FrameFields& fields);
  [[nodiscard]] bool IsRefused(std::span<const std::byte> sealed, const FrameFields& fields);
  void OnSections(Instant now, std::span<const std::byte> sealed, std::uint64_t applied_frame);
  void OnControl(Instant now, const Section& section);
  void OnRequestOfReceiver(Instant now, const Section& section, std::size_t i);
  void OnStatementOfOwner(Instant now, const Section& section, std::size_t i);
  void OnRefused(const RefusedRecord& record);
  void OnLiveness(const LivenessRecord& record);
  void OnBulkState(const BulkStateRecord& record);
  void OnDigest(Instant now, const DigestRecord& record);
  void OnReport(const DigestReportRecord& record);
  void OnBulkRequest(Instant now, const BulkRequestRecord& record);
  void OnRepaired(const RepairedRecord& record);
  void CloseRepaired(Instant now);
  void CloseLost(Instant now, FrameRange range);
  // What is missing before `oldest` the peer cannot repair any more; a window without a base begins
  // there.
  void CloseForgotten(Instant now, std::uint64_t oldest);
  void AfterProgress();

  // ---- stream_probe.cc ----
  // Takes a control section about the path; false if it is about something else.
  bool OnPathSection(Instant now, const Section& section, std::size_t datagram_bytes);
  [[nodiscard]] Instant NextProbe() const;

  // ---- stream_scrub.cc ----
  void OnScrub(Instant now, const ScrubRecord& record);

  // ---- stream_statements.cc ----
  bool AppendNacks(Instant now);
  bool AppendWants(Instant now);
  bool AppendBulk(Instant now);
  bool AppendBulkAnswer();
  [[nodiscard]] bool IsBulkAnswerDue() const;
  bool AppendReport();
  bool AppendRefusals();
  bool AppendLost();
  void FinishControl(Instant now, OutFrame& frame);

  EngineContext& engine_;
  StreamState state_;
  Publisher publisher_;
  BulkSender bulk_sender_;
  DigestStatements digest_statements_;
  DigestComparison comparison_;
  LivenessWalk liveness_;
  Applier applier_;
  BulkReceiver bulk_receiver_;
  StreamNeeds needs_;
  ValueDoubts value_doubts_;

  bool has_peer_epoch_ = false;
  std::uint16_t peer_epoch_ = 0;
  // Notes whose repair is not all here yet.
  struct Note {
    std::uint64_t frame = 0;
    FrameRange publication;
  };
  BoundedQueue<Note> notes_;
  std::uint64_t current_frame_ = 0;  // Whose sections are being read; 0 if it is not numbered.
  std::uint64_t stated_frame_ = 0;   // Its number, or the one it says the next one gets.

  Report peer_report_;
  FrameRange lost_{1, 0};    // To be stated to the peer; empty if last < first.
  bool report_due_ = false;  // A round of digests ended: say how it went.
  std::uint64_t report_as_of_ = 0;
  std::uint16_t undecided_count_ = 0;  // In the round that is being compared.
  Instant last_compared_;
  bool has_asked_ = false;
  Instant asked_at_;        // Transfers keep a distance, whatever a peer says.
  Instant retry_at_;        // When a difference that a transfer did not cure is tried again.
  Duration retry_wait_{0};  // Until the one after that.
  FrameWriter control_;
};

}  // namespace statesync
