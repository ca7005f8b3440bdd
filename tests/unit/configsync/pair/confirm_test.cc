// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

// A commit of the pair that waits to be confirmed: by both, or by none.

#include <gtest/gtest.h>

#include "tests/unit/configsync/pair/two_nodes.h"

namespace configsync {
namespace {

class PairConfirmTest : public ::testing::Test {
 protected:
  PairNode& a() { return nodes_.a(); }
  PairNode& b() { return nodes_.b(); }
  Nodes nodes_;
};

TEST_F(PairConfirmTest, N20_ACommitOfThePairIsConfirmedOnBoth) {
  nodes_.MakePair();
  ASSERT_EQ(a().CommitText(RuleJson("web"), {.confirm_within_s = 60}), "");
  EXPECT_TRUE(b().engine->Status().confirm.has_value());
  ASSERT_TRUE(a().engine->Confirm(kEve).ok());
  EXPECT_FALSE(b().engine->Status().confirm.has_value());
  EXPECT_EQ(b().engine->Status().startup, b().engine->Status().running);
  nodes_.Run(70'000);
  EXPECT_EQ(b().Action("web"), "permit");
  EXPECT_EQ(a().State(), "in-sync") << a().Reasons();
}

TEST_F(PairConfirmTest, N20_WithoutAConfirmBothGoBack) {
  nodes_.MakePair();
  ASSERT_EQ(a().CommitText(RuleJson("web"), {.confirm_within_s = 10}), "");
  nodes_.Run(2'000);
  EXPECT_EQ(a().State(), "in-sync") << a().Reasons();
  nodes_.Run(12'000);
  EXPECT_EQ(a().Action("web"), "");
  EXPECT_EQ(b().Action("web"), "");
  EXPECT_EQ(a().State(), "in-sync") << a().Reasons();
  EXPECT_EQ(a().CommitText(RuleJson("dns")), "");
  EXPECT_EQ(b().Action("dns"), "permit");
}

TEST_F(PairConfirmTest, N20_AFailoverConfirmsNothing) {
  nodes_.MakePair();
  ASSERT_EQ(a().CommitText(RuleJson("web"), {.confirm_within_s = 10}), "");
  a().Stop();
  b().facts.role = {.role = HaRole::kActive, .term = 2, .is_dataplane_ready = true, .reasons = {}};
  nodes_.Run(12'000);
  EXPECT_EQ(b().Action("web"), "");
  a().facts.role = {.role = HaRole::kStandby, .term = 2, .is_dataplane_ready = true, .reasons = {}};
  a().Start();
  nodes_.Run(3'000);
  EXPECT_EQ(a().Action("web"), "");
  EXPECT_EQ(b().State(), "in-sync") << b().Reasons();
  EXPECT_EQ(b().CommitText(RuleJson("dns")), "");
  EXPECT_EQ(a().Action("dns"), "permit");
}

TEST_F(PairConfirmTest, N20_ALateConfirmIsNotOneOfTheNextCommit) {
  nodes_.MakePair();
  ASSERT_EQ(a().CommitText(RuleJson("web"), {.confirm_within_s = 60}), "");
  bool is_cut = true;
  nodes_.wire.judge = [&](const Wire::Call& call) {
    return is_cut && call.name == "Confirm" ? Wire::Lost("confirm") : absl::OkStatus();
  };
  ASSERT_TRUE(a().engine->Confirm(kEve).ok());
  ASSERT_EQ(a().CommitText(RuleJson("dns"), {.confirm_within_s = 20}), "");
  is_cut = false;
  nodes_.Run(1'000);
  EXPECT_TRUE(b().engine->Status().confirm.has_value());
  nodes_.Run(25'000);
  EXPECT_EQ(a().Action("dns"), "");
  EXPECT_EQ(b().Action("dns"), "");
  EXPECT_EQ(b().Action("web"), "permit");
  EXPECT_EQ(a().State(), "in-sync") << a().Reasons();
}

TEST_F(PairConfirmTest, N20_AConfirmThatDidNotArriveIsPushedAgain) {
  nodes_.MakePair();
  ASSERT_EQ(a().CommitText(RuleJson("web"), {.confirm_within_s = 10}), "");
  nodes_.wire.judge = [](const Wire::Call& call) {
    return call.name == "Confirm" ? Wire::Lost("confirm") : absl::OkStatus();
  };
  ASSERT_TRUE(a().engine->Confirm(kEve).ok());
  nodes_.Run(12'000);  // The remote goes back, and gets it again.
  EXPECT_EQ(b().Action("web"), "permit");
  EXPECT_EQ(a().State(), "in-sync") << a().Reasons();
}

}  // namespace
}  // namespace configsync
