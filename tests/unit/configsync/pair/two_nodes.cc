// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

#include "tests/unit/configsync/pair/two_nodes.h"

#include <gtest/gtest.h>

#include <mutex>
#include <utility>

#include "absl/strings/str_cat.h"
#include "configsync/engine/ha_nodes.h"
#include "configsync/engine/schema_judge.h"

namespace configsync {
namespace {

class WireLink final : public PeerLink {
 public:
  WireLink(Wire& wire, std::string from, std::string to)
      : wire_(wire), from_(std::move(from)), to_(std::move(to)) {}

  absl::StatusOr<Exchange> DoExchange(const Exchange& mine) override {
    return Call<Exchange>("Exchange", [&](PeerCalls& calls, const DeviceId& from) {
      absl::StatusOr<Exchange> answer = calls.OnExchange(from, mine);
      if (answer.ok() && wire_.change_exchange) wire_.change_exchange(At("Exchange"), *answer);
      return answer;
    });
  }
  absl::StatusOr<PrepareResponse> Prepare(const PrepareRequest& request) override {
    PrepareRequest sent = request;
    if (wire_.change_prepare) wire_.change_prepare(At("Prepare"), sent);
    if (!wire_.is_threaded) {
      wire_.edit_bytes += sent.edits.size();
      wire_.prepared.push_back(sent);
    }
    return Call<PrepareResponse>("Prepare", [&](PeerCalls& calls, const DeviceId& from) {
      absl::StatusOr<PrepareResponse> answer = calls.OnPrepare(from, sent);
      if (answer.ok() && wire_.change_prepared) wire_.change_prepared(At("Prepare"), *answer);
      return answer;
    });
  }
  absl::StatusOr<ApplyResponse> Apply(const ApplyRequest& request) override {
    return Call<ApplyResponse>("Apply", [&](PeerCalls& calls, const DeviceId& from) {
      absl::StatusOr<ApplyResponse> answer = calls.OnApply(from, request);
      if (answer.ok() && wire_.change_applied) wire_.change_applied(At("Apply"), *answer);
      return answer;
    });
  }
  absl::Status Abort(const ApplyRequest& request) override {
    return Call<int>("Abort",
                     [&](PeerCalls& calls, const DeviceId& from) -> absl::StatusOr<int> {
                       if (absl::Status status = calls.OnAbort(from, request); !status.ok())
                         return status;
                       return 0;
                     })
        .status();
  }
  absl::Status Confirm(const ApplyRequest& request) override {
    return Call<int>("Confirm",
                     [&](PeerCalls& calls, const DeviceId& from) -> absl::StatusOr<int> {
                       if (absl::Status status = calls.OnConfirm(from, request); !status.ok())
                         return status;
                       return 0;
                     })
        .status();
  }
  absl::StatusOr<FetchResponse> Fetch(const Hash& selection) override {
    return Call<FetchResponse>("Fetch", [&](PeerCalls& calls, const DeviceId& from) {
      absl::StatusOr<FetchResponse> answer = calls.OnFetch(from, selection);
      if (answer.ok() && wire_.change_fetched) wire_.change_fetched(At("Fetch"), *answer);
      return answer;
    });
  }
  DeviceId device() const override {
    const std::lock_guard lock(mutex_);
    return device_;
  }
  void Bind(const DeviceId& device) override {
    const std::lock_guard lock(mutex_);
    bound_ = device;
  }

