// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

// F97. That everything is sealed anew is the store's test.

#include "tests/unit/configsync/engine/engine_fixture.h"

namespace configsync {
namespace {

TEST_F(EngineTest, TheMasterKeyCannotChangeWhileConfigurationIsSynchronised) {
  MustCommit(kAnn, "ha configuration-synchronization enabled", "true");
  const absl::Status status = engine_->ChangeMasterKey(kAnn, "old-key", "new-key");
  EXPECT_TRUE(absl::IsFailedPrecondition(status));
  EXPECT_NE(std::string(status.message()).find("/ha/configuration-synchronization/enabled"),
            std::string::npos);
  EXPECT_EQ(engine_->Status().master_key_fingerprint, "old-key");
  EXPECT_EQ(LastAudit().outcome, "refused");
  MustCommit(kAnn, "ha configuration-synchronization enabled", "false");
  EXPECT_TRUE(engine_->ChangeMasterKey(kAnn, "old-key", "new-key").ok());
  EXPECT_EQ(engine_->Status().master_key_fingerprint, "new-key");
}

TEST_F(EngineTest, AWrongOldMasterKeyIsRefusedAndNeverRepeated) {
  const absl::Status status = engine_->ChangeMasterKey(kAnn, "wr0ng-one", "fresh-0ne");
  EXPECT_TRUE(absl::IsPermissionDenied(status));
  const AuditRecord audit = LastAudit();
  EXPECT_EQ(audit.outcome, "refused");
  EXPECT_EQ(audit.detail.find("wr0ng"), std::string::npos);
  EXPECT_EQ(audit.detail.find("fresh"), std::string::npos);
}

TEST_F(EngineTest, TheMasterKeyCannotChangeWhileACommitWaits) {
  Set(kAnn, "system host-name", "fw1");
  ASSERT_TRUE(CommitWithin(kAnn, 60).committed);
  EXPECT_TRUE(absl::IsFailedPrecondition(engine_->ChangeMasterKey(kAnn, "old-key", "new-key")));
}

TEST_F(EngineTest, CandidatesAreReadAgainUnderTheNewMasterKey) {
  Set(kAnn, "system password", "hunter2");
  ASSERT_TRUE(engine_->ChangeMasterKey(kAnn, "old-key", "new-key").ok());
  EXPECT_EQ(Value("system password", ViewName::Kind::kCandidate), "hunter2");
  EXPECT_TRUE(Commit(kAnn).committed);
}

}  // namespace
}  // namespace configsync
