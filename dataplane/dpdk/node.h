// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

// One node's DPDK side, put together: tables, EAL, ports, workers, sync loop.
//
// Threads: Create, Start and Stop by main; Start launches an lcore for each worker (and one for the
// sync loop if it has its own). Memory: everything is allocated by Create.

#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "dataplane/config/options.h"
#include "dataplane/core/shared_state.h"
#include "dataplane/dpdk/dirty_drain.h"
#include "dataplane/dpdk/eal.h"
#include "dataplane/dpdk/eal_log.h"
#include "dataplane/dpdk/forwarding_swap.h"
#include "dataplane/dpdk/handover_rings.h"
#include "dataplane/dpdk/mbuf_pool.h"
#include "dataplane/dpdk/port.h"
#include "dataplane/dpdk/run_loop.h"
#include "dataplane/dpdk/sync_loop.h"
#include "dataplane/dpdk/tables.h"
#include "dataplane/dpdk/worker.h"
#include "statesync/seal/primitives.h"

namespace dataplane {

// Borrowed; outlives the node.
struct NodeSetup {
  const Options* options = nullptr;
  SharedState* shared = nullptr;
  statesync::Primitives* primitives = nullptr;    // Randomness; the handshake's HMAC and curve.
  const statesync::PairSecret* secret = nullptr;  // Null without HA.
  TableKeys table_keys;
  statesync::BootId boot_id = 0;
  EalLogSink log_sink = nullptr;  // Of DPDK's lines once the node has started.
};

class Node {
 public:
  // The session table first, so that a table over memory is refused before a port starts.
  // Errors: one line with the object, the value and a limit or remedy.
  static absl::StatusOr<std::unique_ptr<Node>> Create(const NodeSetup& setup);
  ~Node();  // Stops.
  Node(const Node&) = delete;
  Node& operator=(const Node&) = delete;

  // Errors: kInternal if an lcore does not start.
  absl::Status Start();
  // Sets shared.requests.stop and waits for the lcores.
  void Stop();

  [[nodiscard]] const EalInfo& eal() const noexcept { return eal_; }
  [[nodiscard]] statesync::SessionTable& sessions() noexcept { return *tables_->sessions; }
  [[nodiscard]] const std::vector<std::unique_ptr<Worker>>& workers() const { return workers_; }
  [[nodiscard]] const std::vector<std::unique_ptr<Port>>& ports() const { return ports_; }
  [[nodiscard]] const SyncLoop* sync_loop() const noexcept {
    return sync_.get();
  }  // Null without HA.
  [[nodiscard]] ForwardingSwap& forwarding() noexcept { return *swap_; }
  [[nodiscard]] const Options& options() const noexcept { return *setup_.options; }

 private:
  explicit Node(const NodeSetup& setup) : setup_(setup) {}
  [[nodiscard]] std::uint32_t ForwardingBuffers() const;
  absl::Status BeginEal();
  absl::Status OpenPorts();
  absl::Status MakeWorkers();
  absl::Status MakeSyncLoop();

  const NodeSetup setup_;
  EalInfo eal_;
  bool eal_started_ = false;
  bool running_ = false;
  std::unique_ptr<Tables> tables_;
  MbufPool pool_;                             // Of the ports that forward.
  std::vector<std::unique_ptr<Port>> ports_;  // In the order of the node file.
  std::vector<MacAddress> own_macs_;          // Of the ports.
  std::unique_ptr<HandoverRings> rings_;
  std::vector<std::unique_ptr<Worker>> workers_;
  std::unique_ptr<SyncLoop> sync_;   // With HA,
  std::optional<DirtyDrain> drain_;  // or without.
  std::unique_ptr<ForwardingSwap> swap_;
  std::vector<LoopSetup> loops_;  // By lcore, the first worker's first.
};

}  // namespace dataplane
