// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

// More than two nodes, more than one commit, and what it costs.

#include <gtest/gtest.h>

#include <thread>

#include "configsync/engine/ha_nodes.h"
#include "tests/unit/configsync/pair/two_nodes.h"

namespace configsync {
namespace {

std::string Zone(const std::string& name) {
  return R"({"zones": {"zone": [{"name": ")" + name + R"("}]}})";
}

bool HasZone(PairNode& node, const std::string& name) {
  Path path = PathDown(node.judge.root(), {"zones", "zone"});
  path.back().keys = {name};
  return node.Running().Find(path) != nullptr;
}

TEST(PairGroup, F6_ARingOfThreeEndsAndTheOriginIsKnown) {
  Nodes nodes(3);
  nodes.nodes[0]->SyncWith({"b"});
  nodes.nodes[1]->SyncWith({"c"});
  nodes.nodes[2]->SyncWith({"a"});
  nodes.Run(1'000);
  EXPECT_EQ(nodes.a().CommitText(RuleJson("web")), "");
  nodes.Run(5'000);
  for (const auto& node : nodes.nodes) {
    EXPECT_EQ(node->Action("web"), "permit") << node->address;
    EXPECT_EQ(node->State(), "in-sync") << node->address << node->Reasons();
  }
  EXPECT_EQ(nodes.wire.counts["Apply"], 2);
  EXPECT_EQ(nodes.nodes[2]->pair->Status().path.front(), nodes.a().facts.facts.device);
  // Where it began is not this one's source, and gets nothing from here all the same.
  EXPECT_EQ(nodes.nodes[2]->CommitText(RuleJson("dns")), "LOOP ");
  EXPECT_EQ(nodes.wire.counts["Prepare"], 2);
}

TEST(PairGroup, F6_F33_ManyCommitsEndWithAtMostOnePushEach) {
  Nodes nodes;
  nodes.a().SyncWith({"b"});
  nodes.b().SyncWith({"a"});
  nodes.Run(1'000);
  for (int i = 0; i < 100; ++i) {
    nodes.a().CommitText(RuleJson("r" + std::to_string(i % 7), i % 2 == 0 ? "permit" : "deny"));
    (void)nodes.b().CommitText(RuleJson("other"));
    if (i % 10 == 0) nodes.Run(300);
  }
  nodes.Run(2'000);
  EXPECT_LE(nodes.wire.counts["Apply"], 100);
  EXPECT_EQ(nodes.a().Remote().my_hash, nodes.a().Remote().their_hash);
  EXPECT_EQ(nodes.a().State(), "in-sync");
}

TEST(PairGroup, F30_EachRemoteGetsItsOwnPart) {
  Nodes nodes(3);
  for (const auto& node : nodes.nodes) {
    if (node->address != "a") node->SyncWith({"a"});
  }
  const CommitOutcome set = nodes.a().Commit(R"({"ha": {"configuration-synchronization": {
    "enabled": true,
    "remote": [{"name": "b", "address": "10.9.1.2", "map": "zones"},
               {"name": "c", "address": "10.9.1.3", "map": "rules"}],
    "map": [{"name": "zones", "rule": [{"number": 1, "action": "include", "location": "/zones"}]},
            {"name": "rules",
             "rule": [{"number": 1, "action": "include", "location": "/policy"}]}]}}})");
  ASSERT_TRUE(set.committed);
  nodes.Run(1'000);
  EXPECT_EQ(nodes.a().CommitText(RuleJson("web")), "");
  EXPECT_EQ(nodes.a().CommitText(Zone("lan")), "");
  EXPECT_EQ(nodes.wire.counts["Apply"], 2);
  EXPECT_TRUE(HasZone(*nodes.nodes[1], "lan"));
  EXPECT_EQ(nodes.nodes[1]->Action("web"), "");
  EXPECT_FALSE(HasZone(*nodes.nodes[2], "lan"));
  EXPECT_EQ(nodes.nodes[2]->Action("web"), "permit");
}

TEST(PairGroup, F25_F26_MapsAreJudgedAtTheCommit) {
  Nodes nodes;
  nodes.MakePair();
  const auto map = [](const std::string& location) {
    return R"({"ha": {"configuration-synchronization": {"map": [{"name": "m", "rule": [)"
           R"({"number": 1, "action": "include", "location": ")" +
           location + R"("}]}]}}})";
  };
  EXPECT_EQ(nodes.a().CommitText(map("/ha/configuration-synchronization")), "NEVER_SYNC ");
  const CommitOutcome outcome = nodes.a().Commit(map("/system/host-name"));
  EXPECT_TRUE(outcome.committed);
  EXPECT_FALSE(outcome.warnings.empty());
  // It is about what is written here, not about a remote.
  ASSERT_EQ(outcome.remotes.size(), 1u);
  EXPECT_TRUE(outcome.remotes[0].warnings.empty());
}

