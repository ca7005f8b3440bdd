// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

// A commit asks a remote, and finds another one than it had thought: what it says then counts.

#include <gtest/gtest.h>

#include "configsync/engine/ha_nodes.h"
#include "tests/unit/configsync/pair/two_nodes.h"

namespace configsync {
namespace {

class PairWhenAskedTest : public ::testing::Test {
 protected:
  PairNode& a() { return nodes_.a(); }
  PairNode& b() { return nodes_.b(); }
  // The other one takes over while nothing is heard of it.
  void LetTheOtherTakeOver() {
    a().facts.role.role = HaRole::kUnknown;
    b().facts.role = {.role = HaRole::kActive, .term = 2, .is_dataplane_ready = true, .reasons{}};
  }
  Nodes nodes_;
};

// After a cut the next exchange may be two seconds away.
TEST_F(PairWhenAskedTest, F3_WhoTurnsOutToBeActiveRefusesTheCommit) {
  nodes_.MakePair();
  nodes_.Cut(true);
  nodes_.Run(5'000);
  EXPECT_EQ(a().CommitText(RuleJson("nobody-was-there")), "");
  LetTheOtherTakeOver();
  nodes_.Cut(false);
  const CommitOutcome outcome = a().Commit(RuleJson("web"));
  EXPECT_FALSE(outcome.committed);
  ASSERT_EQ(outcome.remotes.size(), 1u);
  EXPECT_EQ(outcome.remotes[0].state, RemoteOutcome::State::kRefused);
  ASSERT_EQ(outcome.problems.list.size(), 1u);
  EXPECT_EQ(outcome.problems.list[0].code, "SYNC_DIRECTION");
}

// A node that has just been started does not know the other one's hardware yet.
TEST_F(PairWhenAskedTest, F19_InterfacesDoNotTravelToHardwareThatIsNotKnownYet) {
  b().facts.facts.hardware = "another";
  nodes_.MakePair();
  ASSERT_EQ(a().CommitText(R"({"ha": {"failover": {"enabled": false}}})"), "");
  nodes_.Run(500);
  a().Stop();
  a().Start();
  const CommitOutcome outcome = a().Commit(R"({"interfaces": {"loopback": [{"name": "lo"}]}})");
  EXPECT_TRUE(outcome.committed);
  ASSERT_EQ(outcome.remotes.size(), 1u);
  EXPECT_EQ(outcome.remotes[0].state, RemoteOutcome::State::kPending);
  EXPECT_EQ(outcome.remotes[0].withheld, std::vector<std::string>{"interfaces"});
  nodes_.Run(500);
  EXPECT_EQ(b().Running().Find(PathDown(b().judge.root(), {"interfaces"})), nullptr);
  EXPECT_EQ(a().State(), "in-sync") << a().Reasons();
}

// It has been given the same by somebody else since it was heard of last.
TEST_F(PairWhenAskedTest, F33_WhoHasItAlreadyIsNotDiverged) {
  nodes_.MakePair();
  ASSERT_EQ(a().CommitText(R"({"ha": {"configuration-synchronization": {"policy": "strict"}}})"),
            "");
  LetTheOtherTakeOver();
  nodes_.Run(500);
  nodes_.Cut(true);
  ASSERT_EQ(b().CommitText(RuleJson("web")), "");
  a().facts.role = {.role = HaRole::kActive, .term = 3, .is_dataplane_ready = true, .reasons = {}};
  b().facts.role = {.role = HaRole::kStandby, .term = 3, .is_dataplane_ready = true, .reasons = {}};
  nodes_.Cut(false);
  EXPECT_EQ(a().CommitText(RuleJson("web")), "");
  nodes_.Run(500);
  EXPECT_EQ(a().State(), "in-sync") << a().Reasons();
}

}  // namespace
}  // namespace configsync
