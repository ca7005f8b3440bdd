// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

// What the receiving and the sending half of the sync loop share: port, keys, addresses.
//
// Threads: the sync loop.  Memory: owned by the loop.

#pragma once

#include <array>
#include <memory>
#include <utility>

#include "dataplane/crypto/key_log.h"
#include "dataplane/dpdk/cipher.h"
#include "dataplane/dpdk/ha2_frame.h"
#include "dataplane/dpdk/ha2_port.h"
#include "dataplane/dpdk/sync_stats.h"
#include "statesync/seal/handshake.h"

namespace dataplane {

struct SyncLink {
  std::unique_ptr<Ha2Port> port;
  std::unique_ptr<Cipher> cipher;
  Ha2Link addresses;
  std::uint16_t datagram_bytes_max = 0;
  statesync::Handshake handshake;
  SyncStats& stats;
  // Where keys are written for wiredump; null on every node in service.
  std::unique_ptr<KeyLog> key_log{};
  statesync::NodeIndex node = 0;

  // After every call that may change keys, before the next that seals or opens.
  void ApplyKeyChanges() noexcept {
    std::array<statesync::KeyChange, statesync::kKeySlots> changes;
    while (const std::size_t count = handshake.TakeKeyChanges(changes)) {
      for (std::size_t i = 0; i < count; ++i) {
        if (!cipher->Apply(changes[i])) stats.Count(SyncEvent::keys_refused);
        if (key_log != nullptr) LogKeys(changes[i]);
      }
    }
  }

  // Rare: once per handshake. A pair has nodes 0 and 1.
  void LogKeys(const statesync::KeyChange& change) noexcept {
    if (change.action != statesync::KeyAction::kInstall) return;
    const auto peer = static_cast<statesync::NodeIndex>(1 - node);
    key_log->Add({.from = node, .to = peer, .key = change.send});
    key_log->Add({.from = peer, .to = node, .key = change.receive});
    if (!key_log->good()) stats.Count(SyncEvent::keys_not_logged);
  }
};

}  // namespace dataplane
