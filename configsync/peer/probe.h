// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

// What the network says about a remote that gRPC cannot reach: gRPC says "unavailable", whatever
// it was.
//
// Threads: functions; they wait at most kProbeMs.

#pragma once

#include <cstdint>
#include <optional>

#include "configsync/peer/remote_address.h"
#include "configsync/reasons/reason.h"

namespace configsync {

inline constexpr int kProbeMs = 200;

struct ProbeAnswer {
  enum class Kind : std::uint8_t {
    kOpen,     // Somebody accepts connections.
    kRefused,  // The address answers, nobody listens.
    kNoRoute,  // The system knows no way there; the neighbour does not answer.
    kBlocked,  // The port is silent, other ports of the address answer.
    kSilent,
  } kind = Kind::kSilent;
  int error = 0;  // Of the system, with kNoRoute.
};

// Connects to `remote` from `local`, and sees whether other ports of it answer if it is silent.
[[nodiscard]] ProbeAnswer Probe(const Endpoint& remote, const LocalAddress& local);

// PEER_API_DOWN, HA1_DOWN, PEER_PORT_BLOCKED, PEER_UNREACHABLE; none for kOpen.
[[nodiscard]] std::optional<Reason> ReasonOfProbe(const Endpoint& remote, const LocalAddress& local,
                                                  const ProbeAnswer& answer);

}  // namespace configsync
