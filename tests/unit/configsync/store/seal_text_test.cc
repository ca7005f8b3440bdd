// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

// Edits as nodes send them to each other.

#include "absl/strings/str_replace.h"
#include "tests/unit/configsync/store/store_fixture.h"

namespace configsync {
namespace {

class SealTextTest : public StoreTest {
 protected:
  SealTextTest() {
    options_.master_key = std::string(64, '1');
    UseMemory();
    MustOpen();
  }
  std::vector<Edit> Edits() const {
    return {schema_.Set("system host-name", "fw1"), schema_.Set("system password", "hunter2"),
            schema_.Set("system token t0ken")};
  }
};

TEST_F(SealTextTest, ComesBackAsItWas) {
  const auto text = store_->SealText(Edits());
  ASSERT_TRUE(text.ok()) << text.status();
  const auto edits = store_->OpenText(*text);
  ASSERT_TRUE(edits.ok()) << edits.status();
  EXPECT_EQ(*edits, Edits());
}

TEST_F(SealTextTest, HasNoSecretInTheClear) {
  const std::string text = *store_->SealText(Edits());
  EXPECT_NE(text.find("fw1"), std::string::npos);
  EXPECT_EQ(text.find("hunter2"), std::string::npos);
  EXPECT_EQ(text.find("t0ken"), std::string::npos);
}

// The same master key on another node.
TEST_F(SealTextTest, IsReadByAnotherNodeWithTheSameKeyOnly) {
  const std::string text = *store_->SealText(Edits());
  CrashDisk same_disk(2), other_disk(3);
  StoreOptions same = options_, other = options_;
  same.vfs = same_disk.vfs();
  other.vfs = other_disk.vfs();
  other.master_key = std::string(64, '2');
  const auto node = OpenStore(same, schema_.root(), same_disk.OpenFiles());
  const auto stranger = OpenStore(other, schema_.root(), other_disk.OpenFiles());
  ASSERT_TRUE(node.ok() && stranger.ok());
  EXPECT_EQ(*(*node)->OpenText(text), Edits());
  EXPECT_TRUE(absl::IsDataLoss((*stranger)->OpenText(text).status()));
}

TEST_F(SealTextTest, ASecretMovedToAnotherPathIsRefused) {
  const std::string sealed = *store_->SealText({schema_.Set("system password", "hunter2")});
  const std::string value =
      store_->OpenText(sealed).ok() ? sealed.substr(sealed.find("s1:")) : std::string();
  ASSERT_FALSE(value.empty());
  const std::string base64 = value.substr(0, value.find('"'));
  const std::string other = *store_->SealText({schema_.Set("system token x")});
  const std::size_t begin = other.find("s1:");
  ASSERT_NE(begin, std::string::npos);
  std::string moved = other;
  moved.replace(begin, other.find('"', begin) - begin, base64);
  const auto edits = store_->OpenText(moved);
  EXPECT_TRUE(absl::IsDataLoss(edits.status())) << edits.status();
  EXPECT_EQ(std::string(edits.status().message()).find("hunter2"), std::string::npos);
}

TEST_F(SealTextTest, GarbageIsRefusedWithItsLine) {
  for (const char* text : {"", "garbage", "lockstep-edits 1\nset 0 /nowhere/at-all \"x\"\n"}) {
    EXPECT_TRUE(absl::IsInvalidArgument(store_->OpenText(text).status())) << text;
  }
  // A secret in the clear is none that was sealed.
  EXPECT_TRUE(absl::IsDataLoss(
      store_
          ->OpenText(absl::StrReplaceAll(
              *store_->SealText({schema_.Set("system password", "hunter2")}), {{"s1:", "s2:"}}))
          .status()));
}

}  // namespace
}  // namespace configsync
