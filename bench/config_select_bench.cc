// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

// What it costs to know what travels after one rule of many has changed, with our modules:
// selection with dependencies, part, and what waits. CPU time of this thread.

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "benchmark/benchmark.h"
#include "configsync/schema/schema.h"
#include "configsync/select/selection.h"

namespace bench {
namespace {

using configsync::Edit;
using configsync::EditOp;
using configsync::Path;
using configsync::Schema;
using configsync::Selection;
using configsync::SelectionMaker;
using configsync::Tree;

constexpr std::size_t kAddresses = 1'000;

const Schema& TheSchema() {
  static const std::unique_ptr<Schema> schema = *Schema::Load(LOCKSTEP_YANG_FOLDER);
  return *schema;
}

// Keys in the order of the lists on the way.
Edit Set(const std::string& schema_path, std::vector<std::string> keys, std::string value = "") {
  Path path;
  for (const configsync::SchemaNode* node = TheSchema().Find(schema_path); node->parent != nullptr;
       node = node->parent) {
    path.insert(path.begin(), {node, {}});
  }
  std::size_t next = 0;
  for (configsync::PathStep& step : path) {
    const bool has_key = step.node->is_list() || step.node->kind == configsync::NodeKind::kLeafList;
    if (has_key && next < keys.size()) step.keys = {keys[next++]};
  }
  return {EditOp::kSet, std::move(path), std::move(value), {}};
}

std::string RuleName(std::size_t i) { return "rule-" + std::to_string(i); }
std::string AddressName(std::size_t i) { return "host-" + std::to_string(i % kAddresses); }

enum class Settings : int { kEverything, kFirewallOnly, kMapWithout };

Tree Make(std::size_t rule_count, Settings settings) {
  std::vector<Edit> edits;
  for (std::size_t i = 0; i < kAddresses; ++i) {
    edits.push_back(Set("/objects/address/prefix", {AddressName(i)}, "10.0.0.0/8"));
  }
  for (std::size_t i = 0; i < rule_count; ++i) {
    edits.push_back(Set("/policy/rule/source", {RuleName(i), AddressName(i)}));
    edits.push_back(Set("/policy/rule/action", {RuleName(i)}, "permit"));
    edits.push_back(Set("/policy/rule/description", {RuleName(i)}, "none"));
  }
  const std::string sync = "/ha/configuration-synchronization";
  edits.push_back(Set(sync + "/remote/address", {"b"}, "10.9.1.2"));
  if (settings == Settings::kFirewallOnly) {
    for (const std::string& name : TheSchema().Find(sync + "/category/name")->values) {
      if (name != "firewall") edits.push_back(Set(sync + "/category/enabled", {name}, "false"));
    }
  } else if (settings == Settings::kMapWithout) {
    edits.push_back(Set(sync + "/remote/map", {"b"}, "m"));
    edits.push_back(Set(sync + "/map/rule/action", {"m", "10"}, "include"));
    edits.push_back(Set(sync + "/map/rule/location", {"m", "10"}, "/"));
    edits.push_back(Set(sync + "/map/rule/action", {"m", "20"}, "exclude"));
    edits.push_back(Set(sync + "/map/rule/location", {"m", "20"}, "/policy/rule[name='rule-7']"));
  }
  return *Tree(TheSchema().root(), configsync::SecretKey{}).Apply(edits);
}

// One commit after another.
void OneRule(benchmark::State& state, Settings settings) {
  Tree running = Make(static_cast<std::size_t>(state.range(0)), settings);
  SelectionMaker maker("b");
  Selection selection(maker.SpecFor(running, running, {}), TheSchema().root());
  benchmark::DoNotOptimize(selection.PartOf(running).hash());
  std::size_t i = 0;
  for (auto _ : state) {
    state.PauseTiming();
    const std::string rule = RuleName(++i * 7'919 % static_cast<std::size_t>(state.range(0)));
    running = *running.Apply(
        std::vector<Edit>{Set("/policy/rule/description", {rule}, "change " + std::to_string(i))});
    state.ResumeTiming();
    benchmark::DoNotOptimize(maker.SpecFor(running, running, {}).dependencies.size());
    benchmark::DoNotOptimize(selection.PartOf(running).hash());
  }
}

// The first time, and after another selection.
void FromNothing(benchmark::State& state, Settings settings) {
  const Tree running = Make(static_cast<std::size_t>(state.range(0)), settings);
  for (auto _ : state) {
    SelectionMaker maker("b");
    Selection selection(maker.SpecFor(running, running, {}), TheSchema().root());
    benchmark::DoNotOptimize(selection.PartOf(running).hash());
  }
}

void Held(benchmark::State& state) {
  const Tree held = Make(static_cast<std::size_t>(state.range(0)), Settings::kEverything);
  const Tree running =
      *held.Apply(std::vector<Edit>{Set("/policy/rule/description", {RuleName(5)}, "changed")});
  for (auto _ : state) {
    benchmark::DoNotOptimize(
        WithHeld(running, {"dhcp", "firewall", "nat", "virtual-addresses"}, held).hash());
  }
}

BENCHMARK_CAPTURE(OneRule, Everything, Settings::kEverything)->Arg(1'000)->Arg(100'000);
BENCHMARK_CAPTURE(OneRule, FirewallOnly, Settings::kFirewallOnly)->Arg(1'000)->Arg(100'000);
BENCHMARK_CAPTURE(OneRule, MapWithoutARule, Settings::kMapWithout)->Arg(1'000)->Arg(100'000);
BENCHMARK_CAPTURE(FromNothing, Everything, Settings::kEverything)->Arg(1'000)->Arg(100'000);
BENCHMARK_CAPTURE(FromNothing, FirewallOnly, Settings::kFirewallOnly)->Arg(1'000)->Arg(100'000);
BENCHMARK_CAPTURE(FromNothing, MapWithoutARule, Settings::kMapWithout)->Arg(1'000)->Arg(100'000);
BENCHMARK(Held)->Arg(1'000)->Arg(100'000);

}  // namespace
}  // namespace bench

BENCHMARK_MAIN();
