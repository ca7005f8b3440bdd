// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

#include "statesync/engine.h"

#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "statesync/engine_impl.h"
#include "statesync/ensure.h"

namespace statesync {
namespace {

absl::Status OutOfRange(const char* option, std::uint64_t value, std::uint64_t low,
                        std::uint64_t high) {
  return absl::InvalidArgumentError(
      absl::StrCat(option, ": ", value, " is not within ", low, " … ", high));
}

absl::Status Validate(const EngineOptions& options) {
  if (options.node >= kNodesMax) return OutOfRange("node", options.node, 0, kNodesMax - 1);
  if (options.stream_count < 1 || options.stream_count > kStreamsMax) {
    return OutOfRange("stream_count", options.stream_count, 1, kStreamsMax);
  }
  if (options.datagram_bytes_max < kDatagramBytesMin ||
      options.datagram_bytes_max > kDatagramBytesMax) {
    return OutOfRange("datagram_bytes_max", options.datagram_bytes_max, kDatagramBytesMin,
                      kDatagramBytesMax);
  }
  // The rest of the window is for repairs, which need no credit.
  if (options.credit_frames < 1 || options.credit_frames > kReceiveWindowFrames / 2) {
    return OutOfRange("credit_frames", options.credit_frames, 1, kReceiveWindowFrames / 2);
  }
  if (options.bulk_frames_per_turn < 1) {
    return OutOfRange("bulk_frames_per_turn", options.bulk_frames_per_turn, 1, UINT32_MAX);
  }
  if (options.peer_slots_per_shard_max > kSlotsPerShardMax) {
    return OutOfRange("peer_slots_per_shard_max", options.peer_slots_per_shard_max, 0,
                      kSlotsPerShardMax);
  }
  if (options.scrub_entries > kScrubEntriesMax) {
    return OutOfRange("scrub_entries", options.scrub_entries, 0, kScrubEntriesMax);
  }
  if (options.first_term_counter > kVersionCounterMax) {
    return OutOfRange("first_term_counter", options.first_term_counter, 0, kVersionCounterMax);
  }
  const std::pair<const char*, Duration> times[] = {
      {"flush_delay", options.flush_delay},
      {"window_delay", options.window_delay},
      {"keepalive_interval", options.keepalive_interval},
      {"reorder_wait", options.reorder_wait},
      {"nack_retry_interval", options.nack_retry_interval},
      {"statement_interval", options.statement_interval},
      {"digest_interval", options.digest_interval},
      {"liveness_interval", options.liveness_interval},
      {"silence_limit", options.silence_limit},
      {"exposure_limit", options.exposure_limit},
      {"path_verify_interval", options.path_verify_interval},
      {"path_raise_interval", options.path_raise_interval},
      {"scrub_interval", options.scrub_interval},
  };
  for (const auto& [name, value] : times) {
    if (value.ns >= 0 && value <= Seconds(3'600)) continue;
    return absl::InvalidArgumentError(
        absl::StrCat(name, ": ", value.ns, " ns is not within 0 … 3,600 s"));
  }
  return absl::OkStatus();
}

absl::Status Validate(std::span<ReplicatedTable* const> tables) {
  bool seen[kTablesMax] = {};
  for (const ReplicatedTable* table : tables) {
    const auto id = static_cast<std::size_t>(table->id());
    if (id == 0 || id >= kTablesMax) return OutOfRange("table id", id, 1, kTablesMax - 1);
    if (seen[id]) return absl::InvalidArgumentError(absl::StrCat("table id ", id, " twice"));
    if (table->slots_per_shard() > kSlotsPerShardMax) {
      return OutOfRange("slots_per_shard", table->slots_per_shard(), 1, kSlotsPerShardMax);
    }
    seen[id] = true;
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<std::unique_ptr<Engine>> Engine::Create(const EngineOptions& options,
                                                       std::span<ReplicatedTable* const> tables) {
  if (absl::Status status = Validate(options); !status.ok()) return status;
  if (absl::Status status = Validate(tables); !status.ok()) return status;
  return std::unique_ptr<Engine>(new Engine(std::make_unique<Impl>(options, tables)));
}

Engine::Engine(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Engine::~Engine() = default;

void Engine::OnPeerConnected(Instant now, const PeerInfo& peer) {
  impl_->OnPeerConnected(now, peer);
}
void Engine::OnPeerLost(Instant now) { impl_->OnPeerLost(now); }
void Engine::OnRole(Instant now, Role role, Term term) { impl_->OnRole(now, role, term); }
void Engine::SetMuted(bool muted) { impl_->SetMuted(muted); }
void Engine::SetStateSync(Instant now, bool enabled) { impl_->SetStateSync(now, enabled); }
void Engine::RequestBulk(Instant now) { impl_->RequestBulk(now); }
void Engine::OnFrameBatch(Instant now, std::span<const OpenedFrame> frames) {
  impl_->OnFrameBatch(now, frames);
}
std::size_t Engine::TakeFrames(Instant now, std::span<OutFrame> frames) {
  return impl_->TakeFrames(now, frames);
}
Instant Engine::NextDeadline(Instant now) const { return impl_->NextDeadline(now); }
const EngineStatus& Engine::status(Instant now) { return impl_->UpdateStatus(now); }
std::size_t Engine::TakeRefusals(std::span<RefusedChange> refusals) {
  return impl_->TakeRefusals(refusals);
}

}  // namespace statesync
