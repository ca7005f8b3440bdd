// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

// Convergence; see checkers.h.

#include <sstream>

#include "tests/sim/checkers.h"
#include "tests/sim/workload.h"

namespace sim {

using statesync::Handle;
using statesync::SessionEntry;

std::map<std::string, Row> Dump(statesync::SessionTable& table) {
  std::map<std::string, Row> rows;
  for (std::size_t shard = 0; shard < statesync::kShardCount; ++shard) {
    for (std::uint32_t slot = 0; slot < table.slots_per_shard(); ++slot) {
      SessionEntry e;
      if (!table.Snapshot({static_cast<statesync::ShardIndex>(shard),
                           static_cast<statesync::SlotIndex>(slot)},
                          e)) {
        continue;
      }
      std::ostringstream key;
      key << std::hex << e.client_addr << ':' << e.client_port << '>' << e.server_addr << ':'
          << e.server_port << '/' << int{ProtocolOf(static_cast<statesync::SessionState>(e.state))};
      std::ostringstream value;
      value << int{e.state} << ' ' << (e.edge[0] >> 8) << ' ' << (e.edge[1] >> 8) << ' ' << std::hex
            << e.nat_addr << ':' << e.nat_port;
      rows[key.str()] = {key.str(), IncarnationOf(e), e.version, value.str()};
    }
  }
  return rows;
}

namespace {

std::size_t CountTombstones(statesync::SessionTable& table) {
  std::size_t count = 0;
  for (std::size_t shard = 0; shard < statesync::kShardCount; ++shard) {
    for (std::uint32_t slot = 0; slot < table.slots_per_shard(); ++slot) {
      const SessionEntry& e = table.entry({static_cast<statesync::ShardIndex>(shard),
                                           static_cast<statesync::SlotIndex>(slot)});
      count += static_cast<std::uint8_t>(e.tombstone) != 0 ? 1 : 0;
    }
  }
  return count;
}

}  // namespace

std::string CheckConvergence(statesync::Instant now, Node& owner, Node& receiver) {
  const auto ours = Dump(owner.table());
  const auto theirs = Dump(receiver.table());
  for (const auto& [key, row] : ours) {
    const auto found = theirs.find(key);
    if (found == theirs.end()) return "convergence: receiver lacks " + key;
    if (found->second.value != row.value || found->second.version != row.version) {
      return "convergence: " + key + " is " + row.value + " v" + std::to_string(row.version) +
             " at the owner, " + found->second.value + " v" +
             std::to_string(found->second.version) + " at the receiver";
    }
  }
  for (const auto& [key, row] : theirs) {
    if (!ours.contains(key)) return "convergence: receiver holds " + key + " too much";
  }
  const std::uint64_t exposed = owner.Status(now).exposure.changes;
  if (exposed != 0) return "convergence: exposure is " + std::to_string(exposed);
  for (Node* node : {&owner, &receiver}) {
    const std::size_t tombstones = CountTombstones(node->table());
    if (tombstones != 0) {
      return "bounded: " + std::to_string(tombstones) + " tombstones left on node " +
             std::to_string(node->index());
    }
  }
  return "";
}

}  // namespace sim
