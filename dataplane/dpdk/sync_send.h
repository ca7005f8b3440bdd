// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

// The sending half of the sync loop: the engine writes frames straight into packet buffers, which
// are sealed in place in one burst.
//
// What the port does not take waits, and the engine is not asked for more meanwhile: a full queue
// is no loss. What waited for too long is given up, so that a dead link does not stop the tables'
// upkeep.
//
// Threads: the sync loop.  Memory: buffers of the port's pool; two bursts inside the object.

#pragma once

#include <rte_mbuf.h>

#include <array>
#include <cstddef>
#include <cstdint>

#include "dataplane/dpdk/sync_link.h"
#include "statesync/engine.h"

namespace dataplane {

class SyncSender {
 public:
  SyncSender(SyncLink& link, statesync::Engine& engine) : link_(link), engine_(engine) {}
  ~SyncSender();
  SyncSender(const SyncSender&) = delete;
  SyncSender& operator=(const SyncSender&) = delete;

  // Hello, confirmation and frames that are due. Returns the frames that the port took.
  std::size_t Turn(statesync::Instant now) noexcept;

 private:
  // A burst: what leaves room for a confirmation. More would delay what is received meanwhile.
  static constexpr std::size_t kFramesMax = 32;
  static constexpr std::size_t kSealedMax = kFramesMax + 1;
  static constexpr std::size_t kWaitingMax = kSealedMax + 1;

  [[nodiscard]] bool Refill() noexcept;
  void PutHello(statesync::Instant now) noexcept;
  void PutConfirmation(statesync::Instant now) noexcept;
  void PutFrames(statesync::Instant now) noexcept;
  // Completes a datagram but for its seal. False: there is no key, and the buffer stays unused.
  bool Prepare(rte_mbuf* frame, const statesync::SealTicket& ticket, std::uint16_t stream,
               std::uint16_t epoch, std::uint16_t text_bytes) noexcept;
  void Seal() noexcept;
  std::size_t Send(statesync::Instant now) noexcept;

  SyncLink& link_;
  statesync::Engine& engine_;

  std::size_t empty_count_ = 0;  // Buffers for the next frames.
  std::array<rte_mbuf*, kFramesMax> empty_{};
  std::size_t sealing_count_ = 0;
  std::array<CipherItem, kSealedMax> sealing_;
  std::size_t waiting_count_ = 0;  // Sealed, in order, not yet taken by the port.
  std::array<rte_mbuf*, kWaitingMax> waiting_{};
  statesync::Instant waiting_since_{};
};

}  // namespace dataplane
