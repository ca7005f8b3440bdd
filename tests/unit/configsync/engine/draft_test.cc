// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

// Configurations that other nodes give.

#include <thread>

#include "tests/unit/configsync/engine/engine_fixture.h"
#include "tests/unit/configsync/engine/fake_gate.h"

namespace configsync {
namespace {

const Operator kPeer = {.user_id = kPeerUserId, .name = "hasync"};

class DraftTest : public EngineTest {
 protected:
  // For what is running, with this besides.
  PeerDraft DraftWith(std::string_view words, std::string_view value) {
    const Tree running = engine_->Running().second;
    return {.by = kPeer,
            .origin = "peer",
            .comment = "from fw-a",
            .tree = *running.Apply(std::vector<Edit>{schema_.Set(words, value)}),
            .on_running = running.hash(),
            .confirm_within_s = {},
            .notes = {}};
  }
  // With the short wait that a test can afford.
  void RestartImpatient() {
    engine_.reset();
    engine_ = *ConfigEngine::Start({.judge = &judge_,
                                    .store = &store_,
                                    .dataplane = &dataplane_,
                                    .clock = &clock_,
                                    .boot_id = boot_id_,
                                    .peer_wait_ms = 1});
  }
};

TEST_F(DraftTest, IsARevisionWithItsNotesInOneTransaction) {
  PeerDraft draft = DraftWith("system host-name", "fw1");
  draft.notes["sync/source"] = "device-a 7";
  const int writes = store_.writes;
  const CommitOutcome outcome = engine_->CommitDraft(draft);
  ASSERT_TRUE(outcome.committed) << CodeOf(outcome.problems);
  EXPECT_EQ(store_.writes, writes + 1);
  EXPECT_EQ(Value("system host-name"), "fw1");
  EXPECT_EQ(engine_->ReadNotes()["sync/source"], "device-a 7");
  EXPECT_EQ(Newest().author, kPeer);
  EXPECT_EQ(Newest().origin, "peer");
  EXPECT_EQ(Newest().comment, "from fw-a");
  EXPECT_EQ(dataplane_.runs->first, 2u);
  EXPECT_EQ(LastAudit().action, "peer");
  Restart();
  EXPECT_EQ(engine_->ReadNotes()["sync/source"], "device-a 7");
  EXPECT_EQ(Value("system host-name"), "fw1");
}

TEST_F(DraftTest, AnActOfSomebodyElseIsInTheAuditWithItsOutcome) {
  ASSERT_TRUE(engine_->WriteAudit(kPeer, "pairing", "the code was wrong", "refused").ok());
  EXPECT_EQ(LastAudit().action, "pairing");
  EXPECT_EQ(LastAudit().detail, "the code was wrong");
  EXPECT_EQ(LastAudit().outcome, "refused");
  EXPECT_EQ(engine_->Status().running, 1u);
}

TEST_F(DraftTest, F23_WhatAPeerGivesIsTheStartupConfigurationAtOnce) {
  ASSERT_TRUE(engine_->CommitDraft(DraftWith("system host-name", "fw1")).committed);
  const EngineStatus status = engine_->Status();
  EXPECT_EQ(status.startup, 2u);
  EXPECT_EQ(status.startup_hash, status.running_hash);
  Reboot();
  EXPECT_EQ(Value("system host-name"), "fw1");
}

TEST_F(DraftTest, N20_WithATimerItIsStartupAtTheConfirmationOnly) {
  PeerDraft draft = DraftWith("system host-name", "fw1");
  draft.confirm_within_s = 30;
  ASSERT_TRUE(engine_->CommitDraft(draft).committed);
  EXPECT_EQ(engine_->Status().startup, 1u);
  EXPECT_EQ(engine_->Status().confirm->by, "hasync");
  ASSERT_TRUE(engine_->Confirm(kPeer).ok());
  EXPECT_EQ(engine_->Status().startup, 2u);
  draft = DraftWith("system host-name", "fw2");
  draft.confirm_within_s = 30;
  ASSERT_TRUE(engine_->CommitDraft(draft).committed);
  Restart();  // The peer may be gone for ever: the timer is this node's own.
  Pass(30'000);
  EXPECT_EQ(Value("system host-name"), "fw1");
  EXPECT_EQ(engine_->Status().startup, 2u);
}

TEST_F(DraftTest, N20_WhatAPeerBeganAnybodyHereMayConfirm) {
  FakeGate gate;
  engine_->SetGate(&gate);
  PeerDraft draft = DraftWith("system host-name", "fw1");
  draft.confirm_within_s = 30;
  ASSERT_TRUE(engine_->CommitDraft(draft).committed);
  Set(kBob, "ha virtual-host-name", "v");
  EXPECT_EQ(CodeOf(Commit(kBob).problems), problem_code::kConfirmPending);
  gate.Calls();
  ASSERT_TRUE(engine_->Confirm(kBob).ok());
  EXPECT_EQ(gate.Calls(), std::vector<std::string>{"confirm 2"});
  draft = DraftWith("system host-name", "fw2");
  draft.confirm_within_s = 30;
  ASSERT_TRUE(engine_->CommitDraft(draft).committed);
  ASSERT_TRUE(engine_->Confirm(kPeer).ok());
  EXPECT_TRUE(gate.Calls().empty());  // It came from there.
}

TEST_F(DraftTest, N20_WhatAPeerGivesForGoodEndsTheTrialOfWhatItGaveBefore) {
  PeerDraft draft = DraftWith("system host-name", "fw1");
  draft.confirm_within_s = 30;
  ASSERT_TRUE(engine_->CommitDraft(draft).committed);
  ASSERT_TRUE(engine_->CommitDraft(DraftWith("system host-name", "fw2")).committed);
  EXPECT_FALSE(engine_->Status().confirm.has_value());
  EXPECT_EQ(engine_->Status().startup, 3u);
  Pass(30'000);
  EXPECT_EQ(Value("system host-name"), "fw2");
}

TEST_F(DraftTest, MadeForAnotherConfigurationItIsRefused) {
  const PeerDraft draft = DraftWith("system host-name", "fw1");
  MustCommit(kAnn, "ha virtual-host-name", "v");
  EXPECT_EQ(CodeOf(engine_->CommitDraft(draft).problems), problem_code::kRunningMoved);
  EXPECT_EQ(Value("system host-name"), "");
  EXPECT_EQ(engine_->Status().running, 2u);
}

TEST_F(DraftTest, LocksAndConfirmsOfOthersCount) {
  ASSERT_TRUE(engine_->Lock(kAnn, 60).ok());
  EXPECT_EQ(CodeOf(engine_->CommitDraft(DraftWith("system host-name", "x")).problems),
            problem_code::kLockHeld);
  ASSERT_TRUE(engine_->Unlock(kAnn, false).ok());
  Set(kAnn, "system host-name", "fw1");
  ASSERT_TRUE(CommitWithin(kAnn, 30).committed);
  EXPECT_EQ(CodeOf(engine_->CommitDraft(DraftWith("system host-name", "x")).problems),
            problem_code::kConfirmPending);
}

TEST_F(DraftTest, IsJudgedHereByThisNodesOwnRules) {
  PeerDraft draft = DraftWith("system host-name", "bad");
  EXPECT_EQ(CodeOf(engine_->CommitDraft(draft).problems), "INVALID");
  draft.check_only = true;
  EXPECT_EQ(CodeOf(engine_->CommitDraft(draft).problems), "INVALID");
  dataplane_.refuses_plan = true;
  EXPECT_EQ(CodeOf(engine_->CommitDraft(DraftWith("system host-name", "x")).problems), "REFUSED");
  EXPECT_EQ(engine_->Status().running, 1u);
}

TEST_F(DraftTest, WhatACheckFoundGoodIsNotAskedTwice) {
  PeerDraft draft = DraftWith("policy rule r1 action", "permit");
  draft.check_only = true;
  const int writes = store_.writes;
  const CommitOutcome checked = engine_->CommitDraft(draft);
  EXPECT_TRUE(checked.problems.empty());
  EXPECT_FALSE(checked.committed);
  EXPECT_EQ(store_.writes, writes);
  EXPECT_EQ(dataplane_.plans, 1);
  draft.check_only = false;
  const CommitOutcome outcome = engine_->CommitDraft(draft);
  ASSERT_TRUE(outcome.committed);
  EXPECT_EQ(dataplane_.plans, 1);
  EXPECT_EQ(outcome.hash, checked.hash);
  EXPECT_EQ(outcome.sessions.ended, checked.sessions.ended);
  EXPECT_EQ(outcome.services.size(), checked.services.size());
}

TEST_F(DraftTest, WhatWasCheckedLongAgoIsAskedAgain) {
  PeerDraft draft = DraftWith("policy rule r1 action", "permit");
  draft.check_only = true;
  ASSERT_TRUE(engine_->CommitDraft(draft).problems.empty());
  ASSERT_TRUE(engine_->CommitDraft(draft).problems.empty());  // A check is asked each time.
  EXPECT_EQ(dataplane_.plans, 2);
  clock_.Pass(30'001);
  dataplane_.refuses_plan = true;
  draft.check_only = false;
  EXPECT_EQ(CodeOf(engine_->CommitDraft(draft).problems), "REFUSED");
  EXPECT_EQ(dataplane_.plans, 3);
}

TEST_F(DraftTest, WhatWasCheckedForAnotherRunningIsAskedAgain) {
  PeerDraft draft = DraftWith("system host-name", "fw1");
  draft.check_only = true;
  ASSERT_TRUE(engine_->CommitDraft(draft).problems.empty());
  MustCommit(kAnn, "ha virtual-host-name", "v");  // Plans once.
  draft.check_only = false;                       // The same tree: the name goes.
  draft.on_running = engine_->Running().second.hash();
  ASSERT_TRUE(engine_->CommitDraft(draft).committed);
  EXPECT_EQ(dataplane_.plans, 3);
}

TEST_F(DraftTest, IdsThatAreThereStayAndMissingOnesAreChosen) {
  MustCommit(kAnn, "policy rule r1 action", "permit");
  const Tree running = engine_->Running().second;
  PeerDraft draft = DraftWith("policy rule r2 action", "deny");
  draft.tree = *running.Apply(std::vector<Edit>{schema_.Set("policy rule r2 action", "deny"),
                                                schema_.Set("policy rule r2 id", "9"),
                                                schema_.Set("policy rule r3 action", "deny")});
  ASSERT_TRUE(engine_->CommitDraft(draft).committed);
  EXPECT_EQ(Value("policy rule r1 id"), "1");
  EXPECT_EQ(Value("policy rule r2 id"), "9");
  EXPECT_EQ(Value("policy rule r3 id"), "2");
}

TEST_F(DraftTest, TheEditLockIsForPersons) {
  ArmHa();
  EXPECT_TRUE(engine_->CommitDraft(DraftWith("interfaces interface lan mtu", "1500")).committed);
}

TEST_F(DraftTest, ADraftEqualToRunningChangesNothing) {
  MustCommit(kAnn, "system host-name", "fw1");
  PeerDraft draft = DraftWith("system host-name", "fw1");
  draft.notes["sync/source"] = "x";
  EXPECT_EQ(CodeOf(engine_->CommitDraft(draft).problems), problem_code::kNothingToCommit);
  EXPECT_TRUE(engine_->ReadNotes().empty());
}

TEST_F(DraftTest, CandidatesStay) {
  Set(kAnn, "ha virtual-host-name", "v");
  PeerDraft draft = DraftWith("system host-name", "fw1");
  draft.by = kAnn;
  draft.origin = "merge";
  ASSERT_TRUE(engine_->CommitDraft(draft).committed);
  EXPECT_EQ(Value("ha virtual-host-name", ViewName::Kind::kCandidate), "v");
  EXPECT_EQ(Newest().origin, "merge");
}

TEST_F(DraftTest, TheCommentIsLongerThanAPersonsButBounded) {
  PeerDraft draft = DraftWith("system host-name", "fw1");
  draft.comment = std::string(kPeerCommentBytesMax + 1, 'x');
  EXPECT_EQ(CodeOf(engine_->CommitDraft(draft).problems), problem_code::kBadOption);
  draft.comment = std::string(kPeerCommentBytesMax, 'x');
  EXPECT_TRUE(engine_->CommitDraft(draft).committed);
}

TEST_F(DraftTest, OfAPeerNobodyElseIsAskedByHandTheyAre) {
  FakeGate gate;
  engine_->SetGate(&gate);
  gate.notes = {{"sync/offered", "gate"}, {"sync/source", "gate"}};
  ASSERT_TRUE(engine_->CommitDraft(DraftWith("system host-name", "fw1")).committed);
  EXPECT_TRUE(gate.Calls().empty());
  PeerDraft draft = DraftWith("system host-name", "fw2");
  draft.asks_gate = true;
  draft.origin = "merge";
  draft.notes["sync/source"] = "draft";
  ASSERT_TRUE(engine_->CommitDraft(draft).committed);
  EXPECT_EQ(gate.Calls(), (std::vector<std::string>{"prepare 3 merge", "notes 3", "finish"}));
  EXPECT_EQ(engine_->ReadNotes()["sync/offered"], "gate");
  EXPECT_EQ(engine_->ReadNotes()["sync/source"], "draft");
}

// A commit here asks the peer, which just then calls: both would wait for each other.
TEST_F(DraftTest, F78_DuringACommitAPeerIsToldThatItIsBusy) {
  RestartImpatient();
  FakeGate gate;
  engine_->SetGate(&gate);
  const PeerDraft draft = DraftWith("policy rule r1 action", "permit");
  std::string code;
  absl::Status confirmed;
  gate.during_prepare = [&] {
    std::thread([&] {
      code = CodeOf(engine_->CommitDraft(draft).problems);
      confirmed = engine_->Confirm(kPeer);
    }).join();
  };
  Set(kAnn, "system host-name", "fw1");
  EXPECT_TRUE(Commit(kAnn).committed);
  EXPECT_EQ(code, problem_code::kPeerBusy);
  EXPECT_TRUE(absl::IsUnavailable(confirmed)) << confirmed;
  EXPECT_EQ(Value("policy rule r1 action"), "");
}

}  // namespace
}  // namespace configsync
