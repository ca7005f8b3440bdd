// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

// The parts of lockstep-dataplane and the order in which they start and stop.
//
// Threads: main.  Memory: everything a node needs is allocated while it starts.

#pragma once

#include <cstdint>
#include <memory>

#include "absl/status/status.h"
#include "dataplane/config/options.h"
#include "dataplane/control/control_server.h"
#include "dataplane/control/replication_watch.h"
#include "dataplane/core/shared_state.h"
#include "dataplane/crypto/openssl_primitives.h"
#include "dataplane/dpdk/clock.h"
#include "dataplane/dpdk/node.h"
#include "dataplane/ha/ha_thread.h"
#include "dataplane/ha_setup.h"
#include "dataplane/node_stats.h"
#include "statesync/seal/keys.h"

namespace dataplane {

// Everything that lives as long as the process, in order of construction; destroyed in reverse.
struct Program {
  Options options;
  std::int64_t started_ns = MonotonicNow();
  OpensslPrimitives node_primitives;  // Start-up, then the sync loop's.
  OpensslPrimitives ha_primitives;
  statesync::PairSecret secret;
  statesync::PairKeys pair_keys;
  statesync::BootId boot_id = 0;
  SharedState shared;
  std::unique_ptr<Node> node;
  std::unique_ptr<NodeStats> node_stats;
  std::unique_ptr<HaThread> ha;
  std::unique_ptr<HaStats> ha_stats;
  std::unique_ptr<HaView> ha_view;
  std::unique_ptr<ControlServer> control;
  ReplicationWatch replication;
};

// Starts what the options ask for. After an error StopProgram cleans up what had started.
// Errors: one line with the object, the value and a limit or remedy.
absl::Status StartProgram(Program& program);

// Logs what has changed in replication since the last call. The sync loop itself never logs.
void LogReplication(Program& program);

// Workers stop before the ha thread says goodbye: this node is silent before its peer takes over.
void StopProgram(Program& program);

}  // namespace dataplane
