// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

// Who becomes active, when, and what keeps two from it: one machine, its peer played by hand.

#include "statesync/role/role_machine.h"

#include <gtest/gtest.h>

#include "tests/unit/role/machine_fixture.h"

namespace statesync::testing {
namespace {

TEST_F(RoleMachineTest, AnAbsentPeerIsWaitedForBeforeTheFirstTake) {
  Run(Millis(999));
  EXPECT_EQ(machine_.state(), RoleState::kInit);
  EXPECT_FALSE(MayForward());
  Run(Millis(2));
  EXPECT_EQ(machine_.role(), Role::kActive);
  EXPECT_EQ(machine_.last_take().cause, TakeCause::kNoPeerAtStart);
  EXPECT_FALSE(machine_.last_take().unready);
  EXPECT_TRUE(MayForward());
  EXPECT_EQ(announced_, 1);
}

TEST_F(RoleMachineTest, ARestartedNodeJoinsAnActivePeerWhateverItsPriority) {
  peer_.priority = 1;
  BecomeStandby(Readiness::kBulk);
  Run(Seconds(5));
  EXPECT_EQ(machine_.state(), RoleState::kStandby);
  EXPECT_EQ(machine_.term(), MakeTerm(2, 1));
}

TEST_F(RoleMachineTest, TheFirstTermIsAboveThePersistedMark) {
  RoleOptions options;
  options.term_floor = MakeTerm(9, 7);
  RoleMachine machine(options, kOwnBoot, now_);
  Instant now = now_;
  while (machine.role() != Role::kActive) (void)machine.Step(now = now + Millis(2));
  EXPECT_GT(machine.term(), options.term_floor);
  EXPECT_EQ(NodeOf(machine.term()), 0);
}

TEST_F(RoleMachineTest, AtAJointBootTheLargerPriorityTakesAtOnce) {
  peer_.priority = 99;
  peer_speaks_ = true;
  Run(Millis(20));
  EXPECT_EQ(machine_.role(), Role::kActive);
  EXPECT_EQ(machine_.last_take().cause, TakeCause::kElected);
}

TEST_F(RoleMachineTest, AtAJointBootTheSmallerPriorityJoins) {
  peer_.priority = 101;
  peer_speaks_ = true;
  Run(Millis(20));
  EXPECT_EQ(machine_.state(), RoleState::kStandby);
}

TEST_F(RoleMachineTest, ANodeThatHoldsTablesBeatsAnyPriority) {
  peer_.priority = 255;
  machine_.SetLocal(Readiness::kSynced, true);
  peer_speaks_ = true;
  Run(Millis(20));
  EXPECT_EQ(machine_.role(), Role::kActive);
}

TEST_F(RoleMachineTest, SilenceOnAllPathsForTheDetectionTimeIsDeath) {
  BecomeStandby();
  ha2_speaks_ = true;
  Run(Millis(20));
  ASSERT_EQ(now_.ns / 1'000'000 % 10, 0);  // A heartbeat arrived in this very step.
  peer_speaks_ = false;
  ha2_speaks_ = false;
  Run(Millis(30));
  EXPECT_EQ(machine_.state(), RoleState::kStandby);
  Run(Millis(1));
  EXPECT_EQ(machine_.role(), Role::kActive);
  EXPECT_EQ(machine_.last_take().cause, TakeCause::kSilence);
  EXPECT_EQ(machine_.last_take().decided - machine_.last_take().peer_last_heard, Millis(31));
  EXPECT_FALSE(machine_.last_take().unready);
  EXPECT_EQ(machine_.term(), MakeTerm(3, 0));
}

TEST_F(RoleMachineTest, OnePathThatSpeaksKeepsThePeerAlive) {
  BecomeStandby();
  ha2_speaks_ = true;
  peer_speaks_ = false;
  Run(Seconds(1));
  EXPECT_EQ(machine_.state(), RoleState::kStandby);
}

TEST_F(RoleMachineTest, AClosedConnectionAndOneMissedHa2IntervalIsDeath) {
  BecomeStandby();
  ha2_speaks_ = true;
  Run(Millis(26));  // The last HA2 frame is one millisecond old.
  peer_speaks_ = false;
  ha2_speaks_ = false;
  machine_.OnLivenessClosed(now_);
  Run(Millis(10));
  EXPECT_EQ(machine_.state(), RoleState::kStandby);
  Run(Millis(3));
  EXPECT_EQ(machine_.role(), Role::kActive);
  EXPECT_EQ(machine_.last_take().cause, TakeCause::kProcessDeath);
}

TEST_F(RoleMachineTest, AForgedResetAloneDoesNothing) {
  BecomeStandby();
  ha2_speaks_ = true;
  machine_.OnLivenessClosed(now_);
  Run(Seconds(1));
  EXPECT_EQ(machine_.state(), RoleState::kStandby);
}

TEST_F(RoleMachineTest, AResetTogetherWithACutOfHa2DoesNothingWhileHa1Speaks) {
  BecomeStandby();
  ha2_speaks_ = true;
  Run(Millis(20));
  ha2_speaks_ = false;
  machine_.OnLivenessClosed(now_);
  Run(Seconds(1));
  EXPECT_EQ(machine_.state(), RoleState::kStandby);
}

TEST_F(RoleMachineTest, ANewRunOfTheActivePeerIsItsDeath) {
  BecomeStandby();
  peer_.boot_id = kPeerBoot + 1;
  peer_.role = Role::kInit;
  peer_.term = Term{};
  peer_.standing = 0;
  peer_.priority = 255;
  Hear();
  StepOnce();
  EXPECT_EQ(machine_.role(), Role::kActive);
  EXPECT_EQ(machine_.last_take().cause, TakeCause::kNewBootId);
}

TEST_F(RoleMachineTest, Ha2ProvesANewRunBeforeAnyHeartbeatDoes) {
  BecomeStandby();
  Run(Seconds(1));
  machine_.OnPeerReplaced(now_, 1, kPeerBoot + 1);
  StepOnce();
  EXPECT_EQ(machine_.role(), Role::kActive);
  EXPECT_EQ(machine_.last_take().cause, TakeCause::kNewBootId);
  // Heartbeats of the dead run that were on their way change nothing.
  Hear();
  Run(Millis(30));
  EXPECT_EQ(machine_.role(), Role::kActive);
  EXPECT_EQ(machine_.peer().boot_id, kPeerBoot + 1);
}

TEST_F(RoleMachineTest, AnUnreadyStandbyTakesOverOnlyFromSilenceAndSaysSo) {
  BecomeStandby(Readiness::kBulk);
  peer_.asks_takeover = true;
  Run(Millis(100));
  EXPECT_EQ(machine_.state(), RoleState::kStandby);
  peer_speaks_ = false;
  Run(Millis(50));
  EXPECT_EQ(machine_.role(), Role::kActive);
  EXPECT_TRUE(machine_.last_take().unready);
}

TEST_F(RoleMachineTest, OfTwoActivesTheLowerTermYieldsAtOnceAndAdoptsTheHigher) {
  BecomeActive();
  peer_.role = Role::kActive;
  peer_.term = MakeTerm((machine_.term().value >> 3) + 1, 1);
  Hear();
  StepOnce();
  EXPECT_EQ(machine_.state(), RoleState::kStandby);
  EXPECT_FALSE(MayForward());
  EXPECT_EQ(machine_.term(), peer_.term);
}

TEST_F(RoleMachineTest, OfTwoActivesTheHigherTermStaysAndAnnouncesTwice) {
  RoleOptions options;
  options.term_floor = MakeTerm(50, 7);
  machine_ = RoleMachine(options, kOwnBoot, now_);
  Run(Millis(1'100));
  const Term term = machine_.term();
  announced_ = 0;
  peer_.role = Role::kActive;
  peer_.term = MakeTerm(2, 1);
  peer_speaks_ = true;
  Run(Millis(100));
  EXPECT_EQ(machine_.term(), term);
  EXPECT_EQ(announced_, 1);  // The other one may have taken the addresses along.
  peer_.role = Role::kStandby;
  peer_.term = term;
  Run(Millis(100));
  EXPECT_EQ(announced_, 2);  // And until just now it may have done so again.
  EXPECT_EQ(machine_.state(), RoleState::kActive);
}

TEST_F(RoleMachineTest, AnActiveWhosePeerKnowsAHigherTermRenewsItsOwn) {
  BecomeActive();
  peer_.term = MakeTerm(77, 1);
  Run(Millis(29));
  EXPECT_LT(machine_.term(), peer_.term);  // It may be about to say that it is active.
  Run(Millis(20));
  EXPECT_EQ(machine_.state(), RoleState::kActive);
  EXPECT_GT(machine_.term(), peer_.term);
}

TEST_F(RoleMachineTest, AnActiveWhoseVersionsAreNearlyUsedUpTakesOneNewTermAndStays) {
  BecomeActive();
  const Term before = machine_.term();
  const TakeCause cause = machine_.last_take().cause;
  changes_.clear();
  machine_.SetSpentTerm(before);
  StepOnce();
  const Term after = machine_.term();
  EXPECT_GT(after, before);
  EXPECT_EQ(machine_.state(), RoleState::kActive);
  EXPECT_TRUE(MayForward());
  EXPECT_EQ(machine_.last_take().cause, cause);
  Run(Millis(50));  // The sync loop still speaks of the old term for a while.
  EXPECT_EQ(machine_.term(), after);
  EXPECT_EQ(changes_.size(), 1u);
}

TEST_F(RoleMachineTest, ASpentTermOfAStandbyMeansNothing) {
  BecomeStandby();
  machine_.SetSpentTerm(machine_.term());
  Run(Millis(50));
  EXPECT_EQ(machine_.state(), RoleState::kStandby);
  EXPECT_EQ(machine_.rejected_events(), 0u);
}

TEST_F(RoleMachineTest, LateStatementsOfALowerTermAreOldNews) {
  BecomeStandby();
  Statement late = peer_;
  late.role = Role::kStandby;
  late.term = MakeTerm(1, 0);
  machine_.OnStatement(now_, HeartbeatPath::kHa1Backup, late);
  StepOnce();
  EXPECT_EQ(machine_.state(), RoleState::kStandby);
  EXPECT_EQ(machine_.peer().role, Role::kActive);
}

TEST_F(RoleMachineTest, ANodeThatStoodStillIsMuteUntilItHasListened) {
  BecomeActive();
  now_ = now_ + Millis(200);  // No step, no heartbeat.
  EXPECT_FALSE(MayForward());
  StepOnce();
  EXPECT_EQ(machine_.state(), RoleState::kListening);
  EXPECT_EQ(machine_.stalls(), 1u);
  Run(Millis(14));
  EXPECT_EQ(machine_.state(), RoleState::kListening);
  EXPECT_FALSE(MayForward());
  Run(Millis(2));
  EXPECT_EQ(machine_.state(), RoleState::kActive);
  EXPECT_TRUE(MayForward());
}

TEST_F(RoleMachineTest, ANodeThatStoodStillYieldsToWhoTookOver) {
  BecomeActive();
  now_ = now_ + Millis(200);
  peer_.role = Role::kActive;
  peer_.term = MakeTerm(40, 1);
  Hear();
  StepOnce();
  EXPECT_EQ(machine_.state(), RoleState::kStandby);
  EXPECT_FALSE(MayForward());
}

TEST_F(RoleMachineTest, APassedFenceCountsAsAStallHoweverShortTheGaps) {
  BecomeActive();
  for (int i = 0; i < 30; ++i) (void)machine_.Step(now_ = now_ + Millis(1));  // Never a heartbeat.
  EXPECT_EQ(machine_.state(), RoleState::kListening);
}

TEST_F(RoleMachineTest, ALateHeartbeatDoesNotMoveAFenceThatHasPassed) {
  BecomeActive();
  now_ = now_ + Millis(40);
  machine_.OnBeatsSent(now_);  // The thread was held up between its step and its send.
  EXPECT_FALSE(MayForward());
  StepOnce();
  EXPECT_EQ(machine_.state(), RoleState::kListening);
}

TEST_F(RoleMachineTest, TheFencePassesBeforeAnImpatientPeerThinksUsDead) {
  BecomeActive();
  peer_.detection = Millis(20);
  Hear();
  machine_.OnBeatsSent(now_);
  EXPECT_EQ(machine_.forward_until() - now_, Millis(19));
  peer_.detection = Millis(500);
  Hear();
  EXPECT_EQ(machine_.forward_until() - now_, Millis(29));
}

TEST_F(RoleMachineTest, AStallOfTheStandbyIsNotSilenceOfThePeer) {
  BecomeStandby();
  peer_speaks_ = false;
  now_ = now_ + Millis(500);
  StepOnce();
  Run(Millis(29));
  EXPECT_EQ(machine_.state(), RoleState::kStandby);
  Run(Millis(5));
  EXPECT_EQ(machine_.role(), Role::kActive);
}

TEST_F(RoleMachineTest, AStallDuringTheStartupHoldRestartsIt) {
  Run(Millis(900));
  now_ = now_ + Millis(500);
  StepOnce();
  Run(Millis(990));
  EXPECT_EQ(machine_.state(), RoleState::kInit);
  Run(Millis(20));
  EXPECT_EQ(machine_.role(), Role::kActive);
}

TEST_F(RoleMachineTest, StatementsUnderOurOwnIndexOrBootAreIgnored) {
  peer_.node = 0;
  peer_speaks_ = true;
  Run(Millis(50));
  EXPECT_FALSE(machine_.peer_known());
  peer_.node = 1;
  peer_.boot_id = kOwnBoot;
  Run(Millis(50));
  EXPECT_FALSE(machine_.peer_known());
}

TEST_F(RoleMachineTest, WithoutATermLeftNobodyTakesOver) {
  BecomeStandby();
  peer_.term = Term{kTermMax};
  Hear();
  peer_speaks_ = false;
  Run(Millis(100));
  EXPECT_EQ(machine_.state(), RoleState::kStandby);
  EXPECT_TRUE(machine_.terms_exhausted());
}

}  // namespace
}  // namespace statesync::testing
