// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

#include "dataplane/ha/term_store.h"

#include <sys/stat.h>
#include <unistd.h>

#include <chrono>
#include <fstream>
#include <string>
#include <thread>

#include <gtest/gtest.h>

#include "dataplane/ha/term_writer.h"

namespace dataplane {
namespace {

using statesync::Term;

class TermStoreTest : public ::testing::Test {
 protected:
  void SetUp() override {
    char folder[] = "/tmp/lockstep_term_XXXXXX";
    ASSERT_NE(::mkdtemp(folder), nullptr);
    folder_ = folder;
    path_ = folder_ + "/term";
  }
  void TearDown() override {
    ::unlink(path_.c_str());
    ::unlink((path_ + ".next").c_str());
    ::rmdir(folder_.c_str());
  }
  void Put(const std::string& text) { std::ofstream(path_, std::ios::binary) << text; }

  std::string folder_;
  std::string path_;
};

TEST_F(TermStoreTest, AFirstStartHasNoMark) {
  const auto mark = TermStore(path_).Read();
  ASSERT_TRUE(mark.ok()) << mark.status();
  EXPECT_EQ(mark->value, 0u);
}

TEST_F(TermStoreTest, WhatWasWrittenIsRead) {
  TermStore store(path_);
  ASSERT_TRUE(store.Write(Term{39}).ok());
  ASSERT_TRUE(store.Write(Term{statesync::kTermMax}).ok());
  EXPECT_EQ(store.Read().value(), Term{statesync::kTermMax});
  EXPECT_NE(::access((path_ + ".next").c_str(), F_OK), 0);  // Nothing is left behind.
}

TEST_F(TermStoreTest, DamageIsNamedWithItsRemedyAndNeverRepairedInSilence) {
  for (const std::string& text :
       {std::string(), std::string("39\n"), std::string("lockstep term mark v1\n"),
        std::string("lockstep term mark v1\n39"), std::string("lockstep term mark v1\n-1\n"),
        std::string("lockstep term mark v1\n39 \n"), std::string("lockstep term mark v2\n39\n"),
        std::string("lockstep term mark v1\n16777216\n"),
        std::string("lockstep term mark v1\n99999999999\n")}) {
    Put(text);
    const auto mark = TermStore(path_).Read();
    ASSERT_FALSE(mark.ok()) << text;
    EXPECT_EQ(mark.status().code(), absl::StatusCode::kDataLoss) << text;
    const std::string message(mark.status().message());
    EXPECT_NE(message.find(path_), std::string::npos);
    EXPECT_NE(message.find("remove the file"), std::string::npos);
  }
}

TEST_F(TermStoreTest, AMissingFolderIsNamed) {
  const absl::Status status = TermStore(folder_ + "/no/term").Write(Term{8});
  EXPECT_EQ(status.code(), absl::StatusCode::kNotFound);
  EXPECT_NE(std::string(status.message()).find("/no/term"), std::string::npos);
}

TEST_F(TermStoreTest, TheWriterWritesInTheBackgroundAndOnlyForward) {
  auto writer = TermWriter::Start(TermStore(path_));
  ASSERT_TRUE(writer.ok());
  (*writer)->Want(Term{47});
  (*writer)->Want(Term{39});
  while ((*writer)->written() < Term{47}) std::this_thread::yield();
  EXPECT_EQ(TermStore(path_).Read().value(), Term{47});
  writer->reset();
  EXPECT_EQ(TermStore(path_).Read().value(), Term{47});
}

}  // namespace
}  // namespace dataplane
