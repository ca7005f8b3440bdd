// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

// The walk that states values, one for all streams; see stream/scrub.h.

#include <array>

#include "statesync/engine_impl.h"

namespace statesync {

// A peer whose tables are not proven yet gets the entries themselves.
bool Engine::Impl::CanScrub() const {
  if (context_.options.scrub_entries == 0 || context_.table_count == 0) return false;
  const Readiness peer = context_.peer_readiness;
  return context_.Publishes() && context_.peer_follows &&
         (peer == Readiness::kSynced || peer == Readiness::kAtRisk);
}

// States what was read an interval ago, then reads the next entries. Under load it waits: a change
// that was taken from its mark and found no frame yet must not be read under its old version.
void Engine::Impl::EmitScrub(Instant now, FrameSink& sink) {
  scrub_.SetStreamCount(streams().size());
  if (!CanScrub()) {
    scrub_.Drop();
    return;
  }
  if (!scrub_.IsDue(now, context_.options.scrub_interval) || sink.left() == 0) return;
  const auto items = scrub_.TakeUnchanged(context_.table_span(), context_.epoch);
  if (!items.empty()) {
    streams_[scrub_.stream()]->EmitScrub(now, sink, context_.tables[scrub_.table_index()]->id(),
                                         items);
  }
  Publisher& publisher = streams_[scrub_.next_stream()]->publisher();
  if (publisher.pending_count() > 0) {
    scrub_.Skip(now);
    return;
  }
  std::array<Handle, kScrubEntriesMax> unlearnt;
  const std::size_t count = scrub_.Step(now, context_.table_span(), context_.epoch,
                                        context_.options.scrub_entries, unlearnt);
  for (std::size_t i = 0; i < count; ++i) {
    publisher.AddPending(scrub_.table_index(), {unlearnt[i], ChangeClass::kWindow, now});
  }
  context_.counters.values_taught += count;
  context_.counters.scrub_passes = scrub_.passes();
}

}  // namespace statesync
