// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

// What the role driver reads from and writes to SharedState. Virtual time.

#include "dataplane/ha/role_driver.h"

#include <memory>
#include <string>
#include <vector>

#include <gtest/gtest.h>

namespace dataplane {
namespace {

using statesync::Instant;
using statesync::Millis;
using statesync::Role;

class RoleDriverTest : public ::testing::Test {
 protected:
  RoleDriverTest() {
    options_.peer_node = 1;
    options_.boot_id = 100;
    options_.log = [this](HaSeverity, std::string_view line) { lines_.emplace_back(line); };
    driver_ = std::make_unique<RoleDriver>(options_, shared_, now_);
  }
  void Run(std::int64_t milliseconds) {
    for (std::int64_t i = 0; i < milliseconds; ++i) {
      now_ = now_ + Millis(1);
      if (ha2_speaks_) Ha2(Role::kActive, statesync::MakeTerm(4, 1));
      if (driver_->Turn(now_, true, false) || now_.ns / 1'000'000 % 10 == 0) {
        driver_->OnBeatsSent(now_);
      }
    }
  }
  void Ha2(Role role, statesync::Term term) {
    shared_.sync.peer_role.store(static_cast<std::uint8_t>(role));
    shared_.sync.peer_term.store(term.value);
    shared_.sync.ha2_last_heard_ns.store(now_.ns);
  }
  RoleWord word() const { return {shared_.role.word.load()}; }
  bool MayForward() const { return now_.ns < shared_.role.forward_until_ns.load(); }

