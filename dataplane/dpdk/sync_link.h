// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

// What the receiving and the sending half of the sync loop share: keys, and one or two HA2 links.
//
// A link is used while this node hears its peer on it and the peer says that it hears this node.
// For that a node with two links sends a sealed datagram without plaintext on each of them at every
// heartbeat, which reports what it hears (HANDSHAKE.md, "Two links"). Stream s goes over link
// s mod n of the n links in use, so that one stream keeps its order; if none is in use, all are
// tried. Frames are numbered and sealed before a link is chosen, so the engine knows nothing of
// links.
//
// Threads: the sync loop; Ha2LinkFacts by any thread.  Memory: owned by the loop.

#pragma once

#include <array>
#include <memory>

#include "dataplane/core/shared_state.h"
#include "dataplane/crypto/key_log.h"
#include "dataplane/dpdk/cipher.h"
#include "dataplane/dpdk/ha2_frame.h"
#include "dataplane/dpdk/ha2_port.h"
#include "dataplane/dpdk/sync_stats.h"
#include "statesync/seal/handshake.h"
#include "statesync/seal/link_report.h"

namespace dataplane {

struct SyncLink {
  std::unique_ptr<Ha2Port> port;
  Ha2Link addresses;
  Ha2LinkFacts* facts = nullptr;
  statesync::Instant last_heard{};  // Zero: never.
  bool peer_hears = true;           // As its last report says; true before the first.
  bool used = false;
};

struct SyncLinks {
  std::array<SyncLink, statesync::kHa2LinksMax> links;
  std::size_t count = 0;
  std::unique_ptr<Cipher> cipher;
  std::uint16_t datagram_bytes_max = 0;
  // A link that was not heard for so long is not used.
  statesync::Duration silence_limit;
  statesync::Duration report_interval;
  statesync::Handshake handshake;
  SyncStats& stats;
  // Where keys are written for wiredump; null on every node in service.
  std::unique_ptr<KeyLog> key_log{};
  statesync::NodeIndex node = 0;

  // After every call that may change keys, before the next that seals or opens.
  void ApplyKeyChanges() noexcept;
  // Writes keys that were installed to key_log.
  void LogKeys(const statesync::KeyChange& change) noexcept;

  // An authentic datagram of the living peer arrived over a link.
  void Hear(statesync::Instant now, std::size_t link) noexcept;
  // The epoch field of its report. What a run of the peer has said ends with it.
  void OnReport(std::uint16_t report) noexcept;
  void ForgetReports() noexcept;
  // What this node reports now.
  [[nodiscard]] std::uint16_t Report(statesync::Instant now) const noexcept;

  // Decides which links are used, once per turn.
  void Turn(statesync::Instant now) noexcept;
  [[nodiscard]] std::size_t LinkOf(std::uint16_t stream) const noexcept;

  std::size_t used_count = 0;
};

}  // namespace dataplane
