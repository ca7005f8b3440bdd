// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

#include "configsync/tree/hash.h"

#include <gtest/gtest.h>

namespace configsync {
namespace {

// FIPS 180-4, examples.
TEST(TreeHash, Sha256IsTheStandards) {
  EXPECT_EQ(HexOf(Sha256("abc")),
            "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  EXPECT_EQ(HexOf(Sha256("")), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
}

// RFC 4231, test case 1: its key of 20 bytes is the same as ours of 32 with zeros behind.
TEST(TreeHash, HmacIsTheStandards) {
  SecretKey key;
  for (std::size_t i = 0; i < 20; ++i) key.bytes[i] = 0x0b;
  EXPECT_EQ(HexOf(HmacSha256(key, "Hi There")),
            "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7");
}

}  // namespace
}  // namespace configsync
