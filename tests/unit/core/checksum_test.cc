// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

#include "dataplane/core/checksum.h"

#include <gtest/gtest.h>

#include "tests/unit/core/frames.h"

namespace dataplane {
namespace {

using testing::Bytes;

// RFC 1071 §3: the bytes 00 01 f2 03 f4 f5 f6 f7 sum to ddf2.
TEST(Checksum, MatchesTheExampleOfRfc1071) {
  Bytes bytes;
  for (const int value : {0x00, 0x01, 0xf2, 0x03, 0xf4, 0xf5, 0xf6, 0xf7}) {
    bytes.push_back(std::byte{static_cast<std::uint8_t>(value)});
  }
  EXPECT_EQ(NetToHost(Checksum(bytes)), static_cast<std::uint16_t>(~0xddf2));
}

TEST(Checksum, EqualsThePlainSumForEveryLength) {
  testing::Random random(1);
  for (std::size_t bytes = 0; bytes < 300; ++bytes) {
    Bytes data(bytes);
    for (std::byte& byte : data) byte = std::byte{static_cast<std::uint8_t>(random.Next())};
    ASSERT_EQ(NetToHost(Checksum(data)), testing::PlainChecksum(data)) << bytes;
  }
}

TEST(Checksum, LongRunsOfOnesDoNotOverflow) {
  const Bytes data(65'534, std::byte{0xff});
  EXPECT_EQ(Checksum(data), 0);
}

// RFC 1624 §4: the example that breaks the older equation; the right result is 0000.
TEST(Checksum, IncrementalUpdateMatchesTheExampleOfRfc1624) {
  EXPECT_EQ(ChecksumUpdate16(0xdd2f, 0x5555, 0x3285), 0x0000);
}

TEST(Checksum, IncrementalEqualsFull) {
  testing::Random random(2);
  for (int run = 0; run < 50'000; ++run) {
    Bytes data(20 + 2 * random.Below(20));
    for (std::byte& byte : data) byte = std::byte{static_cast<std::uint8_t>(random.Next())};
    StoreNet16(&data[10], 0);
    StoreNet16(&data[10], Checksum(data));
    const std::size_t at = random.Below(2) == 0 ? 12 : 16;
    const std::uint32_t to = random.Below(4) == 0 ? 0xffffffffu : random.Next();
    const std::uint16_t updated = ChecksumUpdate32(LoadNet16(&data[10]), LoadNet32(&data[at]), to);
    StoreNet32(&data[at], to);
    StoreNet16(&data[10], 0);
    ASSERT_EQ(updated, Checksum(data));
  }
}

}  // namespace
}  // namespace dataplane