 private:
  Wire::Call At(std::string_view name, Wire::Moment moment = Wire::Moment::kRequest) const {
    return {.from = from_, .to = to_, .name = name, .moment = moment};
  }
  template <typename Answer, typename Do>
  absl::StatusOr<Answer> Call(std::string_view name, const Do& act) {
    if (!wire_.is_threaded) ++wire_.counts[std::string(name)];
    if (absl::Status status = wire_.judge(At(name)); !status.ok()) return status;
    const auto end = wire_.ends.find(to_);
    if (end == wire_.ends.end() || end->second.calls == nullptr) {
      return StatusOf({.code = ReasonCode::kPeerApiDown});
    }
    {
      const std::lock_guard lock(mutex_);
      if (!bound_.empty() && end->second.device != bound_) {
        return StatusOf({.code = ReasonCode::kCertNotPinned, .subject = end->second.device});
      }
      device_ = end->second.device;
    }
    absl::StatusOr<Answer> answer = act(*end->second.calls, wire_.ends.at(from_).device);
    const absl::Status lost = wire_.judge(At(name, Wire::Moment::kAnswer));
    if (!lost.ok()) return lost;
    return answer;
  }
  Wire& wire_;
  std::string from_, to_;
  mutable std::mutex mutex_;  // Guards what follows.
  DeviceId device_, bound_;
};

class WireLinks final : public LinkMaker {
 public:
  WireLinks(Wire& wire, std::string from) : wire_(wire), from_(std::move(from)) {}
  std::unique_ptr<PeerLink> MakeLink(const RemoteAddress& to) override {
    // "10.9.1.2" is node b.
    const std::string name(1, static_cast<char>('a' + (to.address.back() - '1')));
    return std::make_unique<WireLink>(wire_, from_, name);
  }
  void Stop() override {}

 private:
  Wire& wire_;
  std::string from_;
};

}  // namespace

absl::Status Wire::Lost(std::string_view what) {
  return StatusOf({.code = ReasonCode::kPeerTimeout, .evidence = std::string(what)});
}

const Judge& OurJudge() {
  static const std::unique_ptr<Schema> schema = [] {
    auto loaded = Schema::Load(LOCKSTEP_YANG_FOLDER);
    if (!loaded.ok()) ADD_FAILURE() << loaded.status();
    return *std::move(loaded);
  }();
  static const SchemaJudge judge(*schema);
  return judge;
}

PairNode::PairNode(const Judge& of, Wire& over, StillClock& time, std::string at)
    : wire(over), clock(time), address(std::move(at)), judge(of), store(of.root()) {
  facts.facts = {.device = std::string(31, '0') + address,
                 .name = absl::StrCat("fw-", address),
                 .version = "0.1.0",
                 .protocol = kPeersyncMajor,
                 .schema = "s",
                 .schema_paths = {},
                 .master_key = store.KeyFingerprint(),
                 .mode = "active-passive",
                 .hardware = "lab",
                 .features = {},
                 .content_database = "",
                 .licenses = {},
                 .plugins = {},
                 .required_plugins = {}};
  links = std::make_unique<WireLinks>(wire, address);
  Start();
}

PairNode::~PairNode() { Stop(); }

void PairNode::Stop() {
  wire.ends[address].calls = nullptr;
  pair.reset();
  engine.reset();
}

void PairNode::Start() {
  auto started = ConfigEngine::Start({.judge = &judge,
                                      .store = &store,
                                      .dataplane = &dataplane,
                                      .clock = &clock,
                                      .boot_id = "boot"});
  if (!started.ok()) ADD_FAILURE() << started.status();
  engine = *std::move(started);
  PairSync::Setup setup;
  setup.engine = engine.get();
  setup.clock = &clock;
  setup.links = links.get();
  setup.facts = &facts;
  setup.root = &judge.root();
  setup.store = &store;
  auto synced = PairSync::Start(setup);
  if (!synced.ok()) ADD_FAILURE() << synced.status();
  pair = *std::move(synced);
  wire.ends[address] = {.device = facts.facts.device, .calls = pair.get()};
}

CommitOutcome PairNode::Commit(std::string_view json, const CommitOptions& options) {
  const Problems problems = engine->LoadCandidate(kEve, json, false);
  if (!problems.empty()) {
    const Problem& first = problems.list.front();
    ADD_FAILURE() << first.code << " " << first.path << " " << first.text;
  }
  return engine->Commit(kEve, options);
}

std::string PairNode::CommitText(std::string_view json, const CommitOptions& options) {
  const CommitOutcome outcome = Commit(json, options);
  std::string text;
  for (const Problem& problem : outcome.problems.list) absl::StrAppend(&text, problem.code, " ");
  if (outcome.committed == !text.empty()) text += "?";
  (void)engine->ResetCandidate(kEve, {});
  return text;
}

CommitOutcome PairNode::DeleteRule(const std::string& rule) {
  Path path = PathDown(judge.root(), {"policy", "rule"});
  path.back().keys = {rule};
  (void)engine->EditCandidate(
      kEve, {{.op = EditOp::kDelete, .path = std::move(path), .value = {}, .after = {}}});
  return engine->Commit(kEve, {});
}

std::string PairNode::Action(const std::string& rule) {
  Path path = PathDown(judge.root(), {"policy", "rule", "action"});
  path[1].keys = {rule};
  const Tree tree = Running();
  const Node* const found = tree.Find(path);
  return found == nullptr ? "" : std::string(found->value());
}

void PairNode::SyncWith(const std::vector<std::string>& addresses, std::string_view more) {
  std::string remotes;
  for (const std::string& each : addresses) {
    absl::StrAppend(&remotes, remotes.empty() ? "" : ",", R"({"name": ")", each,
                    R"(", "address": "10.9.1.)", each[0] - 'a' + 1, R"("})");
  }
  const CommitOutcome outcome =
      Commit(absl::StrCat(R"({"ha": {"configuration-synchronization": {"enabled": true, )",
                          R"("remote": [)", remotes, "]", std::string(more), "}}}"));
  EXPECT_TRUE(outcome.committed) << (outcome.problems.empty() ? "" : outcome.problems.list[0].text);
}

