// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

#include "dataplane/dpdk/filler.h"

#include <algorithm>

#include "dataplane/core/byte_order.h"
#include "dataplane/dpdk/clock.h"
#include "dataplane/dpdk/shard_map.h"

namespace dataplane {
namespace {

using statesync::kBatchMax;
using statesync::SessionState;

constexpr int kTriesPerSession = 8;  // Keys that are taken already, or find no NAT port.

}  // namespace

// Takes a part of what is still to be made, so that several workers make exactly the number wanted.
std::uint64_t Filler::Claim() noexcept {
  Requests& requests = core_.shared.requests;
  const std::uint64_t target = requests.fill_sessions_target.load(std::memory_order_relaxed);
  std::uint64_t done = requests.fill_sessions_done.load(std::memory_order_relaxed);
  if (target == refused_target_) return 0;
  while (done < target) {
    const std::uint64_t part = std::min<std::uint64_t>(kBatchMax, target - done);
    if (requests.fill_sessions_done.compare_exchange_weak(done, done + part)) return part;
  }
  return 0;
}

bool Filler::Turn() noexcept {
  const std::uint64_t wanted = Claim();
  if (wanted == 0) return false;
  std::array<statesync::Handle, kBatchMax> dirty;
  std::size_t made = 0;
  while (made < wanted && Insert(dirty[made])) ++made;
  if (made > 0) core_.tables.sessions->MarkDirtyBatch(core_.index, {dirty.data(), made});
  if (made < wanted) {
    Requests& requests = core_.shared.requests;
    requests.fill_sessions_done.fetch_sub(wanted - made);
    refused_target_ = requests.fill_sessions_target.load(std::memory_order_relaxed);
  }
  return made > 0;
}

// A flow from 10/8 to anywhere whose shard is this worker's.
FlowKey Filler::RandomKey() noexcept {
  FlowKey key;
  do {
    const std::uint32_t ports = scatter_.Next();
    key.source_addr = HostToNet((10u << 24) | (scatter_.Next() & 0x00ff'ffff));
    key.target_addr = HostToNet((172u << 24) | (scatter_.Next() & 0x00ff'ffff));
    key.source_port = HostToNet(static_cast<std::uint16_t>(1'024 + (ports & 0x7fff)));
    key.target_port = HostToNet(static_cast<std::uint16_t>(1 + ((ports >> 16) & 0x3fff)));
    key.protocol = (scatter_.Next() & 3) == 0 ? kProtocolUdp : kProtocolTcp;
  } while (WorkerOf(statesync::SessionTable::ShardOf(key), core_.worker_count) != core_.index);
  return key;
}

bool Filler::Insert(statesync::Handle& handle) noexcept {
  statesync::SessionTable& sessions = *core_.tables.sessions;
  for (int attempt = 0; attempt < kTriesPerSession; ++attempt) {
    statesync::NewSession session{.key = RandomKey(),
                                  .flags = statesync::kSessionSynthetic,
                                  .last_seen_s = core_.forward.now_s};
    const bool tcp = session.key.protocol == kProtocolTcp;
    session.state = tcp ? SessionState::kTcpEstablished : SessionState::kUdpMultiple;
    if (core_.config->nat->size() > 0 && (scatter_.Next() & 1) != 0) {
      NatBinding binding;
      if (!core_.config->nat->Allocate(0, session.key, sessions, scatter_, binding)) continue;
      core_.counters.Add(Event::kNatAllocated);
      if (binding.tries > 1) core_.counters.Add(Event::kNatTriesOverOne);
      session.nat_addr = binding.addr;
      session.nat_port = binding.port;
    }
    // A full shard is no reason to stop: another may have room.
    if (sessions.Insert(session, handle) != statesync::InsertResult::kInserted) continue;
    sessions.BeginWrite(handle);
    statesync::SessionEntry& entry = sessions.entry(handle);
    entry.anchored_term = static_cast<std::uint8_t>(core_.forward.term.value & 0xff);
    if (tcp) {
      for (std::size_t side = 0; side < 2; ++side) {
        entry.edge[side] = scatter_.Next();
        entry.limit[side] = entry.edge[side] + 0xffff;
        entry.window[side] = 0xffff;
      }
    }
    sessions.EndWrite(handle);
    sessions.CheckAgainAt(handle,
                          core_.forward.now_s + TimeoutOf(session.state, core_.config->timeouts));
    core_.counters.Add(Event::kSessionsCreated);
    core_.counters.Add(Event::kChangesReplicated);
    return true;
  }
  return false;
}

}  // namespace dataplane
