// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

#include <sys/stat.h>

#include <filesystem>

#include "tests/unit/configsync/store/store_fixture.h"

namespace configsync {
namespace {

TEST_F(StoreTest, IsEmptyAtFirstAndForItsOwnerAlone) {
  MustOpen();
  const auto state = store_->Read();
  ASSERT_TRUE(state.ok()) << state.status();
  EXPECT_EQ(state->running, 0u);
  ASSERT_TRUE(Commit({schema_.Set("system host-name", "fw1")}).ok());
  for (const auto& entry : std::filesystem::directory_iterator(folder_)) {
    struct stat status {};
    ASSERT_EQ(stat(entry.path().c_str(), &status), 0);
    EXPECT_EQ(status.st_mode & 0777u, 0600u) << entry.path();
  }
}

TEST_F(StoreTest, KeepsRevisionsPointersAndTimersOverARestart) {
  MustOpen();
  ASSERT_TRUE(Commit({schema_.Set("system host-name", "fw1")}, "first").ok());
  ASSERT_TRUE(Commit({schema_.Set("policy rule r1 action", "permit")}, "second").ok());
  const Deadline deadline = {.boot_id = "boot", .boot_ms = 5, .wall_ms = 6, .span_ms = 7};
  const Operator ann = {.user_id = 7, .name = "ann"};
  Transaction transaction;
  transaction.startup = 2;
  transaction.boot_id = "boot";
  const ConfirmRecord confirm = {.revision = 2,
                                 .back_to = 1,
                                 .deadline = deadline,
                                 .by = ann,
                                 .save = true,
                                 .ha_edit_open = true};
  transaction.confirm.emplace(confirm);
  transaction.lock.emplace(LockRecord{.by = ann, .deadline = deadline});
  transaction.ha_edit.emplace(HaEditRecord{.by = ann, .deadline = deadline});
  ASSERT_TRUE(store_->Write(transaction).ok());
  MustOpen();
  auto state = store_->Read();
  ASSERT_TRUE(state.ok());
  EXPECT_EQ(state->running, 2u);
  EXPECT_EQ(state->startup, 2u);
  EXPECT_EQ(state->boot_id, "boot");
  EXPECT_EQ(state->confirm, confirm);
  EXPECT_EQ(state->lock, (LockRecord{.by = ann, .deadline = deadline}));
  EXPECT_EQ(state->ha_edit, (HaEditRecord{.by = ann, .deadline = deadline}));
  const auto tree = store_->LoadTree(2);
  ASSERT_TRUE(tree.ok()) << tree.status();
  EXPECT_EQ(tree->Find(schema_.PathOf("policy rule r1 action"))->value(), "permit");
  EXPECT_EQ(tree->Find(schema_.PathOf("system host-name"))->value(), "fw1");

  Transaction clear;
  clear.confirm.emplace(std::nullopt);
  clear.lock.emplace(std::nullopt);
  clear.ha_edit.emplace(std::nullopt);
  ASSERT_TRUE(store_->Write(clear).ok());
  state = store_->Read();
  EXPECT_FALSE(state->confirm.has_value() || state->lock.has_value() || state->ha_edit.has_value());
}

TEST_F(StoreTest, KeepsCandidatesPieceByPiece) {
  MustOpen();
  ASSERT_TRUE(Commit({schema_.Set("system host-name", "fw1")}).ok());
  const Edit first = schema_.Set("policy rule r1 action", "permit");
  const Edit second = schema_.Set("system password", "hunter2");
  CandidateRecord record = CandidateOfAnn(1, 10);
  record.edits.push_back(first);
  ASSERT_TRUE(Keep(record).ok());
  record.edits = {second};
  record.wall_ms = 20;
  ASSERT_TRUE(Keep(record).ok());
  MustOpen();
  auto state = store_->Read();
  ASSERT_TRUE(state.ok());
  ASSERT_EQ(state->candidates.size(), 1u);
  EXPECT_EQ(state->candidates[0].edits, (std::vector<Edit>{first, second}));
  EXPECT_EQ(state->candidates[0].wall_ms, 20);
  ASSERT_TRUE(Keep(record, false).ok());
  EXPECT_EQ(store_->Read()->candidates[0].edits, std::vector<Edit>{second});
  Transaction drop;
  drop.dropped_candidates.push_back(7);
  ASSERT_TRUE(store_->Write(drop).ok());
  EXPECT_TRUE(store_->Read()->candidates.empty());
}

TEST_F(StoreTest, RefusesARevisionThatDoesNotFollow) {
  MustOpen();
  ASSERT_TRUE(Commit({schema_.Set("system host-name", "fw1")}).ok());
  Transaction transaction;
  RevisionInfo info;
  info.id = 3;
  info.parent = 2;
  transaction.revision = RevisionDraft{.info = info, .tree = store_->EmptyTree(), .edits = {}};
  EXPECT_TRUE(absl::IsAborted(store_->Write(transaction)));
  EXPECT_EQ(store_->Read()->running, 1u);
  EXPECT_EQ(store_->Audit(10)->size(), 1u);
}

TEST_F(StoreTest, WritesNoSecretInTheClear) {
  MustOpen();
  ASSERT_TRUE(Commit({schema_.Set("system password", "hunter2-in-a-revision"),
                      schema_.Set("system token t0ken-in-a-list")})
                  .ok());
  CandidateRecord record = CandidateOfAnn(1, 0);
  record.edits.push_back(schema_.Set("system password", "hunter3-in-a-candidate"));
  ASSERT_TRUE(Keep(record).ok());
  std::string all = ReadAll();
  Close();
  all += ReadAll();
  for (const char* secret : {"hunter2", "hunter3", "t0ken"}) {
    EXPECT_EQ(all.find(secret), std::string::npos) << secret;
  }
  EXPECT_NE(all.find("password"), std::string::npos);  // Else this looked in the wrong place.
  MustOpen();
  EXPECT_EQ(store_->LoadTree(1)->Find(schema_.PathOf("system password"))->value(),
            "hunter2-in-a-revision");
}

TEST_F(StoreTest, ChainsTheAuditOverRestarts) {
  MustOpen();
  ASSERT_TRUE(Note("one").ok());
  MustOpen();
  ASSERT_TRUE(Note("two").ok());
  const auto records = store_->Audit(10);
  ASSERT_TRUE(records.ok());
  ASSERT_EQ(records->size(), 2u);
  EXPECT_EQ((*records)[0].sequence, 2u);
  EXPECT_EQ((*records)[0].previous, (*records)[1].hash);
  EXPECT_EQ((*records)[0].detail, "two");
}

TEST_F(StoreTest, TakesTheMasterKeyThatItIsGivenAndKeepsIt) {
  options_.master_key = std::string(64, 'a');
  MustOpen();
  const std::string fingerprint = store_->KeyFingerprint();
  options_.master_key = std::string(64, 'b');  // Too late: the folder has one.
  MustOpen();
  EXPECT_EQ(store_->KeyFingerprint(), fingerprint);
}

TEST_F(StoreTest, SealsEverythingUnderANewMasterKey) {
  options_.master_key = std::string(64, 'a');
  options_.snapshot_every = 2;
  MustOpen();
  for (int i = 0; i < 5; ++i) {
    ASSERT_TRUE(Commit({schema_.Set("system password", "hunter" + std::to_string(i))}).ok());
  }
  CandidateRecord record = CandidateOfAnn(5, 0);
  record.edits.push_back(schema_.Set("system token t0ken"));
  ASSERT_TRUE(Keep(record).ok());
  const Hash before = store_->LoadTree(5)->hash();
  const std::string old_print = store_->KeyFingerprint();
  AuditRecord audit;
  audit.action = "master-key";
  const std::string fresh = "another-master-key-of-ours";
  EXPECT_TRUE(
      absl::IsPermissionDenied(store_->ChangeMasterKey(std::string(64, 'c'), fresh, audit)));
  EXPECT_TRUE(
      absl::IsInvalidArgument(store_->ChangeMasterKey(std::string(64, 'a'), "short", audit)));
  EXPECT_EQ(store_->KeyFingerprint(), old_print);
  ASSERT_TRUE(store_->ChangeMasterKey(std::string(64, 'a'), fresh, audit).ok());
  EXPECT_NE(store_->KeyFingerprint(), old_print);
  MustOpen();
  EXPECT_FALSE(std::filesystem::exists(PathOf("master.key.next")));
  for (RevisionId i = 1; i <= 5; ++i) {
    const auto tree = store_->LoadTree(i);
    ASSERT_TRUE(tree.ok()) << tree.status();
    EXPECT_EQ(tree->Find(schema_.PathOf("system password"))->value(),
              "hunter" + std::to_string(i - 1));
  }
  EXPECT_NE(store_->LoadTree(5)->hash(), before);  // Secrets are hashed under the key.
  EXPECT_EQ(store_->Read()->candidates[0].edits, record.edits);
  const auto report = store_->Verify();
  ASSERT_TRUE(report.ok());
  EXPECT_TRUE(report->faults.empty()) << report->faults[0];
}

TEST_F(StoreTest, VerifyCountsWhatItSaw) {
  MustOpen();
  for (int i = 0; i < 10; ++i) {
    ASSERT_TRUE(Commit({schema_.Set("system host-name", "fw" + std::to_string(i))}).ok());
  }
  const auto report = store_->Verify();
  ASSERT_TRUE(report.ok()) << report.status();
  EXPECT_EQ(report->revisions, 10u);
  EXPECT_EQ(report->audit_records, 10u);
  EXPECT_TRUE(report->faults.empty());
}

}  // namespace
}  // namespace configsync
