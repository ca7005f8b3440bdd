// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

// One turn of the engine: frames in, order of work, frames out; see engine_impl.h.

#include <algorithm>
#include <array>

#include "statesync/engine_impl.h"
#include "statesync/ensure.h"

namespace statesync {
namespace {

constexpr std::size_t kTellMax = 16 * kPublishBatch;  // Handles taken in one turn without a peer.
// Records that fill a frame, roughly: more than these do not wait for company.
constexpr std::uint64_t kFullFrameRecords = 100;
// Batches taken from a table at once to reach an urgent change.
constexpr std::size_t kUrgentBatchesMax = 64;
constexpr std::array<ChangeClass, 3> kMostUrgentFirst = {ChangeClass::kHeld, ChangeClass::kState,
                                                         ChangeClass::kWindow};

}  // namespace

// ---- Input -------------------------------------------------------------------------------------

void Engine::Impl::OnFrameBatch(Instant now, std::span<const OpenedFrame> frames) {
  ENSURE(frames.size() <= kBatchMax);
  if (!context_.is_connected) return;  // Between two handshakes: nobody to answer to.
  for (ReplicatedTable* table : context_.table_span()) table->OnTime(now);
  for (const auto& stream : streams()) stream->publisher().BeginTurn();
  for (const OpenedFrame& frame : frames) {
    FrameHeader header;
    if (frame.stream >= context_.stream_count ||
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
  for (ReplicatedTable* table : context_.table_span()) table->OnTime(now);
  CheckSilence(now);
  CheckHeldBack(now);
  Sweep();
  CheckNeeds(now);
  CheckProof(now);
  context_.stated_readiness = ShownReadiness();
  if (!context_.KeepsChanges()) TellNobody();
  if (!context_.is_connected) return 0;
  FrameSink sink(frames);
  streams_[0]->EmitProbes(now, sink);
  for (const auto& stream : streams()) stream->EmitStatements(now, sink);
  const auto is_stuck = [](const auto& stream) { return stream->publisher().IsStuck(); };
  if (std::any_of(streams().begin(), streams().end(), is_stuck)) BeginEpoch();
  if (context_.Publishes()) PublishAll(now, sink);
  for (const auto& stream : streams()) stream->EmitDigests(now, sink);
  for (const auto& stream : streams()) stream->EmitKeepalive(now, sink);
  EmitScrub(now, sink);
  for (const auto& stream : streams()) stream->EmitLiveness(now, sink);
  return sink.used();
}

// Changes that no peer is told of get versions all the same, so that digests speak of them.
void Engine::Impl::TellNobody() {
  if (DirtyCount() == 0) {
    context_.has_untold = false;
    return;
  }
  std::array<Handle, kPublishBatch> handles;
  std::size_t told = 0;
  for (ReplicatedTable* table : context_.table_span()) {
    while (told < kTellMax) {
      const std::size_t count = table->TakeDirtyBatch(handles);
      if (count == 0) break;
      told += count;
      for (const Handle handle : std::span(handles).first(count)) {
        Stream& stream = *streams_[handle.shard % context_.stream_count];
        if (!stream.publisher().HasVersions()) {
          table->PutBack(handle);  // Until the term is renewed: versions never wrap.
          continue;
        }
        std::uint64_t& counter = stream.state().counter;
        counter +=
            table->VersionUntold(std::span(&handle, 1), MakeVersion(context_.own_term, counter));
      }
      context_.counters.changes_dropped += count;
    }
  }
  context_.has_untold = context_.has_untold && DirtyCount() > 0;
}

std::uint64_t Engine::Impl::DirtyCount() const {
  std::uint64_t count = 0;
  for (const ReplicatedTable* table : context_.table_span()) count += table->dirty_count();
  return count;
}

// Which changes have somewhere to go: by class, the shards of streams that can number a frame and
// have room. False if no stream can. Others stay in their marks, so that a stream that stands still
// does not hold up the rest.
bool Engine::Impl::Open(Instant now, DirtyFilter& filter) const {
  filter.window_before = now - context_.options.window_delay;
  filter.open = {};
  bool can_number = false;
  for (const auto& stream : streams()) {
    const Publisher& publisher = stream->publisher();
    if (!publisher.CanNumber()) continue;
    can_number = true;
    ShardSet shards = ShardsOf(stream->state().index);
    publisher.hold().Exclude(shards);
    for (const ChangeClass change : kMostUrgentFirst) {
      if (publisher.HasRoom(change)) filter.open[static_cast<std::size_t>(change)].Add(shards);
    }
  }
  return can_number;
}

ShardSet Engine::Impl::ShardsOf(std::size_t stream) const {
  const std::size_t count = context_.stream_count;
  if (count == 1) return ShardSet::All();
  ShardSet shards;
  for (std::size_t s = stream; s < kShardCount; s += count) shards.Add(static_cast<ShardIndex>(s));
  return shards;
}

// The marks are the open frame: a change waits in them at most flush_delay for company, and costs
// one record however often it changes meanwhile. A window edge waits for window_delay, a change
// that a packet waits for not at all.
Instant Engine::Impl::NextFlush(Instant now, const DirtyFilter& filter) const {
  const EngineOptions& options = context_.options;
  Instant due{INT64_MAX};
  for (const ReplicatedTable* table : context_.table_span()) {
    const DirtyState dirty = table->Dirty(now);
    if (dirty.is_urgent || dirty.queued >= kFullFrameRecords || table->HasReady(filter)) return now;
    if (dirty.queued > 0) due = std::min(due, dirty.queued_since + options.flush_delay);
    if (dirty.windows > 0) due = std::min(due, dirty.windows_since + options.window_delay);
  }
  return due;
}

// Moves changes from the tables to their streams.
void Engine::Impl::DrainDirty(Instant now) {
  const std::span<DirtyChange> changes(*changes_);
  DirtyFilter filter;
  for (std::size_t t = 0; t < context_.table_count; ++t) {
    ReplicatedTable& table = *context_.tables[t];
    for (std::size_t batch = 0; batch < kUrgentBatchesMax; ++batch) {
      if (!Open(now, filter)) return;
      const std::size_t count = table.TakeChanges(filter, changes);
      for (const DirtyChange& change : changes.first(count)) {
        const std::size_t stream = change.handle.shard % context_.stream_count;
        streams_[stream]->publisher().AddPending(t, change);
      }
      // What is before an urgent change in its ring is sorted by class, or stays in its marks.
      if (!table.Dirty(now).is_urgent) break;
    }
  }
}

bool Engine::Impl::HasPending() const {
  return std::any_of(streams().begin(), streams().end(),
                     [](const auto& stream) { return stream->publisher().pending_count() > 0; });
}

// Live changes in the order of their classes. When frames or credit are short, window edges have
// their turn before other changes of state now and then, so that they are not starved.
void Engine::Impl::PublishChanges(Instant now, FrameSink& sink, std::size_t frames_kept) {
  while (sink.left() > frames_kept) {
    DirtyFilter filter;
    const bool can_number = Open(now, filter);
    const bool is_due = NextFlush(now, filter) <= now;
    if (!is_due && !HasPending()) break;
    if (is_due && !can_number) {
      const bool has_versions =
          std::all_of(streams().begin(), streams().end(),
                      [](const auto& stream) { return stream->publisher().HasVersions(); });
      ++(has_versions ? context_.counters.credit_stalls : context_.counters.term_stalls);
    }
    if (is_due && can_number) DrainDirty(now);
    const std::size_t before = sink.used();
    for (const ChangeClass change : kMostUrgentFirst) {
      for (std::size_t i = 0; i < streams().size(); ++i) {
        Publisher& publisher = StreamInTurn(i).publisher();
        if (change == ChangeClass::kState && publisher.OwesWindows()) {
          publisher.PublishPending(now, sink, ChangeClass::kWindow);
        }
        publisher.PublishPending(now, sink, change);
      }
    }
    if (!is_due || !can_number || (HasPending() && sink.used() == before)) break;
  }
}

void Engine::Impl::PublishAll(Instant now, FrameSink& sink) {
  ++turn_;
  for (const auto& stream : streams()) stream->publisher().PublishUrgent(now, sink);
  // A quarter of the frames is kept for a running bulk, and where credit is what is short it has
  // its turn first now and then: it progresses under any load.
  const auto has_bulk = [](const auto& stream) {
    return stream->bulk_sender().state() == BulkSendState::kWalking ||
           stream->publisher().HasTransferPending();
  };
  const bool is_bulk = std::any_of(streams().begin(), streams().end(), has_bulk);
  const std::size_t floor = is_bulk ? (sink.left() + 3) / 4 : 0;
  for (std::size_t i = 0; i < streams().size() && is_bulk; ++i) {
    Stream& stream = StreamInTurn(i);
    if (!stream.publisher().OwesBulk()) continue;
    stream.publisher().PublishBulk(now, sink, stream.bulk_sender(), 1);
  }
  PublishChanges(now, sink, floor);
  for (std::size_t i = 0; i < streams().size() && is_bulk; ++i) {
    Stream& stream = StreamInTurn(i);
    stream.publisher().PublishBulk(now, sink, stream.bulk_sender(),
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
    const bool has_work = !context_.KeepsChanges() && DirtyCount() > 0;
    return has_work ? now : now + context_.options.keepalive_interval;
  }
  Instant due = now + context_.options.keepalive_interval;
  if (CanScrub()) due = std::min(due, scrub_.Next(now, context_.options.scrub_interval));
  for (const auto& stream : streams()) due = std::min(due, stream->NextDeadline(now));
  DirtyFilter filter;
  if (context_.Publishes() && Open(now, filter)) due = std::min(due, NextFlush(now, filter));
  return std::max(due, now);
}

}  // namespace statesync
