// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

#include "configsync/store/master_key.h"

#include <gtest/gtest.h>

namespace configsync {
namespace {

TEST(MasterKey, IsTheSameForTheSameText) {
  const auto one = MasterKeyOf("correct-horse-battery");
  const auto two = MasterKeyOf("correct-horse-battery");
  ASSERT_TRUE(one.ok() && two.ok());
  EXPECT_EQ(one->hashing.bytes, two->hashing.bytes);
  EXPECT_EQ(one->sealing, two->sealing);
  EXPECT_EQ(one->fingerprint, two->fingerprint);
}

TEST(MasterKey, KeysForTwoPurposesAndTwoTextsDiffer) {
  const auto one = MasterKeyOf(std::string(64, 'a'));
  const auto two = MasterKeyOf(std::string(64, 'b'));
  ASSERT_TRUE(one.ok() && two.ok());
  EXPECT_NE(one->hashing.bytes, one->sealing);
  EXPECT_NE(one->hashing.bytes, two->hashing.bytes);
  EXPECT_NE(one->sealing, two->sealing);
  EXPECT_NE(one->fingerprint, two->fingerprint);
}

TEST(MasterKey, HasLimitsAndDoesNotRepeatTheText) {
  for (const std::string& text :
       {std::string(), std::string("short-secret"), std::string(257, 'x'),
        std::string("has a space in it, which is hard to see"), std::string(20, '\x01')}) {
    const auto key = MasterKeyOf(text);
    EXPECT_TRUE(absl::IsInvalidArgument(key.status())) << key.status();
    if (!text.empty()) {
      EXPECT_EQ(std::string(key.status().message()).find(text), std::string::npos);
    }
  }
}

TEST(MasterKey, RandomOnesDiffer) {
  const auto one = RandomMasterKeyText();
  const auto two = RandomMasterKeyText();
  ASSERT_TRUE(one.ok() && two.ok());
  EXPECT_EQ(one->size(), kMasterKeyHexDigits);
  EXPECT_NE(*one, *two);
}

}  // namespace
}  // namespace configsync
