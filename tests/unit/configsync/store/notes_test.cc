// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

#include <sqlite3.h>

#include "tests/unit/configsync/store/store_fixture.h"

namespace configsync {
namespace {

class NotesTest : public StoreTest {
 protected:
  absl::Status Put(const std::string& name, std::optional<std::string> value) {
    Transaction transaction;
    transaction.notes[name] = std::move(value);
    transaction.audit.action = "note";
    return store_->Write(transaction);
  }
  std::map<std::string, std::string> Notes() { return store_->Read()->notes; }
  // Behind the store's back, while it is closed.
  void Sql(const char* text) {
    Close();
    sqlite3* database = nullptr;
    ASSERT_EQ(sqlite3_open(PathOf("config.db").c_str(), &database), SQLITE_OK);
    EXPECT_EQ(sqlite3_exec(database, text, nullptr, nullptr, nullptr), SQLITE_OK) << text;
    sqlite3_close(database);
  }
};

TEST_F(NotesTest, OutliveARestartAndAreReplacedAndErased) {
  MustOpen();
  const std::string bytes("a\0b\xff", 4);
  ASSERT_TRUE(Put("sync/source", bytes).ok());
  ASSERT_TRUE(Put("sync/pin", "3").ok());
  ASSERT_TRUE(Put("sync/pin", "4").ok());
  ASSERT_TRUE(Put("sync/never-was", std::nullopt).ok());
  MustOpen();
  EXPECT_EQ(Notes(),
            (std::map<std::string, std::string>{{"sync/pin", "4"}, {"sync/source", bytes}}));
  ASSERT_TRUE(Put("sync/pin", std::nullopt).ok());
  MustOpen();
  EXPECT_EQ(Notes(), (std::map<std::string, std::string>{{"sync/source", bytes}}));
}

TEST_F(NotesTest, AreWrittenWithTheirRevisionOrNotAtAll) {
  MustOpen();
  ASSERT_TRUE(Commit({schema_.Set("system host-name", "fw1")}).ok());
  Transaction transaction;
  RevisionInfo info;
  info.id = 7;  // Does not follow.
  info.parent = 6;
  transaction.revision = RevisionDraft{.info = info, .tree = *store_->LoadTree(1), .edits = {}};
  transaction.notes["sync/source"] = "x";
  EXPECT_TRUE(absl::IsAborted(store_->Write(transaction)));
  EXPECT_TRUE(Notes().empty());
}

TEST_F(NotesTest, HaveBoundsWithErrorsThatNameThem) {
  UseMemory();
  MustOpen();
  EXPECT_TRUE(Put(std::string(kNoteNameBytesMax, 'n'), "x").ok());
  for (const std::string& name : {std::string(), std::string(kNoteNameBytesMax + 1, 'n')}) {
    EXPECT_TRUE(absl::IsInvalidArgument(Put(name, "x"))) << name.size();
  }
  const absl::Status status = Put("big", std::string(kNoteValueBytesMax + 1, 'x'));
  EXPECT_TRUE(absl::IsInvalidArgument(status)) << status;
  EXPECT_NE(std::string(status.message()).find("note big"), std::string::npos) << status;
  for (std::size_t i = 1; i < kNotesMax; ++i) ASSERT_TRUE(Put(std::to_string(i), "x").ok());
  EXPECT_TRUE(absl::IsInvalidArgument(Put("one more", "x")));
  EXPECT_TRUE(Put("1", "y").ok());
  EXPECT_EQ(Notes().size(), kNotesMax);
  EXPECT_TRUE(store_->Verify()->faults.empty());
}

TEST_F(NotesTest, AnAlteredNoteIsNoticed) {
  MustOpen();
  ASSERT_TRUE(Put("sync/source", "aa").ok());
  Sql("UPDATE notes SET value = x'6162'");
  const absl::Status status = Open();
  EXPECT_TRUE(absl::IsDataLoss(status)) << status;
  EXPECT_NE(std::string(status.message()).find("note sync/source"), std::string::npos) << status;
}

// As the program before wrote it.
TEST_F(NotesTest, AStoreOfTheVersionBeforeGetsTheTable) {
  MustOpen();
  ASSERT_TRUE(Commit({schema_.Set("system host-name", "fw1")}).ok());
  Sql("DROP TABLE notes; PRAGMA user_version=1");
  MustOpen();
  EXPECT_EQ(store_->Read()->running, 1u);
  EXPECT_TRUE(Notes().empty());
  ASSERT_TRUE(Put("sync/source", "x").ok());
  MustOpen();
  EXPECT_EQ(Notes().size(), 1u);
  EXPECT_TRUE(store_->Verify()->faults.empty());
}

// A crash at each step of the bringing up leaves a store that starts.
TEST_F(NotesTest, BringingUpSurvivesACrashAtEachStep) {
  UseMemory();
  std::uint64_t step = 0;
  for (bool was_cut = true; was_cut; ++step) {
    disk_ = std::make_unique<CrashDisk>(step + 1);
    options_.vfs = disk_->vfs();
    MustOpen();
    ASSERT_TRUE(Commit({schema_.Set("system host-name", "fw1")}).ok());
    Close();
    sqlite3* database = nullptr;
    ASSERT_EQ(sqlite3_open_v2((folder_ + "/config.db").c_str(), &database, SQLITE_OPEN_READWRITE,
                              disk_->vfs().c_str()),
              SQLITE_OK);
    ASSERT_EQ(sqlite3_exec(database,
                           "PRAGMA locking_mode=EXCLUSIVE; DROP TABLE notes; "
                           "PRAGMA user_version=1; PRAGMA wal_checkpoint(TRUNCATE)",
                           nullptr, nullptr, nullptr),
              SQLITE_OK)
        << sqlite3_errmsg(database);
    sqlite3_close(database);
    disk_->StopAt(disk_->steps() + 1 + step);
    was_cut = !Open().ok();
    Close();
    disk_->LosePower();
    disk_->StopAt(0);
    MustOpen();
    EXPECT_EQ(store_->Read()->running, 1u) << step;
    EXPECT_TRUE(Put("sync/source", "x").ok()) << step;
    Close();
    ASSERT_LT(step, 200u);
  }
  EXPECT_GT(step, 3u);
}

TEST_F(NotesTest, AChangeOfTheMasterKeyLeavesThemAsTheyAre) {
  options_.master_key = std::string(64, '1');
  MustOpen();
  ASSERT_TRUE(Put("sync/source", "x").ok());
  AuditRecord audit;
  audit.action = "master-key";
  ASSERT_TRUE(store_->ChangeMasterKey(std::string(64, '1'), std::string(64, '2'), audit).ok());
  MustOpen();
  EXPECT_EQ(Notes()["sync/source"], "x");
}

}  // namespace
}  // namespace configsync
