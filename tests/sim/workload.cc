// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

#include "tests/sim/workload.h"

#include "tests/sim/node.h"

namespace sim {

using statesync::ChangeClass;
using statesync::FlowKey;
using statesync::Handle;
using statesync::SessionEntry;
using statesync::SessionState;
using statesync::SessionTable;

namespace {

constexpr int kKeyTries = 1'000;  // Of 256 shards one is met long before.

}  // namespace

void Workload::Adopt(int node, std::uint8_t worker_count, SessionTable& table) {
  node_ = node;
  worker_count_ = worker_count;
  live_.clear();
  for (std::size_t shard = 0; shard < statesync::kShardCount; ++shard) {
    if (table.live_count(static_cast<statesync::ShardIndex>(shard)) == 0) continue;
    for (std::uint32_t slot = 0; slot < table.slots_per_shard(); ++slot) {
      const Handle handle{static_cast<statesync::ShardIndex>(shard),
                          static_cast<statesync::SlotIndex>(slot)};
      SessionEntry copy;
      if (table.Snapshot(handle, copy)) live_.push_back(handle);
    }
  }
}

void Workload::Burst(SessionTable& table) {
  for (std::uint32_t i = 0; i < options_.changes_per_burst; ++i) {
    const std::uint64_t dice = random_.Below(100);
    if (dice < options_.open_percent || live_.empty()) {
      if (live_.size() < options_.sessions_max) Open(table, DrawKey());
    } else {
      Step(table, random_.Below(live_.size()),
           dice < options_.open_percent + options_.close_percent);
    }
  }
  Flush(table);
}

void Workload::CloseAll(SessionTable& table) {
  while (!live_.empty()) Close(table, live_.size() - 1);
  Flush(table);
}

FlowKey Workload::DrawKey() {
  FlowKey key = DrawAnyKey();
  for (int tries = 0; tries < kKeyTries; ++tries) {
    if (SessionTable::ShardOf(key) < options_.shards) break;
    key = DrawAnyKey();
  }
  return key;
}

FlowKey Workload::DrawAnyKey() {
  FlowKey key;
  key.source_addr =
      static_cast<statesync::NetAddr>(0x0000'000au | (random_.Below(options_.clients) << 8));
  key.source_port = static_cast<statesync::NetPort>(1'024 + random_.Below(options_.client_ports));
  key.target_addr = static_cast<statesync::NetAddr>(0x0000'00cbu | (random_.Below(20) << 16));
  key.target_port = static_cast<statesync::NetPort>(random_.OneIn(2) ? 0x5000 : 0xbb01);
  key.protocol = random_.OneIn(3) ? 17 : 6;
  return key;
}

void Workload::Open(SessionTable& table, const FlowKey& key) {
  statesync::NewSession session;
  session.key = key;
  session.rule = 7;
  session.state = key.protocol == 17 ? SessionState::kUdpSingle : SessionState::kTcpSynSent;
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
  ledger_.OnWritten(node_, entry);
  live_.push_back(handle);
  Mark(handle, random_.OneIn(16) ? ChangeClass::kHeld : ChangeClass::kState);
}

// One packet of the session.
void Workload::Step(SessionTable& table, std::size_t at, bool hurry) {
  const Handle handle = live_[at];
  const auto state = static_cast<SessionState>(table.entry(handle).state);
  const bool is_reset = random_.OneIn(32);
  switch (state) {
    case SessionState::kTcpSynSent:
    case SessionState::kTcpSynReceived:
      if (is_reset) return Write(table, handle, SessionState::kTcpClosed, false);
      return Write(table, handle, static_cast<SessionState>(static_cast<std::uint8_t>(state) + 1),
                   false);
    case SessionState::kTcpEstablished:
      if (is_reset) return Write(table, handle, SessionState::kTcpClosed, false);
      if (hurry) return Write(table, handle, SessionState::kTcpFinWait, true);
      return Write(table, handle, state, true);
    case SessionState::kTcpFinWait:  // The other side may still send.
      if (hurry || random_.OneIn(2)) return Write(table, handle, SessionState::kTcpClosing, false);
      return Write(table, handle, state, true);
    case SessionState::kTcpClosing:
      return Write(table, handle, SessionState::kTcpTimeWait, false);
    case SessionState::kTcpTimeWait:
      if (hurry && random_.OneIn(2)) {  // A new SYN from the same port.
        const SessionEntry& e = table.entry(handle);
        const FlowKey key{e.client_addr, e.server_addr, e.client_port, e.server_port, 6};
        Close(table, at);
        return Open(table, key);
      }
      return Close(table, at);
    case SessionState::kUdpSingle:
      if (hurry && random_.OneIn(2)) return Close(table, at);
      return Write(table, handle, SessionState::kUdpMultiple, true);
    case SessionState::kUdpMultiple:
      if (hurry) return Close(table, at);
      return Write(table, handle, state, true);
    case SessionState::kTcpClosed:
    case SessionState::kNone:
    case SessionState::kIcmpEcho:
      return Close(table, at);
  }
}

void Workload::Write(SessionTable& table, Handle handle, SessionState state, bool has_data) {
  SessionEntry& entry = table.entry(handle);
  const bool is_same = entry.state == static_cast<std::uint8_t>(state);
  table.BeginWrite(handle);
  if (has_data) entry.edge[1] += 1'024;
  entry.state = static_cast<std::uint8_t>(state);
  table.EndWrite(handle);
  ledger_.OnWritten(node_, entry);
  Mark(handle, is_same ? ChangeClass::kWindow : ChangeClass::kState);
}

void Workload::Close(SessionTable& table, std::size_t at) {
  const Handle handle = live_[at];
  live_[at] = live_.back();
  live_.pop_back();
  ledger_.OnDeleted(node_, table.entry(handle));
  table.Delete(handle);
  Mark(handle, ChangeClass::kState);
}

void Workload::Mark(Handle handle, ChangeClass change) {
  ++changes_;
  marked_[handle.shard % worker_count_][static_cast<std::size_t>(change)].push_back(handle);
}

void Workload::Flush(SessionTable& table) {
  for (std::uint8_t worker = 0; worker < worker_count_; ++worker) {
    for (std::size_t change = 1; change < marked_[worker].size(); ++change) {
      std::vector<Handle>& handles = marked_[worker][change];
      if (handles.empty()) continue;
      table.MarkDirtyBatch(worker, handles, static_cast<ChangeClass>(change));
      handles.clear();
    }
  }
}

}  // namespace sim
