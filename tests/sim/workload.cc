// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

#include "tests/sim/workload.h"

#include "tests/sim/node.h"

namespace sim {

using statesync::FlowKey;
using statesync::Handle;
using statesync::SessionEntry;
using statesync::SessionState;
using statesync::SessionTable;

void Workload::Adopt(SessionTable& table) {
  live_.clear();
  for (std::size_t shard = 0; shard < statesync::kShardCount; ++shard) {
    for (std::uint32_t slot = 0; slot < table.slots_per_shard(); ++slot) {
      const Handle handle{static_cast<statesync::ShardIndex>(shard),
                          static_cast<statesync::SlotIndex>(slot)};
      SessionEntry copy;
      if (table.Snapshot(handle, copy)) live_.push_back(handle);
    }
  }
}

void Workload::Burst(SessionTable& table) {
  std::vector<Handle> dirty;
  for (std::uint32_t i = 0; i < options_.changes_per_burst; ++i) {
    const std::uint64_t dice = random_.Below(100);
    if (dice < options_.open_percent || live_.empty()) {
      if (live_.size() < options_.sessions_max) Open(table, dirty);
    } else if (dice < options_.open_percent + options_.close_percent) {
      Close(table, random_.Below(live_.size()), dirty);
    } else {
      Advance(table, dirty);
    }
  }
  table.MarkDirtyBatch(0, dirty);
}

void Workload::CloseAll(SessionTable& table) {
  std::vector<Handle> dirty;
  while (!live_.empty()) Close(table, live_.size() - 1, dirty);
  table.MarkDirtyBatch(0, dirty);
}

void Workload::Open(SessionTable& table, std::vector<Handle>& dirty) {
  const bool is_udp = random_.OneIn(3);
  FlowKey key;
  key.source_addr =
      static_cast<statesync::NetAddr>(0x0000'000au | (random_.Below(options_.clients) << 8));
  key.source_port = static_cast<statesync::NetPort>(1'024 + random_.Below(options_.client_ports));
  key.target_addr = static_cast<statesync::NetAddr>(0x0000'00cbu | (random_.Below(20) << 16));
  key.target_port = static_cast<statesync::NetPort>(random_.OneIn(2) ? 0x5000 : 0xbb01);
  key.protocol = is_udp ? 17 : 6;
  statesync::NewSession session;
  session.key = key;
  session.rule = 7;
  session.state = is_udp ? SessionState::kUdpSingle : SessionState::kTcpSynSent;
  if (random_.Below(100) < options_.nat_percent) {
    session.nat_addr = kNatAddresses[random_.Below(3)];
    const std::uint16_t port = SessionTable::NatPortInShard(
        key, session.nat_addr, static_cast<std::uint32_t>(random_.Below(256)));
    session.nat_port = static_cast<statesync::NetPort>((port << 8) | (port >> 8));
  }
  Handle handle;
  if (table.Insert(session, handle) != statesync::InsertResult::kInserted) {
    ++refused_;
    return;
  }
  SessionEntry& entry = table.entry(handle);
  table.BeginWrite(handle);
  entry.edge[0] = ++incarnation_ << 8;
  table.EndWrite(handle);
  live_.push_back(handle);
  dirty.push_back(handle);
}

void Workload::Advance(SessionTable& table, std::vector<Handle>& dirty) {
  const Handle handle = live_[random_.Below(live_.size())];
  SessionEntry& entry = table.entry(handle);
  table.BeginWrite(handle);
  entry.edge[1] += 1'024;
  const auto state = static_cast<SessionState>(entry.state);
  if (state == SessionState::kUdpSingle) {
    entry.state = static_cast<std::uint8_t>(SessionState::kUdpMultiple);
  } else if (state < SessionState::kTcpTimeWait && random_.OneIn(4)) {
    ++entry.state;
  }
  table.EndWrite(handle);
  // Often the same entry again before the engine has looked: one record must do.
  dirty.push_back(handle);
}

void Workload::Close(SessionTable& table, std::size_t at, std::vector<Handle>& dirty) {
  const Handle handle = live_[at];
  live_[at] = live_.back();
  live_.pop_back();
  table.Delete(handle);
  dirty.push_back(handle);
}

}  // namespace sim
