// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

// Whom this node lets in: what the running configuration says to the service for other nodes.
//
// Threads: values and functions.

#pragma once

#include <string>
#include <vector>

#include "configsync/tree/tree.h"

namespace configsync {

// Of /ha/configuration-synchronization.
struct PeerPolicy {
  bool is_enabled = false;
  bool has_interface = true;  // peer-interface: other nodes may reach this one.
  std::string password;       // local-password; empty: the one of the pairing. Never logged.
  std::vector<std::string> addresses;  // Of remotes, also their backup addresses; without ports.
  std::size_t remotes = 0;
};
[[nodiscard]] PeerPolicy PeerPolicyOf(const Tree& running);

// May who calls from this address be listened to further (F8)? An open pairing has callers that
// nothing is known of. So have paired devices that are no remotes here, as in a ring, where each
// node pushes to the next one alone: their certificates decide.
//
//   known_devices   paired and not revoked
[[nodiscard]] bool IsExpected(const PeerPolicy& policy, const std::string& address,
                              std::size_t known_devices, bool is_pairing);

}  // namespace configsync
