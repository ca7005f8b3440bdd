// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

#include "tests/unit/configsync/engine/engine_fixture.h"

namespace configsync {
namespace {

using Kind = ViewName::Kind;

TEST_F(EngineTest, AnEditChangesOnlyTheCandidateOfItsOperator) {
  Set(kAnn, "system host-name", "fw1");
  EXPECT_EQ(Value("system host-name", Kind::kCandidate, kAnn), "fw1");
  EXPECT_EQ(Value("system host-name", Kind::kCandidate, kBob), "");
  EXPECT_EQ(Value("system host-name"), "");
}

TEST_F(EngineTest, ACandidateOutlivesTheProcess) {
  Set(kAnn, "system host-name", "fw1");
  Set(kAnn, "policy rule r1 action", "permit");
  Set(kBob, "system host-name", "fw2");
  Restart();
  EXPECT_EQ(Value("system host-name", Kind::kCandidate, kAnn), "fw1");
  EXPECT_EQ(Value("policy rule r1 action", Kind::kCandidate, kAnn), "permit");
  EXPECT_EQ(Value("system host-name", Kind::kCandidate, kBob), "fw2");
}

TEST_F(EngineTest, ManyEditsAreKeptInFewPiecesAndComeBackWhole) {
  for (int i = 0; i < 600; ++i) Set(kAnn, "system host-name", "fw" + std::to_string(i));
  EXPECT_LE(store_.Read()->candidates.front().edits.size(), 257u + 1u);
  Restart();
  EXPECT_EQ(Value("system host-name", Kind::kCandidate), "fw599");
}

TEST_F(EngineTest, ARequestWithAMistakeChangesNothingAndNamesEveryMistake) {
  const Problems problems = engine_->EditCandidate(
      kAnn, {schema_.Set("system host-name", "fw1"), schema_.Delete("policy rule r1"),
             schema_.Delete("ha virtual-host-name")});
  ASSERT_EQ(problems.list.size(), 2u);
  EXPECT_EQ(problems.list[0].code, problem_code::kNoSuchNode);
  EXPECT_EQ(problems.list[0].path, "/policy/rule[name='r1']");
  EXPECT_FALSE(problems.list[0].remedy.empty());
  EXPECT_EQ(problems.list[1].path, "/ha/virtual-host-name");
  EXPECT_EQ(Value("system host-name", Kind::kCandidate), "");
}

TEST_F(EngineTest, AnEditThatTheStoreRefusesChangesNothing) {
  store_.fails_next = absl::ResourceExhaustedError("config.db: full");
  const Problems problems = engine_->EditCandidate(kAnn, {schema_.Set("system host-name", "fw1")});
  EXPECT_EQ(CodeOf(problems), problem_code::kStoreFull);
  EXPECT_EQ(Value("system host-name", Kind::kCandidate), "");
}

TEST_F(EngineTest, TheSixtyFifthCandidateIsRefusedWithTheOldest) {
  for (std::uint32_t i = 0; i < kCandidatesMax; ++i) {
    clock_.Pass(1'000);
    Set({.user_id = 100 + i, .name = "op" + std::to_string(i)}, "system host-name", "x");
  }
  const Problems problems = engine_->EditCandidate(kAnn, {schema_.Set("system host-name", "fw1")});
  ASSERT_EQ(CodeOf(problems), problem_code::kTooManyCandidates);
  EXPECT_NE(problems.list[0].text.find("op0"), std::string::npos);
  const Operator oldest = {.user_id = 100, .name = "op0"};
  EXPECT_TRUE(engine_->ResetCandidate(oldest, {.kind = Kind::kRunning}).empty());
  Set(kAnn, "system host-name", "fw1");
}

TEST_F(EngineTest, DiscardMakesTheCandidateRunningAgain) {
  MustCommit(kAnn, "system host-name", "fw1");
  Set(kAnn, "system host-name", "fw2");
  EXPECT_TRUE(engine_->ResetCandidate(kAnn, {.kind = Kind::kRunning}).empty());
  EXPECT_EQ(Value("system host-name", Kind::kCandidate), "fw1");
  EXPECT_TRUE(store_.Read()->candidates.empty());
}

TEST_F(EngineTest, ResetToARevisionMakesARollbackCandidate) {
  const RevisionId first = MustCommit(kAnn, "system host-name", "fw1");
  MustCommit(kAnn, "system host-name", "fw2");
  EXPECT_TRUE(engine_->ResetCandidate(kAnn, {.kind = Kind::kRevision, .revision = first}).empty());
  EXPECT_EQ(Value("system host-name"), "fw2");
  EXPECT_TRUE(Commit(kAnn).committed);
  EXPECT_EQ(Value("system host-name"), "fw1");
  EXPECT_EQ(Newest().origin, "rollback");
  EXPECT_EQ(CodeOf(engine_->ResetCandidate(kAnn, {.kind = Kind::kRevision, .revision = 99})),
            problem_code::kNoSuchRevision);
}

TEST_F(EngineTest, LoadReplacesOrMerges) {
  MustCommit(kAnn, "system host-name", "fw1");
  EXPECT_TRUE(engine_->LoadCandidate(kAnn, "ha virtual-host-name=fw", false).empty());
  EXPECT_EQ(Value("system host-name", Kind::kCandidate), "fw1");
  EXPECT_EQ(Value("ha virtual-host-name", Kind::kCandidate), "fw");
  EXPECT_TRUE(engine_->LoadCandidate(kAnn, "policy rule r1 action=deny", true).empty());
  EXPECT_EQ(Value("system host-name", Kind::kCandidate), "");
  Restart();
  EXPECT_EQ(Value("system host-name", Kind::kCandidate), "");
  EXPECT_EQ(Value("policy rule r1 action", Kind::kCandidate), "deny");
  EXPECT_EQ(CodeOf(engine_->LoadCandidate(kAnn, "nonsense", true)), "BAD_JSON");
}

TEST_F(EngineTest, TheAuditNamesPathsAndNeverASecret) {
  Set(kAnn, "system password", "hunter2");
  Set(kAnn, "system token t0ken");
  Commit(kAnn);
  const auto records = engine_->Audit(100);
  for (const AuditRecord& record : *records) {
    EXPECT_EQ(record.detail.find("hunter2"), std::string::npos) << record.detail;
    EXPECT_EQ(record.detail.find("t0ken"), std::string::npos) << record.detail;
  }
  EXPECT_NE((*records)[2].detail.find("/system/password"), std::string::npos);
}

// As if an earlier program had written it, and this one cannot read it.
TEST_F(EngineTest, AFreshCandidateReplacesOneThatTheStoreHasAndTheEngineDoesNotKnow) {
  Transaction unknown;
  unknown.candidates.push_back({.record = {.by = kBob,
                                           .base = 1,
                                           .wall_ms = 1,
                                           .edits = {schema_.Set("system host-name", "old")}},
                                .append = false});
  ASSERT_TRUE(store_.Write(unknown).ok());
  Set(kBob, "interfaces interface lan mtu", "1500");
  Restart();
  EXPECT_EQ(Value("interfaces interface lan mtu", ViewName::Kind::kCandidate, kBob), "1500");
  EXPECT_EQ(Value("system host-name", ViewName::Kind::kCandidate, kBob), "");
}

}  // namespace
}  // namespace configsync
