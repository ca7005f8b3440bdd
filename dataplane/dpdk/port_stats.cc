// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

#include "dataplane/dpdk/port_stats.h"

#include <rte_ethdev.h>

#include <string>

namespace dataplane {

void AppendPortStats(std::string_view name, std::uint16_t id, std::vector<StatValue>& stats) {
  rte_eth_stats port{};
  if (rte_eth_stats_get(id, &port) != 0) return;
  const std::string prefix = "port." + std::string(name) + ".";
  stats.push_back({prefix + "rx_packets", port.ipackets, "Frames received."});
  stats.push_back({prefix + "rx_bytes", port.ibytes, "Bytes received."});
  stats.push_back({prefix + "rx_missed", port.imissed, "Frames the device dropped: queue full."});
  stats.push_back({prefix + "rx_errors", port.ierrors, "Frames received with errors."});
  stats.push_back({prefix + "rx_no_buffer", port.rx_nombuf, "No packet buffer was free."});
  stats.push_back({prefix + "tx_packets", port.opackets, "Frames sent."});
  stats.push_back({prefix + "tx_bytes", port.obytes, "Bytes sent."});
  stats.push_back({prefix + "tx_errors", port.oerrors,
                   "Frames the device did not send, too large ones among them."});
}

}  // namespace dataplane