RemoteStatus PairNode::Remote(std::string_view name) {
  for (const RemoteStatus& remote : pair->Status().remotes) {
    if (name.empty() || remote.name == name) return remote;
  }
  return {};
}

std::string PairNode::Reasons() {
  std::string text;
  for (const Reason& reason : pair->Status().reasons) {
    absl::StrAppend(&text, text.empty() ? "" : " ", NameOf(reason));
  }
  return text;
}

std::string PairNode::State() { return std::string(NameOf(Remote().state)); }

Nodes::Nodes(int count, const Judge& judge) {
  for (int i = 0; i < count; ++i) {
    nodes.push_back(
        std::make_unique<PairNode>(judge, wire, clock, std::string(1, static_cast<char>('a' + i))));
  }
}

void Nodes::Run(std::int64_t ms) {
  for (std::int64_t passed = 0; passed < ms; passed += 50) {
    clock.Pass(50);
    for (const auto& node : nodes) {
      if (!node->is_running()) continue;
      (void)node->engine->Tick();
      (void)node->pair->Tick();
    }
  }
}

void Nodes::MakePair(std::string_view more) {
  a().facts.role = {.role = HaRole::kActive, .term = 1, .is_dataplane_ready = true, .reasons = {}};
  b().facts.role = {.role = HaRole::kStandby, .term = 1, .is_dataplane_ready = true, .reasons = {}};
  a().SyncWith({"b"}, more);
  b().SyncWith({"a"}, more);
  Run(500);
}

void Nodes::Cut(bool is_cut) {
  wire.judge = [is_cut](const Wire::Call&) {
    return is_cut ? Wire::Lost("cut") : absl::OkStatus();
  };
}

void Nodes::Diverge(std::string_view json) {
  b().facts.role.role = HaRole::kActive;
  b().facts.role.term = 2;
  a().facts.role.role = HaRole::kUnknown;
  Cut(true);
  Run(300);
  EXPECT_EQ(b().CommitText(json.empty() ? RuleJson("theirs", "deny") : std::string(json)), "");
  b().facts.role.role = HaRole::kStandby;
  a().facts.role = {.role = HaRole::kActive, .term = 3, .is_dataplane_ready = true, .reasons = {}};
  b().facts.role.term = 3;
  Cut(false);
  Run(3'000);
}

std::string RuleJson(std::string_view name, std::string_view action) {
  return absl::StrCat(R"({"policy": {"rule": [{"name": ")", std::string(name), R"(", "action": ")",
                      std::string(action), R"("}]}})");
}

}  // namespace configsync
