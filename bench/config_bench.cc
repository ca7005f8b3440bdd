// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

// What a commit costs in the tree, with many rules of nine nodes: /1000 /100000. Times are CPU time
// of this thread. libyang's verdict is not in here.

#include <malloc.h>
#include <time.h>

#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "bench/config_load.h"
#include "benchmark/benchmark.h"
#include "configsync/tree/edit_codec.h"
#include "configsync/tree/merge.h"
#include "configsync/tree/project.h"
#include "configsync/tree/references.h"

namespace bench {
namespace {

using configsync::Change;
using configsync::ClassSelector;
using configsync::Edit;
using configsync::Mode;
using configsync::Node;
using configsync::Problems;
using configsync::Projector;
using configsync::ReferenceIndex;
using configsync::Tree;

double ThreadMillis() {
  timespec now{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) * 1e3 + static_cast<double>(now.tv_nsec) * 1e-6;
}

std::size_t BytesInUse() {
  const struct mallinfo2 info = mallinfo2();
  return info.uordblks + info.hblkhd;
}

ConfigLoad& Load() {
  static ConfigLoad load;
  return load;
}

const Tree& TreeOf(std::size_t rule_count) {
  static std::map<std::size_t, Tree> trees;
  const auto found = trees.find(rule_count);
  if (found != trees.end()) return found->second;
  return trees.emplace(rule_count, Load().Make(rule_count)).first->second;
}

ClassSelector Classes() {
  return {Load().root(), Mode::kActivePassive, [](std::string_view) { return true; }};
}

std::size_t CountNodes(const Node& node) {
  std::size_t count = 1;
  for (const configsync::NodePtr& child : node.children()) count += CountNodes(*child);
  node.VisitEntries([&](const Node& entry) {
    count += CountNodes(entry);
    return true;
  });
  return count;
}

// All malloc has given out for it, its own overhead included.
void Build(benchmark::State& state) {
  const auto rule_count = static_cast<std::size_t>(state.range(0));
  const std::vector<Edit> edits = Load().EditsOfRules(rule_count);
  const Tree empty(Load().root(), configsync::SecretKey{});
  double bytes = 0;
  std::size_t node_count = 1;
  for (auto _ : state) {
    const std::size_t before = BytesInUse();
    const Tree tree = empty.Apply(edits).value();
    bytes = static_cast<double>(BytesInUse() - before);
    state.PauseTiming();
    node_count = CountNodes(tree.root());
    state.ResumeTiming();
  }
  state.counters["nodes"] = static_cast<double>(node_count);
  state.counters["bytes_per_node"] = bytes / static_cast<double>(node_count);
}

// One commit after another: each part's share, and their sum.
void Commit(benchmark::State& state, Edit (ConfigLoad::*edit_of)(std::size_t)) {
  const auto rule_count = static_cast<std::size_t>(state.range(0));
  Tree running = TreeOf(rule_count);
  ReferenceIndex references(running);
  Projector projector{Classes()};
  (void)projector.Project(running);
  double apply_ms = 0;
  double diff_ms = 0;
  double project_ms = 0;
  double references_ms = 0;
  double worst_ms = 0;
  for (auto _ : state) {
    const std::vector<Edit> edits = {(Load().*edit_of)(rule_count)};
    const double start = ThreadMillis();
    Tree next = running.Apply(edits).value();
    const double applied = ThreadMillis();
    benchmark::DoNotOptimize(Diff(running, next));
    const double compared = ThreadMillis();
    benchmark::DoNotOptimize(projector.Project(next).hash());
    const double projected = ThreadMillis();
    references.MoveTo(next);
    Problems problems;
    references.Check(problems);
    const double end = ThreadMillis();
    if (!problems.empty()) state.SkipWithError("a reference has no target");
    apply_ms += applied - start;
    diff_ms += compared - applied;
    project_ms += projected - compared;
    references_ms += end - projected;
    worst_ms = std::max(worst_ms, end - start);
    running = std::move(next);
  }
  const auto mean = benchmark::Counter::kAvgIterations;
  state.counters["apply_ms"] = benchmark::Counter(apply_ms, mean);
  state.counters["diff_ms"] = benchmark::Counter(diff_ms, mean);
  state.counters["project_ms"] = benchmark::Counter(project_ms, mean);
  state.counters["references_ms"] = benchmark::Counter(references_ms, mean);
  state.counters["worst_ms"] = worst_ms;
}

void FirstProjection(benchmark::State& state) {
  const Tree& tree = TreeOf(static_cast<std::size_t>(state.range(0)));
  for (auto _ : state) {
    Projector projector{Classes()};
    benchmark::DoNotOptimize(projector.Project(tree).hash());
  }
}

void WholeReferenceCheck(benchmark::State& state) {
  const Tree& tree = TreeOf(static_cast<std::size_t>(state.range(0)));
  for (auto _ : state) {
    Problems problems;
    ReferenceIndex(tree).Check(problems);
    if (!problems.empty()) state.SkipWithError("a reference has no target");
  }
}

void VisitAll(benchmark::State& state) {
  const Tree& tree = TreeOf(static_cast<std::size_t>(state.range(0)));
  for (auto _ : state) benchmark::DoNotOptimize(CountNodes(tree.root()));
}

// Both sides changed a rule, and each made one.
void MergeTwoSides(benchmark::State& state) {
  const auto rule_count = static_cast<std::size_t>(state.range(0));
  const Tree& base = TreeOf(rule_count);
  for (auto _ : state) {
    state.PauseTiming();
    const auto side = [&] {
      const std::vector<Edit> edits = {Load().ChangeOfARule(rule_count),
                                       Load().NewRule(rule_count)};
      return base.Apply(edits).value();
    };
    const Tree mine = side();
    const Tree theirs = side();
    state.ResumeTiming();
    benchmark::DoNotOptimize(Merge(base, mine, theirs).tree.hash());
  }
}

void StoreAndReadAll(benchmark::State& state) {
  const Tree& tree = TreeOf(static_cast<std::size_t>(state.range(0)));
  const Tree empty(Load().root(), configsync::SecretKey{});
  std::size_t bytes = 0;
  for (auto _ : state) {
    const std::string text = configsync::EncodeEdits(EditsOf(Diff(empty, tree)));
    bytes = text.size();
    const Tree again = empty.Apply(configsync::DecodeEdits(text, Load().root()).value()).value();
    if (again != tree) state.SkipWithError("it came back as something else");
  }
  state.counters["text_bytes"] = static_cast<double>(bytes);
}

void Sizes(benchmark::internal::Benchmark* benchmark) {
  benchmark->Arg(1'000)->Arg(100'000)->Unit(benchmark::kMillisecond);
}

BENCHMARK(Build)->Apply(Sizes);
BENCHMARK_CAPTURE(Commit, ChangedRule, &ConfigLoad::ChangeOfARule)->Apply(Sizes);
BENCHMARK_CAPTURE(Commit, NewRule, &ConfigLoad::NewRule)->Apply(Sizes);
BENCHMARK_CAPTURE(Commit, MovedRule, &ConfigLoad::MoveOfARule)->Apply(Sizes);
BENCHMARK(MergeTwoSides)->Apply(Sizes);
BENCHMARK(FirstProjection)->Apply(Sizes);
BENCHMARK(WholeReferenceCheck)->Apply(Sizes);
BENCHMARK(VisitAll)->Apply(Sizes);
BENCHMARK(StoreAndReadAll)->Apply(Sizes);

}  // namespace
}  // namespace bench

BENCHMARK_MAIN();
