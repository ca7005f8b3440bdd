// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

// Two role machines on a simulated pair of links: delay, loss, pauses, cuts, kills and restarts,
// switchovers. Checked at every tick: no two actives of one term; without cuts, never two that
// forward outside a switchover; after the faults end, exactly one active.

#include <array>
#include <map>
#include <memory>
#include <optional>
#include <random>
#include <string>

#include <gtest/gtest.h>

#include "statesync/role/role_machine.h"
#include "statesync/role/term_mark.h"

namespace statesync {
namespace {

constexpr Duration kTick = Micros(500);

struct Node {
  std::unique_ptr<RoleMachine> machine;  // Null: the process is dead.
  std::optional<TermMark> mark;          // Survives restarts.
  Instant paused_until{};
  Instant next_beat{};
  Instant restart_at{};
  Instant synced_at{};
  bool connected = false;  // Liveness connection to the peer.
};

struct Message {
  int to;
  HeartbeatPath path;
  Statement statement;
  std::optional<Instant> arrived;  // Waits in the socket of a paused process.
};

struct Faults {
  bool pauses = false;
  bool cuts = false;
  bool kills = false;
  bool switchovers = false;
  unsigned loss_percent = 0;
};

class PairSimulation {
 public:
  PairSimulation(std::uint64_t seed, const Faults& faults)
      : seed_(seed), faults_(faults), random_(seed) {
    for (int i = 0; i < 2; ++i) {
      nodes_[i].mark.emplace(Term{});
      Boot(i);
    }
  }

  void RunFor(Duration duration, bool with_faults) {
    const Instant end = now_ + duration;
    for (; now_ < end; now_ = now_ + kTick) {
      if (with_faults && random_() % 400 == 0) Inject();
      for (int i = 0; i < 2; ++i) Turn(i);
      Check();
      if (::testing::Test::HasFatalFailure()) return;
    }
  }
  void Heal() {
    cut_until_ = {};
    faults_.loss_percent = 0;
  }
  int active_count() const {
    int count = 0;
    for (const Node& node : nodes_) {
      count += node.machine != nullptr && node.machine->role() == Role::kActive ? 1 : 0;
    }
    return count;
  }
  std::uint64_t rejected() const {
    std::uint64_t count = 0;
    for (const Node& node : nodes_) count += node.machine ? node.machine->rejected_events() : 0;
    return count;
  }
  std::string Describe() const {
    std::string text =
        "seed " + std::to_string(seed_) + " at " + std::to_string(now_.ns / 1000) + " us:";
    for (const Node& node : nodes_) {
      text += node.machine == nullptr ? " dead"
                                      : " " + std::string(NameOf(node.machine->state())) + "/" +
                                            std::to_string(node.machine->term().value) + " until " +
                                            std::to_string(node.machine->forward_until().ns / 1000);
    }
    return text;
  }
  std::array<Node, 2> nodes_;
  int takeovers_ = 0;

 private:
  std::uint64_t Roll(std::uint64_t bound) { return random_() % bound; }

