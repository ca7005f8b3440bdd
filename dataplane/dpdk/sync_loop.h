// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

// The sync loop: HA2 datagrams in, applied entries; dirty entries, sealed datagrams out.
//
// Turn() is a step of bounded work, called from worker 0's loop or from an lcore of its own. It
// also carries the hand-over of writers when the role changes (ARCHITECTURE.md, "One writer") and
// tells the ha thread what HA2 says about the peer (SyncFacts).
//
// Threads: Turn() by one lcore. AppendStats() by any thread, from copies.
// Memory:  mbufs of the HA2 port's pool; nothing is allocated after Create().

#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include "absl/status/statusor.h"
#include "dataplane/config/options.h"
#include "dataplane/core/shared_state.h"
#include "dataplane/core/stats_source.h"
#include "statesync/seal/keys.h"
#include "statesync/seal/primitives.h"
#include "statesync/table/session_table.h"
#include "statesync/types.h"

namespace dataplane {

struct SyncLoopOptions {
  const Options* options = nullptr;  // The whole node file; ha must be enabled.
  statesync::BootId boot_id = 0;     // The same as the ha thread's.
  std::uint8_t worker_count = 1;
};

class SyncLoop {
 public:
  // Attaches and starts the HA2 port (af_packet, af_xdp with its guard, or PCI), opens the cipher.
  // REQUIRES: EAL is up. `shared`, `table`, `primitives` outlive the object.
  // Errors: no such device, permission, guard cannot be configured: one line with the remedy.
  static absl::StatusOr<std::unique_ptr<SyncLoop>> Create(const SyncLoopOptions& options,
                                                          const statesync::PairSecret& secret,
                                                          statesync::Primitives& primitives,
                                                          SharedState& shared,
                                                          statesync::SessionTable& table);
  virtual ~SyncLoop() = default;

  // One step. Returns the datagrams received plus sent plus records waiting: 0 means idle.
  virtual std::size_t Turn(std::int64_t now_ns) noexcept = 0;

  // Counters of HA2, the seal, the engine and the XDP guard.
  virtual void AppendStats(std::vector<StatValue>& stats) const = 0;
};

}  // namespace dataplane
