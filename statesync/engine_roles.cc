// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

// Connection, role and readiness of the engine; see engine_impl.h and PROTOCOL.md §8 and §9.

#include <algorithm>

#include "statesync/engine_impl.h"
#include "statesync/ensure.h"

namespace statesync {
namespace {

// A difference that a bulk does not cure (a full table) must not make one bulk after another.
constexpr Duration kMismatchBulkInterval = Seconds(1);
// Without a comparison for so many rounds the proof is too old to be called one.
constexpr std::int64_t kProofRounds = 20;

}  // namespace

Engine::Impl::Impl(const EngineOptions& options, std::span<ReplicatedTable* const> tables) {
  context_.options = options;
  context_.table_index.fill(kNoTable);
  for (std::size_t id = 0; id < kTablesMax; ++id) {
    for (ReplicatedTable* table : tables) {
      if (static_cast<std::size_t>(table->id()) != id) continue;
      context_.table_index[id] = context_.table_count;
      context_.tombstones[context_.table_count] =
          std::make_unique<Tombstones>(table->slots_per_shard());
      context_.tables[context_.table_count++] = table;
    }
  }
  context_.path_mtu = PathMtu({.try_interval = options.statement_interval,
                               .verify_interval = options.path_verify_interval,
                               .raise_interval = options.path_raise_interval});
  context_.FollowPath();
  for (std::size_t i = 0; i < options.stream_count; ++i) {
    streams_[i] =
        std::make_unique<Stream>(context_, static_cast<std::uint16_t>(i), RepairRingOptions{});
  }
}

// ---- Connection --------------------------------------------------------------------------------

void Engine::Impl::OnPeerConnected(Instant now, const PeerInfo& peer) {
  context_.known_term = std::max(context_.known_term, peer.term);
  readiness_.SetRisk(AtRiskReason::kIdMapDiffers, !peer.id_map_equal);
  if (context_.is_connected && peer.boot_id == peer_boot_id_) return;  // A rekey.
  if (context_.is_connected) OnPeerLost(now);
  const bool is_new_run = !ever_connected_ || peer.boot_id != peer_boot_id_;
  peer_boot_id_ = peer.boot_id;
  ever_connected_ = true;
  context_.is_connected = true;
  context_.refused = {};
  context_.last_heard = now;
  was_silent_ = false;
  AgreeOnTables(peer);
  context_.peer_term = std::max(is_new_run ? Term{} : context_.peer_term, peer.term);
  context_.has_peer_time = false;
  std::size_t datagram = context_.options.datagram_bytes_max;
  if (peer.datagram_bytes_max >= kDatagramBytesMin) {
    datagram = std::min<std::size_t>(datagram, peer.datagram_bytes_max);
  }
  context_.path_mtu.Restart(now, datagram);
  context_.probe_answers.Forget();
  context_.FollowPath();
  if (is_new_run) {
    context_.peer_role = Role::kInit;
    context_.peer_readiness = Readiness::kNoPeer;
    for (const auto& stream : streams()) stream->ResetReceiving();
  }
  BeginEpoch();
  if (!context_.IsOwner()) bulk_wanted_ = true;
}

void Engine::Impl::OnPeerLost(Instant) {
  if (!context_.is_connected) return;
  context_.is_connected = false;
  context_.peer_role = Role::kInit;
  context_.peer_readiness = Readiness::kNoPeer;
  for (const auto& stream : streams()) {
    stream->ResetSending();
    stream->GiveUpBulk();
  }
  readiness_.On(ReadinessEvent::kPeerLost);
  readiness_.ClearRisks();
  has_mismatch_bulk_ = false;
}

// The peer's handles of us are void from here on, and what was in flight counts as closed.
void Engine::Impl::BeginEpoch() {
  for (const auto& stream : streams()) stream->ResetSending();
  context_.peer_follows = false;
  ++context_.epoch;
  if ((context_.epoch & 0xff) == 0) ++context_.epoch;  // Tables keep the low byte; zero is "never".
  for (ReplicatedTable* table : context_.table_span()) table->ForgetPeer();
}

// ---- Role --------------------------------------------------------------------------------------

void Engine::Impl::OnRole(Instant, Role role, Term term) {
  const bool was_owner = context_.IsOwner();
  const bool is_same = role == context_.role && term == context_.own_term;
  context_.role = role;
  context_.known_term = std::max(context_.known_term, term);
  if (role == Role::kActive) {
    if (was_owner && is_same) return;
    // A node that joins an absent peer's place, or holds proven tables, lacks nothing (I5).
    if (!was_owner) context_.is_complete = is_proven_ || !ever_connected_;
    context_.own_term = term;
    context_.fence_term = std::max(context_.fence_term, term);
    bulk_wanted_ = false;
    BeginEpoch();
    for (const auto& stream : streams()) {
      stream->publisher().RestartCounter();
      stream->ResetReceiving();
    }
    readiness_.On(ReadinessEvent::kPeerLost);  // Nothing is proven when it becomes standby again.
    readiness_.ClearRisks();
    return;
  }
  if (!was_owner) return;
  for (const auto& stream : streams()) {
    stream->ResetSending();
    stream->ResetReceiving();
  }
  context_.is_complete = false;
  is_proven_ = false;
  bulk_wanted_ = true;
}

void Engine::Impl::SetStateSync(Instant, bool enabled) {
  if (enabled == context_.sync_enabled) return;
  context_.sync_enabled = enabled;
  readiness_.SetRisk(AtRiskReason::kStateSyncDisabled, !enabled);
  is_proven_ = false;
  if (!enabled) {
    for (const auto& stream : streams()) {
      stream->ResetSending();
      stream->GiveUpBulk();
    }
    readiness_.On(ReadinessEvent::kDoubt);
    return;
  }
  // What was not said meanwhile comes by a bulk: a new epoch makes the peer ask for one.
  BeginEpoch();
  bulk_wanted_ = !context_.IsOwner();
}

// ---- Readiness ---------------------------------------------------------------------------------

void Engine::Impl::RequestBulk(Instant) { bulk_wanted_ = !context_.IsOwner(); }

void Engine::Impl::AskBulk() {
  for (const auto& stream : streams()) stream->AskBulk();
  readiness_.On(ReadinessEvent::kBulkAsked);
  is_proven_ = false;
  bulk_wanted_ = false;
}

// Role and readiness of an overtaken frame are old news; terms only grow.
void Engine::Impl::ObserveHeader(Instant now, const FrameFields& fields) {
  context_.last_heard = now;
  context_.known_term = std::max(context_.known_term, fields.term);
  context_.peer_term = std::max(context_.peer_term, fields.term);
  const auto ahead = static_cast<std::int32_t>(fields.send_time_us - context_.peer_time_us);
  if (context_.has_peer_time && ahead < 0) return;
  context_.has_peer_time = true;
  context_.peer_time_us = fields.send_time_us;
  context_.peer_role = fields.role;
  context_.peer_readiness = fields.readiness;
  // A peer that proved to hold what we hold leaves no other node that knows more.
  if (context_.Publishes() && context_.peer_follows && fields.readiness == Readiness::kSynced &&
      fields.role != Role::kActive) {
    context_.is_complete = true;
  }
}

void Engine::Impl::CheckNeeds(Instant now) {
  if (!context_.Applies()) return;
  bool is_mismatch = false;
  for (const auto& stream : streams()) {
    StreamNeeds& needs = stream->needs();
    if (needs.lost_frames) readiness_.SetRisk(AtRiskReason::kLostFrames, true);
    if (needs.difference) {
      readiness_.On(ReadinessEvent::kDoubt);
      is_proven_ = false;
    }
    is_mismatch = is_mismatch || needs.mismatch;
    bulk_wanted_ = bulk_wanted_ || needs.bulk;
    needs = {};
  }
  if (is_mismatch) {
    readiness_.SetRisk(AtRiskReason::kDigestMismatch, true);
    if (!has_mismatch_bulk_ || mismatch_bulk_at_ + kMismatchBulkInterval <= now) {
      has_mismatch_bulk_ = true;
      mismatch_bulk_at_ = now;
      bulk_wanted_ = true;
    }
  }
  // Nobody else can answer: the request waits for an owner.
  if (bulk_wanted_ && context_.peer_role == Role::kActive) AskBulk();
}

void Engine::Impl::CheckSilence(Instant now) {
  if (!context_.is_connected) return;
  const bool is_silent = now - context_.last_heard > context_.options.silence_limit;
  readiness_.SetRisk(AtRiskReason::kHa2Silent, is_silent);
  if (is_silent && !was_silent_) {
    readiness_.On(ReadinessEvent::kDoubt);
    for (const auto& stream : streams()) stream->comparison().Restart();
    context_.has_peer_time = false;  // The peer's clock may wrap in the silence.
  }
  was_silent_ = is_silent;
}

// Looks whether equality is proven, or the proof has become too old. PROTOCOL.md §9.
void Engine::Impl::CheckProof(Instant now) {
  if (!context_.Applies()) return;
  bool is_done = true;
  bool is_agreed = true;
  bool values_differ = false;
  std::uint32_t refused = 0;
  Instant compared = now;
  for (const auto& stream : streams()) {
    is_done = is_done && stream->bulk_receiver().state() == BulkReceiveState::kDone;
    is_agreed = is_agreed && stream->comparison().AllAgreed();
    refused += stream->applier().refused_count();
    values_differ = values_differ || stream->HasValueDoubts();
    compared = std::min(compared, stream->last_compared());
  }
  readiness_.SetRisk(AtRiskReason::kRefusedEntries, refused > 0);
  readiness_.SetRisk(AtRiskReason::kValueMismatch, values_differ);
  if (refused > 0 || values_differ) is_proven_ = false;
  if (!is_done) {
    // A new epoch voids the proof, also while nobody is active who could be asked for a bulk.
    if (readiness_.proven() == Readiness::kSynced) readiness_.On(ReadinessEvent::kDoubt);
    return;
  }
  if (readiness_.proven() == Readiness::kBulk) {
    readiness_.SetRisk(AtRiskReason::kLostFrames, false);
    readiness_.On(ReadinessEvent::kBulkDone);
  }
  const Duration age = now - compared;
  if (age > context_.options.digest_interval * kProofRounds &&
      readiness_.proven() == Readiness::kSynced) {
    for (const auto& stream : streams()) stream->comparison().Restart();
    readiness_.On(ReadinessEvent::kDoubt);
    return;
  }
  if (is_agreed && refused == 0 && !values_differ && !was_silent_) {
    readiness_.SetRisk(AtRiskReason::kDigestMismatch, false);
    readiness_.On(ReadinessEvent::kAllAgreed);
    is_proven_ = true;
  }
}

// An owner has nobody to be equal to; what it lacks nobody knows.
Readiness Engine::Impl::ShownReadiness() const {
  return context_.IsOwner() ? Readiness::kSynced : readiness_.shown();
}

}  // namespace statesync
