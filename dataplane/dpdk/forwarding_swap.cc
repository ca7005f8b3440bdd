// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

#include "dataplane/dpdk/forwarding_swap.h"

#include <time.h>

#include <algorithm>
#include <array>
#include <utility>

#include "absl/strings/str_cat.h"
#include "dataplane/config/address.h"
#include "dataplane/core/byte_order.h"
#include "dataplane/core/judge.h"
#include "dataplane/dpdk/clock.h"
#include "dataplane/dpdk/shard_map.h"

namespace dataplane {
namespace {

using statesync::Handle;
using statesync::Role;
using statesync::SessionEntry;

constexpr timespec kLookAgain{.tv_sec = 0, .tv_nsec = 200'000};
constexpr int kSnapshotTries = 100;  // Of an entry that is being written.
constexpr std::size_t kUnjudgedMax = 2;

std::uint32_t PortsUsedBy(const ForwardingOptions& options) {
  std::uint32_t used = 0;
  for (const InterfaceOptions& interface : options.interfaces) {
    if (!interface.disabled) used |= std::uint32_t{1} << interface.port;
  }
  return used;
}

// Nothing that decides about a session differs.
bool JudgesAlike(const ForwardingOptions& a, const ForwardingOptions& b) {
  return a.rules == b.rules && a.nat_pools == b.nat_pools && a.interfaces == b.interfaces &&
         a.routes == b.routes;
}

bool Permits(const ForwardingTables& tables, const SessionEntry& session) {
  return Permits({tables.rules.get(), &*tables.nat, &*tables.interfaces}, session,
                 tables.fib->Lookup(session.client_addr), tables.fib->Lookup(session.server_addr));
}

std::string LineOf(const SessionEntry& session) {
  const std::uint8_t protocol =
      statesync::ProtocolOf(static_cast<statesync::SessionState>(session.state));
  const char* const name = protocol == kProtocolTcp   ? "tcp "
                           : protocol == kProtocolUdp ? "udp "
                                                      : "icmp ";
  return absl::StrCat(name, FormatAddress(session.client_addr), ":", NetToHost(session.client_port),
                      " ", FormatAddress(session.server_addr), ":", NetToHost(session.server_port));
}

absl::Status LateWorker() {
  return absl::DeadlineExceededError(
      "a worker did not take the new configuration in time; the node forwards as before; see "
      "whether its cores are free");
}

bool ReadEntry(const statesync::SessionTable& table, Handle handle, SessionEntry& copy) {
  for (int i = 0; i < kSnapshotTries; ++i) {
    if (table.Snapshot(handle, copy)) return true;
    const SessionEntry& entry = table.entry(handle);
    if (entry.state == 0 || entry.tombstone != statesync::Tombstone::kLive) return false;
  }
  return false;
}

}  // namespace

ForwardingSwap::ForwardingSwap(const SwapSetup& setup)
    : setup_(setup), number_(setup.tables->owned_forwarding->number) {
  // The first one was published when the tables were made.
  Publish(*setup_.tables->owned_forwarding);
}

ForwardingSwap::~ForwardingSwap() = default;

RoleWord ForwardingSwap::word() const {
  return {setup_.shared->role.word.load(std::memory_order_acquire)};
}

absl::StatusOr<std::unique_ptr<ForwardingTables>> ForwardingSwap::Build(
    const ForwardingOptions& next) {
  const ForwardingTables& now = *setup_.tables->owned_forwarding;
  auto built = ForwardingTables::Build(next, setup_.ports, &now);
  if (built.ok()) (*built)->number = ++number_;
  return built;
}

// The session table first: a worker that uses the new pools finds their addresses known.
void ForwardingSwap::Publish(const ForwardingTables& tables) {
  setup_.tables->sessions->SetNatAddresses(tables.nat_addresses);
  setup_.tables->forwarding.store(&tables, std::memory_order_release);
  ForwardingFacts& facts = setup_.shared->forwarding;
  const HaSwitchOptions& ha = tables.options.ha;
  facts.id_map_digest.store(tables.options.id_map_digest, std::memory_order_relaxed);
  facts.ports_used.store(PortsUsedBy(tables.options), std::memory_order_relaxed);
  facts.failover.store(ha.failover, std::memory_order_relaxed);
  facts.preempt.store(ha.preempt, std::memory_order_relaxed);
  facts.priority.store(ha.priority, std::memory_order_relaxed);
  setup_.shared->requests.state_sync_enabled.store(ha.state_sync, std::memory_order_relaxed);
  facts.number.store(tables.number, std::memory_order_release);
}

bool ForwardingSwap::AllUse(std::uint64_t number) const {
  const SharedState& shared = *setup_.shared;
  for (std::uint8_t i = 0; i < setup_.worker_count; ++i) {
    if (shared.workers[i].seen_forwarding.load(std::memory_order_acquire) != number) return false;
  }
  return !setup_.has_sync_loop ||
         shared.forwarding.seen_by_sync.load(std::memory_order_acquire) == number;
}

bool ForwardingSwap::AllTurn() const {
  const SharedState& shared = *setup_.shared;
  std::array<std::int64_t, kWorkersMax> before{};
  for (std::uint8_t i = 0; i < setup_.worker_count; ++i) {
    before[i] = shared.workers[i].turn_ns.load(std::memory_order_relaxed);
  }
  return WaitFor([&] {
    for (std::uint8_t i = 0; i < setup_.worker_count; ++i) {
      if (shared.workers[i].turn_ns.load(std::memory_order_relaxed) == before[i]) return false;
    }
    return true;
  });
}

bool ForwardingSwap::WaitFor(const std::function<bool()>& holds) const {
  const std::int64_t until_ns = MonotonicNow() + setup_.patience_ns;
  while (!holds()) {
    if (MonotonicNow() >= until_ns) return false;
    (void)nanosleep(&kLookAgain, nullptr);
  }
  return true;
}

absl::StatusOr<ForwardingEffect> ForwardingSwap::Plan(const ForwardingOptions& next) {
  const std::lock_guard lock(mutex_);
  auto built = Build(next);
  if (!built.ok()) return built.status();
  if (word().role() != Role::kActive) return ForwardingEffect{};
  return Judge(**built, {&setup_.tables->owned_forwarding, 1}, /*end=*/false);
}

absl::StatusOr<ForwardingEffect> ForwardingSwap::Apply(const ForwardingOptions& next) {
  const std::lock_guard lock(mutex_);
  auto built = Build(next);
  if (!built.ok()) return built.status();
  const std::uint64_t number = (*built)->number;
  // What was published cannot be freed before all have gone on: a worker that stands still is never
  // given anything, however often the caller tries.
  if (!AllTurn()) return LateWorker();
  Publish(**built);
  if (!WaitFor([&] { return AllUse(number); })) {
    Publish(*setup_.tables->owned_forwarding);
    given_up_.push_back(*std::move(built));
    return LateWorker();
  }
  given_up_.clear();  // Whoever used one of them has taken this one since.
  setup_.shared->forwarding.given.store(true, std::memory_order_relaxed);
  unjudged_.push_back(std::exchange(setup_.tables->owned_forwarding, *std::move(built)));
  if (unjudged_.size() > kUnjudgedMax) unjudged_.erase(unjudged_.begin() + 1);
  const RoleWord before = word();
  if (before.role() != Role::kActive) return ForwardingEffect{};  // Look() judges if it becomes so.
  const ForwardingEffect effect = Judge(*setup_.tables->owned_forwarding, unjudged_, /*end=*/true);
  const bool ended = WaitFor([&] { return AllEnded() || word().bits != before.bits; });
  if (ended && word().bits == before.bits) unjudged_.clear();
  return effect;
}

void ForwardingSwap::Look() {
  const std::unique_lock lock(mutex_, std::try_to_lock);
  if (!lock.owns_lock() || unjudged_.empty()) return;
  const RoleWord before = word();
  if (before.role() != Role::kActive) return;
  (void)Judge(*setup_.tables->owned_forwarding, unjudged_, /*end=*/true);
  const bool ended = WaitFor([&] { return AllEnded() || word().bits != before.bits; });
  if (ended && word().bits == before.bits) unjudged_.clear();
}

ForwardingEffect ForwardingSwap::Judge(const ForwardingTables& next, std::span<const Owned> before,
                                       bool end) {
  ForwardingEffect effect;
  const statesync::SessionTable& table = *setup_.tables->sessions;
  if (std::ranges::all_of(before,
                          [&](const Owned& b) { return JudgesAlike(b->options, next.options); })) {
    effect.sessions_kept = table.live_count();
    return effect;
  }
  SessionEntry session;
  for (std::size_t shard = 0; shard < statesync::kShardCount; ++shard) {
    if (table.live_count(static_cast<statesync::ShardIndex>(shard)) == 0) continue;
    for (std::uint32_t slot = 0; slot < table.slots_per_shard(); ++slot) {
      const Handle handle{static_cast<statesync::ShardIndex>(shard),
                          static_cast<statesync::SlotIndex>(slot)};
      if (!ReadEntry(table, handle, session)) continue;
      const bool keeps =
          Permits(next, session) ||
          std::ranges::none_of(before, [&](const Owned& b) { return Permits(*b, session); });
      if (keeps) {
        ++effect.sessions_kept;
        continue;
      }
      if (end && !End(handle, session.generation)) return effect;
      ++effect.sessions_ended;
      if (end) ended_.fetch_add(1, std::memory_order_relaxed);
      if (effect.ended_examples.size() < ForwardingEffect::kExamplesMax) {
        effect.ended_examples.push_back(LineOf(session));
      }
    }
  }
  return effect;
}

// False: the worker takes nothing more, because this node is not active any more or the worker
// stands still.
bool ForwardingSwap::End(Handle handle, std::uint8_t generation) {
  EndQueue& queue = setup_.shared->ends[WorkerOf(handle.shard, setup_.worker_count)];
  const std::uint32_t name = SessionWord::Make(handle, generation).bits;
  bool given = false;
  (void)WaitFor([&] {
    given = queue.Give(name);
    return given || word().role() != Role::kActive;
  });
  return given;
}

bool ForwardingSwap::AllEnded() const {
  return std::all_of(setup_.shared->ends.begin(), setup_.shared->ends.begin() + setup_.worker_count,
                     [](const EndQueue& queue) { return queue.is_empty(); });
}

}  // namespace dataplane
