// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

#include "dataplane/dpdk/sync_peer.h"

#include <algorithm>

#include "dataplane/dpdk/sync_setup.h"
#include "statesync/table/table_layout.h"

namespace dataplane {
namespace {

using statesync::Instant;
using statesync::Seconds;

// After so long a silent peer counts as gone, and only a hello or a frame of it brings it back.
// What it had learnt is the engine's to keep or to give up (PROTOCOL.md §5, Rejoin): it does not
// wait for this, so deletes of a silent peer never fill the table.
constexpr statesync::Duration kSilenceMax = Seconds(10);

// While the nodes' id maps differ the peer is asked again what its own is, less and less often.
constexpr statesync::Duration kAskPauseMin = statesync::Millis(500);
constexpr statesync::Duration kAskPauseMax = Seconds(60);

}  // namespace

void SyncPeer::Hear(Instant now) noexcept {
  last_heard_ = now;
  facts_.ha2_last_heard_ns.store(now.ns, std::memory_order_release);
}

void SyncPeer::OnHello(Instant now, statesync::BootId boot_id, bool restarted) noexcept {
  Hear(now);
  // The ha thread compares boot ids: another one proves that the run before it is dead.
  facts_.peer_boot_id.store(boot_id, std::memory_order_release);
  if (!restarted) return;
  stats_.Count(SyncEvent::peer_restarted);
  // Late frames of the dead run still authenticate under its keys; kNone keeps them from the
  // engine.
  Lose(now, State::kNone);
}

void SyncPeer::OnFrame(Instant now, bool established, bool rekeyed) noexcept {
  if (state_ == State::kNone && !established) return;  // Of a dead run: no sign of life either.
  Hear(now);
  if (established) Lose(now, State::kNone);
  if (state_ != State::kConnected) {
    Connect(now);
  } else if (rekeyed) {
    Tell(now);
  }
}

void SyncPeer::SetIdMapDigest(Instant now, std::uint64_t digest) noexcept {
  own_id_map_digest_ = digest;
  if (state_ != State::kConnected) return;  // Connect() compares.
  Tell(now);
  handshake_.RequestRekey();
}

void SyncPeer::Turn(Instant now) noexcept {
  if (state_ != State::kConnected) return;
  if (now - last_heard_ < kSilenceMax) {
    // A hello that was under way when the peer changed its map says what is true no more.
    if (!id_map_differs_ || now < ask_again_) return;
    ask_pause_ = std::min(ask_pause_ * 2, kAskPauseMax);
    ask_again_ = now + ask_pause_;
    handshake_.RequestRekey();
    return;
  }
  stats_.Count(SyncEvent::peer_silent);
  Lose(now, State::kSilent);
  // Neither node may have anything to say now. A new handshake, repeated until it succeeds, finds
  // out when the other is back.
  handshake_.RequestRekey();
}

void SyncPeer::Connect(Instant now) noexcept {
  state_ = State::kConnected;
  stats_.Count(SyncEvent::peer_connected);
  Tell(now);
}

// What the peer's last hello said. The engine takes it from a peer that it knows as news only.
void SyncPeer::Tell(Instant now) noexcept {
  const statesync::PeerInfo peer = PeerInfoOf(handshake_.peer(), own_id_map_digest_);
  facts_.peer_boot_id.store(peer.boot_id, std::memory_order_release);
  const auto sessions = static_cast<std::size_t>(statesync::TableId::kSession);
  facts_.peer_table_larger.store(statesync::SlotsPerShardOf(peer.capacity[sessions]) > peer_slots_,
                                 std::memory_order_relaxed);
  if (!peer.id_map_equal && !id_map_differs_) {
    ask_pause_ = kAskPauseMin;
    ask_again_ = now + ask_pause_;
  }
  id_map_differs_ = !peer.id_map_equal;
  engine_.OnPeerConnected(now, peer);
}

void SyncPeer::Lose(Instant now, State next) noexcept {
  if (state_ == State::kConnected) engine_.OnPeerLost(now);
  state_ = next;
}

}  // namespace dataplane
