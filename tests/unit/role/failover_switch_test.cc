// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

// F68: failover disabled. No fault changes the active role; a command still does.

#include <gtest/gtest.h>

#include <random>

#include "tests/unit/role/machine_fixture.h"

namespace statesync::testing {
namespace {

class FailoverDisabled : public RoleMachineTest {
 protected:
  FailoverDisabled() { machine_.SetSwitches(/*failover=*/false, /*preempt=*/false, 100); }
};

TEST_F(FailoverDisabled, AStandbyStaysStandbyWhenTheActiveFallsSilent) {
  BecomeStandby();
  peer_speaks_ = false;
  Run(Seconds(5));
  EXPECT_EQ(machine_.state(), RoleState::kStandby);
  EXPECT_FALSE(MayForward());
}

TEST_F(FailoverDisabled, NorWhenItsProcessDies) {
  BecomeStandby();
  peer_speaks_ = false;
  machine_.OnLivenessClosed(now_);
  Run(Seconds(5));
  EXPECT_EQ(machine_.state(), RoleState::kStandby);
}

TEST_F(FailoverDisabled, NorWhenItIsReplacedByANewRun) {
  BecomeStandby();
  peer_.boot_id = kPeerBoot + 1;
  peer_.role = Role::kInit;
  peer_.standing = 0;
  machine_.OnPeerReplaced(now_, peer_.node, peer_.boot_id);
  Run(Seconds(5));
  EXPECT_EQ(machine_.state(), RoleState::kStandby);
}

TEST_F(FailoverDisabled, NorWhenItYieldsByItself) {
  BecomeStandby();
  for (const Role role : {Role::kStandby, Role::kSuspended, Role::kNonfunctional}) {
    peer_.role = role;
    Run(Seconds(2));
    EXPECT_EQ(machine_.state(), RoleState::kStandby) << NameOf(role);
  }
}

TEST_F(FailoverDisabled, NorByItsOwnStall) {
  BecomeStandby();
  now_ = now_ + Seconds(3);
  Run(Seconds(3));
  EXPECT_EQ(machine_.state(), RoleState::kStandby);
}

TEST_F(FailoverDisabled, NorByPreemption) {
  machine_.SetSwitches(/*failover=*/false, /*preempt=*/true, 200);
  BecomeStandby();
  Run(Seconds(70));
  EXPECT_EQ(machine_.state(), RoleState::kStandby);
}

TEST_F(FailoverDisabled, TheActiveStaysActiveWhenAMonitorFails) {
  BecomeActive();
  machine_.SetLocal(Readiness::kSynced, /*functional=*/false);
  Run(Seconds(2));
  EXPECT_EQ(machine_.state(), RoleState::kActive);
  EXPECT_TRUE(MayForward());
}

TEST_F(FailoverDisabled, AStandbyThatIsAskedTakesOver) {
  BecomeStandby();
  peer_.asks_takeover = true;
  Hear();
  StepOnce();
  EXPECT_EQ(machine_.role(), Role::kActive);
}

TEST_F(FailoverDisabled, TheActiveHandsOverByCommand) {
  BecomeActive();
  EXPECT_EQ(machine_.RequestSwitchover(now_), SwitchoverRefusal::kNone);
  Run(Millis(20));
  EXPECT_EQ(machine_.state(), RoleState::kHandover);
  peer_.role = Role::kActive;
  peer_.term = MakeTerm(30, 1);
  Hear();
  StepOnce();
  EXPECT_EQ(machine_.state(), RoleState::kStandby);
}

TEST_F(FailoverDisabled, ANodeThatStartsAloneBecomesActive) {
  Run(Millis(1'100));
  EXPECT_EQ(machine_.state(), RoleState::kActive);
}

TEST_F(FailoverDisabled, TheDefaultNodeBecomesActiveAgainAfterItsRestart) {
  machine_.SetSwitches(false, false, 110);
  peer_.role = Role::kStandby;
  peer_.standing = 2;
  peer_.synced = true;
  peer_speaks_ = true;
  Run(Millis(1'500));
  EXPECT_EQ(machine_.state(), RoleState::kActive);
}

TEST_F(FailoverDisabled, TheOtherOneDoesNot) {
  machine_.SetSwitches(false, false, 90);
  peer_.role = Role::kStandby;
  peer_.standing = 2;
  peer_speaks_ = true;
  Run(Seconds(5));
  EXPECT_EQ(machine_.state(), RoleState::kStandby);
}

TEST_F(FailoverDisabled, EnabledAgainItTakesOverAtOnce) {
  BecomeStandby();
  peer_speaks_ = false;
  Run(Seconds(1));
  ASSERT_EQ(machine_.state(), RoleState::kStandby);
  machine_.SetSwitches(/*failover=*/true, false, 100);
  Run(Millis(5));
  EXPECT_EQ(machine_.state(), RoleState::kActive);
}

// Whatever a peer says and does short of a command, and whatever this node suffers.
TEST_F(FailoverDisabled, NoSequenceOfFaultsMakesAStandbyActive) {
  BecomeStandby();
  std::minstd_rand random(68);
  constexpr Role kRoles[] = {Role::kInit, Role::kStandby, Role::kActive, Role::kSuspended,
                             Role::kNonfunctional};
  for (int i = 0; i < 20'000; ++i) {
    switch (random() % 8) {
      case 0:
        peer_speaks_ = random() % 2 == 0;
        break;
      case 1:
        ha2_speaks_ = random() % 2 == 0;
        break;
      case 2:
        machine_.OnLivenessClosed(now_);
        break;
      case 3:
        peer_.role = kRoles[random() % 5];
        break;
      case 4:
        ++peer_.boot_id;
        machine_.OnPeerReplaced(now_, peer_.node, peer_.boot_id);
        break;
      case 5:
        machine_.SetLocal(random() % 2 == 0 ? Readiness::kSynced : Readiness::kNoPeer,
                          random() % 2 == 0);
        break;
      case 6:
        now_ = now_ + Millis(static_cast<std::int64_t>(random() % 100));
        break;
      default:
        peer_.priority = static_cast<std::uint8_t>(1 + random() % 255);
    }
    Run(Millis(static_cast<std::int64_t>(random() % 60)));
    ASSERT_NE(machine_.role(), Role::kActive) << "after " << i << " faults";
  }
}

class Switches : public RoleMachineTest {};

TEST_F(Switches, PriorityIsStatedFromTheNextHeartbeatOn) {
  machine_.SetSwitches(true, false, 7);
  EXPECT_EQ(machine_.own_statement().priority, 7);
}

TEST_F(Switches, PreemptionThatIsSwitchedOnTakesOverAfterTheHoldTime) {
  BecomeStandby();
  machine_.SetSwitches(true, /*preempt=*/true, 200);
  Run(Seconds(59));
  EXPECT_EQ(machine_.state(), RoleState::kStandby);
  Run(Seconds(2));
  EXPECT_EQ(machine_.state(), RoleState::kActive);
}

}  // namespace
}  // namespace statesync::testing
