// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

// What an lcore runs: turns of a worker, of the sync loop, or of both, until it is told to stop.
//
// Threads: the lcore.  Memory: none.  System calls: only to sleep when nothing is to be done.

#pragma once

#include <atomic>

#include "dataplane/dpdk/dirty_drain.h"
#include "dataplane/dpdk/sync_loop.h"
#include "dataplane/dpdk/worker.h"

namespace dataplane {

struct LoopSetup {
  Worker* worker = nullptr;     // Null: an lcore of the sync loop alone.
  SyncLoop* sync = nullptr;     // Null: another lcore has it, or there is no pair.
  DirtyDrain* drain = nullptr;  // Instead of the sync loop where there is no pair.
  const std::atomic<bool>* stop = nullptr;
  bool spin = false;  // Never sleep.
};

// Returns when *setup.stop is true. Each turn reads the clock once per part.
void RunLoop(const LoopSetup& setup) noexcept;

}  // namespace dataplane
