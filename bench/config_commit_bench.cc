// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

// A commit of one changed rule among many, by the engine with our modules and the store on the
// disk. Counters: CPU of difference, hashes, ids, references and our passes; of libyang; and of
// everything, with the store; all in milliseconds, of one commit.

#include <benchmark/benchmark.h>

#include <cstdlib>
#include <ctime>
#include <filesystem>
#include <iostream>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "configsync/engine/engine.h"
#include "configsync/engine/schema_judge.h"
#include "configsync/store/sqlite_store.h"

namespace {

namespace cs = configsync;

const cs::Operator kBy = {.user_id = 1, .name = "bench"};

class NoDataplane final : public cs::Dataplane {
 public:
  cs::SessionEffect Plan(const cs::Tree&, cs::Problems&) override { return {}; }
  cs::FollowStatus Follow(cs::RevisionId, const cs::Tree&) override { return {}; }
  cs::FollowStatus status() const override { return {}; }
};

void Check(const absl::Status& status) {
  if (status.ok()) return;
  std::cerr << status << "\n";
  std::exit(1);
}

void Check(const cs::Problems& problems) {
  if (problems.empty()) return;
  std::cerr << problems.list[0].path << ": " << problems.list[0].text << "\n";
  std::exit(1);
}

std::string RulesJson(std::int64_t count) {
  std::string json = R"({"zones":{"zone":[{"name":"inside"},{"name":"outside"}]},)"
                     R"("policy":{"rule":[)";
  for (std::int64_t i = 0; i < count; ++i) {
    absl::StrAppend(&json, i == 0 ? "" : ",", R"({"name":"rule-)", i,
                    R"(","from-zone":"inside","to-zone":"outside","source":["10.)",
                    i / 65'536 % 256, ".", i / 256 % 256, ".", i % 256,
                    R"(/32"],"protocol":["tcp"],"destination-port":[")", 1 + i % 65'535,
                    R"("],"action":"permit"})");
  }
  return json + "]}}";
}

// A node with that many rules in force.
class Node {
 public:
  explicit Node(std::int64_t rules) {
    std::string pattern = std::filesystem::temp_directory_path() / "config-commit-XXXXXX";
    folder_ = mkdtemp(pattern.data());
    auto schema = cs::Schema::Load(LOCKSTEP_YANG_FOLDER);
    Check(schema.status());
    schema_ = *std::move(schema);
    judge_ = std::make_unique<cs::SchemaJudge>(*schema_);
    Start();
    Check(engine_->LoadCandidate(kBy, RulesJson(rules), true));
    Check(engine_->Commit(kBy, {}).problems);
  }
  ~Node() { std::filesystem::remove_all(folder_); }

  void Start() {
    engine_.reset();
    store_.reset();
    cs::StoreOptions options;
    options.folder = folder_;
    auto store = cs::OpenStore(options, schema_->root());
    Check(store.status());
    store_ = *std::move(store);
    auto engine = cs::ConfigEngine::Start({.judge = judge_.get(),
                                           .store = store_.get(),
                                           .dataplane = &dataplane_,
                                           .clock = clock_.get(),
                                           .boot_id = "bench"});
    Check(engine.status());
    engine_ = *std::move(engine);
  }

  cs::CommitOutcome CommitOneRule(std::int64_t rule, bool is_permitted) {
    const cs::SchemaNode* const list = schema_->Find("/policy/rule");
    cs::Edit edit;
    edit.path = {
        {list->parent, {}}, {list, {absl::StrCat("rule-", rule)}}, {list->Child("action"), {}}};
    edit.value = is_permitted ? "permit" : "deny";
    Check(engine_->EditCandidate(kBy, {edit}));
    return engine_->Commit(kBy, {});
  }

 private:
  std::string folder_;
  std::unique_ptr<cs::Schema> schema_;
  std::unique_ptr<cs::SchemaJudge> judge_;
  std::unique_ptr<cs::Clock> clock_ = cs::SystemClock();
  NoDataplane dataplane_;
  std::unique_ptr<cs::Store> store_;
  std::unique_ptr<cs::ConfigEngine> engine_;
};

double ThreadCpuMs() {
  timespec now{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) * 1e3 + static_cast<double>(now.tv_nsec) / 1e6;
}

void BM_CommitOneRule(benchmark::State& state) {
  Node node(state.range(0));
  double difference_ms = 0, libyang_ms = 0, rest_ms = 0, commits = 0;
  std::int64_t rule = state.range(0) / 2;
  bool is_permitted = false;
  for (auto _ : state) {
    const double begin = ThreadCpuMs();
    const cs::CommitOutcome outcome = node.CommitOneRule(rule, is_permitted);
    Check(outcome.problems);
    const double all_ms = ThreadCpuMs() - begin;
    const double ours = static_cast<double>(outcome.difference_cpu_us) / 1e3;
    const double theirs = static_cast<double>(outcome.validation_cpu_us) / 1e3;
    difference_ms += ours;
    libyang_ms += theirs;
    rest_ms += all_ms - ours - theirs;
    ++commits;
    is_permitted = !is_permitted;
  }
  state.counters["difference_ms"] = difference_ms / commits;
  state.counters["libyang_ms"] = libyang_ms / commits;
  state.counters["store_and_rest_ms"] = rest_ms / commits;
}
// The dataplane's rule numbers end at 65,535.
BENCHMARK(BM_CommitOneRule)->Arg(1'000)->Arg(60'000)->Unit(benchmark::kMillisecond)->Iterations(10);

void BM_Restart(benchmark::State& state) {
  Node node(state.range(0));
  for (auto _ : state) node.Start();
}
BENCHMARK(BM_Restart)->Arg(1'000)->Arg(60'000)->Unit(benchmark::kMillisecond)->Iterations(3);

}  // namespace

BENCHMARK_MAIN();
