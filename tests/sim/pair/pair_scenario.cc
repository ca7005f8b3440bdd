// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

// Stories of two and three nodes, each about one promise.

#include <gtest/gtest.h>

#include "tests/sim/pair/runs.h"

namespace configsync {
namespace {

const std::vector<std::string_view> kObjects = {"objects"};
const std::vector<std::string_view> kBoth = {"objects", "firewall"};

class PairStory : public ::testing::Test {
 protected:
  ~PairStory() override { EXPECT_EQ(world_.failure(), "") << world_.trace(); }
  // The first push, and time to see it.
  void Begin() {
    world_.Pass(1'000);
    ASSERT_TRUE(world_.Commit(0, kBoth).committed) << world_.trace();
    world_.Pass(1'000);
    ASSERT_TRUE(world_.IsAllInSync()) << Reasons();
  }
  std::string Shared(int node) { return world_.content().SharedText(world_.RunningOf(node)); }
  std::string CodeOf(const CommitOutcome& outcome) {
    return outcome.problems.list.empty() ? "" : outcome.problems.list.front().code;
  }
  RemoteStatus RemoteOf(int node) { return world_.node(node).sync->Status().remotes.front(); }
  bool Has(const std::vector<Reason>& reasons, ReasonCode code) {
    return std::ranges::any_of(reasons, [&](const Reason& each) { return each.code == code; });
  }
  std::string Reasons() {
    std::string text = world_.trace();
    for (int i = 0; i < world_.node_count(); ++i) {
      for (const RemoteStatus& remote : world_.node(i).sync->Status().remotes) {
        text += world_.node(i).name + ": " + std::string(NameOf(remote.state));
        for (const Reason& reason : remote.reasons) text += " " + TextOf(reason);
        text += "\n";
      }
    }
    return text;
  }

  PairWorld world_{{.seed = 1}};
};

TEST_F(PairStory, F3_TheStandbyMayNotChangeWhatIsShared) {
  Begin();
  const CommitOutcome outcome = world_.Commit(1, kObjects);
  EXPECT_FALSE(outcome.committed);
  EXPECT_EQ(CodeOf(outcome), "SYNC_DIRECTION");
  const Content& content = world_.content();
  EXPECT_TRUE(world_.CommitEdits(1, {content.Set("system location", "own-cellar")}).committed);
}

TEST_F(PairStory, F5_TheSourceIsKnownAfterADeath) {
  Begin();
  world_.Restart(1);
  world_.Pass(500);
  EXPECT_EQ(world_.node(1).sync->Status().source, world_.node(0).device);
}

TEST_F(PairStory, F23_WhatIsPushedOutlivesAReboot) {
  Begin();
  const std::string pushed = Shared(1);
  world_.node(1).boot_id = "another boot";
  world_.Restart(1);
  world_.Pass(500);
  EXPECT_EQ(Shared(1), pushed);
}

TEST_F(PairStory, F24_TheStartupOfTheSenderStaysAndItIsTold) {
  Begin();
  const RevisionId startup = world_.node(0).engine->Status().startup;
  const CommitOutcome outcome = world_.Commit(0, kObjects);
  ASSERT_TRUE(outcome.committed);
  EXPECT_EQ(world_.node(0).engine->Status().startup, startup);
  EXPECT_TRUE(std::ranges::any_of(outcome.warnings, [](const std::string& warning) {
    return warning.find("startup") != std::string::npos;
  }));
}

TEST_F(PairStory, F34_ARefusalThereRefusesHereAndNeitherHasChanged) {
  Begin();
  world_.node(1).dataplane.refuses_plan = true;
  const std::string before = Shared(0);
  const CommitOutcome outcome = world_.Commit(0, kObjects);
  EXPECT_FALSE(outcome.committed);
  EXPECT_FALSE(outcome.problems.empty());
  EXPECT_EQ(Shared(0), before);
  EXPECT_EQ(Shared(1), before);
}

TEST_F(PairStory, N15_ACommitIsOnBothNodesWhenItIsAcknowledged) {
  Begin();
  const CommitOutcome outcome = world_.Commit(0, kObjects);
  ASSERT_TRUE(outcome.committed);
  ASSERT_EQ(outcome.remotes.size(), 1u);
  EXPECT_EQ(outcome.remotes[0].state, RemoteOutcome::State::kApplied);
  EXPECT_EQ(Shared(0), Shared(1));
}

TEST_F(PairStory, F42_FiveCommitsDuringACutArriveAsOneRevision) {
  Begin();
  world_.cuts.insert({0, 1});
  for (int i = 0; i < 5; ++i) EXPECT_TRUE(world_.Commit(0, kObjects).committed);
  const std::uint64_t pushes = world_.ledger().pushes(1);
  world_.cuts.clear();
  world_.Pass(4'000);
  EXPECT_EQ(world_.ledger().pushes(1), pushes + 1);
  EXPECT_TRUE(world_.IsAllInSync()) << Reasons();
}

TEST_F(PairStory, F43_TheNewActiveDoesNotPullWhatTheOldOneHas) {
  Begin();
  world_.cuts.insert({0, 1});
  ASSERT_TRUE(world_.Commit(0, kObjects).committed);
  const std::string good = Shared(1);
  world_.Failover(1);
  world_.Pass(1'000);
  world_.cuts.clear();
  world_.Pass(5'000);
  EXPECT_EQ(Shared(1), good);
  EXPECT_TRUE(Has(RemoteOf(1).reasons, ReasonCode::kDiverged)) << Reasons();
}

TEST_F(PairStory, F41_WhatWaitsOnPurposeIsNotWhatNeverTravels) {
  Begin();
  const Content& content = world_.content();
  const std::string top = "ha configuration-synchronization ";
  ASSERT_TRUE(world_.CommitEdits(0, {content.Set(top + "push", "manual")}).committed);
  ASSERT_TRUE(world_.CommitEdits(0, {content.Set("system location", "own-roof")}).committed);
  world_.Pass(1'000);
  EXPECT_TRUE(world_.IsAllInSync()) << Reasons();
  ASSERT_TRUE(world_.Commit(0, kObjects).committed);
  world_.Pass(1'000);
  EXPECT_TRUE(Has(RemoteOf(0).reasons, ReasonCode::kPending)) << Reasons();
  EXPECT_NE(Shared(0), Shared(1));
  EXPECT_TRUE(world_.Manual(0, {.kind = ManualKind::kPush}).done) << world_.trace();
  world_.Pass(1'000);
  EXPECT_TRUE(world_.IsAllInSync()) << Reasons();
}

TEST_F(PairStory, N18_WhatBothChangedIsMergedByADecisionOnly) {
  Begin();
  world_.cuts.insert({0, 1});
  ASSERT_TRUE(world_.Commit(0, kObjects).committed);
  world_.Failover(1);
  world_.Pass(2'000);
  ASSERT_TRUE(world_.Commit(1, {"firewall"}).committed) << Reasons();
  world_.cuts.clear();
  world_.Pass(4'000);
  EXPECT_TRUE(Has(RemoteOf(1).reasons, ReasonCode::kDiverged)) << Reasons();
  EXPECT_NE(Shared(0), Shared(1));
  const ManualOutcome outcome = world_.Manual(1, {.kind = ManualKind::kMerge});
  EXPECT_TRUE(outcome.done) << world_.trace();
  world_.Pass(4'000);
  EXPECT_TRUE(world_.IsAllInSync()) << Reasons();
  EXPECT_EQ(Shared(0), Shared(1));
}

TEST_F(PairStory, N20_WhatNobodyConfirmsIsGoneOnBothAlsoAfterAFailover) {
  Begin();
  const std::string before = Shared(0);
  CommitOptions soon;
  soon.confirm_within_s = 5;
  ASSERT_TRUE(world_.Commit(0, kObjects, soon).committed);
  EXPECT_NE(Shared(1), before);
  world_.Restart(0);
  world_.Failover(1);
  world_.Pass(7'000);
  EXPECT_EQ(Shared(0), before);
  EXPECT_EQ(Shared(1), before);
}

TEST_F(PairStory, N20_ACommitOnTopOfATrialIsOnTrialThereToo) {
  Begin();
  const std::string before = Shared(0);
  CommitOptions soon;
  soon.confirm_within_s = 5;
  world_.cuts.insert({0, 1});
  ASSERT_TRUE(world_.Commit(0, kObjects, soon).committed);
  world_.cuts.clear();
  ASSERT_TRUE(world_.Commit(0, kObjects).committed);
  EXPECT_EQ(Shared(0), Shared(1));
  EXPECT_TRUE(world_.node(1).engine->Status().confirm.has_value());
  world_.Restart(0);
  world_.Failover(1);  // Nobody pushes to it: its own timer counts.
  world_.Pass(7'000);
  EXPECT_EQ(Shared(1), before);
}

TEST_F(PairStory, N20_WhatIsConfirmedStaysOnBoth) {
  Begin();
  CommitOptions soon;
  soon.confirm_within_s = 5;
  ASSERT_TRUE(world_.Commit(0, kObjects, soon).committed);
  ASSERT_TRUE(world_.Confirm(0));
  const std::string confirmed = Shared(0);
  world_.Pass(7'000);
  EXPECT_EQ(Shared(0), confirmed);
  EXPECT_EQ(Shared(1), confirmed);
  EXPECT_TRUE(world_.IsAllInSync()) << Reasons();
}

TEST(PairRing, F6_EveryCommitIsPushedAtMostOnceByEach) {
  const RunResult result = RunRing(1, 100);
  EXPECT_EQ(result.failure, "");
  EXPECT_EQ(result.commits, 100u);
}

}  // namespace
}  // namespace configsync
