// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

// A node that stays at what is known to be good, whatever others have.

#include <gtest/gtest.h>

#include "tests/unit/configsync/pair/two_nodes.h"

namespace configsync {
namespace {

class PairPinTest : public ::testing::Test {
 protected:
  PairPinTest() {
    nodes_.MakePair();
    EXPECT_EQ(a().CommitText(RuleJson("good")), "");
    nodes_.Run(500);
  }
  PairNode& a() { return nodes_.a(); }
  PairNode& b() { return nodes_.b(); }
  Nodes nodes_;
};

TEST_F(PairPinTest, F43_APinnedStandbyIsNotEvenAsked) {
  ASSERT_TRUE(b().pair->Pin(kEve, true).ok());
  nodes_.Run(300);
  EXPECT_EQ(a().Reasons(), "RECEIVE_PINNED");
  EXPECT_EQ(b().Reasons(), "RECEIVE_PINNED");
  EXPECT_EQ(b().pair->Status().pinned, b().engine->Running().first);
  nodes_.wire.counts.clear();
  const CommitOutcome outcome = a().Commit(RuleJson("bad"));
  ASSERT_TRUE(outcome.committed);
  EXPECT_EQ(NameOf(outcome.remotes[0].reasons.at(0)), "RECEIVE_PINNED");
  b().Stop();
  b().Start();
  nodes_.Run(3'000);
  EXPECT_EQ(b().Action("bad"), "");
  EXPECT_EQ(b().Action("good"), "permit");
  EXPECT_EQ(nodes_.wire.counts["Prepare"], 0);
  EXPECT_EQ(a().Reasons(), "RECEIVE_PINNED");
  ASSERT_TRUE(b().pair->Pin(kEve, false).ok());
  nodes_.Run(2'000);
  EXPECT_EQ(b().Action("bad"), "permit");
  EXPECT_EQ(a().Reasons(), "");
  EXPECT_EQ(b().Reasons(), "");
}

// The sender could not know of it yet.
TEST_F(PairPinTest, F43_APinBetweenTheStepsOfAPushCounts) {
  for (const std::string_view step : {"Prepare", "Apply"}) {
    nodes_.wire.judge = [&](const Wire::Call& call) {
      if (call.name == step) {
        EXPECT_TRUE(b().pair->Pin(kEve, true).ok());
      }
      return absl::OkStatus();
    };
    const std::string rule = std::string("bad-") + std::string(step);
    const CommitOutcome outcome = a().Commit(RuleJson(rule));
    ASSERT_TRUE(outcome.committed);
    EXPECT_EQ(outcome.remotes[0].state, RemoteOutcome::State::kPending);
    EXPECT_EQ(NameOf(outcome.remotes[0].reasons.at(0)), "RECEIVE_PINNED");
    nodes_.Run(2'000);
    EXPECT_EQ(b().Action(rule), "");
    nodes_.Cut(false);
    ASSERT_TRUE(b().pair->Pin(kEve, false).ok());
    nodes_.Run(3'000);
    EXPECT_EQ(b().Action(rule), "permit");
  }
}

TEST_F(PairPinTest, F43_InAnEmergencyTheGoodOneTakesOverAndPullsNothing) {
  ASSERT_TRUE(b().pair->Pin(kEve, true).ok());
  nodes_.Run(300);
  ASSERT_TRUE(a().Commit(RuleJson("bad")).committed);
  a().Stop();
  b().facts.role = {.role = HaRole::kActive, .term = 2, .is_dataplane_ready = true, .reasons = {}};
  nodes_.Run(2'000);
  a().facts.role = {.role = HaRole::kStandby, .term = 2, .is_dataplane_ready = true, .reasons = {}};
  a().Start();
  nodes_.Run(3'000);
  EXPECT_EQ(b().Action("good"), "permit");
  EXPECT_EQ(b().Action("bad"), "");
  EXPECT_EQ(b().State(), "diverged") << b().Reasons();
}

}  // namespace
}  // namespace configsync