TEST(PairGroup, N19_APathIsExplained) {
  Nodes nodes;
  nodes.MakePair();
  nodes.a().CommitText(RuleJson("web"));
  const auto explained =
      nodes.a().pair->ExplainPath("b", PathDown(nodes.a().judge.root(), {"system", "host-name"}));
  ASSERT_TRUE(explained.ok());
  ASSERT_EQ(explained->answers.size(), 2u);
  EXPECT_FALSE(explained->answers[0].travels);
  EXPECT_FALSE(nodes.a().pair->ExplainPath("nobody", {}).ok());
}

TEST(PairGroup, F15_ACategoryThatIsOffStaysAtHome) {
  Nodes nodes;
  nodes.MakePair(R"(, "category": [{"name": "firewall", "enabled": false}])");
  EXPECT_EQ(nodes.a().CommitText(RuleJson("web")), "");
  EXPECT_EQ(nodes.wire.counts["Prepare"], 0);
  EXPECT_EQ(nodes.a().CommitText(Zone("lan")), "");
  EXPECT_TRUE(HasZone(nodes.b(), "lan"));
  EXPECT_EQ(nodes.b().Action("web"), "");
}

TEST(PairGroup, F79_OnlyWhatIsCommittedTravels) {
  Nodes nodes;
  nodes.MakePair();
  EXPECT_EQ(nodes.a().CommitText(RuleJson("first")), "");
  ASSERT_TRUE(nodes.a().engine->LoadCandidate(kEve, RuleJson("second"), false).empty());
  nodes.Run(2'000);
  EXPECT_EQ(nodes.b().Action("first"), "permit");
  EXPECT_EQ(nodes.b().Action("second"), "");
  EXPECT_EQ(nodes.a().State(), "in-sync");
}

TEST(PairGroup, F33_EqualNodesSayNothingButStates) {
  Nodes nodes;
  nodes.MakePair();
  nodes.a().CommitText(RuleJson("web"));
  nodes.Run(1'000);
  int exchanges = 0;
  nodes.wire.change_exchange = [&](const Wire::Call&, Exchange& answer) {
    ++exchanges;
    EXPECT_FALSE(answer.selection.has_value());
    EXPECT_FALSE(answer.facts.has_value());
    EXPECT_TRUE(answer.state.reasons.empty());
    EXPECT_FALSE(answer.want_facts || answer.want_selection);
  };
  nodes.wire.counts.clear();
  const std::uint64_t writes = static_cast<std::uint64_t>(nodes.a().store.writes);
  nodes.Run(10'000);
  EXPECT_GT(exchanges, 40);
  EXPECT_LT(exchanges, 90);
  EXPECT_EQ(nodes.wire.counts["Prepare"], 0);
  EXPECT_EQ(static_cast<std::uint64_t>(nodes.a().store.writes), writes);
}

TEST(PairGroup, F73_TheRolesChangeAndTheOtherWayWorks) {
  Nodes nodes;
  nodes.MakePair();
  nodes.a().CommitText(RuleJson("web"));
  nodes.Run(500);
  nodes.a().facts.role.role = HaRole::kStandby;
  nodes.b().facts.role.role = HaRole::kActive;
  nodes.a().facts.role.term = nodes.b().facts.role.term = 2;
  EXPECT_EQ(nodes.b().CommitText(RuleJson("dns")), "");  // At once, not after an exchange.
  EXPECT_EQ(nodes.a().Action("dns"), "permit");
  nodes.Run(500);
  EXPECT_EQ(nodes.a().CommitText(RuleJson("more")), "SYNC_DIRECTION ");
  EXPECT_EQ(nodes.b().pair->Status().source, "");
  EXPECT_EQ(nodes.a().pair->Status().source, nodes.b().facts.facts.device);
  EXPECT_EQ(nodes.a().State(), "in-sync");
}

// With three nodes that know each other, a cable in the wrong port is no new remote.
TEST(PairGroup, AnotherPairedDeviceAtTheAddressIsNotTheRemote) {
  Nodes nodes(3);
  nodes.a().SyncWith({"b"});
  nodes.b().SyncWith({"a"});
  nodes.nodes[2]->SyncWith({"a"});
  nodes.Run(1'000);
  ASSERT_EQ(nodes.a().State(), "in-sync") << nodes.a().Reasons();
  const DeviceId b = nodes.b().facts.facts.device, c = nodes.nodes[2]->facts.facts.device;
  const Wire::End right = nodes.wire.ends["b"];
  nodes.wire.ends["b"] = nodes.wire.ends["c"];
  for (int i = 0; i < 2; ++i) {
    EXPECT_EQ(nodes.a().CommitText(RuleJson("r" + std::to_string(i))), "");
    nodes.Run(3'000);
    EXPECT_EQ(nodes.a().Reasons(), "CERT_NOT_PINNED(" + c + ")");
    EXPECT_EQ(nodes.nodes[2]->Action("r0"), "");
    nodes.a().Stop();  // It is remembered.
    nodes.a().Start();
  }
  nodes.wire.ends["b"] = right;
  nodes.Run(3'000);
  EXPECT_EQ(nodes.a().State(), "in-sync") << nodes.a().Reasons();
  EXPECT_EQ(nodes.b().Action("r1"), "permit");
  // The node was replaced: the old one is forgotten, and the new one was paired.
  nodes.wire.ends["b"] = nodes.wire.ends["c"];
  nodes.a().facts.forgotten.insert(b);
  nodes.Run(3'000);
  EXPECT_EQ(nodes.a().Remote().device, c);
  EXPECT_EQ(nodes.a().Reasons().find("CERT_NOT_PINNED"), std::string::npos);
}

TEST(PairGroup, ARemoteWithAnotherAddressMayBeAnotherDevice) {
  Nodes nodes(3);
  nodes.a().SyncWith({"b"});
  nodes.b().SyncWith({"a"});
  nodes.nodes[2]->SyncWith({"a"});
  nodes.Run(1'000);
  EXPECT_EQ(nodes.a().Remote().device, nodes.b().facts.facts.device);
  ASSERT_EQ(nodes.a().CommitText(
                R"({"ha": {"configuration-synchronization": {"remote":
                [{"name": "b", "address": "10.9.1.3"}]}}})"),
            "");
  nodes.Run(1'000);
  EXPECT_EQ(nodes.a().Remote().device, nodes.nodes[2]->facts.facts.device);
}

// While one remote takes its time with a push, states go on, with it and with the others.
TEST(PairGroup, F33_APushThatHangsHoldsNoStatesBack) {
  Nodes nodes(3);
  nodes.a().SyncWith({"b", "c"}, R"(, "policy": "deferred")");
  nodes.nodes[1]->SyncWith({"a"});
  nodes.nodes[2]->SyncWith({"a"});
  nodes.Run(1'000);
  std::map<std::string, int> meanwhile;  // Exchanges, by whom they are with.
  bool is_hanging = false;
  nodes.wire.judge = [&](const Wire::Call& call) {
    if (call.from != "a" || call.moment != Wire::Moment::kRequest) return absl::OkStatus();
    if (call.name == "Exchange" && is_hanging) ++meanwhile[call.to];
    if (call.name == "Apply" && !is_hanging) {
      is_hanging = true;
      nodes.clock.boot_ms += 500;
      nodes.a().pair->TickStates();
      is_hanging = false;
    }
    return absl::OkStatus();
  };
  ASSERT_TRUE(nodes.a().Commit(Zone("lan")).committed);
  nodes.Run(1'000);
  EXPECT_GE(meanwhile["b"], 1);
  EXPECT_GE(meanwhile["c"], 1);
  EXPECT_TRUE(HasZone(*nodes.nodes[2], "lan"));
}

// Both nodes commit and call each other from threads of their own: nobody waits for ever.
TEST(PairGroup, F78_CommitsOnBothNodesAtOnceDoNotStandStill) {
  Nodes nodes;
  nodes.a().SyncWith({"b"});
  nodes.b().SyncWith({"a"});
  nodes.Run(1'000);
  const auto work = [](PairNode& node, const std::string& prefix) {
    for (int i = 0; i < 5; ++i) {
      (void)node.engine->LoadCandidate(kEve, RuleJson(prefix + std::to_string(i)), false);
      (void)node.engine->Commit(kEve, {});
      (void)node.engine->ResetCandidate(kEve, {});
      (void)node.pair->Tick();
      (void)node.pair->Status();
    }
  };
  nodes.wire.is_threaded = true;
  std::thread first(work, std::ref(nodes.a()), "a");
  std::thread second(work, std::ref(nodes.b()), "b");
  first.join();
  second.join();
  EXPECT_NE(nodes.a().State(), "");
}

}  // namespace
}  // namespace configsync
