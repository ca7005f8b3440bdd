// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

// What the engine says of itself; see engine_status.h.

#include <algorithm>

#include "statesync/engine_impl.h"
#include "statesync/sim_hooks.h"

namespace statesync {
namespace {

constexpr Duration kLiveCountInterval = Millis(20);  // It reads a line of each shard.

// Progress of the stream's transfer, either direction; the slowest stream tells when all is over.
void AddBulk(Instant now, const Stream& stream, EngineStatus& status) {
  const BulkSender& sender = stream.bulk_sender();
  const BulkReceiver& receiver = stream.bulk_receiver();
  const bool sends = sender.state() != BulkSendState::kIdle;
  if (!sends && !receiver.is_running()) return;
  const std::uint32_t done = sends ? sender.sent_count() : receiver.sent_count();
  const std::uint32_t total = sends ? sender.total_count() : receiver.entry_count();
  status.bulk_done += done;
  status.bulk_total += total;
  if (done == 0 || total <= done) return;
  const Duration elapsed = now - (sends ? sender.started_at() : receiver.started_at());
  const auto left = static_cast<double>(total - done) / done;
  status.bulk_eta = std::max(
      status.bulk_eta, Duration{static_cast<std::int64_t>(static_cast<double>(elapsed.ns) * left)});
}

}  // namespace

const EngineStatus& Engine::Impl::UpdateStatus(Instant now) {
  CheckSilence(now);
  EngineStatus& status = status_;
  status.peer_connected = context_.is_connected;
  status.readiness = ShownReadiness();
  status.reason = context_.IsOwner() ? AtRiskReason::kNone : readiness_.reason();
  status.peer_readiness = context_.peer_readiness;
  status.peer_role = context_.peer_role;
  status.is_complete = context_.IsOwner() && context_.is_complete;
  status.peer_term = context_.peer_term;
  status.last_heard = context_.last_heard;
  status.scrub_pass_length = scrub_.pass_length();
  status.datagram_bytes = static_cast<std::uint16_t>(context_.path_mtu.datagram_bytes());
  FillStreams(now);
  FillTables(now);
  FillExposure();
  FillWarnings();
  status.counters = context_.counters;
  for (const auto& stream : streams()) {
    status.counters.gaps_seen += stream->state().window.gaps_seen();
  }
  return status;
}

void Engine::Impl::FillStreams(Instant now) {
  EngineStatus& status = status_;
  status.bulk_done = status.bulk_total = 0;
  status.bulk_eta = {};
  status.stream_count = static_cast<std::uint8_t>(context_.stream_count);
  status.round_trip = {};
  status.last_frame_acked = streams_[0]->state().ring.closed_frame();
  status.confirmed_counter = {};
  status.wants_new_term = false;
  for (const auto& stream : streams()) {
    const StreamState& state = stream->state();
    status.round_trip = std::max(status.round_trip, state.round_trip.smoothed());
    status.confirmed_counter[state.index] = stream->publisher().confirmed_counter();
    status.wants_new_term =
        status.wants_new_term || (context_.IsOwner() && state.counter >= kVersionCounterRenew);
    AddBulk(now, *stream, status);
  }
}

void Engine::Impl::FillTables(Instant now) {
  status_.table_count = context_.table_count;
  const bool counts = now - live_counted_at_ >= kLiveCountInterval;
  if (counts) live_counted_at_ = now;
  for (std::size_t t = 0; t < context_.table_count; ++t) {
    TableStatus& table = status_.tables[t];
    table.table = context_.tables[t]->id();
    if (counts) table.live = context_.tables[t]->live_count();
    table.confirmed = context_.confirmed[t];
    table.reason = status_.reason;
    table.exposure = ExposureOf(now, t);
    table.refused = context_.refused[t];
    table.mismatches = context_.mismatches[t].shown();
    FillComparison(t);
  }
}

void Engine::Impl::FillComparison(std::size_t table_index) {
  TableStatus& table = status_.tables[table_index];
  table.readiness = status_.readiness;
  table.reason = status_.reason;
  table.shards_agreed = table.shards_differed = 0;
  for (const auto& stream : streams()) {
    const bool is_owner = context_.IsOwner();
    const Stream::Report& report = stream->peer_report();
    const DigestComparison& own = stream->comparison();
    table.shards_agreed += is_owner ? report.agreed : own.agreed_count(table_index);
    table.shards_differed += is_owner ? report.differed : own.differed_count(table_index);
  }
  const std::size_t settled = std::size_t{table.shards_agreed} + table.shards_differed;
  table.shards_undecided = static_cast<std::uint16_t>(kShardCount - std::min(settled, kShardCount));
}

std::size_t Engine::Impl::TakeRefusals(std::span<RefusedChange> refusals) {
  std::size_t taken = 0;
  while (taken < refusals.size() && !context_.refusals.is_empty()) {
    refusals[taken++] = context_.refusals.Pop();
  }
  return taken;
}

// What a crash of this node would lose of one table now.
Exposure Engine::Impl::ExposureOf(Instant now, std::size_t table_index) const {
  if (!context_.IsOwner()) return {};
  const ReplicatedTable& table = *context_.tables[table_index];
  Exposure sum{SIM_BUG(hide_dirty) ? 0 : table.dirty_count(), {}};
  if (sum.changes > 0) sum.age = now - table.Dirty(now).oldest;
  for (const auto& stream : streams()) {
    if (SIM_BUG(hide_unconfirmed)) continue;
    const Exposure part = stream->publisher().ExposureOf(now, table_index);
    sum.changes += part.changes;
    sum.age = std::max(sum.age, part.age);
  }
  return sum;
}

void Engine::Impl::FillExposure() {
  EngineStatus& status = status_;
  status.exposure = {};
  for (std::size_t t = 0; t < status.table_count; ++t) {
    const Exposure& exposure = status.tables[t].exposure;
    status.exposure.changes += exposure.changes;
    status.exposure.age = std::max(status.exposure.age, exposure.age);
  }
  if (context_.KeepsChanges()) {
    if (!context_.peer_follows) status.peer_readiness = Readiness::kCatchUp;
    const bool is_exposed = status.exposure.age > context_.options.exposure_limit;
    const bool is_silent = was_silent_ || !context_.is_connected;
    if (is_silent || is_exposed) {
      status.peer_readiness = Readiness::kAtRisk;
      status.reason = is_silent ? AtRiskReason::kHa2Silent : AtRiskReason::kExposure;
    }
  } else if (context_.IsOwner() && context_.is_connected) {
    status.peer_readiness = Readiness::kAtRisk;  // Silent for so long that it was given up.
    status.reason = AtRiskReason::kHa2Silent;
  }
  if (context_.IsOwner() && context_.is_connected && !context_.sync_enabled) {
    status.peer_readiness = Readiness::kAtRisk;
    status.reason = AtRiskReason::kStateSyncDisabled;
  }
  if (!context_.IsOwner()) return;
  for (std::size_t t = 0; t < status.table_count; ++t) {
    status.tables[t].readiness = status.peer_readiness;
    status.tables[t].reason = status.reason;
  }
}

}  // namespace statesync
