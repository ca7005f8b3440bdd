// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

// What is behind engine.h: streams, and what spans them – connection, role, readiness, order of
// work.
//
// Threads: one, the sync loop.  Memory: allocated by the constructor, never afterwards.

#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>

#include "statesync/engine.h"
#include "statesync/stream/engine_context.h"
#include "statesync/stream/readiness.h"
#include "statesync/stream/stream.h"

namespace statesync {

struct Engine::Impl {
 public:
  Impl(const EngineOptions& options, std::span<ReplicatedTable* const> tables);

  void OnPeerConnected(Instant now, const PeerInfo& peer);
  void OnPeerLost(Instant now);
  void OnRole(Instant now, Role role, Term term);
  void SetStateSync(Instant now, bool enabled);
  void SetMuted(bool muted) { context_.is_muted = muted; }
  void RequestBulk(Instant now);
  void OnFrameBatch(Instant now, std::span<const OpenedFrame> frames);
  std::size_t TakeFrames(Instant now, std::span<OutFrame> frames);
  [[nodiscard]] Instant NextDeadline(Instant now) const;
  const EngineStatus& UpdateStatus(Instant now);
  std::size_t TakeRefusals(std::span<RefusedChange> refusals);

 private:
  using StreamSpan = std::span<const std::unique_ptr<Stream>>;
  [[nodiscard]] StreamSpan streams() const {
    return std::span(streams_).first(context_.stream_count);
  }

  // ---- engine_roles.cc: connection, role, readiness ----
  void BeginEpoch();
  void UseStreams(std::size_t count);
  void CheckHeldBack(Instant now);
  void AskBulks(Instant now);
  void ObserveHeader(Instant now, const FrameFields& fields);
  void CheckNeeds(Instant now);
  void CheckSilence(Instant now);
  void CheckProof(Instant now);
  [[nodiscard]] Readiness ShownReadiness() const;

  // ---- engine_turn.cc: order of work ----
  void TellNobody();
  void DrainDirty(Instant now);
  [[nodiscard]] std::uint64_t DirtyCount() const;
  [[nodiscard]] bool Open(Instant now, DirtyFilter& filter) const;
  [[nodiscard]] ShardSet ShardsOf(std::size_t stream) const;
  // When changes that the filter lets go are to be taken; now if some are due.
  [[nodiscard]] Instant NextFlush(Instant now, const DirtyFilter& filter) const;
  [[nodiscard]] bool HasPending() const;
  void PublishChanges(Instant now, FrameSink& sink, std::size_t frames_kept);
  // The i-th of the streams, beginning with another one in each turn.
  [[nodiscard]] Stream& StreamInTurn(std::size_t i) const {
    return *streams()[(turn_ + i) % streams().size()];
  }
  void PublishAll(Instant now, FrameSink& sink);
  void Sweep();

  // ---- engine_status.cc ----
  void FillStreams(Instant now);
  void FillTables(Instant now);
  void FillComparison(std::size_t table_index);
  void FillExposure();
  [[nodiscard]] Exposure ExposureOf(Instant now, std::size_t table_index) const;

  // ---- engine_tables.cc ----
  void AgreeOnTables(const PeerInfo& peer);
  [[nodiscard]] AtRiskReason WarningOf(std::size_t table_index) const;
  void FillWarnings();

  // ---- engine_scrub.cc ----
  void EmitScrub(Instant now, FrameSink& sink);
  [[nodiscard]] bool CanScrub() const;

  EngineContext context_;
  // On their way from a table to the streams, within one call.
  std::unique_ptr<std::array<DirtyChange, kPublishBatch>> changes_ =
      std::make_unique<std::array<DirtyChange, kPublishBatch>>();
  std::array<std::unique_ptr<Stream>, kStreamsMax> streams_;
  ScrubWalk scrub_;
  ReadinessMachine readiness_;
  EngineStatus status_;

  BootId peer_boot_id_ = 0;
  bool ever_connected_ = false;
  // The tables were equal to those of a complete owner, and no difference has been seen since.
  // Silence and the loss of the peer do not take it away: nothing newer can be here then.
  bool is_proven_ = false;
  bool bulk_wanted_ = false;  // By an operator; asked for as soon as an owner is there to answer.
  bool was_silent_ = false;
  Instant held_checked_at_;
  std::uint32_t turn_ = 0;  // Turns that published; wraps.
  Instant live_counted_at_;
};

}  // namespace statesync
