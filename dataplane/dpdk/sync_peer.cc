// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

#include "dataplane/dpdk/sync_peer.h"

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

void SyncPeer::OnFrame(Instant now, bool established) noexcept {
  if (state_ == State::kNone && !established) return;  // Of a dead run: no sign of life either.
  Hear(now);
  if (established) Lose(now, State::kNone);
  if (state_ != State::kConnected) Connect(now);
}

void SyncPeer::Turn(Instant now) noexcept {
  if (state_ != State::kConnected) return;
  if (now - last_heard_ < kSilenceMax) return;
  stats_.Count(SyncEvent::peer_silent);
  Lose(now, State::kSilent);
  // Neither node may have anything to say now. A new handshake, repeated until it succeeds, finds
  // out when the other is back.
  handshake_.RequestRekey();
}

void SyncPeer::Connect(Instant now) noexcept {
  const statesync::PeerInfo peer = PeerInfoOf(handshake_.peer(), own_id_map_digest_);
  state_ = State::kConnected;
  stats_.Count(SyncEvent::peer_connected);
  facts_.peer_boot_id.store(peer.boot_id, std::memory_order_release);
  const auto sessions = static_cast<std::size_t>(statesync::TableId::kSession);
  facts_.peer_table_larger.store(statesync::SlotsPerShardOf(peer.capacity[sessions]) > peer_slots_,
                                 std::memory_order_relaxed);
  engine_.OnPeerConnected(now, peer);
}

void SyncPeer::Lose(Instant now, State next) noexcept {
  if (state_ == State::kConnected) engine_.OnPeerLost(now);
  state_ = next;
}

}  // namespace dataplane
