// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

#include "tests/sim/pair/runs.h"

#include <vector>

namespace configsync {
namespace {

constexpr std::uint64_t kPointsToKill = 120;
constexpr int kActsOfKill = 12;
constexpr std::uint64_t kSeedsWithoutRoles = 5;  // One of so many.

const std::vector<std::string_view> kObjects = {"objects"};
const std::vector<std::string_view> kBoth = {"objects", "firewall"};
const std::vector<std::string_view> kAll = {"objects", "firewall", "zones"};

// One thing after the other; what comes of it is the checkers' business.
class Actor {
 public:
  Actor(PairWorld& world, RunResult& result) : world_(world), result_(result) {}

  void Draw() {
    sim::Random& random = world_.random();
    const int anybody =
        static_cast<int>(random.Below(static_cast<std::uint64_t>(world_.node_count())));
    const int operated = random.OneIn(8) ? anybody : world_.active();
    switch (random.Below(20)) {
      case 0:
        DrawLinks();
        break;
      case 1:
        DrawNode(anybody);
        break;
      case 2:
        DrawManual(operated);
        break;
      case 3:
        DrawSettings(operated);
        break;
      case 4:
        world_.Confirm(random.OneIn(3) ? anybody : operated);
        break;
      case 5:
        if (random.OneIn(4)) {
          world_.Trace("failover to " + world_.node(anybody).name);
          world_.Failover(anybody);
        }
        break;
      case 6:
        world_.Pass(random.Between(250, 8'000));
        break;
      case 7:
        DrawOwn(anybody);
        break;
      case 8:
        if (random.OneIn(3)) {
          const bool is_reboot = random.OneIn(2);
          world_.Trace((is_reboot ? "reboots: " : "killed: ") + world_.node(anybody).name);
          is_reboot ? world_.Reboot(anybody) : world_.Restart(anybody);
        }
        break;
      case 9:
      case 10:
      case 11:
        world_.Pass(250 * random.Between(1, 6));
        break;
      default:
        DrawCommit(operated);
        break;
    }
  }

  void DrawCommit(int node) {
    sim::Random& random = world_.random();
    CommitOptions options;
    options.check_only = random.OneIn(12);
    options.save = random.OneIn(4);
    if (random.OneIn(6)) {
      options.confirm_within_s = static_cast<std::uint32_t>(random.Between(1, 15));
    }
    const auto& categories = random.OneIn(2) ? kObjects : random.OneIn(2) ? kBoth : kAll;
    Count(world_.Commit(node, categories, options));
    if (options.confirm_within_s.has_value() && random.OneIn(4)) {
      const int other = (node + 1) % world_.node_count();
      world_.Trace("failover to " + world_.node(other).name);
      world_.Failover(other);
    }
  }

  void DrawOwn(int node) {
    const Content& content = world_.content();
    const std::string value = std::string(kOwnMark) + std::to_string(world_.random().Below(100));
    if (world_.random().OneIn(2)) {
      Count(world_.CommitEdits(node, {content.Set("system location", value)}));
      return;
    }
    const std::string secret =
        std::string(kSecretMark) + std::to_string(world_.random().Below(100));
    Count(world_.CommitEdits(
        world_.active(),
        {content.Set("system location", value), content.Set("users user ann password", secret),
         content.Set("objects address used prefix", "10.0.0.0/8"),
         content.Set("policy rule uses source used"),
         content.Set("policy rule uses action", "allow")}));
  }

 private:
  void Count(const CommitOutcome& outcome) {
    if (outcome.committed) ++result_.commits;
    if (!outcome.problems.list.empty()) ++result_.refused;
  }

  void DrawLinks() {
    sim::Random& random = world_.random();
    const auto chance = [&] {
      return random.OneIn(3) ? static_cast<std::uint32_t>(random.Below(200'000)) : 0;
    };
    LinkFaults faults;
    faults.lose_request = chance();
    faults.lose_answer = chance();
    faults.twice = chance();
    faults.replay = chance();
    faults.garbage = random.OneIn(3) ? chance() : 0;
    faults.lie = random.OneIn(4) ? chance() : 0;
    if (random.OneIn(3)) faults = {};
    world_.link_faults = faults;
    const std::pair<int, int> pair = {0, 1};
    if (!world_.cuts.erase(pair) && random.OneIn(2)) world_.cuts.insert(pair);
    world_.Trace(world_.cuts.empty() ? "links are faulty" : "the link is cut");
  }

  void DrawNode(int node) {
    sim::Random& random = world_.random();
    PairNode& each = world_.node(node);
    switch (random.Below(6)) {
      case 0:
        each.dataplane.refuses_plan = random.OneIn(2);
        break;
      case 1:
        each.judge.refuses_firewall = random.OneIn(2);
        break;
      case 2:
        each.store.SetFull(random.OneIn(2));
        break;
      case 3:
        each.facts.facts.features["vsys"] = random.OneIn(2);
        break;
      case 4:
        if (each.is_running()) {
          (void)each.engine->Lock({.user_id = 2, .name = "bob"}, 20);
        }
        break;
      default:
        if (each.is_running()) {
          (void)each.sync->Pin({.user_id = 1, .name = "ann"}, random.OneIn(3));
        }
        break;
    }
    world_.Trace("something with " + each.name);
    if (each.is_dying) world_.Restart(node);
  }

  void DrawManual(int node) {
    sim::Random& random = world_.random();
    constexpr ManualKind kKinds[] = {ManualKind::kPush, ManualKind::kOverwrite, ManualKind::kAdopt,
                                     ManualKind::kMerge};
    ManualOptions options;
    options.kind = kKinds[random.Below(4)];
    options.preview = random.OneIn(5);
    options.prefer = random.OneIn(2) ? Prefer::kMine : Prefer::kTheirs;
    (void)world_.Manual(node, options);
  }

  void DrawSettings(int node) {
    sim::Random& random = world_.random();
    constexpr std::string_view kPolicies[] = {"strict", "best-effort", "deferred"};
    constexpr std::string_view kPushes[] = {"on-commit", "on-commit", "by-category", "manual"};
    const std::string top = "ha configuration-synchronization ";
    Count(world_.CommitEdits(
        node, {random.OneIn(2) ? world_.content().Set(top + "policy", kPolicies[random.Below(3)])
                               : world_.content().Set(top + "push", kPushes[random.Below(4)])}));
  }

  PairWorld& world_;
  RunResult& result_;
};

// Every kind of act once, in an order in which each matters.
void TellStory(PairWorld& world, RunResult& result) {
  const Content& content = world.content();
  const auto commit = [&](int node, const std::vector<std::string_view>& categories,
                          CommitOptions options = {}) {
    if (world.Commit(node, categories, options).committed) ++result.commits;
  };
  CommitOptions soon;
  soon.confirm_within_s = 5;
  world.Pass(1'000);
  commit(0, kAll);
  world.Pass(500);
  commit(0, kObjects);
  world.Pass(250);
  commit(0, kBoth, soon);
  world.Confirm(0);
  world.Pass(500);
  commit(0, kObjects, soon);
  world.Pass(6'000);
  world.cuts.insert({0, 1});
  for (int i = 0; i < 3; ++i) commit(0, kBoth);
  world.Pass(1'000);
  world.cuts.clear();
  world.Pass(3'000);
  (void)world.CommitEdits(1, {content.Set("system location", "own-there")});
  commit(0, kObjects, soon);
  world.Failover(1);
  world.Pass(8'000);
  commit(1, kAll);
  world.Pass(1'000);
  world.cuts.insert({0, 1});
  world.Failover(0);
  commit(0, kObjects);
  world.Failover(1);
  commit(1, kObjects);
  world.cuts.clear();
  world.Pass(3'000);
  ManualOptions merge;
  merge.kind = ManualKind::kMerge;
  merge.prefer = Prefer::kMine;
  (void)world.Manual(1, merge);
  world.Pass(1'000);
  commit(1, kBoth);
}

void Close(PairWorld& world, RunResult& result) {
  world.Settle();
  result.kills = world.kills();
  for (int i = 0; i < world.node_count(); ++i) result.pushes += world.ledger().pushes(i);
  result.failure = world.failure();
  if (!result.failure.empty()) result.trace = world.trace();
}

}  // namespace

RunResult RunRandom(std::uint64_t seed, std::uint64_t kills, Plant plant) {
  RunResult result;
  PairWorld world({.seed = seed, .has_roles = seed % kSeedsWithoutRoles != 0, .plant = plant});
  Actor actor(world, result);
  world.Pass(1'000);
  while (world.kills() < kills && world.failure().empty()) {
    world.KillAt(1 + world.random().Below(kPointsToKill));
    for (int i = 0; i < kActsOfKill && world.failure().empty(); ++i) actor.Draw();
    // Nobody may have come by the point; then the next dozen of acts has its own.
    if (world.random().OneIn(6)) {
      world.Settle();
      if (world.DecideAll()) ++result.healed;
    }
  }
  Close(world, result);
  return result;
}

RunResult RunStory(std::uint64_t seed, std::uint64_t point, Plant plant) {
  RunResult result;
  PairWorld world({.seed = seed, .plant = plant});
  world.KillAt(point);
  TellStory(world, result);
  result.is_over = world.kills() == 0;
  Close(world, result);
  return result;
}

RunResult RunRing(std::uint64_t seed, std::uint64_t commits) {
  RunResult result;
  PairWorld world({.seed = seed, .node_count = 3, .is_ring = true, .has_roles = false});
  world.Pass(3'000);
  std::uint64_t before[3];
  for (int i = 0; i < 3; ++i) before[i] = world.ledger().pushes(i);
  for (std::uint64_t i = 0; i < commits && world.failure().empty(); ++i) {
    if (world.Commit(0, kAll).committed) ++result.commits;
    world.Pass(250 * world.random().Between(0, 4));
  }
  Close(world, result);
  for (int i = 0; i < 3; ++i) {
    const std::uint64_t pushes = world.ledger().pushes(i) - before[i];
    if (result.failure.empty() && pushes > result.commits) {
      result.failure = "node " + world.node(i).name + " took " + std::to_string(pushes) +
                       " pushes of " + std::to_string(result.commits) + " commits";
    }
  }
  return result;
}

}  // namespace configsync
