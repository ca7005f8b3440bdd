// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

// The pattern is what makes a wrong byte visible: it must not depend on how a stream is cut, and
// must differ between flows and directions.

#include "tools/traffic/pattern.h"

#include <array>
#include <cstddef>
#include <span>
#include <vector>

#include "gtest/gtest.h"

namespace traffic {
namespace {

TEST(Pattern, AnyCutOfAStreamGivesTheSameBytes) {
  const std::uint64_t key = StreamKey(7, Direction::kToServer);
  std::array<std::byte, 100> whole;
  FillPattern(key, 0, whole);
  for (std::size_t cut = 0; cut <= whole.size(); ++cut) {
    std::array<std::byte, 100> parts;
    FillPattern(key, 0, std::span(parts).first(cut));
    FillPattern(key, cut, std::span(parts).subspan(cut));
    EXPECT_EQ(parts, whole) << "cut at " << cut;
  }
}

TEST(Pattern, CountsExactlyTheWrongBytes) {
  const std::uint64_t key = StreamKey(7, Direction::kToClient);
  std::array<std::byte, 64> bytes;
  FillPattern(key, 12345, bytes);
  EXPECT_EQ(CountMismatches(key, 12345, bytes), 0u);
  bytes[0] ^= std::byte{1};
  bytes[63] ^= std::byte{0x80};
  EXPECT_EQ(CountMismatches(key, 12345, bytes), 2u);
}

TEST(Pattern, AStreamMovedByOneByteIsWrong) {
  const std::uint64_t key = StreamKey(7, Direction::kToServer);
  std::array<std::byte, 1000> bytes;
  FillPattern(key, 1, bytes);
  EXPECT_GT(CountMismatches(key, 0, bytes), 900u);
}

TEST(Pattern, FlowsAndDirectionsDiffer) {
  std::vector<std::uint64_t> keys;
  for (std::uint64_t flow_id = 0; flow_id < 100; ++flow_id) {
    keys.push_back(StreamKey(flow_id, Direction::kToServer));
    keys.push_back(StreamKey(flow_id, Direction::kToClient));
  }
  std::array<std::byte, 256> bytes;
  for (const std::uint64_t key : keys) {
    FillPattern(key, 0, bytes);
    for (const std::uint64_t other : keys) {
      if (other == key) continue;
      EXPECT_GT(CountMismatches(other, 0, bytes), 200u);
    }
  }
}

}  // namespace
}  // namespace traffic
