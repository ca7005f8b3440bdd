// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

// Connection, role and readiness of the engine; see engine_impl.h and PROTOCOL.md §8 and §9.

#include <algorithm>

#include "statesync/engine_impl.h"
#include "statesync/ensure.h"
#include "statesync/sim_hooks.h"

namespace statesync {
namespace {

// Without a comparison for so many rounds the proof is too old to be called one.
constexpr std::int64_t kProofRounds = 40;
// Counting held slots reads a line of every shard.
constexpr Duration kHeldBackInterval = Millis(20);

std::uint32_t PeerSlots(const EngineOptions& options, const ReplicatedTable& table) {
  const std::uint64_t own = table.slots_per_shard();
  const std::uint64_t wanted =
      options.peer_slots_per_shard_max != 0 ? options.peer_slots_per_shard_max : (own * 5 + 3) / 4;
  return static_cast<std::uint32_t>(std::min<std::uint64_t>(wanted, kSlotsPerShardMax));
}

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
      context_.maps[context_.table_count] = std::make_unique<SlotMap>(PeerSlots(options, *table));
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
  UseStreams(options.stream_count);
}

// ---- Connection --------------------------------------------------------------------------------

void Engine::Impl::OnPeerConnected(Instant now, const PeerInfo& peer) {
  context_.known_term = std::max(context_.known_term, peer.term);
  readiness_.SetRisk(AtRiskReason::kIdMapDiffers, !peer.id_map_equal);
  const bool is_same_run = ever_connected_ && peer.boot_id == peer_boot_id_;
  if (context_.is_connected && is_same_run) return;  // A rekey.
  if (context_.is_connected) OnPeerLost(now);
  peer_boot_id_ = peer.boot_id;
  ever_connected_ = true;
  context_.is_connected = true;
  context_.refused = {};
  context_.last_heard = now;
  was_silent_ = false;
  AgreeOnTables(peer);
  context_.peer_term = std::max(is_same_run ? context_.peer_term : Term{}, peer.term);
  context_.has_peer_time = false;
  std::size_t datagram = context_.options.datagram_bytes_max;
  if (peer.datagram_bytes_max >= kDatagramBytesMin) {
    datagram = std::min<std::size_t>(datagram, peer.datagram_bytes_max);
  }
  context_.path_mtu.Restart(now, datagram);
  context_.probe_answers.Forget();
  context_.FollowPath();
  readiness_.On(ReadinessEvent::kConnected);
  // What each has learnt of the other still holds, and the streams go on where they were.
  const bool is_rejoin = is_same_run && context_.has_peer_memory;
  context_.has_peer_memory = true;
  if (is_rejoin) {
    ++context_.counters.rejoins;
    return;
  }
  if (!is_same_run) {
    context_.peer_role = Role::kInit;
    context_.peer_readiness = Readiness::kNoPeer;
    UseStreams(std::min<std::size_t>(context_.options.stream_count,
                                     std::max<std::size_t>(peer.stream_count, 1)));
    for (const auto& stream : streams()) stream->ResetReceiving();
  }
  BeginEpoch();
}

// The peer is dormant from now on: it may come back in the same run.
void Engine::Impl::OnPeerLost(Instant) {
  if (!context_.is_connected) return;
  context_.is_connected = false;
  context_.peer_role = Role::kInit;
  context_.peer_readiness = Readiness::kNoPeer;
  readiness_.On(ReadinessEvent::kPeerLost);
  readiness_.ClearRisks();
  for (const auto& stream : streams()) stream->comparison().Restart();
}

// Shards move to other streams, so what the streams knew is void. Counters go on from the largest,
// because a shard's versions must grow.
void Engine::Impl::UseStreams(std::size_t count) {
  std::uint64_t counter = 0;
  for (const auto& stream : streams_) {
    if (stream == nullptr) continue;
    counter = std::max(counter, stream->state().counter);
    stream->ResetSending();
  }
  context_.stream_count = count;
  for (const auto& stream : streams()) {
    stream->Configure();
    stream->state().counter = counter;
  }
}

// The peer's handles of us are void from here on, and what was in flight counts as closed.
void Engine::Impl::BeginEpoch() {
  for (const auto& stream : streams()) stream->ResetSending();
  context_.peer_follows = false;
  ++context_.counters.epochs_begun;
  if (!SIM_BUG(keep_epoch)) ++context_.epoch;
  if ((context_.epoch & 0xff) == 0) ++context_.epoch;  // Tables keep the low byte; zero is "never".
  for (ReplicatedTable* table : context_.table_span()) table->ForgetPeer();
}

// Changes for a peer that confirms nothing wait in their marks, which costs nothing; but deletes
// hold slots. Before these run out a new epoch frees them, and digests will find what the peer has
// missed. It is told nothing more until it is heard the next time.
void Engine::Impl::CheckHeldBack(Instant now) {
  if (!context_.KeepsChanges() || now < held_checked_at_ + kHeldBackInterval) return;
  held_checked_at_ = now;
  const auto tables = context_.table_span();
  const auto is_held = [](const ReplicatedTable* table) { return table->IsHeldBack(); };
  if (!std::any_of(tables.begin(), tables.end(), is_held)) return;
  const bool is_heard = context_.is_connected && !was_silent_;
  if (is_heard) {
    Duration age{0};
    for (std::size_t t = 0; t < tables.size(); ++t) age = std::max(age, ExposureOf(now, t).age);
    if (age <= context_.options.silence_limit) return;
  }
  context_.has_peer_memory = false;
  BeginEpoch();
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
    context_.has_untold = false;
    bulk_wanted_ = false;
    for (MismatchLedger& ledger : context_.mismatches) ledger.OnOwned();
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
  context_.has_untold = true;
  is_proven_ = false;
  if (context_.is_connected) readiness_.On(ReadinessEvent::kConnected);
}

void Engine::Impl::SetStateSync(Instant, bool enabled) {
  if (enabled == context_.sync_enabled) return;
  context_.sync_enabled = enabled;
  readiness_.SetRisk(AtRiskReason::kStateSyncDisabled, !enabled);
  is_proven_ = false;
  for (const auto& stream : streams()) stream->comparison().Restart();
  if (!enabled) {
    for (const auto& stream : streams()) {
      stream->ResetSending();
      stream->GiveUpBulk();
    }
    readiness_.On(ReadinessEvent::kDoubt);
    return;
  }
  // What was not said meanwhile is found by the digests that a new epoch begins with.
  BeginEpoch();
}

// ---- Readiness ---------------------------------------------------------------------------------

void Engine::Impl::RequestBulk(Instant) { bulk_wanted_ = !context_.IsOwner(); }

// Only an owner can answer: the wish waits for one.
void Engine::Impl::AskBulks(Instant now) {
  if (context_.peer_role != Role::kActive) return;
  const bool is_all = bulk_wanted_;
  bulk_wanted_ = false;
  for (const auto& stream : streams()) {
    const ShardSet shards = is_all ? ShardSet::All() : stream->ShardsToRepair(now);
    if (shards.IsEmpty()) continue;
    stream->AskBulk(now, shards, is_all);
    readiness_.On(ReadinessEvent::kBulkAsked);
    is_proven_ = false;
  }
}

// Role and readiness of an overtaken frame are old news; terms only grow.
void Engine::Impl::ObserveHeader(Instant now, const FrameFields& fields) {
  context_.last_heard = now;
  context_.has_peer_memory = true;
  context_.known_term = std::max(context_.known_term, fields.term);
  context_.peer_term = std::max(context_.peer_term, fields.term);
  const auto ahead = static_cast<std::int32_t>(fields.send_time_us - context_.peer_time_us);
  if (context_.has_peer_time && ahead < 0) return;
  context_.has_peer_time = true;
  context_.peer_time_us = fields.send_time_us;
  context_.peer_role = fields.role;
  context_.peer_readiness = fields.readiness;
  // A peer that proved to hold what we hold leaves no other node that knows more.
  if (context_.IsPeerProven() && fields.role != Role::kActive) context_.is_complete = true;
}

void Engine::Impl::CheckNeeds(Instant now) {
  if (!context_.Applies()) return;
  for (const auto& stream : streams()) {
    StreamNeeds& needs = stream->needs();
    if (needs.lost_frames) readiness_.SetRisk(AtRiskReason::kLostFrames, true);
    if (needs.mismatch) readiness_.SetRisk(AtRiskReason::kDigestMismatch, true);
    if (needs.difference || needs.lost_frames) {
      readiness_.On(ReadinessEvent::kDoubt);
      is_proven_ = false;
    }
    needs = {};
  }
  AskBulks(now);
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
  Instant compared = now;
  for (const auto& stream : streams()) {
    is_done = is_done && !stream->bulk_receiver().is_running();
    is_agreed = is_agreed && stream->comparison().AllAgreed();
    values_differ = values_differ || stream->HasValueDoubts();
    compared = std::min(compared, stream->last_compared());
  }
  const std::uint32_t refused = context_.RefusedCount();
  readiness_.SetRisk(AtRiskReason::kRefusedEntries, refused > 0);
  readiness_.SetRisk(AtRiskReason::kValueMismatch, values_differ);
  if (refused > 0 || values_differ) is_proven_ = false;
  if (is_done && readiness_.proven() == Readiness::kBulk) readiness_.On(ReadinessEvent::kBulkDone);
  if (!is_done) return;
  const Duration age = now - compared;
  if (age > context_.options.digest_interval * kProofRounds &&
      readiness_.proven() == Readiness::kSynced) {
    for (const auto& stream : streams()) stream->comparison().Restart();
    readiness_.On(ReadinessEvent::kDoubt);
    return;
  }
  if (SIM_BUG(synced_at_timeout)) is_agreed = is_agreed || age > context_.options.digest_interval;
  if (is_agreed && refused == 0 && !values_differ && !was_silent_ && !context_.has_untold) {
    readiness_.SetRisk(AtRiskReason::kLostFrames, false);
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
