// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

// Second pass: sessions, routes and the decision about each packet; or, while this node does not
// forward, the little that it answers.
//
// Threads: the worker that owns `core`.

#pragma once

#include "dataplane/dpdk/worker_core.h"

namespace dataplane {

class Resolver;

// Looks up all, then decides and sends each; marks changed entries once for the burst.
// Consumes the burst. REQUIRES: core.forwarding.
void ForwardPass(WorkerCore& core, Resolver* resolver, Burst& burst) noexcept;

// Answers echo requests to this node's own addresses under its own MAC, drops the rest (counted).
// Consumes the burst.
void StandbyPass(WorkerCore& core, Burst& burst) noexcept;

}  // namespace dataplane
