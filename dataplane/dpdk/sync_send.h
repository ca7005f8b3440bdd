// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

// The sending half of the sync loop: the engine writes frames straight into packet buffers, which
// are sealed in place in one burst.
//
// What a port does not take waits, and the engine is not asked for more meanwhile: a full queue is
// no loss. What waited for too long is given up, so that a dead link does not stop the tables'
// upkeep; one that is not used any more makes nobody wait. Hellos and confirmations go over every
// link, and with two links a report over each at every heartbeat (sync_link.h).
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
  SyncSender(SyncLinks& links, statesync::Engine& engine) : links_(links), engine_(engine) {}
  ~SyncSender();
  SyncSender(const SyncSender&) = delete;
  SyncSender& operator=(const SyncSender&) = delete;

  // Hello, confirmation and frames that are due. Returns the frames that the ports took.
  std::size_t Turn(statesync::Instant now) noexcept;

 private:
  // A burst: what leaves room for a confirmation. More would delay what is received meanwhile.
  static constexpr std::size_t kFramesMax = 32;
  // And a confirmation and a report for each link.
  static constexpr std::size_t kSealedMax = kFramesMax + 2 * statesync::kHa2LinksMax;
  static constexpr std::size_t kWaitingMax = kFramesMax + 3;  // Those of one link, and a hello.

  // Sealed, in order, not yet taken by the port.
  struct Outbox {
    std::size_t count = 0;
    std::array<rte_mbuf*, kWaitingMax> frames{};
    statesync::Instant since{};
  };

  [[nodiscard]] bool Refill() noexcept;
  void PutHello(statesync::Instant now) noexcept;
  void PutConfirmations(statesync::Instant now) noexcept;
  void PutReports(statesync::Instant now) noexcept;
  void PutFrames(statesync::Instant now) noexcept;
  // A datagram without plaintext, to be sealed. False: there is no key or no buffer.
  bool PutEmpty(std::size_t link, const statesync::SealTicket& ticket,
                std::uint16_t epoch) noexcept;
  // Completes a datagram but for its seal. False: there is no key, and the buffer stays unused.
  bool Prepare(rte_mbuf* frame, std::size_t link, const statesync::SealTicket& ticket,
               std::uint16_t stream, std::uint16_t epoch, std::uint16_t text_bytes) noexcept;
  void Seal() noexcept;
  void Enqueue(std::size_t link, rte_mbuf* frame) noexcept;
  // True while a link that frames would go to has not taken the last ones.
  [[nodiscard]] bool Blocked() const noexcept;
  std::size_t Send(statesync::Instant now) noexcept;
  std::size_t SendOver(statesync::Instant now, std::size_t link) noexcept;

  SyncLinks& links_;
  statesync::Engine& engine_;

  std::size_t empty_count_ = 0;  // Buffers for the next frames.
  std::array<rte_mbuf*, kFramesMax> empty_{};
  std::size_t sealing_count_ = 0;
  std::array<CipherItem, kSealedMax> sealing_;
  std::array<std::uint8_t, kSealedMax> sealing_links_{};  // Where each goes.
  std::array<Outbox, statesync::kHa2LinksMax> outboxes_;
  statesync::Instant next_report_{};
};

}  // namespace dataplane
