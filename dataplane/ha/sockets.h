// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

// Kernel sockets of one HA1 path: the heartbeats' UDP socket and the listener and connections of
// the liveness TCP. All non-blocking.
//
// Threads: one.  Memory: descriptors.

#pragma once

#include <netinet/in.h>

#include <cstdint>
#include <string>

#include "absl/status/statusor.h"
#include "dataplane/ha/descriptor.h"
#include "dataplane/ha/ha_thread.h"

namespace dataplane {

// A path with its addresses parsed.
struct Ha1Endpoint {
  std::string name;  // "ha1" or "ha1_backup", for messages.
  std::string interface;
  sockaddr_in heartbeat_local{};
  sockaddr_in heartbeat_peer{};
  sockaddr_in liveness_local{};
  sockaddr_in liveness_peer{};
};

// Errors: kInvalidArgument for an address that is none, or equal addresses.
absl::StatusOr<Ha1Endpoint> ParseEndpoint(const std::string& name, const Ha1Path& path);

// UDP socket bound to the local address. Not connected to the peer's: a node must start while the
// link is down and no route leads there. What others send fails its HMAC and is counted. Errors:
// with address, port and remedy.
absl::StatusOr<Descriptor> OpenHeartbeatSocket(const Ha1Endpoint& endpoint);

// Listening TCP socket. Errors: as above.
absl::StatusOr<Descriptor> OpenLivenessListener(const Ha1Endpoint& endpoint);

// Begins a connection; not open if that failed at once (the peer's network is away: try later).
Descriptor BeginLivenessConnect(const Ha1Endpoint& endpoint);

// Moves a descriptor to a number of at least 1000. At process exit the kernel closes descriptors
// with large numbers first when ports of DPDK are open, so the peer learns of a death in 2 ms
// instead of 100. Stays where it is if the limit of open files does not allow it.
Descriptor MoveHigh(Descriptor descriptor);

// Keeps a connection from lingering when the link is cut: it ends by itself after some seconds.
void SetLivenessOptions(int descriptor);

}  // namespace dataplane
