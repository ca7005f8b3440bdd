// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

// The receiving half of the sync loop: from a burst of HA2's port to frames that the engine
// applies. Nothing reaches a parser before it was authenticated (I8).
//
// Threads: the sync loop.  Memory: one burst inside the object.

#pragma once

#include <rte_mbuf.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

#include "dataplane/dpdk/sync_link.h"
#include "dataplane/dpdk/sync_peer.h"
#include "statesync/engine.h"

namespace dataplane {

class SyncReceiver {
 public:
  SyncReceiver(SyncLinks& links, SyncPeer& peer, statesync::Engine& engine)
      : links_(links), peer_(peer), engine_(engine) {}

  // One burst of each link. Returns the frames taken from the ports.
  std::size_t Turn(statesync::Instant now) noexcept;

 private:
  std::size_t TurnLink(statesync::Instant now) noexcept;
  void Take(statesync::Instant now, rte_mbuf* frame) noexcept;
  void OnHello(statesync::Instant now, rte_mbuf* frame, const Ha2Datagram& datagram) noexcept;
  void Queue(rte_mbuf* frame, const Ha2Datagram& datagram) noexcept;
  // Opens what is queued, tells the peer's state, and gives the engine what is to be applied.
  void OpenQueued(statesync::Instant now) noexcept;
  void OnAuthentic(statesync::Instant now, std::size_t index,
                   const statesync::OpenResult& opened) noexcept;
  void OnEmpty(const statesync::ClearHeader& clear) noexcept;
  void Apply(statesync::Instant now) noexcept;

  [[nodiscard]] SyncLink& link() noexcept { return links_.links[link_]; }

  SyncLinks& links_;
  SyncPeer& peer_;
  statesync::Engine& engine_;

  std::size_t link_ = 0;    // The one whose burst is being taken; its frames never mix.
  std::size_t queued_ = 0;  // Sealed datagrams of this burst, in order.
  std::array<CipherItem, statesync::kBatchMax> items_;
  std::array<statesync::OpenTicket, statesync::kBatchMax> tickets_;
  std::array<MacAddress, statesync::kBatchMax> sources_;
  std::size_t opened_ = 0;
  std::array<statesync::OpenedFrame, statesync::kBatchMax> frames_;
};

}  // namespace dataplane
