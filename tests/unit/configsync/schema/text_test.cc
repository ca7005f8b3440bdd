// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

// Characters that may be in a value, and words that are near enough to be meant.

#include "configsync/schema/text.h"

#include <gtest/gtest.h>

#include <vector>

namespace configsync {
namespace {

constexpr std::size_t kNone = std::string_view::npos;

// RFC 3629: every kind of bytes that is not UTF-8.
TEST(Text, TheFirstByteThatIsNotUtf8IsFound) {
  EXPECT_EQ(FindNonUtf8(""), kNone);
  EXPECT_EQ(FindNonUtf8("plain"), kNone);
  EXPECT_EQ(FindNonUtf8("\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80"), kNone);
  EXPECT_EQ(FindNonUtf8("ab\xff"), 2u);
  EXPECT_EQ(FindNonUtf8("ab\x80"), 2u);    // A tail without a head.
  EXPECT_EQ(FindNonUtf8("ab\xc3"), 2u);    // A head without its tail.
  EXPECT_EQ(FindNonUtf8("\xe2\x82"), 0u);  // Cut off.
  EXPECT_EQ(FindNonUtf8("\xc0\xaf"), 0u);  // Overlong.
  EXPECT_EQ(FindNonUtf8("\xe0\x80\xaf"), 0u);
  EXPECT_EQ(FindNonUtf8("\xf0\x80\x80\xaf"), 0u);
  EXPECT_EQ(FindNonUtf8("\xed\xa0\x80"), 0u);      // A surrogate.
  EXPECT_EQ(FindNonUtf8("\xf4\x90\x80\x80"), 0u);  // Beyond U+10FFFF.
}

TEST(Text, ControlCharactersAndNoncharactersAreNoText) {
  EXPECT_EQ(FindIllegalText("tab\tline\nreturn\r"), kNone);
  EXPECT_EQ(FindIllegalText(std::string_view("a\0b", 3)), 1u);
  EXPECT_EQ(FindIllegalText("a\x1b[31m"), 1u);
  EXPECT_EQ(FindIllegalText("\xef\xbf\xbf"), 0u);     // U+FFFF
  EXPECT_EQ(FindIllegalText("\xef\xb7\x90"), 0u);     // U+FDD0
  EXPECT_EQ(FindIllegalText("\xef\xbf\xbd"), kNone);  // U+FFFD
}

TEST(Text, AShortenedTextHasWholeCharactersAndNoControls) {
  EXPECT_EQ(ShortText("plain"), "plain");
  EXPECT_EQ(ShortText("a\x1b\xff\n"), "a???");
  std::string euros;
  for (int i = 0; i < 40; ++i) euros += "\xe2\x82\xac";
  const std::string shortened = ShortText(euros);
  EXPECT_LE(shortened.size(), 83u);
  EXPECT_TRUE(shortened.ends_with("\xe2\x82\xac..."));
}

TEST(Text, TheNearestNameIsOfferedIfItIsNear) {
  const std::vector<std::string_view> names{"policy", "nat", "zones", "interfaces", "qos"};
  EXPECT_EQ(Nearest("polcy", names), "policy");
  EXPECT_EQ(Nearest("plociy", names), "policy");
  EXPECT_EQ(Nearest("interface", names), "interfaces");
  EXPECT_EQ(Nearest("nta", names), "nat");
  EXPECT_EQ(Nearest("rules", names), "");
  EXPECT_EQ(Nearest("", names), "");
  EXPECT_EQ(Nearest(std::string(10'000, 'x'), names), "");
}

TEST(Text, ASwapIsOneChange) {
  EXPECT_EQ(EditDistance("ab", "ba", 3), 1u);
  EXPECT_EQ(EditDistance("abc", "abc", 3), 0u);
  EXPECT_EQ(EditDistance("abc", "xyz", 2), 3u);
  EXPECT_EQ(EditDistance("", "abc", 3), 3u);
}

}  // namespace
}  // namespace configsync
