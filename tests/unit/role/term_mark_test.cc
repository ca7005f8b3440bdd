// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

#include "statesync/role/term_mark.h"

#include <gtest/gtest.h>

namespace statesync {
namespace {

TEST(TermMark, ANewNodeWritesAMarkAheadOfItsFirstTerm) {
  TermMark mark(Term{});
  const std::optional<Term> wanted = mark.WriteWanted(Term{});
  ASSERT_TRUE(wanted.has_value());
  EXPECT_GT(*wanted, NextTerm(Term{}, 0));
  mark.OnWritten(*wanted);
  EXPECT_FALSE(mark.WriteWanted(Term{}).has_value());
}

TEST(TermMark, CoversEveryTermThatCouldBeTakenNext) {
  TermMark mark(Term{});
  Term highest{};
  for (int i = 0; i < 1'000; ++i) {
    if (const std::optional<Term> wanted = mark.WriteWanted(highest)) mark.OnWritten(*wanted);
    for (NodeIndex node = 0; node < kNodesMax; ++node) {
      ASSERT_GE(mark.persisted(), NextTerm(highest, node)) << highest.value;
    }
    highest = NextTerm(highest, static_cast<NodeIndex>(i % 2));
  }
}

TEST(TermMark, DoesNotWriteForEveryTerm) {
  TermMark mark(Term{});
  int writes = 0;
  Term highest{};
  for (int i = 0; i < 100; ++i, highest = NextTerm(highest, 0)) {
    if (const std::optional<Term> wanted = mark.WriteWanted(highest)) {
      mark.OnWritten(*wanted);
      ++writes;
    }
  }
  EXPECT_LE(writes, 50);
}

TEST(TermMark, AfterARestartEveryTermUpToTheMarkCountsAsTaken) {
  const Term persisted = MakeTerm(12, 7);
  TermMark mark(persisted);
  const std::optional<Term> wanted = mark.WriteWanted(persisted);
  ASSERT_TRUE(wanted.has_value());
  EXPECT_GT(*wanted, NextTerm(persisted, 7));
}

TEST(TermMark, StopsAtTheLastTerm) {
  TermMark mark(Term{kTermMax});
  EXPECT_FALSE(mark.WriteWanted(Term{kTermMax}).has_value());
}

}  // namespace
}  // namespace statesync
