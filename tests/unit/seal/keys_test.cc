// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

// The key schedule against RFC 5869, and its labels against each other.

#include "statesync/seal/keys.h"

#include <algorithm>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "tests/unit/seal/toy_primitives.h"

namespace statesync {
namespace {

using testing::ToyPrimitives;

std::vector<std::uint8_t> FromHex(const std::string& hex) {
  std::vector<std::uint8_t> bytes;
  for (std::size_t i = 0; i + 1 < hex.size(); i += 2) {
    bytes.push_back(static_cast<std::uint8_t>(std::stoi(hex.substr(i, 2), nullptr, 16)));
  }
  return bytes;
}

std::vector<std::uint8_t> Range(int first, int count) {
  std::vector<std::uint8_t> bytes;
  for (int i = 0; i < count; ++i) bytes.push_back(static_cast<std::uint8_t>(first + i));
  return bytes;
}

std::vector<std::uint8_t> Hkdf(const std::vector<std::uint8_t>& salt,
                               const std::vector<std::uint8_t>& input,
                               const std::vector<std::uint8_t>& info, std::size_t bytes) {
  ToyPrimitives primitives(1);
  SecretBytes<kHashBytes> key;
  const std::array<Bytes, 1> parts{Bytes(input)};
  HkdfExtract(primitives, salt, parts, key);
  std::vector<std::uint8_t> out(bytes);
  HkdfExpand(primitives, key, {reinterpret_cast<const char*>(info.data()), info.size()}, out);
  return out;
}

TEST(Hkdf, MatchesRfc5869Case1) {
  EXPECT_EQ(Hkdf(Range(0, 13), std::vector<std::uint8_t>(22, 0x0b), Range(0xf0, 10), 42),
            FromHex("3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf"
                    "34007208d5b887185865"));
}

TEST(Hkdf, MatchesRfc5869Case2WithSeveralBlocks) {
  EXPECT_EQ(Hkdf(Range(0x60, 80), Range(0, 80), Range(0xb0, 80), 82),
            FromHex("b11e398dc80327a1c8e7f78c596a49344f012eda2d4efad8a050cc4c19afa97c"
                    "59045a99cac7827271cb41c65e590e09da3275600c2f09b8367793a9aca3db71"
                    "cc30c58179ec3e87c14c01d5c1f3434f1d87"));
}

TEST(PairKeys, AreDifferentFromEachOtherAndTheSameEveryTime) {
  ToyPrimitives primitives(1);
  PairSecret secret;
  std::ranges::copy(Range(1, 32), secret.bytes().begin());
  const PairKeys first = DerivePairKeys(primitives, secret);
  const PairKeys second = DerivePairKeys(primitives, secret);
  EXPECT_TRUE(EqualInConstantTime(first.hello.bytes(), second.hello.bytes()));
  EXPECT_TRUE(EqualInConstantTime(first.digest.bytes(), second.digest.bytes()));
  EXPECT_FALSE(EqualInConstantTime(first.hello.bytes(), first.ha1.bytes()));
  EXPECT_FALSE(
      EqualInConstantTime(first.hello.bytes().first(kDigestKeyBytes), first.digest.bytes()));
}

TEST(DirectionKeys, DependOnEveryInput) {
  ToyPrimitives primitives(1);
  PairSecret secret;
  CurveShared shared;
  const Hash low{1};
  const Hash high{2};
  const DirectionKeys base = DeriveDirectionKeys(primitives, secret, shared, low, high);
  EXPECT_FALSE(EqualInConstantTime(base.low_to_high.bytes(), base.high_to_low.bytes()));

  const auto differs = [&](const DirectionKeys& other) {
    return !EqualInConstantTime(base.low_to_high.bytes(), other.low_to_high.bytes());
  };
  PairSecret other_secret;
  other_secret.bytes()[31] = 1;
  CurveShared other_shared;
  other_shared.bytes()[0] = 1;
  EXPECT_TRUE(differs(DeriveDirectionKeys(primitives, other_secret, shared, low, high)));
  EXPECT_TRUE(differs(DeriveDirectionKeys(primitives, secret, other_shared, low, high)));
  EXPECT_TRUE(differs(DeriveDirectionKeys(primitives, secret, shared, high, low)));
}

TEST(SecretBytes, WipesTheSourceOfAMove) {
  SecretBytes<4> source;
  std::ranges::copy(Range(1, 4), source.bytes().begin());
  const SecretBytes<4> target = std::move(source);
  EXPECT_EQ(target.bytes()[3], 4);
  EXPECT_TRUE(std::ranges::all_of(source.bytes(), [](std::uint8_t byte) { return byte == 0; }));
}

TEST(Nonce, IsStreamThenPacketNumber) {
  const Nonce nonce = MakeNonce(0x0102, 0x0304050607080910);
  EXPECT_EQ(std::vector<std::uint8_t>(nonce.begin(), nonce.end()),
            FromHex("000001020304050607080910"));
}

TEST(EqualInConstantTime, ComparesLengthsAndEveryByte) {
  const std::vector<std::uint8_t> a = Range(0, 5);
  std::vector<std::uint8_t> b = a;
  EXPECT_TRUE(EqualInConstantTime(a, b));
  b[4] ^= 0x80;
  EXPECT_FALSE(EqualInConstantTime(a, b));
  EXPECT_FALSE(EqualInConstantTime(a, Bytes(a).first(4)));
}

}  // namespace
}  // namespace statesync
