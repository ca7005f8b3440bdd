// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

// What replication knows of itself and the peer, copied where the ha thread and control read it.
//
// Threads: the sync loop writes.  Memory: none.

#pragma once

#include <algorithm>
#include <array>
#include <span>

#include "dataplane/core/shared_state.h"
#include "statesync/engine.h"

namespace dataplane {

// All of SyncFacts but what the peer's state (sync_peer.h) and the hand-over (sync_role.h) write.
inline void CopyFacts(const statesync::EngineStatus& status, SyncFacts& facts) noexcept {
  constexpr auto kRelaxed = std::memory_order_relaxed;
  facts.peer_connected.store(status.peer_connected, kRelaxed);
  facts.peer_term.store(status.peer_term.value, kRelaxed);
  facts.peer_role.store(static_cast<std::uint8_t>(status.peer_role), kRelaxed);
  facts.peer_readiness.store(static_cast<std::uint8_t>(status.peer_readiness), kRelaxed);
  facts.readiness.store(static_cast<std::uint8_t>(status.readiness), kRelaxed);
  facts.at_risk_reason.store(static_cast<std::uint8_t>(status.reason), kRelaxed);
  facts.bulk_done.store(status.bulk_done, kRelaxed);
  facts.bulk_total.store(status.bulk_total, kRelaxed);
  facts.exposure_changes.store(status.exposure.changes, kRelaxed);
  facts.exposure_age_ns.store(status.exposure.age.ns, kRelaxed);
  facts.round_trip_ns.store(status.round_trip.ns, kRelaxed);
}

// Refusals of sessions that are new since the last call. Before CopyConfirmed.
inline void CopyRefusals(statesync::Engine& engine, SyncFacts& facts) noexcept {
  std::array<statesync::RefusedChange, 64> refusals;
  while (const std::size_t taken = engine.TakeRefusals(refusals)) {
    std::uint64_t count = facts.refused_count.load(std::memory_order_relaxed);
    for (const statesync::RefusedChange& refusal : std::span(refusals).first(taken)) {
      if (refusal.table != statesync::TableId::kSession) continue;
      facts.refused[count++ % kRefusedRing].store(
          SessionWord::Make(refusal.handle, refusal.generation).bits, std::memory_order_relaxed);
    }
    facts.refused_count.store(count, std::memory_order_release);
  }
}

// What held packets wait for. `word`: the role that the engine acts on. Only an owner has anything
// confirmed; versions of one term must never release packets of another. The ha thread renews a
// term whose versions are nearly used up.
inline void CopyConfirmed(const statesync::EngineStatus& status, RoleWord word,
                          SyncFacts& facts) noexcept {
  facts.stream_count.store(std::max<std::uint8_t>(status.stream_count, 1),
                           std::memory_order_relaxed);
  const bool is_owner = word.role() == statesync::Role::kActive;
  facts.spent_term.store(is_owner && status.wants_new_term ? word.term().value : 0,
                         std::memory_order_relaxed);
  for (std::size_t i = 0; i < facts.confirmed.size(); ++i) {
    const std::uint64_t counter = is_owner ? status.confirmed_counter[i] : 0;
    const statesync::Version version =
        counter == 0 ? statesync::Version{} : statesync::MakeVersion(word.term(), counter);
    // Release: whoever sees the confirmation also sees the version that the entry got before it.
    facts.confirmed[i].store(version.bits, std::memory_order_release);
  }
}

}  // namespace dataplane
