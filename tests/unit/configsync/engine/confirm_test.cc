// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

#include "configsync/engine/rolled_back.h"
#include "tests/unit/configsync/engine/engine_fixture.h"

namespace configsync {
namespace {

class ConfirmTest : public EngineTest {
 protected:
  ConfirmTest() { MustCommit(kAnn, "system host-name", "fw0"); }
  void CommitSoon(std::string_view value, std::uint32_t seconds = 60) {
    Set(kAnn, "system host-name", value);
    const CommitOutcome outcome = CommitWithin(kAnn, seconds);
    ASSERT_TRUE(outcome.committed) << CodeOf(outcome.problems);
  }
};

TEST_F(ConfirmTest, AConfirmedCommitStays) {
  CommitSoon("fw1");
  const EngineStatus status = engine_->Status();
  ASSERT_TRUE(status.confirm.has_value());
  EXPECT_EQ(status.confirm->revision, 3u);
  EXPECT_EQ(status.confirm->back_to, 2u);
  EXPECT_EQ(status.confirm->remaining_s, 60u);
  Pass(59'999);
  EXPECT_EQ(Value("system host-name"), "fw1");
  EXPECT_TRUE(engine_->Confirm(kAnn).ok());
  Pass(100'000);
  EXPECT_EQ(Value("system host-name"), "fw1");
  EXPECT_FALSE(engine_->Status().confirm.has_value());
}

TEST_F(ConfirmTest, AnUnconfirmedCommitIsRolledBackAsANewRevision) {
  CommitSoon("fw1");
  Pass(60'000);
  EXPECT_EQ(Value("system host-name"), "fw0");
  const RevisionInfo info = Newest();
  EXPECT_EQ(info.id, 4u);
  EXPECT_EQ(info.origin, "confirm-expired");
  EXPECT_EQ(engine_->ReadNotes()[kRolledBackNote], "2 4");
  EXPECT_EQ(info.author.name, "lockstep-configd");
  EXPECT_EQ(dataplane_.runs->first, 4u);
  EXPECT_FALSE(engine_->Status().confirm.has_value());
  EXPECT_FALSE(engine_->Confirm(kAnn).ok());
}

TEST_F(ConfirmTest, TheExpiryOutranksLockAndEditLock) {
  ArmHa();
  Set(kAnn, "ha failover enabled", "false");
  ASSERT_TRUE(Commit(kAnn).committed);
  Set(kAnn, "interfaces interface lan mtu", "1500");
  Set(kAnn, "ha failover enabled", "true");
  ASSERT_TRUE(CommitWithin(kAnn, 60).committed);
  ASSERT_TRUE(engine_->Lock(kBob, 600).ok());
  dataplane_.refuses_plan = true;
  Pass(60'000);
  EXPECT_EQ(Value("interfaces interface lan mtu"), "");
  EXPECT_EQ(Newest().origin, "confirm-expired");
}

TEST_F(ConfirmTest, AWallClockThatJumpsChangesNothing) {
  CommitSoon("fw1");
  clock_.wall_ms += 10'000'000;
  engine_->Tick();
  EXPECT_EQ(Value("system host-name"), "fw1");
  clock_.wall_ms -= 100'000'000;
  clock_.boot_ms += 60'000;
  engine_->Tick();
  EXPECT_EQ(Value("system host-name"), "fw0");
}

TEST_F(ConfirmTest, ARestartKeepsTheDeadline) {
  CommitSoon("fw1");
  clock_.Pass(30'000);
  Restart();
  EXPECT_EQ(Value("system host-name"), "fw1");
  EXPECT_EQ(engine_->Status().confirm->remaining_s, 30u);
  Pass(30'000);
  EXPECT_EQ(Value("system host-name"), "fw0");
}

TEST_F(ConfirmTest, ARestartAfterTheDeadlineRollsBackAtOnce) {
  CommitSoon("fw1");
  engine_.reset();
  clock_.Pass(60'000);
  dataplane_.runs.reset();
  Restart();
  EXPECT_EQ(Value("system host-name"), "fw0");
  EXPECT_EQ(dataplane_.runs->first, 4u);  // It never saw the other one.
}

TEST_F(ConfirmTest, OthersCannotCommitOrConfirmMeanwhile) {
  CommitSoon("fw1");
  Set(kBob, "ha virtual-host-name", "fw");
  EXPECT_EQ(CodeOf(Commit(kBob).problems), problem_code::kConfirmPending);
  EXPECT_TRUE(absl::IsFailedPrecondition(engine_->Confirm(kBob)));
  EXPECT_TRUE(absl::IsFailedPrecondition(engine_->Save(kAnn)));
  EXPECT_EQ(Value("ha virtual-host-name"), "");
  Pass(60'000);
  EXPECT_TRUE(Commit(kBob).committed);
}

TEST_F(ConfirmTest, AFurtherCommitOfTheSameOperatorKeepsTheWayBack) {
  CommitSoon("fw1");
  clock_.Pass(30'000);
  Set(kAnn, "ha virtual-host-name", "fw");
  ASSERT_TRUE(Commit(kAnn).committed);  // Same deadline.
  EXPECT_EQ(engine_->Status().confirm->remaining_s, 30u);
  EXPECT_EQ(engine_->Status().confirm->back_to, 2u);
  EXPECT_EQ(engine_->Status().confirm->revision, 4u);
  CommitSoon("fw2", 100);  // A new one.
  EXPECT_EQ(engine_->Status().confirm->remaining_s, 100u);
  EXPECT_EQ(engine_->Status().confirm->back_to, 2u);
  Pass(100'000);
  EXPECT_EQ(Value("system host-name"), "fw0");
  EXPECT_EQ(Value("ha virtual-host-name"), "");
}

TEST_F(ConfirmTest, SaveTakesEffectWhenItIsConfirmed) {
  Set(kAnn, "system host-name", "fw1");
  const CommitOutcome outcome = CommitWithin(kAnn, 60, true);
  ASSERT_TRUE(outcome.committed);
  EXPECT_EQ(outcome.warnings.size(), 1u);
  EXPECT_EQ(engine_->Status().startup, 1u);
  Restart();
  ASSERT_TRUE(engine_->Confirm(kAnn).ok());
  EXPECT_EQ(engine_->Status().startup, 3u);
}

TEST_F(ConfirmTest, ARollbackThatTheStoreRefusesIsTriedAgain) {
  CommitSoon("fw1");
  store_.fails_always = absl::ResourceExhaustedError("full");
  Pass(60'000);
  EXPECT_EQ(Value("system host-name"), "fw1");
  Pass(500);
  store_.fails_always = absl::OkStatus();
  Pass(500);
  EXPECT_EQ(Value("system host-name"), "fw0");
}

TEST_F(ConfirmTest, ACommitWhoseDataplaneIsSlowCannotOutliveTheDeadline) {
  // The deadline passes while the commit asks the dataplane.
  class Slow final : public Dataplane {
   public:
    explicit Slow(StillClock& clock) : clock_(clock) {}
    SessionEffect Plan(const Tree&, Problems&) override {
      clock_.Pass(delay_ms);
      return {};
    }
    FollowStatus Follow(RevisionId, const Tree&) override { return {}; }
    FollowStatus status() const override { return {}; }
    std::int64_t delay_ms = 0;

   private:
    StillClock& clock_;
  } slow(clock_);
  auto engine = ConfigEngine::Start({.judge = &judge_,
                                     .store = &store_,
                                     .dataplane = &slow,
                                     .clock = &clock_,
                                     .boot_id = boot_id_});
  engine_ = *std::move(engine);
  CommitSoon("fw1");
  slow.delay_ms = 61'000;
  Set(kAnn, "ha virtual-host-name", "fw");
  EXPECT_EQ(CodeOf(Commit(kAnn).problems), problem_code::kConfirmPending);
  engine_->Tick();
  EXPECT_EQ(Value("system host-name"), "fw0");
}

}  // namespace
}  // namespace configsync
