// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

// Whether there is a peer to replicate with: turns what the handshake learns, and silence, into the
// engine's events OnPeerConnected and OnPeerLost, and into SyncFacts.
//
//   none ──established──► connected ──silence──► silent ──authentic frame──► connected
//     ▲                      │                     │
//     └──peer restarted──────┴─────────────────────┘
//
// Threads: the sync loop.  Memory: values only.

#pragma once

#include <cstdint>

#include "dataplane/core/shared_state.h"
#include "dataplane/dpdk/sync_stats.h"
#include "statesync/engine.h"
#include "statesync/seal/handshake.h"

namespace dataplane {

class SyncPeer {
 public:
  // peer_slots: as PeerSlotsOf().
  SyncPeer(statesync::Engine& engine, statesync::Handshake& handshake, SyncFacts& facts,
           SyncStats& stats, std::uint32_t peer_slots)
      : engine_(engine),
        handshake_(handshake),
        facts_(facts),
        stats_(stats),
        peer_slots_(peer_slots) {}

  // A hello proved itself. boot_id: of the run that sent it.
  void OnHello(statesync::Instant now, statesync::BootId boot_id, bool restarted) noexcept;
  // A sealed frame proved itself. established: the first one of a new run of the peer; rekeyed: the
  // first one after a hello of the same run, which may have said something new.
  void OnFrame(statesync::Instant now, bool established, bool rekeyed = false) noexcept;
  // This node's own, from now on: the peer is compared with it at once, and asked what its own is.
  void SetIdMapDigest(statesync::Instant now, std::uint64_t digest) noexcept;
  // Gives a peer up that was silent for too long. Call each turn.
  void Turn(statesync::Instant now) noexcept;

  // Frames of the peer may go to the engine.
  [[nodiscard]] bool connected() const noexcept { return state_ == State::kConnected; }

 private:
  enum class State : std::uint8_t { kNone, kConnected, kSilent };

  void Hear(statesync::Instant now) noexcept;
  void Connect(statesync::Instant now) noexcept;
  void Tell(statesync::Instant now) noexcept;
  void Lose(statesync::Instant now, State next) noexcept;

  statesync::Engine& engine_;
  statesync::Handshake& handshake_;
  SyncFacts& facts_;
  SyncStats& stats_;
  const std::uint32_t peer_slots_;
  State state_ = State::kNone;
  statesync::Instant last_heard_{};
  std::uint64_t own_id_map_digest_ = 0;
  bool id_map_differs_ = false;
  statesync::Instant ask_again_{};  // While it does.
  statesync::Duration ask_pause_{};
};

}  // namespace dataplane
