// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

// One turn of the engine: frames in, order of work, frames out; see engine_impl.h.

#include <algorithm>
#include <array>

#include "statesync/engine_impl.h"
#include "statesync/ensure.h"

namespace statesync {
namespace {

constexpr std::size_t kDropMax = 16 * kPublishBatch;  // Handles dropped in one turn without a peer.
// Records that fill a frame, roughly: more than these do not wait for company.
constexpr std::uint64_t kFullFrameRecords = 100;

}  // namespace

// ---- Input -------------------------------------------------------------------------------------

void Engine::Impl::OnFrameBatch(Instant now, std::span<const OpenedFrame> frames) {
  ENSURE(frames.size() <= kBatchMax);
  if (!context_.is_connected) return;  // Between two handshakes: nobody to answer to.
  for (ReplicatedTable* table : context_.table_span()) table->OnTime(now);
  for (const auto& stream : streams()) stream->publisher().BeginTurn();
  for (const OpenedFrame& frame : frames) {
    FrameHeader header;
    if (frame.stream >= context_.options.stream_count ||
        CheckFrame(frame.sealed, header) != Verdict::kAccepted) {
      ++context_.counters.frames_malformed;
      continue;
    }
    const FrameFields fields(header);
    ObserveHeader(now, fields);
    streams_[frame.stream]->OnFrame(now, frame, fields);
  }
  CheckNeeds(now);
}

// ---- Output ------------------------------------------------------------------------------------

// Control first, as it is what the peer waits for; then repair, live changes, bulk with its floor;
// then digests, which speak of all that; then an acknowledgement if nothing has carried one.
std::size_t Engine::Impl::TakeFrames(Instant now, std::span<OutFrame> frames) {
  CheckSilence(now);
  Sweep();
  CheckNeeds(now);
  CheckProof(now);
  context_.stated_readiness = ShownReadiness();
  ConfirmPeer();
  if (!context_.Publishes()) DropDirty();
  if (!context_.is_connected) return 0;
  FrameSink sink(frames);
  streams_[0]->EmitProbes(now, sink);
  for (const auto& stream : streams()) stream->EmitStatements(now, sink);
  const auto is_stuck = [](const auto& stream) { return stream->publisher().IsStuck(); };
  if (std::any_of(streams().begin(), streams().end(), is_stuck)) BeginEpoch();
  if (context_.Publishes()) PublishAll(now, sink);
  for (const auto& stream : streams()) stream->EmitDigests(now, sink);
  for (const auto& stream : streams()) stream->EmitKeepalive(now, sink);
  return sink.used();
}

// What was published before this epoch is at the peer if it is synced in it.
void Engine::Impl::ConfirmPeer() {
  if (!context_.Publishes() || !context_.peer_follows) return;
  if (context_.peer_readiness != Readiness::kSynced) return;
  for (const auto& stream : streams()) stream->publisher().OnPeerProven();
}

// With no peer a change needs no record: a bulk brings the image when there is one.
void Engine::Impl::DropDirty() {
  std::array<Handle, kPublishBatch> handles;
  is_dirty_ = false;
  std::size_t dropped = 0;
  for (ReplicatedTable* table : context_.table_span()) {
    while (dropped < kDropMax) {
      const std::size_t count = table->TakeDirtyBatch(handles);
      if (count == 0) break;
      // The slot of a deleted entry is free at once; the table leaves live ones alone.
      for (std::size_t i = 0; i < count; ++i) table->Retire(handles[i]);
      dropped += count;
      context_.counters.changes_dropped += count;
    }
  }
}

std::uint64_t Engine::Impl::DirtyCount() const {
  std::uint64_t count = 0;
  for (const ReplicatedTable* table : context_.table_span()) count += table->dirty_count();
  return count;
}

// The marks are the open frame: a change waits in them at most flush_delay for company, and costs
// one record however often it changes meanwhile.
bool Engine::Impl::IsFlushDue(Instant now) {
  const std::uint64_t dirty = DirtyCount();
  if (dirty == 0) {
    is_dirty_ = false;
    return false;
  }
  if (!is_dirty_) {
    is_dirty_ = true;
    dirty_since_ = now;
  }
  return dirty >= kFullFrameRecords || dirty_since_ + context_.options.flush_delay <= now;
}

// Moves handles from the tables to their streams, as long as every stream has room.
void Engine::Impl::DrainDirty(Instant now) {
  std::array<Handle, kPublishBatch> handles;
  for (std::size_t t = 0; t < context_.table_count; ++t) {
    bool has_room = true;
    for (const auto& stream : streams()) {
      has_room = has_room && stream->publisher().pending_room() >= 3 * kPublishBatch;
    }
    if (!has_room) return;
    const std::size_t count = context_.tables[t]->TakeDirtyBatch(handles);
    for (std::size_t i = 0; i < count; ++i) {
      Stream& stream = *streams_[handles[i].shard % context_.options.stream_count];
      stream.publisher().AddPending(t, handles[i], dirty_since_);
    }
  }
  is_dirty_ = DirtyCount() > 0;
  dirty_since_ = now;
}

void Engine::Impl::PublishAll(Instant now, FrameSink& sink) {
  const std::size_t count = context_.options.stream_count;
  for (const auto& stream : streams()) stream->publisher().PublishUrgent(now, sink);
  // A quarter of the frames is kept for a running bulk, so that it progresses under any load.
  const auto bulk_runs = [](const auto& stream) {
    return stream->bulk_sender().state() == BulkSendState::kWalking;
  };
  const bool has_bulk = std::any_of(streams().begin(), streams().end(), bulk_runs);
  const std::size_t floor = has_bulk ? (sink.left() + 3) / 4 : 0;
  while (sink.left() > floor) {
    bool can_publish = true;
    bool has_pending = false;
    for (const auto& stream : streams()) {
      can_publish = can_publish && stream->publisher().CanPublish(sink);
    }
    const bool is_due = IsFlushDue(now);
    if (is_due && !can_publish) ++context_.counters.credit_stalls;
    if (is_due && can_publish) DrainDirty(now);
    const std::size_t before = sink.used();
    for (const auto& stream : streams()) {
      stream->publisher().PublishPending(now, sink);
      has_pending = has_pending || stream->publisher().pending_count() > 0;
    }
    if (!is_due || !can_publish || (has_pending && sink.used() == before)) break;
  }
  for (std::size_t i = 0; i < count && has_bulk; ++i) {
    streams_[i]->publisher().PublishBulk(now, sink, streams_[i]->bulk_sender(),
                                         context_.options.bulk_frames_per_turn);
  }
  for (const auto& stream : streams()) stream->publisher().Flush(now);
}

void Engine::Impl::Sweep() {
  if (!context_.Applies()) return;
  for (const auto& stream : streams()) (void)stream->SweepSome();
}

// ---- Time --------------------------------------------------------------------------------------

Instant Engine::Impl::NextDeadline(Instant now) const {
  if (!context_.is_connected) {
    return DirtyCount() > 0 ? now : now + context_.options.keepalive_interval;
  }
  Instant due = now + context_.options.keepalive_interval;
  for (const auto& stream : streams()) due = std::min(due, stream->NextDeadline(now));
  bool can_number = true;
  for (const auto& stream : streams()) can_number = can_number && stream->publisher().CanNumber();
  if (is_dirty_ && can_number) {
    due = std::min(due, dirty_since_ + context_.options.flush_delay);
  } else if (!is_dirty_ && DirtyCount() > 0) {
    due = now;
  }
  return std::max(due, now);
}

}  // namespace statesync
