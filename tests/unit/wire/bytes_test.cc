// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

#include "statesync/wire/bytes.h"

#include <array>
#include <bit>
#include <cstdint>

#include "gtest/gtest.h"

namespace statesync {
namespace {

TEST(BigEndian, PutsTheMostSignificantByteFirst) {
  const U24be value{0x010203};
  const auto bytes = std::bit_cast<std::array<std::uint8_t, 3>>(value);
  EXPECT_EQ(bytes, (std::array<std::uint8_t, 3>{1, 2, 3}));
}

TEST(BigEndian, GivesBackTheLargestValueOfEachWidth) {
  EXPECT_EQ(U16be{0xffff}.Get(), 0xffff);
  EXPECT_EQ(U24be{0xff'ffff}.Get(), 0xff'ffffu);
  EXPECT_EQ(U40be{0xff'ffff'ffff}.Get(), 0xff'ffff'ffffu);
  EXPECT_EQ(U48be{0xffff'ffff'ffff}.Get(), 0xffff'ffff'ffffu);
  EXPECT_EQ(U64be{~std::uint64_t{0}}.Get(), ~std::uint64_t{0});
}

TEST(BigEndian, DropsWhatExceedsTheWidth) { EXPECT_EQ(U24be{0x0102'0304}.Get(), 0x02'0304u); }

}  // namespace
}  // namespace statesync
