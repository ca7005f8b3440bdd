// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

// Last pass of a forwarded frame: next hop's MAC, source MAC, transmit buffer.
//
// Threads: the worker that owns `core`.

#pragma once

#include <cstdint>

#include "dataplane/core/forward.h"
#include "dataplane/dpdk/worker_core.h"

namespace dataplane {

class Resolver;

// Writes both MACs and queues the frame. REQUIRES: core.forwarding.
void SendTo(WorkerCore& core, std::uint8_t interface, const MacAddress& mac,
            rte_mbuf* frame) noexcept;

// Sends a rewritten frame along `route`; without a usable neighbour the resolver gets it: directly
// if this worker has it (not null), else by a ring.
void SendAlong(WorkerCore& core, Resolver* resolver, const Route& route, rte_mbuf* frame) noexcept;

}  // namespace dataplane
