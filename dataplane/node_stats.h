// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

// Counters of workers, ports, replication and the ha thread as `lockstepctl stats` shows them.
//
// Threads: the control service's; reads counters that grow meanwhile.  Memory: borrows its sources.

#pragma once

#include <vector>

#include "dataplane/control/sources.h"
#include "dataplane/dpdk/node.h"
#include "dataplane/ha/ha_thread.h"

namespace dataplane {

// "dataplane.drop.REASON", "dataplane.EVENT" summed over workers; "port.NAME.…"; and what the sync
// loop says of itself.
class NodeStats final : public StatsSource {
 public:
  explicit NodeStats(const Node& node) : node_(node) {}
  void AppendStats(std::vector<StatValue>& stats) const override;

 private:
  const Node& node_;
};

// "ha.…".
class HaStats final : public StatsSource {
 public:
  explicit HaStats(const HaThread& ha) : ha_(ha) {}
  void AppendStats(std::vector<StatValue>& stats) const override;

 private:
  const HaThread& ha_;
};

}  // namespace dataplane
