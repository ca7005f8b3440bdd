// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

#include "configsync/engine/rolled_back.h"
#include "tests/unit/configsync/engine/engine_fixture.h"

namespace configsync {
namespace {

using Kind = ViewName::Kind;

TEST_F(EngineTest, ARestartOfTheProcessKeepsRunning) {
  MustCommit(kAnn, "system host-name", "fw1");
  Restart();
  EXPECT_EQ(Value("system host-name"), "fw1");
  EXPECT_EQ(engine_->Status().running, 2u);
}

TEST_F(EngineTest, ARebootOfTheMachineBeginsWithStartup) {
  MustCommit(kAnn, "system host-name", "fw1");
  ASSERT_TRUE(engine_->Save(kAnn).ok());
  MustCommit(kAnn, "system host-name", "fw2");
  Reboot();
  EXPECT_EQ(Value("system host-name"), "fw1");
  const RevisionInfo info = Newest();
  EXPECT_EQ(info.id, 4u);
  EXPECT_EQ(info.origin, "startup");
  EXPECT_EQ(engine_->ReadNotes()[kRolledBackNote], "2 4");
  EXPECT_EQ(LastAudit().outcome, "warning");
  EXPECT_EQ(engine_->Status().startup, 2u);
  EXPECT_EQ(dataplane_.runs->first, 4u);
  Restart();  // The same boot: nothing new.
  EXPECT_EQ(engine_->Status().running, 4u);
}

TEST_F(EngineTest, ARebootWithoutADifferenceMakesNoRevision) {
  MustCommit(kAnn, "system host-name", "fw1");
  ASSERT_TRUE(engine_->Save(kAnn).ok());
  Reboot();
  EXPECT_EQ(engine_->Status().running, 2u);
  EXPECT_EQ(LastAudit().action, "boot");
  EXPECT_EQ(store_.Read()->boot_id, boot_id_);
}

TEST_F(EngineTest, ARebootEndsAConfirm) {
  Set(kAnn, "system host-name", "fw1");
  ASSERT_TRUE(CommitWithin(kAnn, 600, true).committed);
  Reboot();
  EXPECT_EQ(Value("system host-name"), "");
  EXPECT_EQ(engine_->ReadNotes()[kRolledBackNote], "1 3");
  EXPECT_FALSE(engine_->Status().confirm.has_value());
  EXPECT_FALSE(store_.Read()->confirm.has_value());
}

TEST_F(EngineTest, ARebootEndsATrialThatCameBackByItself) {
  Set(kAnn, "system host-name", "fw1");
  ASSERT_TRUE(CommitWithin(kAnn, 600).committed);
  (void)engine_->ResetCandidate(kAnn, {.kind = ViewName::Kind::kRevision, .revision = 1});
  ASSERT_TRUE(Commit(kAnn).committed);
  Reboot();
  EXPECT_EQ(engine_->Status().running, 3u);
  EXPECT_EQ(engine_->ReadNotes()[kRolledBackNote], "1 3");
}

TEST_F(EngineTest, ARebootKeepsCandidatesAndWhatIsLeftOfALock) {
  Set(kAnn, "system host-name", "fw1");
  ASSERT_TRUE(engine_->Lock(kAnn, 600).ok());
  Reboot(100'000);
  EXPECT_EQ(Value("system host-name", Kind::kCandidate), "fw1");
  EXPECT_EQ(engine_->Status().lock->remaining_s, 500u);
  clock_.wall_ms += 10'000'000;  // From now on only boot time counts.
  EXPECT_EQ(engine_->Status().lock->remaining_s, 500u);
  ASSERT_TRUE(Commit(kAnn).committed);
}

TEST_F(EngineTest, AWallClockThatWasSetBackDoesNotMakeALockLonger) {
  ASSERT_TRUE(engine_->Lock(kAnn, 600).ok());
  Reboot(-1'000'000'000);
  EXPECT_EQ(engine_->Status().lock->remaining_s, 600u);
}

TEST_F(EngineTest, ARebootDuringAnHaEditKeepsTheTimerIfStartupIsDisarmed) {
  ArmHa();
  ASSERT_TRUE(engine_->BeginHaEdit(kAnn, 600).committed);
  ASSERT_TRUE(engine_->Save(kAnn).ok());
  Reboot(100'000);
  EXPECT_FALSE(engine_->Status().ha_armed);
  EXPECT_EQ(engine_->Status().rearms_in_s, 500u);
  Pass(500'000);
  EXPECT_TRUE(engine_->Status().ha_armed);
}

TEST_F(EngineTest, ARebootAfterAnHaEditIsArmedThoughTheEditWasSaved) {
  ArmHa();
  ASSERT_TRUE(engine_->BeginHaEdit(kAnn, 600).committed);
  Set(kAnn, "interfaces interface lan mtu", "1500");
  CommitOptions options;
  options.save = true;
  ASSERT_TRUE(Commit(kAnn, options).committed);
  Pass(600'000);  // She forgot to end it.
  ASSERT_TRUE(engine_->Status().ha_armed);
  EXPECT_EQ(engine_->Status().startup, engine_->Status().running);
  Reboot();
  EXPECT_TRUE(engine_->Status().ha_armed);
  EXPECT_EQ(Value("interfaces interface lan mtu"), "1500");
}

TEST_F(EngineTest, AStartupThatStaysDisarmedAfterAnHaEditIsToldAndNothingElseIsSaved) {
  ArmHa();
  ASSERT_TRUE(engine_->BeginHaEdit(kAnn, 600).committed);
  ASSERT_TRUE(engine_->Save(kAnn).ok());
  const RevisionId saved = engine_->Status().startup;
  MustCommit(kAnn, "interfaces interface lan mtu", "1500");
  const CommitOutcome end = engine_->EndHaEdit(kAnn);
  ASSERT_TRUE(end.committed) << CodeOf(end.problems);
  EXPECT_EQ(engine_->Status().startup, saved);
  ASSERT_EQ(end.warnings.size(), 1u);
  EXPECT_NE(end.warnings[0].find("lockstepctl config save"), std::string::npos);
}

TEST_F(EngineTest, ARebootDuringAnHaEditEndsItIfStartupIsArmed) {
  ArmHa();
  ASSERT_TRUE(engine_->Save(kAnn).ok());
  ASSERT_TRUE(engine_->BeginHaEdit(kAnn, 600).committed);
  Reboot();
  EXPECT_TRUE(engine_->Status().ha_armed);
  EXPECT_FALSE(engine_->Status().rearms_in_s.has_value());
}

}  // namespace
}  // namespace configsync