  void Boot(int index) {
    Node& node = nodes_[index];
    RoleOptions options;
    options.node = static_cast<NodeIndex>(index);
    options.priority = index == 0 ? 100 : 90;
    options.term_floor = node.mark->persisted();
    node.machine = std::make_unique<RoleMachine>(options, ++boot_, now_);
    node.next_beat = now_ + Micros(static_cast<std::int64_t>(Roll(10'000)));
    node.synced_at = now_ + Millis(200);
    node.paused_until = now_;
    Persist(index);
  }

  void Persist(int index) {
    Node& node = nodes_[index];
    const Term highest =
        std::max(node.machine->highest_term(),
                 node.mark->persisted().value == 0 ? Term{} : node.machine->highest_term());
    if (const std::optional<Term> wanted = node.mark->WriteWanted(highest)) {
      node.mark->OnWritten(*wanted);
    }
  }

  void Kill(int index) {
    Node& node = nodes_[index];
    node.machine.reset();
    node.restart_at =
        now_ + Micros(static_cast<std::int64_t>(Roll(2) == 0 ? 5'000 + Roll(20'000) : 2'000'000));
    if (nodes_[1 - index].machine != nullptr && nodes_[1 - index].connected) {
      closed_at_[1 - index] = now_ + Micros(static_cast<std::int64_t>(1'000 + Roll(2'000)));
    }
    nodes_[0].connected = nodes_[1].connected = false;
  }

  void Inject() {
    const int victim = static_cast<int>(Roll(2));
    Node& node = nodes_[victim];
    switch (Roll(4)) {
      case 0:
        if (faults_.pauses) {
          node.paused_until = now_ + Micros(static_cast<std::int64_t>(Roll(100'000)));
        }
        break;
      case 1:
        if (faults_.cuts) {
          cut_until_ = now_ + Micros(static_cast<std::int64_t>(Roll(300'000)));
        }
        break;
      case 2:
        if (faults_.kills && Roll(4) == 0 && nodes_[0].machine && nodes_[1].machine) Kill(victim);
        break;
      case 3:
        if (faults_.switchovers && node.machine != nullptr &&
            node.machine->RequestSwitchover(now_) == SwitchoverRefusal::kNone) {
          handover_until_ = now_ + Seconds(2);
        }
        break;
    }
  }

  void Turn(int index) {
    Node& node = nodes_[index];
    if (node.machine == nullptr) {
      if (now_ < node.restart_at) return;
      Boot(index);
    }
    if (now_ < node.paused_until) return;
    nodes_[0].connected = nodes_[1].connected =
        nodes_[0].machine != nullptr && nodes_[1].machine != nullptr && now_ >= cut_until_;
    Receive(index);
    RoleMachine& machine = *node.machine;
    machine.SetLocal(Ready(index) ? Readiness::kSynced : Readiness::kBulk, true);
    const RoleOutput output = machine.Step(now_);
    if (output.changed && output.action == RoleAction::kTake) ++takeovers_;
    if (output.beat_now || now_ >= node.next_beat) {
      const Statement statement = machine.own_statement();
      machine.OnBeatsSent(now_);
      node.next_beat = now_ + Millis(10);
      Send(1 - index, HeartbeatPath::kHa1, statement);
      Send(1 - index, HeartbeatPath::kHa2, statement);
    }
    Persist(index);
  }

  // The peer's tables take a while to arrive; nobody is synced alone.
  bool Ready(int index) const {
    return now_ >= nodes_[index].synced_at && nodes_[1 - index].machine != nullptr;
  }

  void Send(int to, HeartbeatPath path, const Statement& statement) {
    if (now_ < cut_until_ || Roll(100) < faults_.loss_percent) return;
    const Instant at = now_ + Micros(50 + static_cast<std::int64_t>(Roll(900)));
    queue_.emplace(at.ns, Message{to, path, statement, std::nullopt});
  }

  void Receive(int index) {
    RoleMachine& machine = *nodes_[index].machine;
    for (auto it = queue_.begin(); it != queue_.end() && it->first <= now_.ns;) {
      if (it->second.to != index) {
        ++it;
        continue;
      }
      const Statement& statement = it->second.statement;
      if (it->second.path == HeartbeatPath::kHa2) {
        machine.OnHa2Frame(Instant{it->first}, statement.node, statement.boot_id, statement.role,
                           statement.term);
      } else {
        machine.OnStatement(now_, it->second.path, statement);
      }
      it = queue_.erase(it);
    }
    if (closed_at_[index].has_value() && *closed_at_[index] <= now_) {
      machine.OnLivenessClosed(now_);
      closed_at_[index].reset();
    }
  }

  bool Forwarding(int index) const {
    const Node& node = nodes_[index];
    return node.machine != nullptr && now_ >= node.paused_until &&
           now_ < node.machine->forward_until();
  }

  void Check() {
    if (nodes_[0].machine != nullptr && nodes_[1].machine != nullptr &&
        nodes_[0].machine->role() == Role::kActive && nodes_[1].machine->role() == Role::kActive) {
      ASSERT_NE(nodes_[0].machine->term(), nodes_[1].machine->term()) << Describe();
    }
    if (faults_.cuts || faults_.loss_percent > 0 || now_ < handover_until_) return;
    // A joint election may see both take within one message delay; nothing else may.
    if (!Forwarding(0) || !Forwarding(1)) {
      both_since_.reset();
      return;
    }
    if (!both_since_.has_value()) both_since_ = now_;
    ASSERT_LE((now_ - *both_since_).ns, Millis(2).ns) << Describe();
    const auto elected = [](const Node& node) {
      return node.machine->last_take().cause == TakeCause::kElected ||
             node.machine->last_take().cause == TakeCause::kNewBootId;
    };
    ASSERT_TRUE(elected(nodes_[0]) || elected(nodes_[1])) << Describe();
  }

  std::uint64_t seed_;
  Faults faults_;
  std::mt19937_64 random_;
  Instant now_{Seconds(1).ns};
  BootId boot_ = 7'000;
  Instant cut_until_{};
  Instant handover_until_{};
  std::optional<Instant> both_since_;
  std::array<std::optional<Instant>, 2> closed_at_;
  std::multimap<std::int64_t, Message> queue_;
};

void RunSeeds(std::uint64_t first, std::uint64_t count, const Faults& faults) {
  int takeovers = 0;
  for (std::uint64_t seed = first; seed < first + count; ++seed) {
    PairSimulation pair(seed, faults);
    pair.RunFor(Seconds(2), false);
    ASSERT_EQ(pair.active_count(), 1) << pair.Describe();
    pair.RunFor(Seconds(8), true);
    if (::testing::Test::HasFatalFailure()) return;
    pair.Heal();
    pair.RunFor(Seconds(4), false);
    ASSERT_EQ(pair.active_count(), 1) << pair.Describe();
    ASSERT_EQ(pair.rejected(), 0u) << pair.Describe();
    takeovers += pair.takeovers_;
  }
  EXPECT_GT(takeovers, static_cast<int>(count)) << "the faults did nothing";
}

TEST(PairSimulation, BootsToOneActiveOfTheLargerPriority) {
  for (std::uint64_t seed = 1; seed <= 30; ++seed) {
    PairSimulation pair(seed, {});
    pair.RunFor(Seconds(2), false);
    EXPECT_EQ(pair.nodes_[0].machine->role(), Role::kActive) << pair.Describe();
    EXPECT_EQ(pair.nodes_[1].machine->role(), Role::kStandby) << pair.Describe();
  }
}

TEST(PairSimulation, PausesNeverMakeTwoForward) { RunSeeds(100, 25, {.pauses = true}); }

TEST(PairSimulation, KillsAndRestartsNeverMakeTwoForward) { RunSeeds(200, 25, {.kills = true}); }

TEST(PairSimulation, PausesAndKillsTogether) { RunSeeds(300, 25, {.pauses = true, .kills = true}); }

TEST(PairSimulation, CutsHealToOneActive) { RunSeeds(400, 25, {.cuts = true}); }

TEST(PairSimulation, EverythingAtOnceHealsToOneActive) {
  RunSeeds(500, 40,
           {.pauses = true, .cuts = true, .kills = true, .switchovers = true, .loss_percent = 20});
}

}  // namespace
}  // namespace statesync
