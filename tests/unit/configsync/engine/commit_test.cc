// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

#include "tests/unit/configsync/engine/engine_fixture.h"

namespace configsync {
namespace {

using Kind = ViewName::Kind;

TEST_F(EngineTest, AnEmptyStoreGetsRevisionOne) {
  const EngineStatus status = engine_->Status();
  EXPECT_EQ(status.running, 1u);
  EXPECT_EQ(status.startup, 1u);
  EXPECT_EQ(Newest().origin, "first");
  EXPECT_EQ(dataplane_.runs->first, 1u);
}

TEST_F(EngineTest, ACommitIsInForceInTheHistoryAndFollowed) {
  Set(kAnn, "system host-name", "fw1");
  CommitOptions options;
  options.comment = "named";
  const CommitOutcome outcome = Commit(kAnn, options);
  ASSERT_TRUE(outcome.committed) << CodeOf(outcome.problems);
  EXPECT_EQ(outcome.revision, 2u);
  EXPECT_EQ(outcome.changes.size(), 1u);
  EXPECT_EQ(outcome.sessions.ended, 2u);
  EXPECT_EQ(Value("system host-name"), "fw1");
  const RevisionInfo info = Newest();
  EXPECT_EQ(info.author, kAnn);
  EXPECT_EQ(info.origin, "commit");
  EXPECT_EQ(info.comment, "named");
  EXPECT_EQ(info.parent, 1u);
  EXPECT_EQ(HexOf(info.hash), outcome.hash);
  EXPECT_EQ(dataplane_.runs->first, 2u);
  EXPECT_EQ(HexOf(dataplane_.runs->second.hash()), outcome.hash);
  EXPECT_TRUE(store_.Read()->candidates.empty());
  EXPECT_EQ(LastAudit().action, "commit");
  EXPECT_EQ(LastAudit().outcome, "done");
  EXPECT_EQ(engine_->Status().startup, 1u);
}

TEST_F(EngineTest, CheckOnlyTellsEverythingAndChangesNothing) {
  Set(kAnn, "policy rule r1 action", "permit");
  CommitOptions options;
  options.check_only = true;
  const int writes = store_.writes;
  const CommitOutcome outcome = Commit(kAnn, options);
  EXPECT_FALSE(outcome.committed);
  EXPECT_TRUE(outcome.problems.empty());
  EXPECT_FALSE(outcome.changes.empty());
  EXPECT_FALSE(outcome.hash.empty());
  EXPECT_EQ(outcome.services.size(), 1u);
  EXPECT_TRUE(outcome.sessions.known);
  EXPECT_EQ(store_.writes, writes);
  EXPECT_EQ(engine_->Status().running, 1u);
  EXPECT_EQ(dataplane_.runs->first, 1u);
  EXPECT_EQ(Commit(kAnn).hash, outcome.hash);
}

TEST_F(EngineTest, MissingIdsAreChosenAndKept) {
  MustCommit(kAnn, "policy rule r1 action", "permit");
  EXPECT_EQ(Value("policy rule r1 id"), "1");
  Delete(kAnn, "policy rule r1");
  Set(kAnn, "policy rule r2 action", "permit");
  EXPECT_TRUE(Commit(kAnn).committed);
  EXPECT_EQ(Value("policy rule r2 id"), "2");  // 1 was somebody else's until now.
}

TEST_F(EngineTest, EveryMistakeIsNamedAndNothingChanges) {
  Set(kAnn, "system host-name", "bad");
  Set(kAnn, "policy rule r1 action", "perhaps");
  const CommitOutcome outcome = Commit(kAnn);
  EXPECT_FALSE(outcome.committed);
  EXPECT_EQ(outcome.problems.list.size(), 2u);
  EXPECT_EQ(engine_->Status().running, 1u);
  EXPECT_EQ(dataplane_.plans, 0);
  EXPECT_EQ(Value("system host-name", Kind::kCandidate), "bad");
  EXPECT_EQ(LastAudit().outcome, "refused");
  EXPECT_NE(LastAudit().detail.find("/system/host-name"), std::string::npos);
}

TEST_F(EngineTest, ADataplaneThatCannotRefusesTheCommit) {
  dataplane_.refuses_plan = true;
  Set(kAnn, "system host-name", "fw1");
  const CommitOutcome outcome = Commit(kAnn);
  EXPECT_FALSE(outcome.committed);
  EXPECT_EQ(CodeOf(outcome.problems), "REFUSED");
  EXPECT_EQ(engine_->Status().running, 1u);
  EXPECT_EQ(dataplane_.runs->first, 1u);
}

TEST_F(EngineTest, ADataplaneThatIsAwayIsAWarning) {
  dataplane_.is_away = true;
  Set(kAnn, "system host-name", "fw1");
  const CommitOutcome outcome = Commit(kAnn);
  EXPECT_TRUE(outcome.committed);
  EXPECT_FALSE(outcome.sessions.known);
  ASSERT_EQ(outcome.warnings.size(), 1u);
  EXPECT_EQ(outcome.follow.state, FollowState::kUnreachable);
  EXPECT_EQ(dataplane_.wanted->first, 2u);
}

TEST_F(EngineTest, ADataplaneThatRefusesAfterwardsIsSeenInTheOutcome) {
  dataplane_.refuses_follow = true;
  Set(kAnn, "system host-name", "fw1");
  const CommitOutcome outcome = Commit(kAnn);
  EXPECT_TRUE(outcome.committed);
  EXPECT_EQ(outcome.follow.state, FollowState::kRefused);
  ASSERT_EQ(outcome.warnings.size(), 1u);
  EXPECT_NE(outcome.warnings[0].find("no memory"), std::string::npos);
}

TEST_F(EngineTest, AFullStoreRefusesTheCommitAndTheCandidateStays) {
  Set(kAnn, "system host-name", "fw1");
  store_.fails_next = absl::ResourceExhaustedError("config.db: full");
  const CommitOutcome outcome = Commit(kAnn);
  EXPECT_FALSE(outcome.committed);
  EXPECT_EQ(CodeOf(outcome.problems), problem_code::kStoreFull);
  EXPECT_EQ(outcome.problems.list[0].remedy.find("free space"), 0u);
  EXPECT_EQ(engine_->Status().running, 1u);
  EXPECT_EQ(Value("system host-name"), "");
  EXPECT_EQ(dataplane_.wanted->first, 1u);
  EXPECT_TRUE(Commit(kAnn).committed);
}

TEST_F(EngineTest, AReadOnlyAndAFailedStoreHaveTheirOwnCodes) {
  Set(kAnn, "system host-name", "fw1");
  store_.fails_next = absl::PermissionDeniedError("config.db: read only");
  EXPECT_EQ(CodeOf(Commit(kAnn).problems), problem_code::kStoreReadOnly);
  store_.fails_next = absl::UnavailableError("config.db: input/output error");
  EXPECT_EQ(CodeOf(Commit(kAnn).problems), problem_code::kStoreFailed);
}

TEST_F(EngineTest, NothingToCommitIsSaid) {
  EXPECT_EQ(CodeOf(Commit(kAnn).problems), problem_code::kNothingToCommit);
  MustCommit(kAnn, "system host-name", "fw1");
  Set(kAnn, "system host-name", "fw1");
  EXPECT_EQ(CodeOf(Commit(kAnn).problems), problem_code::kNothingToCommit);
}

TEST_F(EngineTest, OptionsHaveLimits) {
  Set(kAnn, "system host-name", "fw1");
  CommitOptions options;
  options.comment = std::string(kCommentBytesMax + 1, 'x');
  options.confirm_within_s = 0;
  EXPECT_EQ(Commit(kAnn, options).problems.list.size(), 2u);
  options.confirm_within_s = kConfirmSecondsMax + 1;
  EXPECT_EQ(Commit(kAnn, options).problems.list.size(), 2u);
  EXPECT_EQ(engine_->Status().running, 1u);
}

TEST_F(EngineTest, SaveMakesItTheStartupConfigurationInTheSameTransaction) {
  Set(kAnn, "system host-name", "fw1");
  CommitOptions options;
  options.save = true;
  const int writes = store_.writes;
  EXPECT_TRUE(Commit(kAnn, options).committed);
  EXPECT_EQ(store_.writes, writes + 1);
  EXPECT_EQ(engine_->Status().startup, 2u);
  EXPECT_EQ(engine_->Status().startup_hash, engine_->Status().running_hash);
  MustCommit(kAnn, "system host-name", "fw2");
  EXPECT_EQ(engine_->Status().startup, 2u);
  EXPECT_NE(engine_->Status().startup_hash, engine_->Status().running_hash);
  EXPECT_TRUE(engine_->Save(kAnn).ok());
  EXPECT_EQ(engine_->Status().startup, 3u);
}

TEST_F(EngineTest, ACandidateIsMergedWithWhatOthersCommitted) {
  Set(kAnn, "system host-name", "fw1");
  MustCommit(kBob, "ha virtual-host-name", "fw");
  const CommitOutcome outcome = Commit(kAnn);
  ASSERT_TRUE(outcome.committed) << CodeOf(outcome.problems);
  EXPECT_EQ(outcome.changes.size(), 1u);
  EXPECT_EQ(Value("system host-name"), "fw1");
  EXPECT_EQ(Value("ha virtual-host-name"), "fw");
}

TEST_F(EngineTest, AConflictWithWhatOthersCommittedIsAProblemWithItsPath) {
  MustCommit(kAnn, "system host-name", "fw0");
  Set(kAnn, "system host-name", "fw1");
  MustCommit(kBob, "system host-name", "fw2");
  const CommitOutcome outcome = Commit(kAnn);
  EXPECT_FALSE(outcome.committed);
  ASSERT_EQ(CodeOf(outcome.problems), problem_code::kMergeConflict);
  EXPECT_EQ(outcome.problems.list[0].path, "/system/host-name");
  EXPECT_EQ(Value("system host-name"), "fw2");
  Set(kAnn, "system host-name", "fw2");  // As the remedy says.
  Set(kAnn, "ha virtual-host-name", "fw");
  EXPECT_TRUE(Commit(kAnn).committed);
}

TEST_F(EngineTest, ServicesToReloadComeFromTheChangedNodes) {
  Set(kAnn, "interfaces interface lan mtu", "1500");
  Set(kAnn, "policy rule r1 action", "permit");
  const CommitOutcome outcome = Commit(kAnn);
  ASSERT_EQ(outcome.services.size(), 2u);
  EXPECT_EQ(outcome.services[0].service, "dhcp");
  EXPECT_EQ(outcome.services[0].reason, "/interfaces");
  EXPECT_EQ(outcome.services[1].service, "dataplane");
  EXPECT_TRUE(MustCommit(kAnn, "system host-name", "x") != 0);
}

TEST_F(EngineTest, AfterARestartTheDataplaneIsToldAgain) {
  MustCommit(kAnn, "system host-name", "fw1");
  dataplane_.runs.reset();
  Restart();
  ASSERT_TRUE(dataplane_.runs.has_value());
  EXPECT_EQ(dataplane_.runs->first, 2u);
  EXPECT_EQ(HexOf(dataplane_.runs->second.hash()), engine_->Status().running_hash);
}

TEST_F(EngineTest, AWarningOfTheStoreIsInTheOutcomeAndTheStatus) {
  Set(kAnn, "system host-name", "fw1");
  store_.warning = "the second place is behind";
  EXPECT_EQ(Commit(kAnn).warnings, std::vector<std::string>{"the second place is behind"});
  EXPECT_EQ(engine_->Status().store_warning, "the second place is behind");
}

}  // namespace
}  // namespace configsync
