// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

// F61: interfaces cannot be edited while HA is armed. F62: disarm, edit, arm again, by itself if
// the operator forgets.

#include "tests/unit/configsync/engine/engine_fixture.h"

namespace configsync {
namespace {

class HaEditTest : public EngineTest {
 protected:
  HaEditTest() { ArmHa(); }
};

TEST_F(HaEditTest, AnArmedNodeRefusesEditsOfInterfacesWithTheSequence) {
  Set(kAnn, "interfaces interface lan mtu", "1500");
  Set(kAnn, "system host-name", "fw1");
  const CommitOutcome outcome = Commit(kAnn);
  EXPECT_FALSE(outcome.committed);
  ASSERT_EQ(outcome.problems.list.size(), 1u);
  EXPECT_EQ(CodeOf(outcome.problems), problem_code::kHaEditLock);
  EXPECT_EQ(outcome.problems.list[0].path, "/interfaces");
  EXPECT_NE(outcome.problems.list[0].remedy.find("lockstepctl ha edit begin"), std::string::npos);
  EXPECT_EQ(dataplane_.plans, 1);  // Of the commit that armed.
}

TEST_F(HaEditTest, OtherNodesAreFree) { MustCommit(kAnn, "system host-name", "fw1"); }

TEST_F(HaEditTest, DisarmingInTheSameCommitIsNotEnough) {
  Set(kAnn, "interfaces interface lan mtu", "1500");
  Set(kAnn, "ha failover enabled", "false");
  EXPECT_EQ(CodeOf(Commit(kAnn).problems), problem_code::kHaEditLock);
}

TEST_F(HaEditTest, TheSequenceWorks) {
  Set(kAnn, "interfaces interface lan mtu", "1500");
  const CommitOutcome begin = engine_->BeginHaEdit(kAnn, 600);
  ASSERT_TRUE(begin.committed) << CodeOf(begin.problems);
  EXPECT_EQ(Newest().origin, "ha-edit");
  EXPECT_EQ(Value("ha failover enabled"), "false");
  EXPECT_FALSE(engine_->Status().ha_armed);
  EXPECT_EQ(engine_->Status().rearms_in_s, 600u);
  ASSERT_TRUE(Commit(kAnn).committed);
  EXPECT_EQ(Value("interfaces interface lan mtu"), "1500");
  EXPECT_FALSE(engine_->Status().ha_armed);
  const CommitOutcome end = engine_->EndHaEdit(kAnn);
  ASSERT_TRUE(end.committed) << CodeOf(end.problems);
  EXPECT_TRUE(engine_->Status().ha_armed);
  EXPECT_FALSE(engine_->Status().rearms_in_s.has_value());
  EXPECT_EQ(Value("interfaces interface lan mtu"), "1500");
}

TEST_F(HaEditTest, TheTimerArmsAgainWhateverIsInItsWay) {
  ASSERT_TRUE(engine_->BeginHaEdit(kAnn, 60).committed);
  ASSERT_TRUE(engine_->Lock(kBob, 600).ok());
  dataplane_.refuses_plan = true;
  Pass(59'999);
  EXPECT_FALSE(engine_->Status().ha_armed);
  Pass(1);
  EXPECT_TRUE(engine_->Status().ha_armed);
  EXPECT_EQ(Newest().author.name, "lockstep-configd");
}

TEST_F(HaEditTest, TheTimerOutlivesTheProcess) {
  ASSERT_TRUE(engine_->BeginHaEdit(kAnn, 60).committed);
  clock_.Pass(30'000);
  Restart();
  EXPECT_EQ(engine_->Status().rearms_in_s, 30u);
  engine_.reset();
  clock_.Pass(30'000);
  Restart();
  engine_->Tick();
  EXPECT_TRUE(engine_->Status().ha_armed);
}

TEST_F(HaEditTest, ACommitThatArmsEndsTheEdit) {
  ASSERT_TRUE(engine_->BeginHaEdit(kAnn, 60).committed);
  MustCommit(kAnn, "ha failover enabled", "true");
  EXPECT_FALSE(engine_->Status().rearms_in_s.has_value());
  EXPECT_FALSE(store_.Read()->ha_edit.has_value());
  EXPECT_EQ(CodeOf(engine_->EndHaEdit(kAnn).problems), problem_code::kNoHaEdit);
}

TEST_F(HaEditTest, ItCannotBeginTwiceOrWhereNothingIsArmed) {
  ASSERT_TRUE(engine_->BeginHaEdit(kAnn, 60).committed);
  EXPECT_EQ(CodeOf(engine_->BeginHaEdit(kBob, 60).problems), problem_code::kHaNotArmed);
  MustCommit(kAnn, "ha failover enabled", "true");
  MustCommit(kAnn, "ha failover enabled", "false");  // F68: by hand, without a timer.
  EXPECT_EQ(CodeOf(engine_->BeginHaEdit(kBob, 60).problems), problem_code::kHaNotArmed);
  Pass(1'000'000);
  EXPECT_FALSE(engine_->Status().ha_armed);
}

TEST_F(HaEditTest, ItsTimeHasLimits) {
  EXPECT_EQ(CodeOf(engine_->BeginHaEdit(kAnn, 9).problems), problem_code::kBadOption);
  EXPECT_EQ(CodeOf(engine_->BeginHaEdit(kAnn, 86'401).problems), problem_code::kBadOption);
}

TEST_F(HaEditTest, ACommitThatTheStoreRefusesDoesNotDisarm) {
  store_.fails_next = absl::ResourceExhaustedError("full");
  EXPECT_EQ(CodeOf(engine_->BeginHaEdit(kAnn, 60).problems), problem_code::kStoreFull);
  EXPECT_TRUE(engine_->Status().ha_armed);
  EXPECT_FALSE(engine_->Status().rearms_in_s.has_value());
}

TEST_F(HaEditTest, AnExpiredConfirmThatGoesBackIntoTheEditArmsAgainAtOnce) {
  ASSERT_TRUE(engine_->BeginHaEdit(kAnn, 600).committed);
  Set(kAnn, "interfaces interface lan mtu", "1500");
  ASSERT_TRUE(CommitWithin(kAnn, 60).committed);
  ASSERT_TRUE(engine_->EndHaEdit(kAnn).committed);
  EXPECT_TRUE(engine_->Status().ha_armed);
  Pass(60'000);
  EXPECT_EQ(Value("interfaces interface lan mtu"), "");
  Pass(1);
  EXPECT_TRUE(engine_->Status().ha_armed);
}

TEST_F(HaEditTest, AnExpiredConfirmDoesNotArmWhatWasDisarmedByHand) {
  MustCommit(kAnn, "ha failover enabled", "false");
  Set(kAnn, "ha failover enabled", "true");
  ASSERT_TRUE(CommitWithin(kAnn, 60).committed);
  Pass(60'000);
  Pass(1'000);
  EXPECT_FALSE(engine_->Status().ha_armed);
}

TEST_F(HaEditTest, ANodeWithoutHaHasNoEditLock) {
  Delete(kAnn, "ha");
  ASSERT_TRUE(Commit(kAnn).committed);
  EXPECT_FALSE(engine_->Status().ha_armed);
  MustCommit(kAnn, "interfaces interface lan mtu", "1500");
}

}  // namespace
}  // namespace configsync
