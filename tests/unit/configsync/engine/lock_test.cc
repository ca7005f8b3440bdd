// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

#include "tests/unit/configsync/engine/engine_fixture.h"

namespace configsync {
namespace {

using Kind = ViewName::Kind;

TEST_F(EngineTest, ALockStopsTheEditsAndCommitsOfOthers) {
  Set(kBob, "system host-name", "fw1");
  ASSERT_TRUE(engine_->Lock(kAnn, 600).ok());
  EXPECT_EQ(CodeOf(engine_->EditCandidate(kBob, {schema_.Set("system host-name", "fw2")})),
            problem_code::kLockHeld);
  EXPECT_EQ(CodeOf(engine_->LoadCandidate(kBob, "system host-name=fw2", true)),
            problem_code::kLockHeld);
  EXPECT_EQ(CodeOf(Commit(kBob).problems), problem_code::kLockHeld);
  EXPECT_TRUE(absl::IsFailedPrecondition(engine_->Lock(kBob, 600)));
  EXPECT_TRUE(absl::IsFailedPrecondition(engine_->Save(kBob)));
  EXPECT_EQ(CodeOf(engine_->BeginHaEdit(kBob, 60).problems), problem_code::kLockHeld);
  EXPECT_TRUE(engine_->ResetCandidate(kBob, {.kind = Kind::kRunning}).empty());  // Discard.
  MustCommit(kAnn, "system host-name", "fw3");
}

TEST_F(EngineTest, ALockLapsesByTimeAndIsRenewedByItsHolder) {
  ASSERT_TRUE(engine_->Lock(kAnn, 100).ok());
  Pass(90'000);
  Set(kAnn, "system host-name", "fw1");
  EXPECT_EQ(engine_->Status().lock->remaining_s, 100u);
  Pass(90'000);
  EXPECT_TRUE(Commit(kAnn).committed);
  Pass(99'999);
  EXPECT_TRUE(engine_->Status().lock.has_value());
  Pass(1);
  EXPECT_FALSE(engine_->Status().lock.has_value());
  EXPECT_FALSE(store_.Read()->lock.has_value());
  MustCommit(kBob, "system host-name", "fw2");
}

TEST_F(EngineTest, ALockOutlivesTheProcess) {
  ASSERT_TRUE(engine_->Lock(kAnn, 100).ok());
  clock_.Pass(40'000);
  Restart();
  ASSERT_TRUE(engine_->Status().lock.has_value());
  EXPECT_EQ(engine_->Status().lock->by, kAnn);
  EXPECT_EQ(engine_->Status().lock->remaining_s, 60u);
}

TEST_F(EngineTest, OnlyTheHolderUnlocksUnlessForced) {
  EXPECT_TRUE(absl::IsFailedPrecondition(engine_->Unlock(kAnn, false)));
  ASSERT_TRUE(engine_->Lock(kAnn, 100).ok());
  EXPECT_TRUE(absl::IsFailedPrecondition(engine_->Unlock(kBob, false)));
  EXPECT_EQ(LastAudit().outcome, "refused");
  EXPECT_TRUE(engine_->Unlock(kBob, true).ok());
  ASSERT_TRUE(engine_->Lock(kAnn, 100).ok());
  EXPECT_TRUE(engine_->Unlock(kAnn, false).ok());
  EXPECT_FALSE(engine_->Status().lock.has_value());
}

TEST_F(EngineTest, ALeaseHasLimits) {
  EXPECT_TRUE(absl::IsInvalidArgument(engine_->Lock(kAnn, kLeaseSecondsMin - 1)));
  EXPECT_TRUE(absl::IsInvalidArgument(engine_->Lock(kAnn, kLeaseSecondsMax + 1)));
  EXPECT_FALSE(engine_->Status().lock.has_value());
}

TEST_F(EngineTest, TickSaysWhenToComeAgain) {
  EXPECT_EQ(engine_->Tick(), 1'000u);
  ASSERT_TRUE(engine_->Lock(kAnn, 10).ok());
  clock_.Pass(9'700);
  EXPECT_EQ(engine_->Tick(), 300u);
}

}  // namespace
}  // namespace configsync
