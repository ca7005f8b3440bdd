// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

// What lockstepctl shows, for DPDK's telemetry socket: dpdk-telemetry.py and collectors.
//
//   /lockstep/peer              what `lockstepctl peer --json` says, same keys
//   /lockstep/exposure          per table: changes, age, shards found damaged, and changes by how
//                               long they took to be applied
//   /lockstep/stats[,PREFIX]    counters whose name begins with PREFIX, by their first word
//
// Threads: DPDK's own; answers read counters and snapshots, as the control service does.
// Memory:  per answer.

#pragma once

#include "absl/status/status.h"
#include "dataplane/control/control_server.h"

namespace dataplane {

// DPDK gives a command no context, so there is one node in a process: a later start replaces what
// the commands show. What `setup` points to must outlive StopTelemetry().
// REQUIRES: EAL is up.
// Errors: kInternal with DPDK's reason. With --no-telemetry nobody can ask, and that is no error.
absl::Status StartTelemetry(const ControlSetup& setup);

// From now on the commands have nothing to show; waits for an answer that is being written.
void StopTelemetry();

}  // namespace dataplane
