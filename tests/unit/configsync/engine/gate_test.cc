// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

// Steps 8a, 8b, 11a and 11b: what a commit asks of other nodes, and when.

#include "tests/unit/configsync/engine/engine_fixture.h"
#include "tests/unit/configsync/engine/fake_gate.h"

namespace configsync {
namespace {

using Kind = ViewName::Kind;
using Calls = std::vector<std::string>;

class GateTest : public EngineTest {
 protected:
  GateTest() { engine_->SetGate(&gate_); }
  FakeGate gate_;
};

TEST_F(GateTest, ACommitAsksWritesFollowsAndFinishesInThisOrder) {
  Set(kAnn, "system host-name", "fw1");
  gate_.notes["sync/offered"] = "x";
  gate_.during_prepare = [&] { EXPECT_EQ(engine_->Running().first, 1u); };
  gate_.during_finish = [&] {
    EXPECT_EQ(store_.Read()->running, 2u);
    EXPECT_EQ(store_.Read()->notes["sync/offered"], "x");
    EXPECT_EQ(dataplane_.runs->first, 2u);  // Here first, there then.
  };
  const int writes = store_.writes;
  const CommitOutcome outcome = Commit(kAnn);
  ASSERT_TRUE(outcome.committed) << CodeOf(outcome.problems);
  EXPECT_EQ(store_.writes, writes + 1);
  EXPECT_EQ(gate_.Calls(), (Calls{"prepare 2 commit", "notes 2", "finish"}));
  EXPECT_EQ(gate_.prepared_hash, outcome.hash);
  EXPECT_EQ(gate_.change_count, 1u);
  ASSERT_EQ(outcome.remotes.size(), 1u);
  EXPECT_EQ(outcome.remotes[0].state, RemoteOutcome::State::kApplied);
}

TEST_F(GateTest, F34_ARefusalOfARemoteRefusesTheCommitAndTheCandidateStays) {
  Set(kAnn, "system host-name", "fw1");
  gate_.refuses = true;
  const CommitOutcome outcome = Commit(kAnn);
  EXPECT_FALSE(outcome.committed);
  EXPECT_EQ(CodeOf(outcome.problems), "PEER_REFUSED");
  EXPECT_EQ(outcome.problems.list[0].path, "/policy");
  ASSERT_EQ(outcome.remotes.size(), 1u);
  EXPECT_EQ(gate_.Calls(), (Calls{"prepare 2 commit", "abort"}));
  EXPECT_EQ(engine_->Status().running, 1u);
  EXPECT_EQ(Value("system host-name", Kind::kCandidate), "fw1");
  EXPECT_EQ(LastAudit().outcome, "refused");
  gate_.refuses = false;
  EXPECT_TRUE(Commit(kAnn).committed);
}

TEST_F(GateTest, ACheckAsksAndTakesItBack) {
  Set(kAnn, "system host-name", "fw1");
  CommitOptions options;
  options.check_only = true;
  const CommitOutcome outcome = Commit(kAnn, options);
  EXPECT_TRUE(outcome.problems.empty());
  ASSERT_EQ(outcome.remotes.size(), 1u);
  EXPECT_EQ(gate_.Calls(), (Calls{"prepare 2 commit", "abort"}));
}

TEST_F(GateTest, AStoreThatRefusesAbortsWhatWasPrepared) {
  Set(kAnn, "system host-name", "fw1");
  store_.fails_next = absl::ResourceExhaustedError("full");
  EXPECT_FALSE(Commit(kAnn).committed);
  EXPECT_EQ(gate_.Calls(), (Calls{"prepare 2 commit", "notes 2", "abort"}));
}

TEST_F(GateTest, WhatThisNodeRefusesItselfNobodyIsAsked) {
  Set(kAnn, "system host-name", "bad");
  EXPECT_FALSE(Commit(kAnn).committed);
  EXPECT_FALSE(Commit(kBob).committed);  // Nothing to commit.
  EXPECT_EQ(gate_.Calls(), Calls{});
}

// Of the queue, the first alone is in what a remote is asked about.
TEST_F(GateTest, F79_OnlyWhatIsCommittedIsAskedAbout) {
  Set(kAnn, "system host-name", "fw1");
  Set(kBob, "ha virtual-host-name", "v");
  Tree asked = engine_->Running().second;
  ASSERT_TRUE(Commit(kAnn).committed);
  EXPECT_EQ(gate_.change_count, 1u);
  EXPECT_EQ(gate_.prepared_hash, HexOf(engine_->Running().second.hash()));
  EXPECT_EQ(engine_->Running().second.Find(schema_.PathOf("ha virtual-host-name")), nullptr);
}

TEST_F(GateTest, AnHaSwitchAsksNobodyAndWakesTheGate) {
  ArmHa();
  gate_.Calls();
  ASSERT_TRUE(engine_->BeginHaEdit(kAnn, 60).committed);
  EXPECT_EQ(gate_.Calls(), Calls{"wake"});
  ASSERT_TRUE(engine_->EndHaEdit(kAnn).committed);
  EXPECT_EQ(gate_.Calls(), Calls{"wake"});
}

TEST_F(GateTest, WhatTimeChangesWakesTheGate) {
  Set(kAnn, "system host-name", "fw1");
  ASSERT_TRUE(CommitWithin(kAnn, 10).committed);
  gate_.Calls();
  Pass(10'000);
  EXPECT_EQ(Value("system host-name"), "");
  EXPECT_EQ(gate_.Calls(), Calls{"wake"});
}

TEST_F(GateTest, N20_AConfirmIsPassedOnAfterItIsWritten) {
  Set(kAnn, "system host-name", "fw1");
  ASSERT_TRUE(CommitWithin(kAnn, 10).committed);
  gate_.Calls();
  EXPECT_FALSE(engine_->Confirm(kBob).ok());
  EXPECT_EQ(gate_.Calls(), Calls{});
  ASSERT_TRUE(engine_->Confirm(kAnn).ok());
  EXPECT_EQ(gate_.Calls(), Calls{"confirm 2"});
}

TEST_F(GateTest, F24_TheLocalStartupStaysAndAWarningSaysThatTheRemoteHasSaved) {
  const std::string startup = engine_->Status().startup_hash;
  Set(kAnn, "system host-name", "fw1");
  const CommitOutcome outcome = Commit(kAnn);
  EXPECT_EQ(engine_->Status().startup, 1u);
  EXPECT_EQ(engine_->Status().startup_hash, startup);
  ASSERT_EQ(outcome.warnings.size(), 1u);
  EXPECT_EQ(outcome.warnings[0],
            "fw-b has made its revision 41 its startup configuration; here startup is still "
            "revision 1, not 2: lockstepctl config save");
  // Both, if asked.
  Set(kAnn, "system host-name", "fw2");
  CommitOptions options;
  options.save = true;
  EXPECT_TRUE(Commit(kAnn, options).warnings.empty());
  EXPECT_EQ(engine_->Status().startup, 3u);
  // What the remote has not is nothing to warn of.
  gate_.applies = false;
  Set(kAnn, "system host-name", "fw3");
  EXPECT_TRUE(Commit(kAnn).warnings.empty());
}

TEST_F(GateTest, F150_ARevisionOfTheCentralManagerSaysSo) {
  Set(kAnn, "system host-name", "fw1");
  CommitOptions options;
  options.from_central_manager = true;
  ASSERT_TRUE(Commit(kAnn, options).committed);
  EXPECT_EQ(Newest().origin, "central-manager");
  EXPECT_EQ(gate_.Calls().front(), "prepare 2 central-manager");
}

TEST_F(GateTest, SaveAndTheMasterKeyWakeTheGate) {
  ASSERT_TRUE(engine_->Save(kAnn).ok());
  EXPECT_EQ(gate_.Calls(), Calls{"wake"});
  ASSERT_TRUE(engine_->ChangeMasterKey(kAnn, store_.key, "new-key").ok());
  EXPECT_EQ(gate_.Calls(), Calls{"wake"});
}

}  // namespace
}  // namespace configsync
