// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

// First pass over received frames: parse, refuse what is not for this node, hand over what is not
// for this worker.
//
// Threads: the worker that owns `core`.

#pragma once

#include "dataplane/dpdk/worker_core.h"

namespace dataplane {

class Resolver;

// Leaves in `burst` the frames whose sessions this worker owns, views filled. ARP goes to the
// resolver: directly if this worker has it (not null), else by a ring. Everything else is counted
// and freed.
void IntakePass(WorkerCore& core, Resolver* resolver, Burst& burst) noexcept;

}  // namespace dataplane
