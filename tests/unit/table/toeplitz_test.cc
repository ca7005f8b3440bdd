// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

#include "statesync/table/toeplitz.h"

#include <random>

#include "gtest/gtest.h"
#include "statesync/table/session_table.h"
#include "tests/unit/table/session_maker.h"

namespace statesync {
namespace {

// The hash by its definition: 32-bit windows of the whole key over the 96 bits of a packet's
// addresses and ports.
std::uint8_t Definition(const FlowKey& key) {
  std::array<std::uint8_t, 12> input;
  std::memcpy(input.data(), &key.source_addr, 4);
  std::memcpy(input.data() + 4, &key.target_addr, 4);
  std::memcpy(input.data() + 8, &key.source_port, 2);
  std::memcpy(input.data() + 10, &key.target_port, 2);
  std::uint32_t hash = 0;
  for (unsigned bit = 0; bit < 96; ++bit) {
    if (((input[bit / 8] >> (7 - bit % 8)) & 1) == 0) continue;
    std::uint32_t window = 0;
    for (unsigned k = bit; k < bit + 32; ++k) {
      window = (window << 1) | ((kToeplitzWord >> (15 - k % 16)) & 1u);
    }
    hash ^= window;
  }
  return static_cast<std::uint8_t>(hash);
}

TEST(Toeplitz, ShardFollowsTheDefinition) {
  SessionMaker maker(1);
  for (int i = 0; i < 2'000; ++i) {
    const FlowKey key = maker.Plain().key;
    ASSERT_EQ(SessionTable::ShardOf(key), Definition(key));
  }
}

TEST(Toeplitz, ShardIsTheSameInBothDirections) {
  SessionMaker maker(2);
  for (int i = 0; i < 2'000; ++i) {
    const FlowKey key = maker.Plain().key;
    ASSERT_EQ(SessionTable::ShardOf(key), SessionTable::ShardOf(Reverse(key)));
  }
}

TEST(Toeplitz, ShardsAreMetEvenly) {
  std::array<int, 256> met{};
  for (std::uint32_t word = 0; word < 65'536; ++word) {
    ++met[Toeplitz(static_cast<std::uint16_t>(word))];
  }
  for (const int count : met) EXPECT_EQ(count, 256);
}

TEST(Toeplitz, NatPortsAscendAndStayInTheShard) {
  SessionMaker maker(3);
  for (int i = 0; i < 200; ++i) {
    const FlowKey key = maker.Plain().key;
    std::uint32_t previous = 0;
    for (std::uint32_t n = 0; n < 256; ++n) {
      const std::uint16_t port = SessionTable::NatPortInShard(key, kNatAddr, n);
      ASSERT_TRUE(n == 0 || port > previous);
      previous = port;
      FlowKey translated = key;
      translated.source_addr = kNatAddr;
      translated.source_port = FromNetwork(port);
      ASSERT_EQ(SessionTable::ShardOf(translated), SessionTable::ShardOf(key));
    }
  }
}

}  // namespace
}  // namespace statesync
