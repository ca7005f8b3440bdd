// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

#include "tests/sim/swarm.h"

namespace sim {
namespace {

std::string Counters(World& world) {
  std::string text;
  for (int i = 0; i < 2; ++i) {
    if (!world.node(i).is_up()) continue;
    const auto& status = world.Status(i);
    text += "node " + std::to_string(i) + ": acked " + std::to_string(status.last_frame_acked);
    const auto values = statesync::ValuesOf(status.counters);
    for (std::size_t c = 0; c < values.size(); ++c) {
      if (values[c] == 0) continue;
      text +=
          ", " + std::string(statesync::kEngineCounterNames[c]) + ' ' + std::to_string(values[c]);
    }
    for (std::size_t t = 0; t < status.table_count; ++t) {
      const statesync::ShardMismatches& mismatches = status.tables[t].mismatches;
      if (mismatches.found == 0) continue;
      text += ", mismatched shards " + std::to_string(mismatches.found) + " (open " +
              std::to_string(mismatches.open) + ", the last " + std::to_string(mismatches.shard) +
              ')';
    }
    text += '\n';
  }
  return text;
}

}  // namespace

RunResult RunOnce(const RunPlan& plan, bool wants_counters) {
  const statesync::SimBug before = statesync::sim_hooks.bug;
  statesync::sim_hooks.bug = plan.bug;
  const WorldOptions options = DrawOptions(plan.seed, plan.profile);
  RunResult result;
  {
    World world(options);
    const statesync::Instant begin = world.now();
    world.Boot(0);
    world.Boot(1);
    world.SetFaults(true);
    world.RunFor(statesync::Millis(plan.millis));
    if (world.failure().empty()) (void)world.RunUntilQuiet();
    result.failure = world.failure();
    result.trace_hash = world.trace_hash();
    result.changes = world.workload().change_count();
    result.virtual_seconds = static_cast<double>((world.now() - begin).ns) / 1e9;
    if (wants_counters) result.counters = Counters(world);
  }
  statesync::sim_hooks.bug = before;
  return result;
}

std::string ReplayCommand(const RunPlan& plan) {
  std::string text =
      "simrun --seed " + std::to_string(plan.seed) + " --millis " + std::to_string(plan.millis);
  if (plan.profile != Profile::kAll) text += " --profile " + std::string(NameOf(plan.profile));
  if (plan.bug != statesync::SimBug::none) text += " --bug " + std::string(NameOf(plan.bug));
  return text;
}

bool BugOf(std::string_view name, statesync::SimBug& bug) {
  for (std::size_t i = 0; i < statesync::kSimBugs.size(); ++i) {
    if (statesync::kSimBugs[i].name != name) continue;
    bug = static_cast<statesync::SimBug>(i + 1);
    return true;
  }
  return false;
}

std::string_view NameOf(statesync::SimBug bug) {
  return bug == statesync::SimBug::none
             ? std::string_view("none")
             : statesync::kSimBugs[static_cast<std::size_t>(bug) - 1].name;
}

}  // namespace sim
