// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

// Convergence: after quiet the two tables are equal, nothing is exposed, and no slot is left as a
// tombstone.

#include "tests/sim/checkers.h"

namespace sim {

using statesync::FlowKey;
using statesync::Handle;
using statesync::SessionEntry;
using statesync::SessionTable;

namespace {

std::string Text(const SessionEntry& e) {
  return "incarnation " + std::to_string(IncarnationOf(e)) + " v" +
         std::to_string(e.version >> 40) + '.' + std::to_string(e.version & 0xff'ffff'ffff) +
         " state " + std::to_string(e.state) + " edge " + std::to_string(e.edge[1] >> 8);
}

bool IsEqual(const SessionEntry& a, const SessionEntry& b) {
  return a.version == b.version && a.state == b.state && a.edge[0] >> 8 == b.edge[0] >> 8 &&
         a.edge[1] >> 8 == b.edge[1] >> 8 && a.client_addr == b.client_addr &&
         a.server_addr == b.server_addr && a.client_port == b.client_port &&
         a.server_port == b.server_port && a.nat_addr == b.nat_addr && a.nat_port == b.nat_port;
}

// Every live entry of `owner` is at the receiver; counts them and the owner's tombstones.
std::string CompareShard(SessionTable& owner, SessionTable& receiver, statesync::ShardIndex shard,
                         std::uint32_t& live, std::uint32_t& tombstones) {
  for (std::uint32_t slot = 0; slot < owner.slots_per_shard(); ++slot) {
    const SessionEntry& e = owner.entry({shard, static_cast<statesync::SlotIndex>(slot)});
    if (static_cast<std::uint8_t>(e.tombstone) != 0) {
      ++tombstones;
      continue;
    }
    if (e.state == 0) continue;
    ++live;
    const FlowKey key{e.client_addr, e.server_addr, e.client_port, e.server_port,
                      ProtocolOf(static_cast<statesync::SessionState>(e.state))};
    const auto found = receiver.Lookup(key);
    if (found.slot == statesync::kNoSlot) return "convergence: receiver lacks " + Text(e);
    const SessionEntry& theirs = receiver.entry({shard, found.slot});
    if (!IsEqual(e, theirs)) {
      return "convergence: " + Text(e) + " at the owner, " + Text(theirs) + " at the receiver";
    }
  }
  return "";
}

std::uint32_t CountLive(SessionTable& table) {
  std::uint32_t count = 0;
  for (std::size_t s = 0; s < statesync::kShardCount; ++s) {
    for (std::uint32_t slot = 0; slot < table.slots_per_shard(); ++slot) {
      const SessionEntry& e = table.entry(
          {static_cast<statesync::ShardIndex>(s), static_cast<statesync::SlotIndex>(slot)});
      const bool is_live = static_cast<std::uint8_t>(e.tombstone) == 0 && e.state != 0;
      count += is_live ? 1 : 0;
    }
  }
  return count;
}

}  // namespace

std::string CheckConvergence(statesync::Instant now, Node& owner, Node& receiver) {
  std::uint32_t live = 0;
  std::uint32_t tombstones = 0;
  for (std::size_t s = 0; s < statesync::kShardCount; ++s) {
    std::string text = CompareShard(owner.table(), receiver.table(),
                                    static_cast<statesync::ShardIndex>(s), live, tombstones);
    if (!text.empty()) return text;
  }
  const std::uint32_t theirs = CountLive(receiver.table());
  if (theirs != live) {
    return "convergence: receiver holds " + std::to_string(theirs) + " entries, owner " +
           std::to_string(live);
  }
  if (tombstones != 0) {
    return "bounded: " + std::to_string(tombstones) + " tombstones left at the owner";
  }
  const std::uint64_t exposed = owner.Status(now).exposure.changes;
  if (exposed != 0) return "convergence: exposure is " + std::to_string(exposed);
  return "";
}

}  // namespace sim
