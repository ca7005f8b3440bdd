// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

#include "tests/sim/world.h"

#include <utility>

#include "statesync/ensure.h"

namespace sim {

using statesync::Duration;
using statesync::Instant;
using statesync::Micros;
using statesync::Millis;
using statesync::Readiness;
using statesync::Role;

namespace {

constexpr Duration kDetection = Millis(30);  // From the death of the owner to the takeover.
constexpr Duration kSampleInterval = Millis(3);

}  // namespace

World::World(const WorldOptions& options)
    : options_(options),
      chance_(Random(options.seed).Fork(1)),
      workload_(options.workload, Random(options.seed).Fork(2)),
      workload_runs_(options.workload_runs) {
  for (std::size_t i = 0; i < 2; ++i) {
    nodes_[i] = std::make_unique<Node>(static_cast<statesync::NodeIndex>(i), options_);
    links_[i] = std::make_unique<Link>(Random(options.seed).Fork(3 + i));
    links_[i]->SetFaults(options.link);
  }
  At(now_ + options_.workload.interval, [this] { WorkloadTick(); });
  At(now_ + kSampleInterval, [this] { Sample(); });
  ArmFaults();
}

void World::At(Instant at, std::function<void()> run) {
  events_.push({at, order_++, std::move(run)});
}

bool World::Step(Instant limit) {
  if (events_.empty() || events_.top().at > limit) return false;
  Event event = events_.top();
  events_.pop();
  now_ = event.at;
  event.run();
  return true;
}

void World::RunFor(Duration span) {
  const Instant end = now_ + span;
  while (failure_.empty() && Step(end)) {
  }
  now_ = end;
}

bool World::RunUntil(const std::function<bool()>& done, Duration limit) {
  const Instant end = now_ + limit;
  while (!done()) {
    if (!failure_.empty() || !Step(end)) return done();
  }
  return true;
}

bool World::RunUntilQuiet(Duration limit) {
  workload_runs_ = false;
  faults_run_ = false;
  Cut(false);
  LinkFaults clean;
  clean.delay_min = options_.link.delay_min;
  clean.delay_max = options_.link.delay_max;
  SetLinkFaults(clean);
  for (int i = 0; i < 2; ++i) {
    if (!node(i).is_up()) Boot(i);
  }
  const bool is_quiet = RunUntil(
      [this] {
        const int owner = Owner();
        return owner >= 0 && node(1 - owner).is_up() && IsSynced() &&
               Status(owner).exposure.changes == 0 &&
               Status(owner).peer_readiness == Readiness::kSynced;
      },
      limit);
  if (!failure_.empty()) return false;
  const int owner = Owner();
  if (!is_quiet) {
    std::string text = "liveness: not synced " + std::to_string(limit.ns / 1'000'000) +
                       " ms after the last fault; owner " + std::to_string(owner);
    for (int i = 0; i < 2 && owner >= 0; ++i) {
      const auto& status = Status(i);
      text += "; node " + std::to_string(i) + " readiness " +
              std::to_string(static_cast<int>(status.readiness)) + " reason " +
              std::to_string(static_cast<int>(status.reason)) + " exposure " +
              std::to_string(status.exposure.changes) + " connected " +
              std::to_string(status.peer_connected) + " bulk " + std::to_string(status.bulk_done) +
              "/" + std::to_string(status.bulk_total);
    }
    Fail(text);
    return false;
  }
  // Readiness runs ahead of the last keepalives only by what is in flight.
  RunFor(Millis(50));
  Fail(CheckConvergence(now_, node(owner), node(1 - owner)));
  return failure_.empty();
}

// ---- Nodes and link
// ------------------------------------------------------------------------------

void World::Boot(int index) {
  if (node(index).is_up()) return;
  const Duration skew{static_cast<std::int64_t>(chance_.Below(1'000'000'000'000))};
  node(index).Boot(now_, ++boots_, skew);
  node(index).SetRole(now_, Role::kStandby, {});
  Wake(index, now_);
  At(now_ + kDetection, [this] { CheckRoles(); });
}

void World::Crash(int index) {
  if (!node(index).is_up()) return;
  node(index).Crash();
  At(now_ + kDetection, [this] { CheckRoles(); });
}

void World::Pause(int index, Duration span) {
  node(index).Pause(now_ + span);
  At(now_ + kDetection, [this] { CheckRoles(); });
  At(now_ + span + Millis(1), [this] { CheckRoles(); });
}

void World::Cut(bool cut) {
  for (const auto& link : links_) link->SetCut(cut);
}
void World::CutOneWay(int from, bool cut) { link(from).SetCut(cut); }
void World::SetLinkFaults(const LinkFaults& faults) {
  for (const auto& link : links_) link->SetFaults(faults);
}

void World::Wake(int index, Instant at) {
  const auto i = static_cast<std::size_t>(index);
  if (wake_armed_[i] && wake_[i] <= at) return;
  wake_armed_[i] = true;
  wake_[i] = at;
  At(at, [this, index, i, at] {
    if (!wake_armed_[i] || wake_[i] != at) return;
    wake_armed_[i] = false;
    Turn(index);
  });
}

void World::Kick(int index) { Wake(index, now_); }

void World::Turn(int index) {
  Node& current = node(index);
  if (!current.is_up()) return;
  if (current.IsPaused(now_)) {
    Wake(index, current.paused_until());
    return;
  }
  const Instant next =
      current.Turn(now_, [this, index](Datagram&& datagram) { Carry(index, std::move(datagram)); });
  // A loop that polls would come back at once; a microsecond keeps the event queue finite.
  Wake(index, std::max(next, now_ + Micros(1)));
}

void World::Carry(int from, Datagram&& datagram) {
  Trace(static_cast<std::uint64_t>(now_.ns));
  for (const std::byte b : datagram.bytes) Trace(std::to_integer<std::uint64_t>(b));
  Duration delays[2];
  const std::size_t copies = link(from).Offer(datagram.is_hello, delays);
  for (std::size_t i = 0; i < copies; ++i) {
    At(now_ + delays[i], [this, from, datagram]() mutable {
      link(from).OnDelivered();
      const int to = 1 - from;
      if (!node(to).is_up()) return;
      node(to).Receive(std::move(datagram));
      Wake(to, now_ + Micros(2));
    });
  }
}

// ---- Load and samples
// ------------------------------------------------------------------------------

void World::WorkloadTick() {
  At(now_ + options_.workload.interval, [this] { WorkloadTick(); });
  if (!workload_runs_) return;
  for (int i = 0; i < 2; ++i) {
    Node& worker = node(i);
    if (!worker.IsActive() || worker.IsPaused(now_)) continue;
    if (worker.boot_id() != workload_boot_ || worker.term() != workload_term_) {
      if (worker.term() < workload_term_) continue;  // The other one is the younger owner.
      workload_boot_ = worker.boot_id();
      workload_term_ = worker.term();
      workload_.Adopt(worker.table());
    }
    workload_.Burst(worker.table());
    Wake(i, now_);
  }
}

void World::Sample() {
  At(now_ + kSampleInterval, [this] { Sample(); });
  if (!is_checked_) return;
  std::map<std::string, Row> rows[2];
  for (int i = 0; i < 2; ++i) {
    if (!node(i).is_up()) continue;
    rows[i] = Dump(node(i).table());
    Fail(no_regress_.Check(node(i), rows[i]));
    Fail(no_resurrection_.Check(node(i), rows[i]));
  }
  const int owner = Owner();
  if (owner >= 0 && node(1 - owner).is_up()) {
    Fail(CheckHonesty(now_, node(owner), node(1 - owner), rows[owner], rows[1 - owner]));
  }
}

int World::Owner() const {
  const bool first = nodes_[0]->IsActive();
  if (first == nodes_[1]->IsActive()) return -1;
  return first ? 0 : 1;
}

bool World::IsSynced() {
  const int owner = Owner();
  return owner >= 0 && node(1 - owner).is_up() && Status(1 - owner).readiness == Readiness::kSynced;
}

void World::Fail(const std::string& what) {
  if (failure_.empty() && !what.empty()) {
    failure_ = "at " + std::to_string(now_.ns / 1'000) + " us: " + what;
  }
}

void World::Trace(std::uint64_t value) { trace_hash_ = (trace_hash_ ^ value) * 0x1000'0000'01b3u; }

}  // namespace sim