  Instant now_{statesync::Seconds(9).ns};
  HaThreadOptions options_;
  SharedState shared_;
  std::unique_ptr<RoleDriver> driver_;
  std::vector<std::string> lines_;
  bool ha2_speaks_ = false;
};

TEST_F(RoleDriverTest, ATakePublishesWordFenceAnnouncementsAndMilestones) {
  EXPECT_EQ(word().role(), Role::kInit);
  Run(990);
  EXPECT_FALSE(MayForward());
  Run(20);
  EXPECT_EQ(word().role(), Role::kActive);
  EXPECT_EQ(word().term(), driver_->machine().term());
  EXPECT_EQ(word().change(), 1u);
  EXPECT_TRUE(MayForward());
  EXPECT_EQ(shared_.role.announce_count.load(), 1u);
  EXPECT_EQ(static_cast<DetectedBy>(shared_.role.detected_by.load()), DetectedBy::kNoPeerAtStart);
  EXPECT_NE(shared_.role.peer_declared_dead_ns.load(), 0);
  EXPECT_NE(shared_.role.role_taken_ns.load(), 0);
  ASSERT_EQ(lines_.size(), 1u);
  EXPECT_NE(lines_[0].find("init -> active"), std::string::npos) << lines_[0];
  Run(3'000);
  EXPECT_EQ(shared_.role.announce_count.load(), 4u);  // And three repetitions, no more.
  EXPECT_EQ(word().change(), 1u);
  EXPECT_EQ(lines_.size(), 1u);
}

TEST_F(RoleDriverTest, AStalledThreadLetsTheFencePass) {
  Run(1'100);
  ASSERT_TRUE(MayForward());
  now_ = now_ + Millis(40);
  EXPECT_FALSE(MayForward());
  (void)driver_->Turn(now_, true, false);
  EXPECT_FALSE(MayForward());
  EXPECT_EQ(word().role(), Role::kActive);
  Run(20);
  EXPECT_TRUE(MayForward());
}

TEST_F(RoleDriverTest, Ha2AloneMakesAStandbyAndItsSilenceAnActive) {
  shared_.sync.peer_boot_id.store(200);
  (void)driver_->Turn(now_, true, false);
  ha2_speaks_ = true;
  Run(20);
  EXPECT_EQ(word().role(), Role::kStandby);
  const std::int64_t last_heard = now_.ns;
  ha2_speaks_ = false;
  Run(40);
  EXPECT_EQ(word().role(), Role::kActive);
  EXPECT_EQ(static_cast<DetectedBy>(shared_.role.detected_by.load()), DetectedBy::kSilence);
  EXPECT_EQ(shared_.role.peer_last_heard_ns.load(), last_heard);
  EXPECT_EQ(shared_.role.peer_declared_dead_ns.load() - last_heard, Millis(31).ns);
}

TEST_F(RoleDriverTest, AReplacedPeerIsNotBelievedToBeWhatItsDeadRunWas) {
  shared_.sync.peer_boot_id.store(200);
  (void)driver_->Turn(now_, true, false);
  ha2_speaks_ = true;
  shared_.sync.readiness.store(static_cast<std::uint8_t>(statesync::Readiness::kSynced));
  Run(1'100);
  ASSERT_EQ(word().role(), Role::kStandby);
  ha2_speaks_ = false;
  shared_.sync.peer_boot_id.store(201);  // Role and term are still the dead run's.
  Run(2);
  EXPECT_EQ(word().role(), Role::kActive);
  EXPECT_EQ(static_cast<DetectedBy>(shared_.role.detected_by.load()), DetectedBy::kNewBootId);
}

// A node restarts beside an active peer, and its sync loop is quicker than its ha thread. With HA1
// cut nothing else says that the peer is active, so an election would make two of them.
TEST_F(RoleDriverTest, AnActivePeerThatWasHeardBeforeTheFirstTurnIsBelieved) {
  shared_.sync.peer_boot_id.store(200);
  Ha2(Role::kActive, statesync::MakeTerm(4, 1));
  ha2_speaks_ = true;
  Run(2'000);
  EXPECT_EQ(word().role(), Role::kStandby);
  EXPECT_EQ(driver_->machine().peer().role, Role::kActive);
}

// The sync loop notes that it heard something before it has read a first frame of the new run.
TEST_F(RoleDriverTest, SignsOfLifeOfANewRunDoNotCarryTheDeadRunsRole) {
  shared_.sync.peer_boot_id.store(200);
  (void)driver_->Turn(now_, true, false);
  ha2_speaks_ = true;
  Run(1'100);
  ASSERT_EQ(word().role(), Role::kStandby);
  ha2_speaks_ = false;
  shared_.sync.peer_boot_id.store(201);
  (void)driver_->Turn(now_, true, false);
  shared_.sync.ha2_last_heard_ns.store(now_.ns + 1);
  Run(1);
  EXPECT_NE(driver_->machine().peer().role, Role::kActive);
  Ha2(Role::kStandby, statesync::MakeTerm(4, 1));
  Run(1);
  EXPECT_EQ(driver_->machine().peer().role, Role::kStandby);
  Ha2(Role::kActive, statesync::MakeTerm(9, 1));
  Run(1);
  EXPECT_EQ(driver_->machine().peer().role, Role::kActive);
}

TEST_F(RoleDriverTest, ARefusedSwitchoverSaysWhy) {
  shared_.requests.switchover.fetch_add(1);
  Run(2);
  EXPECT_EQ(driver_->last_refusal(), statesync::SwitchoverRefusal::kNotActive);
  ASSERT_EQ(lines_.size(), 1u);
  EXPECT_NE(lines_[0].find("not active"), std::string::npos);
}

TEST_F(RoleDriverTest, YieldingClosesTheFenceWithTheRole) {
  Run(1'100);
  (void)driver_->Turn(now_, false, false);
  EXPECT_EQ(word().role(), Role::kNonfunctional);
  EXPECT_EQ(shared_.role.forward_until_ns.load(), 0);
  EXPECT_EQ(word().change(), 2u);
}

TEST_F(RoleDriverTest, ASpentTermIsRenewedWithoutYielding) {
  Run(1'100);
  ASSERT_EQ(word().role(), Role::kActive);
  const statesync::Term before = word().term();
  shared_.sync.spent_term.store(before.value);
  Run(20);
  EXPECT_EQ(word().role(), Role::kActive);
  EXPECT_GT(word().term(), before);
  EXPECT_TRUE(MayForward());
}

TEST_F(RoleDriverTest, RetiringForwardsNothingMore) {
  Run(1'100);
  driver_->Retire();
  EXPECT_FALSE(MayForward());
  EXPECT_EQ(word().role(), Role::kSuspended);
}

}  // namespace
}  // namespace dataplane
