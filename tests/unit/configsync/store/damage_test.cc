// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

// A store that was damaged, is somebody else's, or cannot be written says so, and what to do.

#include <sched.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <functional>

#include "configsync/store/database.h"
#include "tests/sim/config/crash_disk.h"
#include "tests/unit/configsync/store/store_fixture.h"

namespace configsync {
namespace {

namespace fs = std::filesystem;

class DamageTest : public StoreTest {
 protected:
  void CommitMany(int count) {
    for (int i = 0; i < count; ++i) {
      const absl::Status status =
          Commit({schema_.Set("system host-name", "fw" + std::to_string(i))});
      ASSERT_TRUE(status.ok()) << status;
    }
  }
  // As a crash would leave it: the log is not copied back.
  void CrashNow() {
    const fs::path copy = folder_ + ".copy";
    fs::remove_all(copy);
    fs::copy(folder_, copy);
    Close();
    fs::remove_all(folder_);
    fs::rename(copy, folder_);
    chmod(folder_.c_str(), 0700);
  }
  void ExpectLoss(const std::string& part) {
    const absl::Status status = Open();
    EXPECT_TRUE(absl::IsDataLoss(status)) << status;
    EXPECT_NE(std::string(status.message()).find(part), std::string::npos) << status;
    EXPECT_NE(std::string(status.message()).find("put the state folder back from a copy"),
              std::string::npos)
        << status;
  }
  void Sql(const char* sql) {
    Close();
    const auto database = Database::Open(PathOf("config.db"), "");
    ASSERT_TRUE(database.ok());
    ASSERT_TRUE((*database)->Run(sql).ok());
  }
};

TEST_F(DamageTest, ADamagedTailOfTheLogIsNoticed) {
  MustOpen();
  CommitMany(5);
  CrashNow();
  MustOpen();  // As it is, nothing is lost.
  EXPECT_EQ(store_->Read()->running, 5u);
  CommitMany(3);
  CrashNow();
  const auto bytes = static_cast<std::size_t>(fs::file_size(PathOf("config.db-wal")));
  Damage("config.db-wal", bytes - 100);
  ExpectLoss("the database lost its last 1 transactions");
  ExpectLoss("revision 8");
}

TEST_F(DamageTest, ALostLogIsNoticed) {
  MustOpen();
  CommitMany(5);
  Close();
  MustOpen();
  CommitMany(2);
  CrashNow();
  fs::remove(PathOf("config.db-wal"));
  ExpectLoss("lost its last 2 transactions");
}

TEST_F(DamageTest, TheLossCanBeAcceptedAndIsAudited) {
  MustOpen();
  CommitMany(5);
  Close();
  MustOpen();
  CommitMany(2);
  CrashNow();
  fs::remove(PathOf("config.db-wal"));
  options_.accept_loss = true;
  MustOpen();
  EXPECT_EQ(store_->Read()->running, 5u);
  const auto audit = store_->Audit(1);
  EXPECT_EQ((*audit)[0].action, "accept-loss");
  options_.accept_loss = false;
  MustOpen();
}

TEST_F(DamageTest, AnOldCopyOfTheDatabaseIsNoticed) {
  MustOpen();
  CommitMany(3);
  Close();
  fs::copy(PathOf("config.db"), folder_ + ".old");
  MustOpen();
  CommitMany(1);
  Close();
  fs::copy(folder_ + ".old", PathOf("config.db"), fs::copy_options::overwrite_existing);
  fs::remove(folder_ + ".old");
  ExpectLoss("lost its last 1 transactions");
}

TEST_F(DamageTest, ADatabaseOfAnotherHistoryIsNoticed) {
  MustOpen();
  CommitMany(3);
  Close();
  fs::copy(PathOf("config.db"), folder_ + ".old");
  MustOpen();
  ASSERT_TRUE(Note("one history").ok());
  Close();
  fs::copy(PathOf("heads.0"), folder_ + ".heads.0");
  fs::copy(PathOf("heads.1"), folder_ + ".heads.1");
  // The other history, of the same length, with its own heads; then the heads of the first one.
  fs::copy(folder_ + ".old", PathOf("config.db"), fs::copy_options::overwrite_existing);
  options_.accept_loss = true;
  MustOpen();
  Close();
  options_.accept_loss = false;
  for (const char* name : {"heads.0", "heads.1"}) {
    fs::copy(folder_ + "." + name, PathOf(name), fs::copy_options::overwrite_existing);
    fs::remove(folder_ + "." + name);
  }
  fs::remove(folder_ + ".old");
  ExpectLoss("another history");
}

TEST_F(DamageTest, ARemovedSecondPlaceOrDatabaseIsNoticed) {
  MustOpen();
  CommitMany(3);
  Close();
  const fs::path aside = folder_ + ".aside";
  fs::create_directory(aside);
  fs::copy(folder_, aside);
  fs::remove(PathOf("heads.0"));
  MustOpen();  // One of the two is enough.
  Close();
  fs::remove(PathOf("heads.0"));
  fs::remove(PathOf("heads.1"));
  ExpectLoss("second place");
  fs::remove_all(folder_);
  fs::rename(aside, folder_);
  chmod(folder_.c_str(), 0700);
  fs::remove(PathOf("config.db"));
  ExpectLoss("empty or gone");
}

TEST_F(DamageTest, ADamagedByteIsNoticedOrHarmless) {
  UseMemory();
  MustOpen();
  CommitMany(40);
  Close();  // Everything is in the database now; the log is gone.
  const std::string whole = disk_->Content("config.db");
  const std::string heads[] = {disk_->Content("heads.0"), disk_->Content("heads.1")};
  std::size_t at_start = 0, by_verify = 0, harmless = 0;
  for (std::size_t offset = 0; offset < whole.size(); offset += 13) {
    std::string damaged = whole;
    damaged[offset] = static_cast<char>(damaged[offset] ^ 0x55);
    disk_->SetContent("config.db", damaged);
    disk_->SetContent("heads.0", heads[0]);
    disk_->SetContent("heads.1", heads[1]);
    if (const absl::Status status = Open(); !status.ok()) {
      ++at_start;
      EXPECT_FALSE(status.message().empty());
      continue;
    }
    const auto report = store_->Verify();
    if (!report.ok() || !report->faults.empty()) {
      ++by_verify;  // An old revision: the start does not read them all.
      continue;
    }
    ++harmless;  // Free space, or a counter that SQLite does not need.
    EXPECT_EQ(report->revisions, 40u) << offset;
    EXPECT_EQ(store_->Read()->running, 40u) << offset;
  }
  Close();
  EXPECT_GT(at_start, 100u);
  EXPECT_GT(by_verify, 100u);
}

TEST_F(DamageTest, AForeignFileIsLeftAlone) {
  for (const std::string& text : {std::string(5'000, 'x'), std::string("SQLite format 3")}) {
    std::ofstream(PathOf("config.db")) << text;
    const absl::Status status = Open();
    EXPECT_FALSE(status.ok());
    EXPECT_NE(std::string(status.message()).find("config.db"), std::string::npos) << status;
    std::ifstream file(PathOf("config.db"));
    EXPECT_EQ(std::string((std::istreambuf_iterator<char>(file)), {}), text);
    fs::remove(PathOf("config.db"));
  }
  Sql("CREATE TABLE theirs (x); PRAGMA application_id=77");
  const absl::Status status = Open();
  EXPECT_TRUE(absl::IsFailedPrecondition(status)) << status;
  EXPECT_NE(std::string(status.message()).find("another program"), std::string::npos);
}

TEST_F(DamageTest, ANewerVersionIsRefused) {
  MustOpen();
  CommitMany(1);
  Sql("PRAGMA user_version=3");
  const absl::Status status = Open();
  EXPECT_TRUE(absl::IsFailedPrecondition(status)) << status;
  EXPECT_NE(std::string(status.message()).find("version 3"), std::string::npos) << status;
}

TEST_F(DamageTest, AnAlteredAuditRecordIsNoticed) {
  MustOpen();
  CommitMany(5);
  Sql("UPDATE audit SET name = 'bob' WHERE sequence = 3");
  ExpectLoss("audit record 3 was altered");
}

TEST_F(DamageTest, ARemovedAuditRecordIsNoticed) {
  MustOpen();
  CommitMany(5);
  Sql("DELETE FROM audit WHERE sequence = 3");
  ExpectLoss("audit record 4 does not follow");
}

TEST_F(DamageTest, AnAlteredRevisionIsNoticed) {
  MustOpen();
  CommitMany(5);
  Sql("UPDATE revisions SET body = (SELECT body FROM revisions WHERE id = 4) WHERE id = 5");
  ExpectLoss("revision 5: its content does not have its hash");
}

TEST_F(DamageTest, AMissingOrWrongMasterKeyIsNamedByItsFingerprint) {
  MustOpen();
  CommitMany(1);
  const std::string fingerprint = store_->KeyFingerprint();
  Close();
  for (const bool is_missing : {false, true}) {
    std::ofstream(PathOf("master.key")) << std::string(64, '7') << "\n";
    if (is_missing) fs::remove(PathOf("master.key"));
    const absl::Status status = Open();
    EXPECT_TRUE(absl::IsFailedPrecondition(status)) << status;
    EXPECT_NE(std::string(status.message()).find(fingerprint), std::string::npos) << status;
  }
}

TEST_F(DamageTest, ASecondProcessIsRefused) {
  MustOpen();
  const auto second = OpenStore(options_, schema_.root());
  EXPECT_TRUE(absl::IsFailedPrecondition(second.status())) << second.status();
}

TEST_F(DamageTest, AFullDiskRefusesAWriteAndLosesNothing) {
  UseMemory();
  CrashDisk& disk = *disk_;
  MustOpen();
  CommitMany(3);
  const std::string large(100'000, 'x');
  disk.LeaveRoom(20'000);
  const absl::Status full = Commit({schema_.Set("system host-name", large)});
  EXPECT_TRUE(absl::IsResourceExhausted(full)) << full;
  EXPECT_NE(std::string(full.message()).find("free space"), std::string::npos);
  EXPECT_EQ(store_->Read()->running, 3u);
  disk.LeaveRoom(CrashDisk::kEndless);
  EXPECT_TRUE(Commit({schema_.Set("system host-name", large)}).ok());
  MustOpen();
  EXPECT_EQ(store_->Read()->running, 4u);
}

TEST_F(DamageTest, ASecondPlaceThatCannotBeWrittenIsAWarningUntilItCan) {
  UseMemory();
  CrashDisk& disk = *disk_;
  MustOpen();
  CommitMany(3);
  EXPECT_EQ(store_->Warning(), "");
  // The log is written over from its beginning after a checkpoint, so it needs no room.
  disk.LeaveRoom(6'000);
  ASSERT_TRUE(Note("x").ok());
  disk.LeaveRoom(0);
  for (int i = 0; i < 3 && store_->Warning().empty(); ++i) (void)Note("x");
  disk.LeaveRoom(CrashDisk::kEndless);
  ASSERT_TRUE(Note("x").ok());
  EXPECT_EQ(store_->Warning(), "");
}

TEST_F(DamageTest, ADiskThatFailsStopsTheStoreUntilItIsOpenedAgain) {
  UseMemory();
  CrashDisk& disk = *disk_;
  MustOpen();
  CommitMany(2);
  disk.StopAt(disk.steps() + 2);
  EXPECT_TRUE(absl::IsUnavailable(Note("x")));
  disk.RestartProcess();  // The disk is well again, but nobody knows what is on it.
  EXPECT_TRUE(absl::IsUnavailable(Note("x")));
  MustOpen();
  EXPECT_TRUE(Note("x").ok());
}

// In a mount namespace of a child: nothing of it is left behind. The child's text is what failed.
std::string InOwnMounts(const std::function<std::string()>& act) {
  int ends[2];
  if (pipe(ends) != 0) return "pipe";
  const pid_t child = fork();
  if (child == 0) {
    close(ends[0]);
    std::string text = "skip";
    if (unshare(CLONE_NEWNS) == 0 &&
        mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) == 0) {
      text = act();
    }
    (void)!write(ends[1], text.data(), text.size());
    _exit(0);
  }
  close(ends[1]);
  std::string text;
  char buffer[512];
  for (ssize_t got; (got = read(ends[0], buffer, sizeof buffer)) > 0;) {
    text.append(buffer, static_cast<std::size_t>(got));
  }
  close(ends[0]);
  waitpid(child, nullptr, 0);
  return text;
}

TEST_F(DamageTest, ARealFullDiskRefusesAWriteAndLosesNothing) {
  const std::string text = InOwnMounts([&]() -> std::string {
    if (mount("tmpfs", folder_.c_str(), "tmpfs", 0, "size=512k,mode=0700") != 0) return "skip";
    if (const absl::Status status = Open(); !status.ok()) return status.ToString();
    if (!Commit({schema_.Set("system host-name", "fw")}).ok()) return "the first commit";
    const absl::Status full = Commit({schema_.Set("system host-name", std::string(600'000, 'x'))});
    if (!absl::IsResourceExhausted(full)) return "full: " + full.ToString();
    if (store_->Read()->running != 1) return "running moved";
    if (const absl::Status status = Commit({schema_.Set("system host-name", "fw2")});
        !status.ok()) {
      return "after it: " + status.ToString();
    }
    if (const absl::Status status = Open(); !status.ok()) return status.ToString();
    return store_->Read()->running == 2 ? "" : "lost";
  });
  if (text == "skip") GTEST_SKIP() << "skip: no-privilege: needs CAP_SYS_ADMIN to mount a tmpfs";
  EXPECT_EQ(text, "");
}

TEST_F(DamageTest, AReadOnlyFolderIsRefusedWithItsName) {
  MustOpen();
  CommitMany(1);
  Close();
  const std::string text = InOwnMounts([&]() -> std::string {
    if (mount(folder_.c_str(), folder_.c_str(), nullptr, MS_BIND, nullptr) != 0) return "skip";
    if (mount(nullptr, folder_.c_str(), nullptr, MS_REMOUNT | MS_BIND | MS_RDONLY, nullptr) != 0) {
      return "skip";
    }
    const absl::Status status = Open();
    if (!absl::IsPermissionDenied(status)) return status.ToString();
    return std::string(status.message()).find(folder_) == std::string::npos ? "no name" : "";
  });
  if (text == "skip") GTEST_SKIP() << "skip: no-privilege: needs CAP_SYS_ADMIN to mount";
  EXPECT_EQ(text, "");
}

TEST_F(DamageTest, AReadOnlyDatabaseIsRefusedWithItsName) {
  MustOpen();
  CommitMany(1);
  Close();
  const std::string text = InOwnMounts([&]() -> std::string {
    const std::string path = PathOf("config.db");
    if (mount(path.c_str(), path.c_str(), nullptr, MS_BIND, nullptr) != 0) return "skip";
    if (mount(nullptr, path.c_str(), nullptr, MS_REMOUNT | MS_BIND | MS_RDONLY, nullptr) != 0) {
      return "skip";
    }
    const absl::Status status = Open();
    if (!absl::IsPermissionDenied(status)) return status.ToString();
    return std::string(status.message()).find(path) == std::string::npos ? "no name" : "";
  });
  if (text == "skip") GTEST_SKIP() << "skip: no-privilege: needs CAP_SYS_ADMIN to mount";
  EXPECT_EQ(text, "");
}

}  // namespace
}  // namespace configsync
