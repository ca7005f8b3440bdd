// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

#include "dataplane/node_stats.h"

#include <string>

#include "dataplane/dpdk/port_stats.h"

namespace dataplane {
namespace {

std::string Text(std::string_view text) { return std::string(text); }

void AppendWorkers(const Node& node, std::vector<StatValue>& stats) {
  for (std::size_t i = 0; i < kEventCount; ++i) {
    const auto event = static_cast<Event>(i);
    StatValue value{.name = "dataplane." + Text(TextOf(event).name),
                    .help = Text(TextOf(event).help)};
    for (const auto& worker : node.workers()) value.value += worker->counters().value(event);
    stats.push_back(std::move(value));
  }
  for (std::size_t i = 1; i < kDropReasonCount; ++i) {  // 0 is no reason.
    const auto reason = static_cast<DropReason>(i);
    StatValue value{.name = "dataplane.drop." + Text(TextOf(reason).name),
                    .help = Text(TextOf(reason).help)};
    for (const auto& worker : node.workers()) value.value += worker->counters().value(reason);
    stats.push_back(std::move(value));
  }
}

}  // namespace

void NodeStats::AppendStats(std::vector<StatValue>& stats) const {
  AppendWorkers(node_, stats);
  for (std::size_t i = 0; i < node_.ports().size(); ++i) {
    AppendPortStats(node_.options().ports[i].name, node_.ports()[i]->id(), stats);
  }
  if (node_.sync_loop() != nullptr) node_.sync_loop()->AppendStats(stats);
}

void HaStats::AppendStats(std::vector<StatValue>& stats) const {
  const HaCounters c = ha_.counters();
  stats.push_back({"ha.beats_sent", c.beats_sent, "Heartbeats sent on all paths."});
  stats.push_back({"ha.beats_accepted", c.beats_accepted, "Authentic, fresh heartbeats."});
  stats.push_back({"ha.beats_short", c.beats_short, "Wrong length, magic or version."});
  stats.push_back({"ha.beats_bad_mac", c.beats_bad_mac, "Not from this pair, or damaged."});
  stats.push_back({"ha.beats_replayed", c.beats_replayed, "Numbers seen before."});
  stats.push_back({"ha.beats_unproven", c.beats_unproven,
                   "Of a run of the peer that has not yet echoed our challenge."});
  stats.push_back({"ha.beats_bad_node", c.beats_bad_node, "Our own index, or a third node."});
  stats.push_back({"ha.liveness_opened", c.liveness_opened, "Liveness connections made."});
  stats.push_back({"ha.liveness_closed", c.liveness_closed, "Liveness connections closed."});
  stats.push_back({"ha.stalls", c.stalls, "Times the own loop stood still too long."});
  stats.push_back({"ha.term_writes", c.term_writes, "Term marks written to disk."});
  stats.push_back({"ha.rejected_events", c.rejected_events, "Events the role table rejects."});
}

}  // namespace dataplane
