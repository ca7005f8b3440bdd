// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

#include "tests/sim/world.h"

#include <algorithm>
#include <cstring>
#include <limits>
#include <utility>

#include "statesync/ensure.h"
#include "statesync/sim_hooks.h"

namespace sim {

using statesync::Duration;
using statesync::Instant;
using statesync::Micros;
using statesync::Millis;
using statesync::Readiness;
using statesync::Role;

namespace {

constexpr Duration kSampleInterval = Millis(5);
constexpr Instant kNever{std::numeric_limits<std::int64_t>::max()};

}  // namespace

World::World(const WorldOptions& options)
    : options_(options),
      chance_(Random(options.seed).Fork(1)),
      wake_{kNever, kNever},
      ha_tick_{kNever, kNever},
      workload_(options_.workload, Random(options.seed).Fork(2), ledger_),
      workload_runs_(options.workload_runs) {
  for (std::size_t i = 0; i < 2; ++i) {
    nodes_[i] = std::make_unique<Node>(static_cast<statesync::NodeIndex>(i), options_, pool_);
    for (std::size_t l = 0; l < 2; ++l) {
      ha2_[i][l] = Link(Random(options.seed).Fork(3 + 2 * i + l));
      ha1_[i][l] = Link(Random(options.seed).Fork(7 + 2 * i + l));
      ha1_[i][l].SetFaults(options.ha1);
    }
  }
  SetLinkFaults(options.link);
  workload_at_ = now_ + options_.workload.interval;
  sample_at_ = now_ + kSampleInterval;
  ArmFaults();
}

World::~World() {
  if (statesync::sim_hooks.watcher == &ledger_) statesync::sim_hooks.on_version = nullptr;
}

// ---- Time --------------------------------------------------------------------------------------

void World::At(Instant at, EventKind kind, std::uint32_t number, int node) {
  events_.push_back({at, order_++, number, kind, static_cast<std::uint8_t>(node)});
  std::push_heap(events_.begin(), events_.end(), Later{});
}

// The tables of this world are watched by its ledger, whatever other worlds there are.
void World::Enter() {
  statesync::sim_hooks.watcher = &ledger_;
  statesync::sim_hooks.on_version = &Ledger::OnVersion;
}

// Sources in a fixed order, so that what is due at the same instant always happens in the same one.
bool World::Step(Instant limit) {
  Instant due = events_.empty() ? kNever : events_.front().at;
  due = std::min({due, wake_[0], wake_[1], ha_tick_[0], ha_tick_[1], workload_at_, sample_at_});
  if (due > limit) return false;
  now_ = due;
  if (!events_.empty() && events_.front().at == due) {
    std::pop_heap(events_.begin(), events_.end(), Later{});
    const Event event = events_.back();
    events_.pop_back();
    OnEvent(event);
  } else if (wake_[0] == due || wake_[1] == due) {
    Turn(wake_[0] == due ? 0 : 1);
  } else if (ha_tick_[0] == due || ha_tick_[1] == due) {
    TurnHa(ha_tick_[0] == due ? 0 : 1);
  } else if (workload_at_ == due) {
    WorkloadTick();
  } else {
    Sample();
  }
  return true;
}

void World::RunFor(Duration span) {
  Enter();
  const Instant end = now_ + span;
  while (failure_.empty() && Step(end)) {
  }
  now_ = std::max(now_, end);
}

bool World::RunUntil(const std::function<bool()>& done, Duration limit) {
  Enter();
  const Instant end = now_ + limit;
  while (!done()) {
    if (!failure_.empty() || !Step(end)) return done();
  }
  return true;
}

// Two things need an operator, as the engine says itself: entries that the receiver has no room
// for, and an owner that took over with less than the other node holds.
void World::Operate(int owner, Instant healed) {
  const statesync::EngineStatus& status = Status(1 - owner);
  const bool is_waiting = now_ - healed > Millis(500);
  if (status.reason == statesync::AtRiskReason::kRefusedEntries && is_waiting && !is_emptied_) {
    is_emptied_ = true;
    workload_.Adopt(owner, options_.worker_count[owner], node(owner).table());
    workload_.CloseAll(node(owner).table());
    Kick(owner);
  } else if (status.reason == statesync::AtRiskReason::kDigestMismatch && is_waiting &&
             !Status(owner).is_complete && !is_restarted_) {
    is_restarted_ = true;
    Crash(1 - owner);
    Boot(1 - owner);
  }
}

bool World::RunUntilQuiet(Duration limit) {
  Enter();
  workload_runs_ = false;
  faults_run_ = false;
  is_emptied_ = is_restarted_ = false;
  Heal();
  const Instant healed = now_;
  const bool is_quiet = RunUntil(
      [&] {
        const int owner = Owner();
        if (owner < 0 || !node(1 - owner).is_up()) return false;
        if (options_.roles == RoleDrive::kByMachine) Operate(owner, healed);
        return node(1 - owner).is_up() && IsSynced() && Status(owner).exposure.changes == 0 &&
               Status(owner).peer_readiness == Readiness::kSynced;
      },
      limit);
  if (!failure_.empty()) return false;
  const int owner = Owner();
  if (!is_quiet) {
    Fail(DescribeUnquiet(limit, owner));
    return false;
  }
  // Readiness runs ahead of the last keepalives only by what is in flight.
  RunFor(Millis(50));
  // Entries that are taught for a comparison of values are unconfirmed, too, until they arrive:
  // some later than others where frames are late.
  if (!RunUntil([&] { return Status(owner).exposure.changes == 0; }, limit) && failure_.empty()) {
    Fail(DescribeUnquiet(limit, owner));
  }
  if (failure_.empty()) Fail(CheckConvergence(now_, node(owner), node(1 - owner)));
  if (failure_.empty() && is_checked_ && ledger_.differences() != 0) {
    Fail("convergence: the ledger knows " + std::to_string(ledger_.differences()) +
         " differences; " + ledger_.Example());
  }
  return failure_.empty();
}

std::string World::DescribeUnquiet(Duration limit, int owner) {
  std::string text = "liveness: not synced " + std::to_string(limit.ns / 1'000'000) +
                     " ms after the last fault; owner " + std::to_string(owner);
  for (int i = 0; i < 2; ++i) {
    if (!node(i).is_up()) continue;
    const auto& status = Status(i);
    text += "; node " + std::to_string(i) + " readiness " +
            std::to_string(static_cast<int>(status.readiness)) + " reason " +
            std::to_string(static_cast<int>(status.reason)) + " peer " +
            std::to_string(static_cast<int>(status.peer_readiness)) + " exposure " +
            std::to_string(status.exposure.changes) + " connected " +
            std::to_string(status.peer_connected) + " bulk " + std::to_string(status.bulk_done) +
            "/" + std::to_string(status.bulk_total);
  }
  return text;
}

void World::OnEvent(const Event& event) {
  switch (event.kind) {
    case EventKind::kArrival:
      OnArrival(event.number, event.node);
      break;
    case EventKind::kLivenessClosed:
      if (node(event.node).Runs(now_)) {
        node(event.node).ha().OnLivenessClosed(node(event.node).Local(now_));
      }
      break;
    case EventKind::kResume:
      if (options_.roles == RoleDrive::kByMachine && is_checked_) {
        Fail(one_owner_.Check(now_, {nodes_[0].get(), nodes_[1].get()}));
      }
      break;
    case EventKind::kFault:
      Begin(static_cast<Fault>(event.number));
      break;
    case EventKind::kFaultEnd:
      End(static_cast<Fault>(event.number & 0xff), event.node, event.number >> 8);
      break;
  }
}

// ---- Nodes and links ---------------------------------------------------------------------------

void World::Boot(int index) {
  if (node(index).is_up()) return;
  Enter();
  const Duration skew{static_cast<std::int64_t>(chance_.Below(1'000'000'000'000))};
  node(index).Boot(now_, ++boots_, skew);
  ledger_.OnBoot(index, node(index).table());
  const auto i = static_cast<std::size_t>(index);
  if (options_.roles == RoleDrive::kByTest) {
    node(index).SetRole(now_, Role::kStandby, {});
  } else {
    ha_tick_[i] = now_;
  }
  wake_[i] = now_;
  turned_[i] = {};
}

// The kernel of a crashed process closes its connections on HA1; a crashed machine says nothing.
void World::Crash(int index) {
  if (!node(index).is_up()) return;
  Enter();
  node(index).Crash();
  ledger_.OnCrash(index);
  const auto i = static_cast<std::size_t>(index);
  wake_[i] = ha_tick_[i] = kNever;
  if (options_.roles == RoleDrive::kByMachine && chance_.OneIn(2) && !ha1_[i][0].is_cut()) {
    At(now_ + Millis(1), EventKind::kLivenessClosed, 0, 1 - index);
  }
}

void World::Pause(int index, Duration span) {
  node(index).Pause(now_ + span);
  const auto i = static_cast<std::size_t>(index);
  wake_[i] = std::max(wake_[i], now_ + span);
  // Workers run again before the ha thread does.
  if (ha_tick_[i] != kNever) ha_tick_[i] = now_ + span + Micros(chance_.Between(1, 500));
  At(now_ + span, EventKind::kResume, 0, index);
}

void World::Cut(bool cut) {
  for (auto& links : ha2_) {
    for (Link& link : links) link.SetCut(cut);
  }
}
void World::CutOneWay(int from, bool cut) {
  for (Link& link : ha2_[static_cast<std::size_t>(from)]) link.SetCut(cut);
}
void World::CutLink(std::size_t index, bool cut) {
  for (auto& links : ha2_) links[index].SetCut(cut);
}
void World::CutHa1(std::size_t path, bool cut) {
  for (auto& links : ha1_) links[path].SetCut(cut);
}
void World::SetLinkFaults(const LinkFaults& faults) {
  for (auto& links : ha2_) {
    for (Link& link : links) link.SetFaults(faults);
  }
}
void World::SetMtu(std::uint16_t datagram_bytes) {
  for (auto& links : ha2_) {
    for (Link& link : links) link.SetMtu(datagram_bytes);
  }
}

void World::Wake(int index, Instant at) {
  const auto i = static_cast<std::size_t>(index);
  if (!nodes_[i]->is_up()) return;
  at = std::max({at, turned_[i] + options_.turn_gap[i], nodes_[i]->paused_until()});
  wake_[i] = std::min(wake_[i], at);
}

void World::Kick(int index) { Wake(index, now_); }

void World::Turn(int index) {
  const auto i = static_cast<std::size_t>(index);
  turned_[i] = now_;
  out_.clear();
  node(index).TakeInbox(now_);
  ledger_.ForgetLost();  // By deletes, and for newer entries with the same keys.
  const Instant next = node(index).Turn(now_, out_);
  wake_[i] = kNever;
  // A loop that polls would come back at once; a microsecond keeps the number of events finite.
  Wake(index, std::max(next, now_ + Micros(1)));
  if (!ledger_.lost().empty()) CheckLost();
  CarryAll(index);
}

void World::CheckLost() {
  for (const Ledger::Lost& lost : ledger_.lost()) {
    const int owner = 1 - lost.node;
    const Node& loser = node(lost.node);
    const bool is_receiver = Owner() == owner && loser.is_connected() &&
                             loser.peer_boot_id() == node(owner).boot_id() &&
                             loser.boot_id() != resynced_boot_;
    if (is_checked_ && is_receiver) Fail(CheckLoss(now_, lost, node(owner)));
  }
  ledger_.ForgetLost();
}

void World::TurnHa(int index) {
  const auto i = static_cast<std::size_t>(index);
  ha_tick_[i] = std::max(now_ + kHaTick, node(index).paused_until());
  out_.clear();
  if (node(index).TurnHa(now_, out_)) {
    ledger_.OnRoleChange();
    const bool has_taken =
        node(index).ha().machine().last_take().decided == node(index).Local(now_);
    one_owner_.OnRole(now_, index, has_taken);
    Kick(index);
  }
  if (!out_.empty()) one_owner_.OnBeatsSent(now_, index);
  CarryAll(index);
  if (is_checked_) Fail(one_owner_.Check(now_, {nodes_[0].get(), nodes_[1].get()}));
}

// Sends what is in out_; each datagram takes one of the links.
void World::CarryAll(int from) {
  const auto f = static_cast<std::size_t>(from);
  for (const PacketPool::Index index : out_) {
    Packet& packet = pool_.at(index);
    Trace(packet);
    const bool is_beat = packet.kind == PacketKind::kBeat;
    const bool is_frame = packet.kind == PacketKind::kFrame;
    const std::size_t second =
        !is_beat && options_.ha2_links == 2 ? chance_.Below(2) : std::size_t{0};
    Link& link = is_beat ? ha1_[f][packet.path] : ha2_[f][second];
    const std::size_t bytes =
        is_frame ? packet.bytes + sizeof(statesync::ClearHeader) + statesync::kTagBytes
                 : statesync::kHelloDatagramBytes;
    const Passage passage = link.Offer(is_frame, bytes);
    packet.is_damaged = passage.is_damaged;
    packet.copies = static_cast<std::uint8_t>(passage.copies);
    if (passage.copies == 0) pool_.Drop(index);
    for (std::size_t c = 0; c < passage.copies; ++c) {
      At(now_ + passage.delays[c], EventKind::kArrival, index, 1 - from);
    }
  }
}

// A damaged datagram is not authentic: it wakes the loop, and that is all.
void World::OnArrival(PacketPool::Index index, int to) {
  Node& receiver = node(to);
  const Packet& packet = pool_.at(index);
  if (!receiver.is_up() || packet.is_damaged) {
    pool_.Drop(index);
    Wake(to, now_ + kRxLatency);
    return;
  }
  if (packet.kind != PacketKind::kBeat) {
    receiver.Receive(index);
    Wake(to, now_ + kRxLatency);
    return;
  }
  if (receiver.ha().IsBelieved(packet.statement)) {
    one_owner_.OnHeard(now_, to, packet.statement, receiver.term(), receiver.IsActive());
  }
  receiver.ReceiveBeat(index);
}

// ---- Roles by the test -------------------------------------------------------------------------

void World::Activate(int index) {
  Enter();
  highest_term_ = NextTerm(highest_term_, static_cast<statesync::NodeIndex>(index));
  ledger_.OnRoleChange();
  node(index).SetRole(now_, Role::kActive, highest_term_);
  Kick(index);
}

void World::MakeStandby(int index) {
  Enter();
  ledger_.OnRoleChange();
  node(index).SetRole(now_, Role::kStandby, highest_term_);
  Kick(index);
}

void World::Switchover() {
  const int owner = Owner();
  if (owner < 0 || !IsSynced() || !node(owner).Runs(now_) || !node(1 - owner).Runs(now_)) return;
  if (options_.roles == RoleDrive::kByMachine) {
    (void)node(owner).ha().machine().RequestSwitchover(node(owner).Local(now_));
    return;
  }
  MakeStandby(owner);
  Activate(1 - owner);
}

// ---- Load and samples --------------------------------------------------------------------------

// Packets go where addresses were announced last: to the owner of the highest term that forwards.
void World::WorkloadTick() {
  workload_at_ = now_ + options_.workload.interval;
  if (!workload_runs_) return;
  for (int i = 0; i < 2; ++i) {
    Node& worker = node(i);
    if (!worker.Forwards(now_)) continue;
    if (worker.boot_id() != workload_boot_ || worker.term() != workload_term_) {
      if (worker.term() < workload_term_) continue;
      workload_node_ = i;
      workload_boot_ = worker.boot_id();
      workload_term_ = worker.term();
      workload_.Adopt(i, options_.worker_count[i], worker.table());
    }
    workload_.Burst(worker.table());
    Wake(i, now_);
  }
}

void World::Sample() {
  sample_at_ = now_ + kSampleInterval;
  if (!is_checked_) return;
  Fail(ledger_.failure());
  Fail(bounded_.Check(now_, {nodes_[0].get(), nodes_[1].get()}, options_, pool_.used_count()));
  if (nodes_[0]->has_nonce_twice() || nodes_[1]->has_nonce_twice()) {
    Fail("nonce: a packet number was used two times under one key");
  }
  const int owner = Owner();
  if (owner >= 0 && node(1 - owner).is_up()) {
    Fail(CheckHonesty(now_, node(owner), node(1 - owner), ledger_));
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

// Eight bytes at a time: it runs over every byte that is sent.
void World::Trace(const Packet& packet) {
  std::uint64_t hash = trace_hash_ ^ static_cast<std::uint64_t>(now_.ns);
  const auto mix = [&hash](std::uint64_t word) {
    hash = (hash ^ word) * 0x9e37'79b9'7f4a'7c15u;
    hash ^= hash >> 32;
  };
  mix(static_cast<std::uint64_t>(packet.kind) << 32 | packet.bytes);
  if (packet.kind == PacketKind::kBeat) mix(packet.statement.term.value);
  std::size_t at = 0;
  for (; packet.kind == PacketKind::kFrame && at + 8 <= packet.bytes; at += 8) {
    std::uint64_t word;
    std::memcpy(&word, packet.data.data() + at, sizeof(word));
    mix(word);
  }
  for (; packet.kind == PacketKind::kFrame && at < packet.bytes; ++at) {
    mix(std::to_integer<std::uint64_t>(packet.data[at]));
  }
  trace_hash_ = hash;
}

}  // namespace sim
