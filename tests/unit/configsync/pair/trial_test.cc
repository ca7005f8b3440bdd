// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

// While a commit waits to be confirmed, whatever is pushed is on trial there as well.

#include <gtest/gtest.h>

#include "tests/unit/configsync/pair/two_nodes.h"

namespace configsync {
namespace {

class PairTrialTest : public ::testing::Test {
 protected:
  // The trial begins while the remote cannot be reached.
  PairTrialTest() {
    nodes_.MakePair();
    nodes_.Cut(true);
    EXPECT_TRUE(a().Commit(RuleJson("web"), {.confirm_within_s = 20}).committed);
    nodes_.Cut(false);
  }
  PairNode& a() { return nodes_.a(); }
  PairNode& b() { return nodes_.b(); }
  // Its own timer counts: who pushed is gone.
  void ExpectOnTrial() {
    EXPECT_EQ(b().Action("web"), "permit");
    EXPECT_TRUE(b().engine->Status().confirm.has_value());
    a().Stop();
    nodes_.Run(25'000);
    EXPECT_EQ(b().Action("web"), "");
    EXPECT_FALSE(b().engine->Status().confirm.has_value());
  }
  Nodes nodes_;
};

TEST_F(PairTrialTest, N20_ACommitOnTopIsOnTrialThereToo) {
  EXPECT_EQ(a().CommitText(RuleJson("dns")), "");
  EXPECT_EQ(b().Action("dns"), "permit");
  ExpectOnTrial();
  EXPECT_EQ(b().Action("dns"), "");
}

TEST_F(PairTrialTest, N20_WhatTheLoopBringsIsOnTrialThereToo) {
  nodes_.Run(3'000);
  ExpectOnTrial();
}

}  // namespace
}  // namespace configsync
