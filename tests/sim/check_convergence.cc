// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

// Convergence; see checkers.h.

#include "tests/sim/checkers.h"
#include "tests/sim/workload.h"

namespace sim {

using statesync::Handle;
using statesync::SessionEntry;

namespace {

// Looked at several hundred times a simulated second, so it is made by hand.
std::string KeyText(const SessionEntry& e) {
  static constexpr char kDigits[] = "0123456789abcdef";
  std::string text;
  const auto put = [&text](std::uint64_t value, int digits, char after) {
    while (digits-- > 0) text += kDigits[(value >> (4 * digits)) & 0xf];
    text += after;
  };
  put(e.client_addr, 8, ':');
  put(e.client_port, 4, '>');
  put(e.server_addr, 8, ':');
  put(e.server_port, 4, '/');
  put(ProtocolOf(static_cast<statesync::SessionState>(e.state)), 2, ' ');
  return text;
}

std::string ValueText(const Row& row) {
  std::string text;
  for (const std::uint32_t part : row.value) text += std::to_string(part) + ' ';
  return text + 'v' + std::to_string(row.version);
}

}  // namespace

std::map<std::string, Row> Dump(statesync::SessionTable& table) {
  std::map<std::string, Row> rows;
  for (std::size_t shard = 0; shard < statesync::kShardCount; ++shard) {
    for (std::uint32_t slot = 0; slot < table.slots_per_shard(); ++slot) {
      SessionEntry e;
      if (!table.Snapshot(
              {static_cast<statesync::ShardIndex>(shard), static_cast<statesync::SlotIndex>(slot)},
              e)) {
        continue;
      }
      std::string key = KeyText(e);
      Row& row = rows[key];
      row = {key,
             IncarnationOf(e),
             e.version,
             {e.state, e.edge[0] >> 8, e.edge[1] >> 8, e.nat_addr, e.nat_port}};
    }
  }
  return rows;
}

namespace {

std::size_t CountTombstones(statesync::SessionTable& table) {
  std::size_t count = 0;
  for (std::size_t shard = 0; shard < statesync::kShardCount; ++shard) {
    for (std::uint32_t slot = 0; slot < table.slots_per_shard(); ++slot) {
      const SessionEntry& e = table.entry(
          {static_cast<statesync::ShardIndex>(shard), static_cast<statesync::SlotIndex>(slot)});
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
      return "convergence: " + key + "is " + ValueText(row) + " at the owner, " +
             ValueText(found->second) + " at the receiver";
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
