// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

// A long outage must stay in the report however many short gaps came before or after it.

#include "tools/traffic/longest_spans.h"

#include <algorithm>

#include "gtest/gtest.h"

namespace traffic {
namespace {

TEST(LongestSpans, KeepsALongSpanAmongManyShortOnes) {
  LongestSpans spans;
  for (std::uint64_t i = 0; i < 10 * kSpansKeptMax; ++i) {
    spans.Add({i * 100, i * 100 + 5});
    if (i == 3) spans.Add({1'000'000, 1'000'060});
  }
  EXPECT_EQ(spans.count(), 10 * kSpansKeptMax + 1);
  ASSERT_EQ(spans.kept().size(), kSpansKeptMax);
  EXPECT_EQ(std::ranges::max(spans.kept(), {}, &Span::nanos).nanos(), 60u);
}

TEST(LongestSpans, DropsTheShortestWhenFull) {
  LongestSpans spans;
  for (std::uint64_t nanos = 1; nanos <= kSpansKeptMax + 10; ++nanos) spans.Add({0, nanos});
  EXPECT_EQ(std::ranges::min(spans.kept(), {}, &Span::nanos).nanos(), 11u);
}

}  // namespace
}  // namespace traffic
