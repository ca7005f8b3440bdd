// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

#include "dataplane/core/token_bucket.h"

#include <gtest/gtest.h>

namespace dataplane {
namespace {

constexpr std::int64_t kSecond = 1'000'000'000;

TEST(TokenBucket, BurstFirstThenTheRate) {
  TokenBucket bucket(10, 3);
  const std::int64_t start = 5 * kSecond;
  EXPECT_TRUE(bucket.Take(start));
  EXPECT_TRUE(bucket.Take(start));
  EXPECT_TRUE(bucket.Take(start));
  EXPECT_FALSE(bucket.Take(start));
  EXPECT_FALSE(bucket.Take(start + kSecond / 10 - 1));
  EXPECT_TRUE(bucket.Take(start + kSecond / 10));
  EXPECT_FALSE(bucket.Take(start + kSecond / 10));
}

TEST(TokenBucket, LongSilenceSavesNoMoreThanTheBurst) {
  TokenBucket bucket(10, 3);
  int taken = 0;
  for (int i = 0; i < 10; ++i) taken += bucket.Take(1'000 * kSecond) ? 1 : 0;
  EXPECT_EQ(taken, 3);
}

TEST(TokenBucket, LongRunRateIsTheRate) {
  TokenBucket bucket(100, 50);
  int taken = 0;
  for (std::int64_t now = 0; now < 10 * kSecond; now += kSecond / 1'000) {
    taken += bucket.Take(now) ? 1 : 0;
  }
  EXPECT_NEAR(taken, 50 + 10 * 100, 1);
}

}  // namespace
}  // namespace dataplane
