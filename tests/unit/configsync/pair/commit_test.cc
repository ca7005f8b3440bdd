// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

// Commits of a pair: what an operator sees, and what the other node has then.

#include <gtest/gtest.h>

#include "configsync/engine/ha_nodes.h"
#include "tests/unit/configsync/pair/two_nodes.h"

namespace configsync {
namespace {

class PairCommitTest : public ::testing::Test {
 protected:
  PairNode& a() { return nodes_.a(); }
  PairNode& b() { return nodes_.b(); }
  Nodes nodes_;
};

TEST_F(PairCommitTest, F22_F17_F73_ACommitIsOnBothNodesWhenItReturns) {
  nodes_.MakePair();
  const CommitOutcome outcome = a().Commit(RuleJson("web"));
  ASSERT_TRUE(outcome.committed);
  ASSERT_EQ(outcome.remotes.size(), 1u);
  EXPECT_EQ(outcome.remotes[0].state, RemoteOutcome::State::kApplied);
  EXPECT_EQ(outcome.remotes[0].revision, b().engine->Running().first);
  EXPECT_EQ(b().Action("web"), "permit");
  nodes_.Run(500);
  EXPECT_EQ(a().State(), "in-sync") << a().Reasons();
  EXPECT_EQ(b().State(), "in-sync") << b().Reasons();
}

TEST_F(PairCommitTest, F23_WhatWasPushedIsTheStartupOfTheRemote) {
  nodes_.MakePair();
  a().Commit(RuleJson("web"));
  EXPECT_EQ(b().engine->Status().startup, b().engine->Status().running);
}

TEST_F(PairCommitTest, F5_TheSourceIsKnownAlsoAfterARestart) {
  nodes_.MakePair();
  a().Commit(RuleJson("web"));
  b().Stop();
  b().Start();
  EXPECT_EQ(b().pair->Status().source, a().facts.facts.device);
}

TEST_F(PairCommitTest, F34_N15_AProblemOfTheRemoteRefusesTheCommit) {
  nodes_.MakePair();
  const Tree before = a().Running();
  b().dataplane.refuses_plan = true;
  const CommitOutcome outcome = a().Commit(RuleJson("web"));
  EXPECT_FALSE(outcome.committed);
  ASSERT_FALSE(outcome.problems.empty());
  EXPECT_EQ(outcome.problems.list[0].code, "REFUSED");
  EXPECT_EQ(outcome.problems.list[0].path, "/policy");
  EXPECT_NE(outcome.problems.list[0].text.find("b: "), std::string::npos);
  EXPECT_EQ(a().Running(), before);
  EXPECT_EQ(nodes_.wire.counts["Apply"], 0);
}

TEST_F(PairCommitTest, N15_N16_ACheckChangesNothingAnywhere) {
  nodes_.MakePair();
  const RevisionId there = b().engine->Running().first;
  const CommitOutcome outcome = a().Commit(RuleJson("web"), {.check_only = true});
  EXPECT_TRUE(outcome.problems.empty());
  ASSERT_EQ(outcome.remotes.size(), 1u);
  EXPECT_EQ(outcome.remotes[0].state, RemoteOutcome::State::kValidated);
  EXPECT_FALSE(outcome.remotes[0].changes.empty());
  EXPECT_TRUE(outcome.remotes[0].sessions.known);
  EXPECT_EQ(b().engine->Running().first, there);
  EXPECT_EQ(nodes_.wire.counts["Abort"], 1);
}

TEST_F(PairCommitTest, F3_F78_TheStandbyCommitsNothingOfThePair) {
  nodes_.MakePair();
  EXPECT_EQ(b().CommitText(RuleJson("web")), "SYNC_DIRECTION ");
  EXPECT_EQ(nodes_.wire.counts["Prepare"], 0);  // F4.
  // Its own nodes are free.
  EXPECT_EQ(b().CommitText(R"({"system": {"host-name": "fw-b"}})"), "");
}

TEST_F(PairCommitTest, F4_TheRefusalNamesTheSource) {
  nodes_.MakePair();
  EXPECT_NE(b().Commit(RuleJson("web"))
                .problems.list.at(0)
                .text.find("the role of this node is standby, fw-a is active"),
            std::string::npos);
  a().Commit(RuleJson("web"));
  nodes_.Run(300);
  const CommitOutcome outcome = b().Commit(RuleJson("dns"));
  ASSERT_FALSE(outcome.problems.empty());
  EXPECT_NE(outcome.problems.list[0].text.find("its configuration is of device fw-a"),
            std::string::npos)
      << outcome.problems.list[0].text;
}

TEST_F(PairCommitTest, F31_F25_WhatIsUniqueTravelsNowhere) {
  nodes_.MakePair();
  nodes_.wire.counts.clear();
  const CommitOutcome outcome = a().Commit(R"({"system": {"host-name": "fw-a"}})");
  EXPECT_TRUE(outcome.committed);
  EXPECT_EQ(nodes_.wire.counts["Prepare"], 0);
  ASSERT_EQ(outcome.remotes.size(), 1u);
  EXPECT_EQ(outcome.remotes[0].state, RemoteOutcome::State::kUntouched);
  nodes_.Run(500);
  EXPECT_EQ(nodes_.wire.counts["Prepare"], 0);
  EXPECT_EQ(a().State(), "in-sync");
}

TEST_F(PairCommitTest, F6_WithoutRolesNothingGoesBackToItsSource) {
  a().SyncWith({"b"});
  b().SyncWith({"a"});
  nodes_.Run(500);
  EXPECT_EQ(a().CommitText(RuleJson("web")), "");
  nodes_.Run(500);
  EXPECT_EQ(b().Action("web"), "permit");
  EXPECT_EQ(b().CommitText(RuleJson("dns")), "LOOP ");
  EXPECT_EQ(nodes_.wire.counts["Prepare"], 1);
  EXPECT_EQ(b().State(), "in-sync");
}

TEST_F(PairCommitTest, F73_F33_F42_WhatWasCommittedWhileTheRemoteWasAwayArrives) {
  nodes_.MakePair();
  b().Stop();
  nodes_.Run(2'000);
  for (const char* rule : {"r1", "r2", "r3", "r4", "r5"}) {
    const CommitOutcome outcome = a().Commit(RuleJson(rule), {.comment = rule});
    EXPECT_TRUE(outcome.committed);
    EXPECT_EQ(outcome.remotes[0].state, RemoteOutcome::State::kPending);
    ASSERT_FALSE(outcome.remotes[0].reasons.empty());
    EXPECT_EQ(NameOf(outcome.remotes[0].reasons[0]), "PEER_API_DOWN");
  }
  EXPECT_EQ(a().State(), "connecting");
  b().Start();
  const RevisionId before = b().engine->Running().first;
  nodes_.Run(3'000);
  EXPECT_EQ(a().State(), "in-sync") << a().Reasons();
  EXPECT_EQ(b().Action("r5"), "permit");
  // F42: one revision with five authors and comments.
  EXPECT_EQ(b().engine->Running().first, before + 1);
  const RevisionInfo info = b().engine->History(1)->front();
  for (const char* rule : {"eve: r1", "eve: r3", "eve: r5"}) {
    EXPECT_NE(info.comment.find(rule), std::string::npos) << info.comment;
  }
}

TEST_F(PairCommitTest, F33_StrictWaitsForNobody) {
  nodes_.MakePair(R"(, "policy": "strict")");
  b().Stop();
  EXPECT_EQ(a().CommitText(RuleJson("web")), "PEER_API_DOWN ");
  b().Start();
  nodes_.Run(3'000);
  EXPECT_EQ(a().CommitText(RuleJson("web")), "");
}

TEST_F(PairCommitTest, F33_DeferredAsksNobodyAndPushesBehind) {
  nodes_.MakePair(R"(, "policy": "deferred")");
  const CommitOutcome outcome = a().Commit(RuleJson("web"));
  EXPECT_TRUE(outcome.committed);
  EXPECT_EQ(nodes_.wire.counts["Prepare"], 0);
  nodes_.Run(500);
  EXPECT_EQ(b().Action("web"), "permit");
}

// The remote found it good, and was changed before it came.
TEST_F(PairCommitTest, F34_WhatTheRemoteRefusesInTheEndIsSaidByTheCommit) {
  nodes_.MakePair();
  nodes_.wire.judge = [&](const Wire::Call& call) {
    if (call.name == "Apply" && call.moment == Wire::Moment::kRequest) {
      b().dataplane.refuses_plan = false;
      EXPECT_TRUE(b().Commit(R"({"system": {"host-name": "fw-b"}})").committed);
      b().dataplane.refuses_plan = true;
    }
    return absl::OkStatus();
  };
  const CommitOutcome outcome = a().Commit(RuleJson("web"));
  EXPECT_TRUE(outcome.committed);
  ASSERT_EQ(outcome.remotes.size(), 1u);
  EXPECT_EQ(outcome.remotes[0].state, RemoteOutcome::State::kRefused);
  EXPECT_EQ(NameOf(outcome.remotes[0].reasons.at(0)), "PEER_REFUSED(REFUSED)");
  EXPECT_EQ(b().Action("web"), "");
}

// Nobody waits for the answer any more: it is in the status of both, with what is wrong and where.
TEST_F(PairCommitTest, F34_WhatTheRemoteRefusesLaterIsNamedOnBothNodesUntilItIsMended) {
  nodes_.MakePair(R"(, "policy": "deferred")");
  b().dataplane.refuses_plan = true;
  EXPECT_EQ(a().CommitText(RuleJson("web")), "");
  nodes_.Run(1'000);
  EXPECT_EQ(a().Reasons(), "PEER_REFUSED(REFUSED)");
  EXPECT_EQ(a().State(), "blocked");
  const std::string evidence = "REFUSED /policy: the dataplane cannot do this; do something else";
  EXPECT_EQ(a().Remote().reasons.at(0).evidence, evidence);
  ASSERT_EQ(b().Remote().their_reasons.size(), 1u);
  EXPECT_EQ(NameOf(b().Remote().their_reasons[0]), "PEER_REFUSED(REFUSED)");
  EXPECT_EQ(b().Remote().their_reasons[0].evidence, evidence);
  // By now it is tried again seldom; what is committed there may be what mends it.
  nodes_.Run(20'000);
  b().dataplane.refuses_plan = false;
  EXPECT_EQ(b().CommitText(R"({"system": {"host-name": "fw-b"}})"), "");
  nodes_.Run(1'000);
  EXPECT_EQ(b().Action("web"), "permit");
  EXPECT_EQ(a().State(), "in-sync") << a().Reasons();
  EXPECT_TRUE(b().Remote().their_reasons.empty());
}

TEST_F(PairCommitTest, N15_ALostAnswerOfApplyIsNoDivergence) {
  nodes_.MakePair();
  bool is_lost = false;
  nodes_.wire.judge = [&](const Wire::Call& call) {
    const bool loses = call.name == "Apply" && call.moment == Wire::Moment::kAnswer && !is_lost;
    is_lost = is_lost || loses;
    return loses ? Wire::Lost("answer") : absl::OkStatus();
  };
  const CommitOutcome outcome = a().Commit(RuleJson("web"));
  EXPECT_TRUE(outcome.committed);
  EXPECT_EQ(outcome.remotes[0].state, RemoteOutcome::State::kPending);
  nodes_.Run(1'000);
  EXPECT_EQ(a().State(), "in-sync") << a().Reasons();
  EXPECT_EQ(a().CommitText(RuleJson("dns")), "");
}

TEST_F(PairCommitTest, N15_ALostRequestOfApplyIsPushedAgain) {
  nodes_.MakePair();
  bool is_lost = false;
  nodes_.wire.judge = [&](const Wire::Call& call) {
    const bool loses = call.name == "Apply" && !is_lost;
    is_lost = is_lost || loses;
    return loses ? Wire::Lost("request") : absl::OkStatus();
  };
  a().Commit(RuleJson("web"));
  EXPECT_EQ(b().Action("web"), "");
  nodes_.Run(3'000);
  EXPECT_EQ(b().Action("web"), "permit");
  EXPECT_EQ(a().State(), "in-sync") << a().Reasons();
}

TEST_F(PairCommitTest, N15_TheSenderDiesBetweenItsTransactionAndApply) {
  nodes_.MakePair();
  nodes_.wire.judge = [&](const Wire::Call& call) {
    return call.name == "Apply" ? Wire::Lost("dies") : absl::OkStatus();
  };
  a().Commit(RuleJson("web"));
  a().Stop();
  nodes_.wire.judge = [](const Wire::Call&) { return absl::OkStatus(); };
  a().Start();
  nodes_.Run(3'000);
  EXPECT_EQ(b().Action("web"), "permit");
  EXPECT_EQ(a().State(), "in-sync") << a().Reasons();
}

TEST_F(PairCommitTest, N15_ALieAboutTheHashIsSeen) {
  nodes_.MakePair();
  nodes_.wire.change_applied = [](const Wire::Call&, ApplyResponse& answer) {
    answer.part.bytes[0] ^= 1;
  };
  const CommitOutcome outcome = a().Commit(RuleJson("web"));
  ASSERT_EQ(outcome.remotes.size(), 1u);
  EXPECT_EQ(outcome.remotes[0].state, RemoteOutcome::State::kPending);
  EXPECT_EQ(NameOf(outcome.remotes[0].reasons.at(0)), "PEER_HASH_MISMATCH");
}

TEST_F(PairCommitTest, F33_OneRuleSendsOnlyTheDifference) {
  nodes_.MakePair();
  std::string rules;
  for (int i = 0; i < 300; ++i) {
    rules += (i == 0 ? "" : ",") + std::string(R"({"name": "rule)") + std::to_string(i) +
             R"(", "action": "deny"})";
  }
  a().Commit(R"({"policy": {"rule": [)" + rules + "]}}");
  nodes_.Run(500);
  ASSERT_EQ(a().State(), "in-sync") << a().Reasons();
  nodes_.wire.edit_bytes = 0;
  a().Commit(RuleJson("rule7", "permit"));
  EXPECT_GT(nodes_.wire.edit_bytes, 0u);
  EXPECT_LT(nodes_.wire.edit_bytes, 300u);
}

TEST_F(PairCommitTest, F21_WhatTheMapDoesNotNameStaysByteByByte) {
  nodes_.MakePair(R"(, "map": [{"name": "m", "rule": [{"number": 1, "action": "include",)"
                  R"( "location": "/zones"}]}])");
  const SchemaNode& root = a().judge.root();
  Path path = PathDown(root, {"ha", "configuration-synchronization", "remote", "map"});
  path[2].keys = {"b"};
  (void)a().engine->EditCandidate(kEve, {{.op = EditOp::kSet, .path = path, .value = "m"}});
  ASSERT_TRUE(a().engine->Commit(kEve, {}).committed);
  nodes_.Run(500);
  a().Commit(RuleJson("web"));
  const Tree before = b().Running();
  a().Commit(R"({"zones": {"zone": [{"name": "lan"}]}})");
  nodes_.Run(1'000);
  EXPECT_EQ(a().State(), "in-sync") << a().Reasons();
  EXPECT_EQ(b().Action("web"), "");
  for (const Change& change : Diff(before, b().Running())) {
    EXPECT_EQ(change.path.front().node->name, "zones");
  }
}

}  // namespace
}  // namespace configsync
