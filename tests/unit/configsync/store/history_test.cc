// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

// Snapshots, differences, and what is forgotten.

#include <set>

#include "configsync/store/database.h"
#include "tests/unit/configsync/store/store_fixture.h"

namespace configsync {
namespace {

class HistoryTest : public StoreTest {
 protected:
  HistoryTest() { UseMemory(); }
  void CommitMany(int count) {
    for (int i = 0; i < count; ++i) {
      const std::string name = "r" + std::to_string(next_);
      const absl::Status status =
          Commit({schema_.Set("system host-name", "fw" + std::to_string(next_)),
                  schema_.Set("policy rule " + name + " action", "permit")});
      ASSERT_TRUE(status.ok()) << status;
      ++next_;
    }
  }
  std::set<RevisionId> Ids() {
    std::set<RevisionId> ids;
    const auto history = store_->History(100'000);
    EXPECT_TRUE(history.ok());
    for (const RevisionInfo& info : *history) ids.insert(info.id);
    return ids;
  }
  int next_ = 1;
};

TEST_F(HistoryTest, EveryRevisionComesBackWithItsContent) {
  MustOpen();
  CommitMany(150);  // Over two snapshots.
  MustOpen();
  for (RevisionId i = 1; i <= 150; ++i) {
    const auto tree = store_->LoadTree(i);
    ASSERT_TRUE(tree.ok()) << tree.status();
    EXPECT_EQ(tree->Find(schema_.PathOf("system host-name"))->value(), "fw" + std::to_string(i));
    EXPECT_EQ(tree->Find(schema_.PathOf("policy rule"))->entry_count(), i);
  }
  EXPECT_TRUE(absl::IsNotFound(store_->LoadTree(151).status()));
  EXPECT_TRUE(absl::IsNotFound(store_->LoadTree(0).status()));
}

TEST_F(HistoryTest, ForgetsOldRevisionsButNotWhatIsNeeded) {
  options_.history_revisions = 20;
  options_.snapshot_every = 8;
  MustOpen();
  CommitMany(3);
  Transaction pin;
  pin.startup = 3;
  ASSERT_TRUE(store_->Write(pin).ok());
  CommitMany(30);
  ASSERT_TRUE(Keep(CandidateOfAnn(21, 0)).ok());
  CommitMany(67);
  const std::set<RevisionId> ids = Ids();
  EXPECT_EQ(ids.size(),
            ids.count(1) + ids.count(2) + ids.count(3) +  // Startup's chain.
                5 +                                       // 17 to 21: the candidate's.
                static_cast<std::size_t>(std::distance(ids.lower_bound(22), ids.end())));
  EXPECT_TRUE(ids.contains(3));
  EXPECT_TRUE(ids.contains(21));
  EXPECT_FALSE(ids.contains(4));
  EXPECT_FALSE(ids.contains(22));
  for (RevisionId i = 81; i <= 100; ++i) EXPECT_TRUE(ids.contains(i)) << i;
  EXPECT_LE(ids.size(), 20u + 2 * 8 + 8);
  for (const RevisionId id : ids) EXPECT_TRUE(store_->LoadTree(id).ok()) << id;
  const auto report = store_->Verify();
  EXPECT_TRUE(report->faults.empty()) << report->faults[0];
}

TEST_F(HistoryTest, KeepsTheWayBackOfAConfirm) {
  options_.history_revisions = 4;
  options_.snapshot_every = 4;
  MustOpen();
  CommitMany(2);
  Transaction wait;
  ConfirmRecord confirm;
  confirm.revision = 2;
  confirm.back_to = 1;
  wait.confirm.emplace(confirm);
  wait.startup = 2;
  ASSERT_TRUE(store_->Write(wait).ok());
  CommitMany(30);
  EXPECT_TRUE(store_->LoadTree(1).ok());
  EXPECT_TRUE(store_->LoadTree(2).ok());
  EXPECT_FALSE(store_->LoadTree(3).ok());
}

TEST_F(HistoryTest, KeepsWhatANoteSaysUntilTheNoteGoes) {
  options_.history_revisions = 4;
  options_.snapshot_every = 4;
  MustOpen();
  CommitMany(6);
  Transaction keep;
  keep.notes["keep/2"] = "held";
  ASSERT_TRUE(store_->Write(keep).ok());
  CommitMany(30);
  EXPECT_TRUE(store_->LoadTree(2).ok());
  EXPECT_FALSE(store_->LoadTree(5).ok());
  keep.notes["keep/2"] = std::nullopt;
  ASSERT_TRUE(store_->Write(keep).ok());
  CommitMany(1);
  EXPECT_FALSE(store_->LoadTree(2).ok());
}

TEST_F(HistoryTest, ALargeDifferenceMakesASnapshot) {
  options_.snapshot_bytes_min = 2'000;
  MustOpen();
  CommitMany(1);
  std::vector<Edit> many;
  for (int i = 0; i < 100; ++i) {
    many.push_back(schema_.Set("policy rule x" + std::to_string(i) + " action", "deny"));
  }
  ASSERT_TRUE(Commit(many).ok());
  Close();
  const auto database = Database::Open("/sim/config.db", options_.vfs);
  ASSERT_TRUE((*database)->Run("PRAGMA locking_mode=EXCLUSIVE").ok());
  ASSERT_TRUE(database.ok());
  EXPECT_EQ(*(*database)->Number("SELECT is_snapshot FROM revisions WHERE id = 2"), 1);
}

TEST_F(HistoryTest, ForgetsOldAuditRecordsAndTheChainStillHolds) {
  options_.audit_records = 1'500;
  MustOpen();
  for (int i = 0; i < 3'100; ++i) ASSERT_TRUE(Note("x").ok());
  const auto report = store_->Verify();
  ASSERT_TRUE(report.ok());
  EXPECT_TRUE(report->faults.empty());
  EXPECT_EQ(report->audit_records, 1'600u);
  MustOpen();
}

}  // namespace
}  // namespace configsync
