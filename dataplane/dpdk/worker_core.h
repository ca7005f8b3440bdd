// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

// What the passes of one worker share, and the burst that they hand on.
//
// Threads: one worker; other threads read `counters`.  Memory: inside the objects.

#pragma once

#include <rte_mbuf.h>

#include <array>
#include <cstdint>
#include <memory>
#include <span>

#include "dataplane/core/counters.h"
#include "dataplane/core/forward.h"
#include "dataplane/core/packet.h"
#include "dataplane/core/shared_state.h"
#include "dataplane/dpdk/commit_hold.h"
#include "dataplane/dpdk/handover_rings.h"
#include "dataplane/dpdk/port.h"
#include "dataplane/dpdk/tables.h"
#include "dataplane/dpdk/tx_buffers.h"
#include "statesync/limits.h"

namespace dataplane {

// Frames on their way through the passes. Each pass leaves only those that go on, closed up.
struct Burst {
  std::uint16_t count = 0;
  std::array<rte_mbuf*, statesync::kBatchMax> frames;
  std::array<PacketView, statesync::kBatchMax> views;
  std::array<std::uint8_t, statesync::kBatchMax> ingress;  // Port, which is the interface's index.
};

struct WorkerCore {
  WorkerCore(std::uint8_t worker, std::uint8_t workers, Tables& all_tables, SharedState& all_shared,
             HandoverRings& all_rings, std::span<const std::unique_ptr<Port>> all_ports,
             std::uint64_t seed)
      : index(worker),
        worker_count(workers),
        tables(all_tables),
        shared(all_shared),
        rings(all_rings),
        ports(all_ports),
        tx(all_ports, worker) {
    forward.table = tables.sessions.get();
    forward.counters = &counters;
    forward.scatter = Scatter(seed);
    TakeConfig();
  }

  // What to forward by in this turn. True if it is another one than before.
  bool TakeConfig() noexcept {
    const ForwardingTables* const latest = tables.forwarding.load(std::memory_order_acquire);
    if (latest == config) return false;
    config = latest;
    forward.rules = config->rules.get();
    forward.nat = &*config->nat;
    forward.timeouts = &config->timeouts;
    // Between bursts nothing is half done: from here on this worker holds nothing of the old one.
    shared.workers[index].seen_forwarding.store(config->number, std::memory_order_release);
    return true;
  }

  const std::uint8_t index;
  const std::uint8_t worker_count;
  Tables& tables;
  const ForwardingTables* config = nullptr;  // Of this turn.
  SharedState& shared;
  HandoverRings& rings;
  std::span<const std::unique_ptr<Port>> ports;  // As in the node file.
  TxBuffers tx;
  CommitHold hold;
  Counters counters;
  ForwardContext forward;

  // Of this turn.
  std::int64_t now_ns = 0;
  // This node is active, its deadline has not passed, and the sync loop has released the shards:
  // the worker may write entries and send under virtual MACs.
  bool forwarding = false;

  void Drop(rte_mbuf* frame, DropReason reason) noexcept {
    counters.Drop(reason);
    rte_pktmbuf_free(frame);
  }
};

}  // namespace dataplane
