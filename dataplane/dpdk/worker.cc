// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

#include "dataplane/dpdk/worker.h"

#include "dataplane/core/expiry.h"
#include "dataplane/dpdk/clock.h"
#include "dataplane/dpdk/forward_pass.h"
#include "dataplane/dpdk/intake_pass.h"
#include "dataplane/dpdk/shard_map.h"

namespace dataplane {
namespace {

using statesync::kBatchMax;
using statesync::kShardCount;

// Each shard is looked at about four times a second; a large one needs several looks for all of it.
constexpr std::int64_t kExpiryIntervalNs = kNanosPerSecond / 4 / std::int64_t{kShardCount};

}  // namespace

Worker::Worker(const WorkerSetup& setup)
    : core_(setup.index, setup.worker_count, *setup.tables, *setup.shared, *setup.rings,
            setup.ports, setup.seed),
      filler_(core_, setup.seed ^ 0x9e37'79b9'7f4a'7c15) {
  if (setup.index == 0) resolver_.emplace(core_);
}

bool Worker::Turn(std::int64_t now_ns) noexcept {
  core_.now_ns = now_ns;
  core_.forward.now_ns = now_ns;
  core_.forward.now_s = SecondOf(now_ns);
  if (core_.TakeConfig() && resolver_.has_value()) resolver_->OnConfig();
  ObeyRole();
  bool busy = ReceiveAll();
  if (resolver_.has_value()) busy = resolver_->Turn() || busy;
  if (core_.forwarding) {
    busy = core_.hold.Settle(core_, resolver()) || busy;
    busy = Expire() || busy;
    busy = EndAsked() || busy;
    busy = filler_.Turn() || busy;
  }
  core_.tx.Flush(core_.counters, core_.forwarding);
  if (first_forward_due_ && core_.forwarding) NoteFirstForward();
  NoteRefusals();
  core_.shared.workers[core_.index].turn_ns.store(now_ns, std::memory_order_relaxed);
  return busy;
}

void Worker::ObeyRole() noexcept {
  const RoleState& state = core_.shared.role;
  const RoleWord word{state.word.load(std::memory_order_acquire)};
  const bool active = word.role() == statesync::Role::kActive;
  if (word.bits != role_bits_) {
    const bool was_active = RoleWord{role_bits_}.role() == statesync::Role::kActive;
    if (active && !was_active) {
      takeover_s_ = role_bits_ == 0 ? 0 : core_.forward.now_s;
      first_forward_due_ = true;
    }
    role_bits_ = word.bits;
    core_.forward.term = word.term();
    if (resolver_.has_value() && active != was_active) resolver_->OnRole(active);
    // Between bursts nothing is half written: from here on this worker acts on the new word.
    core_.shared.workers[core_.index].seen_change.store(word.change(), std::memory_order_release);
  }
  core_.forwarding =
      active && core_.now_ns < state.forward_until_ns.load(std::memory_order_acquire) &&
      core_.shared.sync.released_change.load(std::memory_order_acquire) >= word.change();
  // What was judged belongs to the next owner, who judges anew.
  if (!active) {
    (void)core_.shared.ends[core_.index].Take(EndQueue::kNamesMax, [](std::uint32_t) {});
  }
  if (core_.forwarding) {
    core_.hold.Inform(core_);
  } else {
    core_.hold.DropAll(core_);
  }
}

bool Worker::ReceiveAll() noexcept {
  bool busy = false;
  for (std::size_t port = 0; port < core_.ports.size(); ++port) {
    burst_.count = core_.ports[port]->Receive(core_.index, burst_.frames.data(), kBatchMax);
    if (burst_.count == 0) continue;
    // The buffer says where it came from, also to a worker that gets it by a ring. Not every driver
    // writes the port, so its number here takes that place.
    for (std::uint16_t i = 0; i < burst_.count; ++i) {
      burst_.frames[i]->port = static_cast<std::uint16_t>(port);
    }
    core_.counters.Add(Event::kPacketsReceived, burst_.count);
    Process();
    busy = true;
  }
  burst_.count = core_.rings.Take(core_.index, burst_.frames);
  if (burst_.count == 0) return busy;
  Process();
  return true;
}

void Worker::Process() noexcept {
  IntakePass(core_, resolver(), burst_);
  if (core_.forwarding) {
    ForwardPass(core_, resolver(), burst_);
  } else {
    StandbyPass(core_, burst_);
  }
}

bool Worker::Expire() noexcept {
  if (core_.now_ns < next_expiry_ns_) return false;
  next_expiry_ns_ = core_.now_ns + kExpiryIntervalNs * core_.worker_count;
  do {
    expiry_shard_ = (expiry_shard_ + 1) % kShardCount;
  } while (WorkerOf(expiry_shard_, core_.worker_count) != core_.index);
  std::array<statesync::Handle, kBatchMax> dirty;
  const std::size_t deleted =
      ExpireSlice(*core_.tables.sessions, static_cast<statesync::ShardIndex>(expiry_shard_),
                  core_.config->timeouts, core_.forward.now_s, takeover_s_, core_.counters, dirty);
  if (deleted == 0) return false;
  core_.tables.sessions->MarkDirtyBatch(core_.index, {dirty.data(), deleted});
  return true;
}

// Sessions that the configuration of this turn, or an earlier one, does not permit. Who judged them
// did it some time ago: the same session must still be there.
bool Worker::EndAsked() noexcept {
  std::array<statesync::Handle, kBatchMax> dirty;
  std::size_t ended = 0;
  statesync::SessionTable& sessions = *core_.tables.sessions;
  const std::size_t taken = core_.shared.ends[core_.index].Take(kBatchMax, [&](std::uint32_t bits) {
    const SessionWord name{bits};
    const statesync::SessionEntry& entry = sessions.entry(name.handle());
    if (entry.state == 0 || entry.tombstone != statesync::Tombstone::kLive ||
        entry.generation != name.generation()) {
      return;
    }
    sessions.Delete(name.handle());
    dirty[ended++] = name.handle();
  });
  if (ended > 0) {
    sessions.MarkDirtyBatch(core_.index, {dirty.data(), ended});
    core_.counters.Add(Event::kSessionsEnded, ended);
  }
  return taken > 0;
}

// Counters say how often; an operator also wants to see that it happens now.
void Worker::NoteRefusals() noexcept {
  WorkerState& state = core_.shared.workers[core_.index];
  if (const std::uint64_t full = core_.counters.value(DropReason::kTableFull);
      full != table_full_seen_) {
    table_full_seen_ = full;
    state.table_full_ns.store(core_.now_ns, std::memory_order_relaxed);
  }
  if (const std::uint64_t exhausted = core_.counters.value(DropReason::kNatExhausted);
      exhausted != nat_exhausted_seen_) {
    nat_exhausted_seen_ = exhausted;
    state.nat_exhausted_ns.store(core_.now_ns, std::memory_order_relaxed);
  }
}

// The turn that has just ended was the first that could forward: announcements are on the wire.
void Worker::NoteFirstForward() noexcept {
  first_forward_due_ = false;
  if (core_.index != 0) return;
  core_.shared.sync.first_forward_ns.store(MonotonicNow(), std::memory_order_release);
}

}  // namespace dataplane
