// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

#include "dataplane/node_stats.h"

#include <rte_ethdev.h>

#include <string>

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

void AppendPort(const std::string& name, std::uint16_t id, std::vector<StatValue>& stats) {
  rte_eth_stats port{};
  if (rte_eth_stats_get(id, &port) != 0) return;
  const std::string prefix = "port." + name + ".";
  stats.push_back({prefix + "rx_packets", port.ipackets, "Frames received."});
  stats.push_back({prefix + "rx_bytes", port.ibytes, "Bytes received."});
  stats.push_back({prefix + "rx_missed", port.imissed, "Frames the device dropped: queue full."});
  stats.push_back({prefix + "rx_errors", port.ierrors, "Frames received with errors."});
  stats.push_back({prefix + "rx_no_buffer", port.rx_nombuf, "No packet buffer was free."});
  stats.push_back({prefix + "tx_packets", port.opackets, "Frames sent."});
  stats.push_back({prefix + "tx_bytes", port.obytes, "Bytes sent."});
  stats.push_back({prefix + "tx_errors", port.oerrors, "Frames the device did not send."});
}

}  // namespace

void NodeStats::AppendStats(std::vector<StatValue>& stats) const {
  AppendWorkers(node_, stats);
  for (std::size_t i = 0; i < node_.ports().size(); ++i) {
    AppendPort(node_.options().interfaces[i].name, node_.ports()[i]->id(), stats);
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
