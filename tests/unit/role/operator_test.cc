// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

// What operators and monitors ask of one machine: switchover, suspension, failure, preemption.

#include <gtest/gtest.h>

#include "tests/unit/role/machine_fixture.h"

namespace statesync::testing {
namespace {

class RoleOperatorTest : public RoleMachineTest {};

TEST_F(RoleOperatorTest, SwitchoverIsMakeBeforeBreak) {
  BecomeActive();
  EXPECT_EQ(machine_.RequestSwitchover(now_), SwitchoverRefusal::kNone);
  EXPECT_EQ(machine_.RequestSwitchover(now_), SwitchoverRefusal::kUnderWay);
  Run(Millis(20));
  EXPECT_EQ(machine_.state(), RoleState::kHandover);
  EXPECT_TRUE(machine_.own_statement().asks_takeover);
  EXPECT_TRUE(MayForward());  // Until the peer has taken over.
  peer_.role = Role::kActive;
  peer_.term = MakeTerm(30, 1);
  Hear();
  StepOnce();
  EXPECT_EQ(machine_.state(), RoleState::kStandby);
  EXPECT_FALSE(machine_.own_statement().asks_takeover);
}

TEST_F(RoleOperatorTest, AHandoverThatNobodyTakesEndsWhereItBegan) {
  BecomeActive();
  ASSERT_EQ(machine_.RequestSwitchover(now_), SwitchoverRefusal::kNone);
  Run(Millis(1'100));
  EXPECT_EQ(machine_.state(), RoleState::kActive);
  EXPECT_TRUE(MayForward());
  EXPECT_EQ(machine_.RequestSwitchover(now_), SwitchoverRefusal::kNone);  // May be tried again.
}

TEST_F(RoleOperatorTest, SwitchoverIsRefusedWithItsReason) {
  EXPECT_EQ(machine_.RequestSwitchover(now_), SwitchoverRefusal::kNotActive);
  BecomeActive();
  peer_.synced = false;
  Hear();
  EXPECT_EQ(machine_.RequestSwitchover(now_), SwitchoverRefusal::kPeerNotSynced);
  peer_speaks_ = false;
  Run(Millis(50));
  EXPECT_EQ(machine_.RequestSwitchover(now_), SwitchoverRefusal::kPeerAbsent);
}

TEST_F(RoleOperatorTest, ASyncedStandbyThatIsAskedTakesOver) {
  BecomeStandby();
  peer_.asks_takeover = true;
  Hear();
  StepOnce();
  EXPECT_EQ(machine_.role(), Role::kActive);
  EXPECT_EQ(machine_.last_take().cause, TakeCause::kPeerAsked);
  EXPECT_GT(machine_.term(), peer_.term);
}

TEST_F(RoleOperatorTest, SuspensionHandsOverFirst) {
  BecomeActive();
  machine_.SetSuspended(true);
  Run(Millis(20));
  ASSERT_EQ(machine_.state(), RoleState::kHandover);
  peer_.role = Role::kActive;
  peer_.term = MakeTerm(30, 1);
  Hear();
  StepOnce();
  EXPECT_EQ(machine_.state(), RoleState::kSuspended);
}

TEST_F(RoleOperatorTest, SuspensionDoesNotWaitForAPeerThatCannot) {
  BecomeActive();
  peer_speaks_ = false;
  Run(Millis(50));
  machine_.SetSuspended(true);
  Run(Millis(2));
  EXPECT_EQ(machine_.state(), RoleState::kSuspended);
  Run(Seconds(3));
  EXPECT_EQ(machine_.state(), RoleState::kSuspended);
  EXPECT_FALSE(MayForward());
  machine_.SetSuspended(false);
  Run(Millis(2));
  EXPECT_EQ(machine_.role(), Role::kActive);  // Nobody else forwards.
}

TEST_F(RoleOperatorTest, SuspensionDoesNotWaitForEverForAPeerThatDoesNot) {
  BecomeActive();
  machine_.SetSuspended(true);
  Run(Millis(1'100));
  EXPECT_EQ(machine_.state(), RoleState::kSuspended);
}

TEST_F(RoleOperatorTest, AFailedMonitorYieldsAndItsRecoveryJoins) {
  BecomeActive();
  machine_.SetLocal(Readiness::kNoPeer, false);
  StepOnce();
  EXPECT_EQ(machine_.state(), RoleState::kNonfunctional);
  EXPECT_FALSE(MayForward());
  peer_.role = Role::kActive;
  peer_.term = MakeTerm(30, 1);
  Run(Millis(20));
  machine_.SetLocal(Readiness::kNoPeer, true);
  Run(Millis(20));
  EXPECT_EQ(machine_.state(), RoleState::kStandby);
}

TEST_F(RoleOperatorTest, AStandbyWhosePeerFailedItsMonitorsTakesOver) {
  BecomeStandby();
  peer_.role = Role::kNonfunctional;
  Hear();
  StepOnce();
  EXPECT_EQ(machine_.role(), Role::kActive);
}

TEST_F(RoleOperatorTest, PreemptionIsOffByDefault) {
  peer_.priority = 1;
  BecomeStandby();
  Run(Seconds(120));
  EXPECT_EQ(machine_.state(), RoleState::kStandby);
}

TEST_F(RoleOperatorTest, PreemptionNeedsSyncedForTheHoldTime) {
  RoleOptions options;
  options.preempt = true;
  options.preempt_hold = Seconds(2);
  machine_ = RoleMachine(options, kOwnBoot, now_);
  peer_.priority = 1;
  BecomeStandby(Readiness::kCatchUp);
  Run(Seconds(5));
  EXPECT_EQ(machine_.state(), RoleState::kStandby);
  machine_.SetLocal(Readiness::kSynced, true);
  Run(Millis(1'990));
  EXPECT_EQ(machine_.state(), RoleState::kStandby);
  Run(Millis(20));
  EXPECT_EQ(machine_.role(), Role::kActive);
  EXPECT_EQ(machine_.last_take().cause, TakeCause::kPreempted);
}

TEST_F(RoleOperatorTest, NothingThatCannotHappenHappened) {
  BecomeActive();
  ASSERT_EQ(machine_.RequestSwitchover(now_), SwitchoverRefusal::kNone);
  Run(Seconds(2));
  EXPECT_EQ(machine_.rejected_events(), 0u);
}

}  // namespace
}  // namespace statesync::testing
