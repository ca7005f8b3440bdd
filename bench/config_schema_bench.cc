// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

// CPU time of a configuration as text and of the verdict on it, against the number of rules: JSON
// in, tree made, verdict (ours, libyang's), JSON out.

#include <benchmark/benchmark.h>

#include <algorithm>
#include <cstdlib>
#include <iostream>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "configsync/schema/auto_ids.h"
#include "configsync/schema/mistakes.h"
#include "configsync/schema/print_json.h"
#include "configsync/schema/read_json.h"
#include "configsync/schema/schema.h"

namespace {

using configsync::Schema;
using configsync::Tree;

const Schema& OurSchema() {
  static const std::unique_ptr<Schema> schema = [] {
    auto loaded = Schema::Load(LOCKSTEP_YANG_FOLDER);
    if (!loaded.ok()) {
      std::cerr << loaded.status() << "\n";
      std::exit(1);
    }
    return *std::move(loaded);
  }();
  return *schema;
}

// Nine values a rule; no ids. A configuration may have 65,535 rules, one for each id; a tree more.
std::string RulesJson(std::int64_t count) {
  std::string json =
      R"({"lockstep-zones:zones":{"zone":[{"name":"inside"},{"name":"outside"}]},)"
      R"("lockstep-objects:objects":{"address":[{"name":"web","prefix":"10.2.0.80/32"}]},)"
      R"("lockstep-policy:policy":{"rule":[)";
  for (std::int64_t i = 0; i < count; ++i) {
    absl::StrAppend(&json, i == 0 ? "" : ",", R"({"name":"rule-)", i,
                    R"(","description":"what rule )", i,
                    R"( is for","from-zone":"inside","to-zone":"outside","source":["10.)",
                    i / 65'536 % 256, ".", i / 256 % 256, ".", i % 256,
                    R"(/32"],"destination":["web"],"protocol":["tcp"],"destination-port":[")",
                    1 + i % 65'535, R"("],"action":"permit"})");
  }
  return json + "]}}";
}

Tree TreeOf(const std::string& json) {
  configsync::Problems problems;
  const auto edits = configsync::ReadJson(OurSchema(), json, {}, problems);
  auto tree = Tree(OurSchema().root(), {}).Apply(edits);
  if (!problems.empty() || !tree.ok()) std::abort();
  return *std::move(tree);
}

void BM_ReadJson(benchmark::State& state) {
  const std::string json = RulesJson(state.range(0));
  std::size_t edits = 0;
  for (auto _ : state) {
    configsync::Problems problems;
    edits = configsync::ReadJson(OurSchema(), json, {}, problems).size();
  }
  state.counters["bytes"] = static_cast<double>(json.size());
  state.counters["edits"] = static_cast<double>(edits);
}
BENCHMARK(BM_ReadJson)->Arg(1'000)->Arg(100'000)->Unit(benchmark::kMillisecond);

void BM_ReadJsonAndMakeTree(benchmark::State& state) {
  const std::string json = RulesJson(state.range(0));
  for (auto _ : state) benchmark::DoNotOptimize(TreeOf(json).hash());
}
BENCHMARK(BM_ReadJsonAndMakeTree)->Arg(1'000)->Arg(100'000)->Unit(benchmark::kMillisecond);

void BM_PrintJson(benchmark::State& state) {
  const Tree tree = TreeOf(RulesJson(state.range(0)));
  for (auto _ : state) benchmark::DoNotOptimize(configsync::JsonText(tree, {.pretty = false}));
}
BENCHMARK(BM_PrintJson)->Arg(1'000)->Arg(100'000)->Unit(benchmark::kMillisecond);

// Counters: milliseconds of CPU of one verdict.
void BM_Judge(benchmark::State& state) {
  const Tree tree = TreeOf(RulesJson(state.range(0)));
  Schema::JudgeCost cost;
  std::int64_t own_us = 0;  // Of the first one: the next find nothing changed.
  for (auto _ : state) {
    configsync::Problems problems;
    cost = OurSchema().Judge(tree, problems);
    own_us = std::max(own_us, cost.own_cpu_us);
    if (!problems.empty()) std::abort();
  }
  state.counters["own_ms"] = static_cast<double>(own_us) / 1000;
  state.counters["libyang_ms"] = static_cast<double>(cost.libyang_cpu_us) / 1000;
}
BENCHMARK(BM_Judge)->Arg(1'000)->Arg(65'535)->Unit(benchmark::kMillisecond);

// One rule of many was changed: what a commit pays for our passes before libyang.
void BM_JudgeOneRule(benchmark::State& state) {
  const Tree tree = TreeOf(RulesJson(state.range(0)));
  const configsync::SchemaNode* policy = OurSchema().Find("/policy");
  const configsync::SchemaNode* rule = OurSchema().Find("/policy/rule");
  const configsync::Path entry{{policy, {}}, {rule, {"rule-5"}}};
  configsync::Path action = entry;
  action.push_back({rule->Child("action"), {}});
  const std::vector<configsync::Edit> edits{
      {configsync::EditOp::kSet, action, "deny", std::nullopt}};
  const auto changed = tree.Apply(edits);
  if (!changed.ok()) std::abort();
  configsync::MistakeFinder finder;
  configsync::Problems problems;
  finder.Find(tree, problems);
  bool forth = true;
  for (auto _ : state) {
    finder.Find(forth ? *changed : tree, problems);
    forth = !forth;
  }
  if (!problems.empty()) std::abort();
}
BENCHMARK(BM_JudgeOneRule)->Arg(1'000)->Arg(65'534)->Unit(benchmark::kMillisecond);

// One rule was added, and gets its number.
void BM_IdOfOneRule(benchmark::State& state) {
  const Tree tree = TreeOf(RulesJson(state.range(0)));
  configsync::Problems problems;
  const Tree empty(OurSchema().root(), {});
  const auto running = tree.Apply(configsync::MissingIds(empty, tree, problems));
  const configsync::SchemaNode* rule = OurSchema().Find("/policy/rule");
  const std::vector<configsync::Edit> edits{
      {configsync::EditOp::kSet, {{rule->parent, {}}, {rule, {"rule-new"}}}, "", std::nullopt}};
  const auto changed = running->Apply(edits);
  for (auto _ : state) {
    benchmark::DoNotOptimize(configsync::MissingIds(*running, *changed, problems));
  }
}
BENCHMARK(BM_IdOfOneRule)->Arg(1'000)->Arg(50'000)->Unit(benchmark::kMillisecond);

}  // namespace

BENCHMARK_MAIN();
