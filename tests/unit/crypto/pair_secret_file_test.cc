// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

#include "dataplane/crypto/pair_secret_file.h"

#include <sys/stat.h>
#include <unistd.h>

#include <fstream>
#include <sstream>
#include <string>

#include <gtest/gtest.h>

#include "dataplane/crypto/openssl_primitives.h"

namespace dataplane {
namespace {

class PairSecretFileTest : public ::testing::Test {
 protected:
  void SetUp() override {
    char folder[] = "/tmp/lockstep_secret_XXXXXX";
    ASSERT_NE(::mkdtemp(folder), nullptr);
    folder_ = folder;
    path_ = folder_ + "/pair.secret";
  }
  void TearDown() override {
    ::unlink(path_.c_str());
    ::rmdir(folder_.c_str());
  }
  void Write(const std::string& text, mode_t mode = 0600) {
    std::ofstream(path_, std::ios::binary) << text;
    ASSERT_EQ(::chmod(path_.c_str(), mode), 0);
  }
  std::string Read() {
    std::ostringstream text;
    text << std::ifstream(path_).rdbuf();
    return text.str();
  }
  void ExpectError(absl::StatusCode code, const std::string& part) {
    const auto loaded = LoadPairSecret(path_);
    ASSERT_FALSE(loaded.ok());
    EXPECT_EQ(loaded.status().code(), code) << loaded.status();
    const std::string message(loaded.status().message());
    EXPECT_NE(message.find(part), std::string::npos) << message;
    EXPECT_NE(message.find(path_), std::string::npos) << message;
  }

  OpensslPrimitives primitives_;
  std::string folder_;
  std::string path_;
};

const std::string kGood = "lockstep pair secret v1\n" + std::string(62, '0') + "a5\n";

TEST_F(PairSecretFileTest, WhatWasCreatedCanBeLoaded) {
  ASSERT_TRUE(CreatePairSecretFile(path_, primitives_).ok());
  struct stat status {};
  ASSERT_EQ(::stat(path_.c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 07777, 0600u);
  const auto first = LoadPairSecret(path_);
  ASSERT_TRUE(first.ok()) << first.status();
  ::unlink(path_.c_str());
  ASSERT_TRUE(CreatePairSecretFile(path_, primitives_).ok());
  const auto second = LoadPairSecret(path_);
  ASSERT_TRUE(second.ok());
  EXPECT_FALSE(statesync::EqualInConstantTime(first->bytes(), second->bytes()));
}

TEST_F(PairSecretFileTest, AnExistingFileIsNeverReplaced) {
  Write("precious");
  EXPECT_EQ(CreatePairSecretFile(path_, primitives_).code(), absl::StatusCode::kAlreadyExists);
  EXPECT_EQ(Read(), "precious");
}

TEST_F(PairSecretFileTest, DigitsAreReadInOrderWithOrWithoutTheLastNewline) {
  Write(kGood);
  auto secret = LoadPairSecret(path_);
  ASSERT_TRUE(secret.ok()) << secret.status();
  EXPECT_EQ(secret->bytes()[0], 0);
  EXPECT_EQ(secret->bytes()[31], 0xa5);
  Write(kGood.substr(0, kGood.size() - 1));
  EXPECT_TRUE(LoadPairSecret(path_).ok());
}

TEST_F(PairSecretFileTest, EveryMistakeHasItsMessage) {
  ExpectError(absl::StatusCode::kNotFound, "lockstepctl pair-secret new");
  Write(kGood, 0640);
  ExpectError(absl::StatusCode::kPermissionDenied, "chmod 600");
  Write(kGood, 0602);
  ExpectError(absl::StatusCode::kPermissionDenied, "mode 0602");
  Write("");
  ExpectError(absl::StatusCode::kInvalidArgument, "first line");
  Write("lockstep pair secret v2\n" + std::string(64, '0') + "\n");
  ExpectError(absl::StatusCode::kInvalidArgument, "first line");
  Write(kGood.substr(0, kGood.size() - 3));
  ExpectError(absl::StatusCode::kInvalidArgument, "bytes, must have");
  Write(kGood + "x");
  ExpectError(absl::StatusCode::kInvalidArgument, "at least");
  std::string wrong = kGood;
  wrong[30] = 'g';
  Write(wrong);
  ExpectError(absl::StatusCode::kInvalidArgument, "hexadecimal");
}

TEST_F(PairSecretFileTest, AFolderIsNoFile) {
  const auto loaded = LoadPairSecret(folder_);
  ASSERT_FALSE(loaded.ok());
  EXPECT_EQ(loaded.status().code(), absl::StatusCode::kInvalidArgument);
}

TEST_F(PairSecretFileTest, AFolderThatDoesNotExistIsNamed) {
  const absl::Status status = CreatePairSecretFile(folder_ + "/no/such", primitives_);
  EXPECT_EQ(status.code(), absl::StatusCode::kNotFound);
  EXPECT_NE(std::string(status.message()).find("/no/such"), std::string::npos);
}

}  // namespace
}  // namespace dataplane
