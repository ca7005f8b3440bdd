// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

#include "configsync/store/files.h"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>

#include "configsync/store/second_place.h"
#include "tests/sim/config/crash_disk.h"

namespace configsync {
namespace {

class FolderTest : public ::testing::Test {
 protected:
  FolderTest() {
    std::string pattern = ::testing::TempDir() + "/files-XXXXXX";
    base_ = mkdtemp(pattern.data());
    folder_ = base_ + "/state";
  }
  ~FolderTest() override { std::filesystem::remove_all(base_); }
  std::string base_, folder_;
};

unsigned ModeOf(const std::string& path) {
  struct stat status {};
  return stat(path.c_str(), &status) == 0 ? status.st_mode & 07777u : 0;
}

TEST_F(FolderTest, IsMadeForItsOwnerAlone) {
  const auto files = OpenFolder(folder_);
  ASSERT_TRUE(files.ok()) << files.status();
  ASSERT_TRUE(WriteDurably(**files, "a", "text").ok());
  EXPECT_EQ(ModeOf(folder_), 0700u);
  EXPECT_EQ(ModeOf(folder_ + "/a"), 0600u);
  EXPECT_EQ(*(*files)->Read("a", 100), "text");
  EXPECT_FALSE(std::filesystem::exists(folder_ + "/a.new"));
}

TEST_F(FolderTest, IsRefusedIfOthersMayEnter) {
  ASSERT_EQ(mkdir(folder_.c_str(), 0755), 0);
  const auto files = OpenFolder(folder_);
  EXPECT_TRUE(absl::IsFailedPrecondition(files.status()));
  EXPECT_NE(std::string(files.status().message()).find("chmod 700"), std::string::npos);
}

TEST_F(FolderTest, IsForOneProcessAtATimeAndNamesIt) {
  auto first = OpenFolder(folder_);
  ASSERT_TRUE(first.ok());
  const auto second = OpenFolder(folder_);
  EXPECT_TRUE(absl::IsFailedPrecondition(second.status()));
  EXPECT_NE(std::string(second.status().message()).find("process " + std::to_string(getpid())),
            std::string::npos)
      << second.status();
  first->reset();
  EXPECT_TRUE(OpenFolder(folder_).ok());
}

TEST_F(FolderTest, RefusesToReadWhatOthersMayRead) {
  const auto files = OpenFolder(folder_);
  ASSERT_TRUE(files.ok());
  ASSERT_TRUE(WriteDurably(**files, "key", "text").ok());
  ASSERT_EQ(chmod((folder_ + "/key").c_str(), 0644), 0);
  EXPECT_TRUE(absl::IsFailedPrecondition((*files)->Read("key", 100).status()));
}

TEST_F(FolderTest, HasALimitForWhatItReads) {
  const auto files = OpenFolder(folder_);
  ASSERT_TRUE(files.ok());
  ASSERT_TRUE(WriteDurably(**files, "a", "12345").ok());
  EXPECT_TRUE((*files)->Read("a", 5).ok());
  EXPECT_TRUE(absl::IsResourceExhausted((*files)->Read("a", 4).status()));
  EXPECT_TRUE(absl::IsNotFound((*files)->Read("b", 4).status()));
}

TEST_F(FolderTest, ThatCannotBeMadeNamesItselfAndTheRemedy) {
  const auto files = OpenFolder("/proc/lockstep-state");
  ASSERT_FALSE(files.ok());
  EXPECT_NE(std::string(files.status().message()).find("/proc/lockstep-state"), std::string::npos);
}

Heads Sample(std::uint64_t sequence) {
  Heads heads;
  heads.audit_sequence = sequence;
  heads.audit_hash = Sha256("audit");
  heads.revision = 3;
  heads.revision_hash = Sha256("tree");
  return heads;
}

TEST(SecondPlace, ReadsTheNewestAndOutlivesTheDamageOfOne) {
  CrashDisk disk(1);
  const auto files = disk.OpenFiles();
  SecondPlace place(*files);
  for (std::uint64_t i = 1; i <= 5; ++i) ASSERT_TRUE(place.Write(Sample(i)).ok());
  auto found = SecondPlace(*files).Read();
  ASSERT_TRUE(found.ok() && found->heads.has_value());
  EXPECT_EQ(found->heads->audit_sequence, 5u);
  EXPECT_EQ(found->heads->revision_hash, Sha256("tree"));
  EXPECT_TRUE(found->warning.empty());

  const std::string good = disk.Content("heads.1");  // The fifth.
  for (std::size_t i = 0; i < good.size(); ++i) {
    std::string bad = good;
    bad[i] ^= 1;
    disk.SetContent("heads.1", bad);
    found = SecondPlace(*files).Read();
    ASSERT_TRUE(found.ok() && found->heads.has_value()) << i;
    EXPECT_EQ(found->heads->audit_sequence, 4u) << i;
    EXPECT_FALSE(found->warning.empty()) << i;
  }
}

TEST(SecondPlace, TellsNoFilesFromDamagedOnes) {
  CrashDisk disk(1);
  const auto files = disk.OpenFiles();
  auto found = SecondPlace(*files).Read();
  ASSERT_TRUE(found.ok());
  EXPECT_FALSE(found->any_file);
  disk.SetContent("heads.0", "");
  disk.SetContent("heads.1", std::string(5'000, 'x'));
  found = SecondPlace(*files).Read();
  ASSERT_TRUE(found.ok()) << found.status();
  EXPECT_TRUE(found->any_file);
  EXPECT_FALSE(found->heads.has_value());
}

TEST(SecondPlace, IsWholeWhereverTheWritingStops) {
  for (std::uint64_t stop = 1;; ++stop) {
    CrashDisk disk(stop);
    auto files = disk.OpenFiles();
    SecondPlace place(*files);
    for (std::uint64_t i = 1; i <= 3; ++i) ASSERT_TRUE(place.Write(Sample(i)).ok());
    disk.StopAt(disk.steps() + stop);
    const bool was_written = place.Write(Sample(4)).ok();
    disk.LosePower();
    const auto found = SecondPlace(*files).Read();
    ASSERT_TRUE(found.ok() && found->heads.has_value()) << stop;
    if (was_written) {
      EXPECT_EQ(found->heads->audit_sequence, 4u);
      break;
    }
    EXPECT_GE(found->heads->audit_sequence, 3u) << stop;
    ASSERT_LT(stop, 100u);
  }
}

}  // namespace
}  // namespace configsync
