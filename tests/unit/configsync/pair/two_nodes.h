// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

// Nodes in one process: engine, store in memory, and PairSync, with links that are calls. Calls can
// be lost before or behind the other node, counted, and changed on their way.
//
// Threads: one; with Wire::is_threaded, those of PairSync for each node.

#pragma once

#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "configsync/engine/engine.h"
#include "configsync/pair/pair_sync.h"
#include "tests/sim/config/fakes.h"
#include "tests/sim/config/memory_store.h"

namespace configsync {

class FakeFacts final : public NodeFacts {
 public:
  Facts FactsOf(const Tree&) override { return facts; }
  LocalRole Role() override { return role; }
  // All are paired, but those that are forgotten: "fw-a" is the device of address a.
  std::string PairedName(const DeviceId& device) override {
    return forgotten.contains(device) ? "" : std::string("fw-") + device.back();
  }
  Facts facts;
  LocalRole role;
  std::set<DeviceId> forgotten;
};

// What connects nodes.
class Wire {
 public:
  enum class Moment : std::uint8_t { kRequest, kAnswer };
  struct Call {
    std::string from, to;   // Addresses.
    std::string_view name;  // "Exchange", "Prepare", "Apply", "Abort", "Confirm", "Fetch".
    Moment moment = Moment::kRequest;
  };
  struct End {
    DeviceId device;
    PeerCalls* calls = nullptr;  // Null: it does not run.
  };
  std::map<std::string, End> ends;  // By address.
  // Not ok: the request, or the answer, is lost, and the caller hears this.
  std::function<absl::Status(const Call&)> judge = [](const Call&) { return absl::OkStatus(); };
  // Changes on the way.
  std::function<void(const Call&, PrepareRequest&)> change_prepare;
  std::function<void(const Call&, PrepareResponse&)> change_prepared;
  std::function<void(const Call&, ApplyResponse&)> change_applied;
  std::function<void(const Call&, Exchange&)> change_exchange;  // Of the answer.
  std::function<void(const Call&, FetchResponse&)> change_fetched;
  std::map<std::string, int, std::less<>> counts;  // Of requests, by name.
  std::size_t edit_bytes = 0;                      // Of all Prepare.
  std::vector<PrepareRequest> prepared;
  bool is_threaded = false;  // Nothing is counted, changed or kept.

  [[nodiscard]] static absl::Status Lost(std::string_view what);
};

class PairNode {
 public:
  // `address` is its name, too: "a".
  PairNode(const Judge& judge, Wire& wire, StillClock& clock, std::string address);
  ~PairNode();
  PairNode(const PairNode&) = delete;
  PairNode& operator=(const PairNode&) = delete;

  // The process dies, and starts again; the store stays.
  void Stop();
  void Start();
  [[nodiscard]] bool is_running() const { return pair != nullptr; }

  // JSON on top of what is there, and a commit.
  CommitOutcome Commit(std::string_view json, const CommitOptions& options = {});
  // Commits as one does: "" or the codes of its problems.
  std::string CommitText(std::string_view json, const CommitOptions& options = {});
  // Synchronisation with these addresses, as remotes of the same name. `more`: JSON members of
  // configuration-synchronization, with a comma in front.
  void SyncWith(const std::vector<std::string>& addresses, std::string_view more = "");
  [[nodiscard]] Tree Running() { return engine->Running().second; }
  [[nodiscard]] RemoteStatus Remote(std::string_view name = "");
  // "DIVERGED PENDING(2)": of the only remote, and of the node.
  [[nodiscard]] std::string Reasons();
  [[nodiscard]] std::string State();  // Of the only remote.
  // "permit"; "" if there is no such rule.
  [[nodiscard]] std::string Action(const std::string& rule);
  // Deletes the rule, commits.
  CommitOutcome DeleteRule(const std::string& rule);

  Wire& wire;
  StillClock& clock;
  std::string address;
  const Judge& judge;
  MemoryStore store;
  FakeDataplane dataplane;
  FakeFacts facts;
  std::unique_ptr<LinkMaker> links;
  std::unique_ptr<ConfigEngine> engine;
  std::unique_ptr<PairSync> pair;
};

inline const Operator kEve = {.user_id = 7, .name = "eve"};

// Our modules, loaded once.
const Judge& OurJudge();

// Two or more: "a", "b", ...
class Nodes {
 public:
  explicit Nodes(int count = 2, const Judge& judge = OurJudge());
  PairNode& a() { return *nodes.at(0); }
  PairNode& b() { return *nodes.at(1); }
  // Time goes on by steps of 50 ms, and each node ticks.
  void Run(std::int64_t ms);
  // a is active, b is standby.
  void MakePair(std::string_view more = "");
  // Of a pair: b is changed behind the back of a, which is active again afterwards. `json`: what b
  // gets; without it the rule "theirs", which denies.
  void Diverge(std::string_view json = {});
  // Nobody reaches anybody.
  void Cut(bool is_cut);

  StillClock clock;
  Wire wire;
  std::vector<std::unique_ptr<PairNode>> nodes;
};

// A rule of the policy, as JSON: {"policy": {"rule": [...]}}.
std::string RuleJson(std::string_view name, std::string_view action = "permit");

}  // namespace configsync
