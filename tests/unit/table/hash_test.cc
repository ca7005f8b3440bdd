// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

#include "statesync/table/hash.h"

#include <array>
#include <bit>
#include <cstddef>
#include <random>

#include "gtest/gtest.h"

namespace statesync {
namespace {

TEST(IndexHash, OneInputBitChangesAboutHalfOfTheOutput) {
  const IndexSeed seed = MakeIndexSeed(1);
  std::mt19937_64 random(1);
  for (int bit = 0; bit < 128; ++bit) {
    int changed = 0;
    for (int i = 0; i < 200; ++i) {
      const std::uint64_t a = random();
      const std::uint64_t b = random();
      const std::uint64_t flip = std::uint64_t{1} << (bit % 64);
      changed += std::popcount(IndexHash(a, b, seed) ^
                               IndexHash(bit < 64 ? a ^ flip : a, bit < 64 ? b : b ^ flip, seed));
    }
    EXPECT_NEAR(changed / 200.0, 32.0, 4.0) << bit;
  }
}

TEST(IndexHash, DependsOnTheSeed) {
  EXPECT_NE(IndexHash(1, 2, MakeIndexSeed(1)), IndexHash(1, 2, MakeIndexSeed(2)));
}

TEST(NameHash, DependsOnBothHalvesOfTheKey) {
  const Uint128 name = NameHash(1, 2, MakeDigestKey(3, 4));
  EXPECT_TRUE(name != NameHash(1, 2, MakeDigestKey(5, 4)));
  EXPECT_TRUE(name != NameHash(1, 2, MakeDigestKey(3, 5)));
}

TEST(DigestSumBook, DoesNotDependOnTheOrder) {
  const DigestKey key = MakeDigestKey(1, 2);
  DigestSumBook forward;
  DigestSumBook backward;
  for (std::uint64_t i = 1; i <= 100; ++i) {
    forward.Move(NameHash(i, i, key), {}, {i});
    backward.Move(NameHash(101 - i, 101 - i, key), {}, {101 - i});
  }
  EXPECT_EQ(forward.Get().sum, backward.Get().sum);
  EXPECT_EQ(forward.Get().count, 100u);
}

TEST(DigestSumBook, ForgetsWhatWasRemoved) {
  const DigestKey key = MakeDigestKey(1, 2);
  DigestSumBook book;
  book.Move(NameHash(7, 7, key), {}, {5});
  const ShardDigest before = book.Get();
  book.Move(NameHash(8, 8, key), {}, {6});
  book.Move(NameHash(8, 8, key), {6}, {9});
  EXPECT_NE(book.Get().sum, before.sum);
  book.Move(NameHash(8, 8, key), {9}, {});
  EXPECT_EQ(book.Get().sum, before.sum);
  EXPECT_EQ(book.Get().count, 1u);
}

// Two entries that swapped their versions are a difference, although all versions are there.
TEST(DigestSumBook, SeesSwappedVersions) {
  const DigestKey key = MakeDigestKey(1, 2);
  DigestSumBook one;
  DigestSumBook other;
  one.Move(NameHash(1, 1, key), {}, {5});
  one.Move(NameHash(2, 2, key), {}, {6});
  other.Move(NameHash(1, 1, key), {}, {6});
  other.Move(NameHash(2, 2, key), {}, {5});
  EXPECT_NE(one.Get().sum, other.Get().sum);
}

// The number was computed by an independent program from PROTOCOL.md §9.
TEST(ValueHash, IsTheOneOfTheProtocol) {
  std::array<std::byte, 22> bytes;
  for (std::size_t i = 0; i < bytes.size(); ++i) bytes[i] = static_cast<std::byte>(i);
  const DigestKey key = MakeDigestKey(0x0001'0203'0405'0607, 0x0809'0a0b'0c0d'0e0f);
  constexpr std::uint64_t kLabel = std::uint64_t{0x0101} << 48;
  EXPECT_EQ(ValueHash(bytes, kLabel, key), 0x6236'3f6a'7ecc'babf);
  for (std::size_t bit = 0; bit < bytes.size() * 8; ++bit) {
    auto flipped = bytes;
    flipped[bit / 8] ^= static_cast<std::byte>(1u << bit % 8);
    EXPECT_NE(ValueHash(flipped, kLabel, key), ValueHash(bytes, kLabel, key)) << bit;
  }
  EXPECT_NE(ValueHash(std::span(bytes).first(21), kLabel, key), ValueHash(bytes, kLabel, key));
  EXPECT_NE(ValueHash(bytes, 2 * kLabel, key), ValueHash(bytes, kLabel, key));
}

}  // namespace
}  // namespace statesync
