// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

#include "dataplane/crypto/key_log.h"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <fstream>

namespace dataplane {
namespace {

class KeyLogFile : public testing::Test {
 protected:
  void SetUp() override { std::filesystem::create_directories(folder_); }
  void TearDown() override { std::filesystem::remove_all(folder_); }

  static LoggedKey KeyOf(std::uint8_t from, std::uint8_t fill) {
    LoggedKey key{.from = from, .to = static_cast<std::uint8_t>(1 - from), .key = {}};
    for (std::uint8_t& byte : key.key.bytes()) byte = fill++;
    return key;
  }
  absl::Status ReadText(const std::string& text) {
    std::ofstream(path_) << text;
    return ReadKeyLog(path_).status();
  }

  const std::string folder_ = testing::TempDir() + "key-log-test";
  const std::string path_ = folder_ + "/ha2.keys";
};

TEST_F(KeyLogFile, WhatWasWrittenIsReadInOrder) {
  for (std::uint8_t round = 0; round < 2; ++round) {  // A second run appends.
    const auto log = KeyLog::Open(path_);
    ASSERT_TRUE(log.ok()) << log.status();
    (*log)->Add(KeyOf(0, static_cast<std::uint8_t>(240 + round)));
    (*log)->Add(KeyOf(1, round));
    EXPECT_TRUE((*log)->good());
  }
  const auto keys = ReadKeyLog(path_);
  ASSERT_TRUE(keys.ok()) << keys.status();
  ASSERT_EQ(keys->size(), 4u);
  EXPECT_EQ((*keys)[2].from, 0);
  EXPECT_EQ((*keys)[2].to, 1);
  EXPECT_TRUE(std::ranges::equal((*keys)[2].key.bytes(), KeyOf(0, 241).key.bytes()));
  EXPECT_EQ((*keys)[3].from, 1);
  EXPECT_TRUE(std::ranges::equal((*keys)[3].key.bytes(), KeyOf(1, 1).key.bytes()));
}

TEST_F(KeyLogFile, IsMadeForItsOwnerAlone) {
  umask(0);
  ASSERT_TRUE(KeyLog::Open(path_).ok());
  struct stat status {};
  ASSERT_EQ(stat(path_.c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777u, 0600u);
}

TEST_F(KeyLogFile, AFileThatOthersMayReadIsRefused) {
  std::ofstream(path_) << "";
  ASSERT_EQ(chmod(path_.c_str(), 0640), 0);
  EXPECT_EQ(KeyLog::Open(path_).status().code(), absl::StatusCode::kPermissionDenied);
}

TEST_F(KeyLogFile, ALinkOrAPipeIsRefused) {
  ASSERT_EQ(symlink("/dev/null", path_.c_str()), 0);
  EXPECT_FALSE(KeyLog::Open(path_).ok());
  std::filesystem::remove(path_);
  ASSERT_EQ(mkfifo(path_.c_str(), 0600), 0);
  EXPECT_FALSE(KeyLog::Open(path_).ok());
  EXPECT_EQ(KeyLog::Open(folder_ + "/no/such").status().code(), absl::StatusCode::kNotFound);
}

TEST_F(KeyLogFile, ALineThatIsNoKeyIsNamed) {
  const std::string head = "ha2-key 1 from 0 to 1 since 1700000000.000001 key ";
  const std::string digits(64, 'a');
  EXPECT_TRUE(ReadText("# comment\n\n" + head + digits + "\n").ok());
  EXPECT_TRUE(ReadText(head + digits).ok()) << "without the last newline";
  for (const std::string& line :
       {head + std::string(63, 'a'), head + digits + "0", head + std::string(64, 'x'),
        "ha2-key 2" + head.substr(9) + digits, "ha2-key 1 from 0 to 0" + head.substr(21) + digits,
        "ha2-key 1 from 0 to 9" + head.substr(21) + digits, std::string("key"),
        head + std::string(64, 'A')}) {
    const absl::Status status = ReadText("#\n" + line + "\n");
    EXPECT_EQ(status.message(), "HA2 key file " + path_ +
                                    ": line 2 is no `ha2-key` line; take the file that the node "
                                    "wrote")
        << line;
  }
}

}  // namespace
}  // namespace dataplane
