// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

// Decisions by hand that meet something else: a commit, a trial, what waits.

#include <gtest/gtest.h>

#include <atomic>
#include <thread>

#include "tests/unit/configsync/pair/two_nodes.h"

namespace configsync {
namespace {

class PairByHandTest : public ::testing::Test {
 protected:
  PairNode& a() { return nodes_.a(); }
  PairNode& b() { return nodes_.b(); }
  Nodes nodes_;
};

// The remote is the commit's: what was let go meanwhile comes behind, and is there when it is done.
TEST_F(PairByHandTest, F41_APushInTheMiddleOfACommitIsDoneBehindIt) {
  nodes_.MakePair(R"(, "push": "by-category")");
  ASSERT_EQ(a().CommitText(RuleJson("web")), "");
  nodes_.Run(500);
  nodes_.wire.is_threaded = true;
  ManualOutcome outcome;
  std::thread operators;
  std::atomic<bool> is_asked{false};
  nodes_.wire.judge = [&](const Wire::Call& call) {
    if (call.name == "Prepare" && !operators.joinable()) {
      is_asked = false;
      operators = std::thread([&] { outcome = a().pair->Manual(kEve, {}); });
      while (!is_asked) std::this_thread::yield();
    }
    if (call.name == "Exchange") is_asked = true;
    return absl::OkStatus();
  };
  EXPECT_EQ(a().CommitText(R"({"zones": {"zone": [{"name": "lan"}]}})"), "");
  ASSERT_TRUE(operators.joinable());
  operators.join();
  EXPECT_TRUE(outcome.done) << (outcome.problems.empty() ? "" : outcome.problems.list[0].code);
  EXPECT_EQ(b().Action("web"), "permit");
}

// What was adopted on trial is not agreed: the remote keeps what it has, whatever becomes of it
// here.
TEST_F(PairByHandTest, N20_WhatIsAdoptedOnTrialAndTakenBackIsNotTakenFromTheRemote) {
  nodes_.MakePair();
  nodes_.Diverge();
  ASSERT_EQ(a().CommitText(RuleJson("mine"), {.confirm_within_s = 20}), "");
  ASSERT_TRUE(a().pair->Manual(kEve, {.kind = ManualKind::kAdopt}).done);
  ASSERT_EQ(a().Action("theirs"), "deny");
  nodes_.Run(25'000);
  ASSERT_EQ(a().Action("theirs"), "");
  EXPECT_EQ(b().Action("theirs"), "deny");
  EXPECT_EQ(a().State(), "diverged") << a().Reasons();
}

TEST_F(PairByHandTest, N20_WhatIsAdoptedOnTrialAndConfirmedIsAgreed) {
  nodes_.MakePair();
  nodes_.Diverge();
  ASSERT_EQ(a().CommitText(RuleJson("mine"), {.confirm_within_s = 20}), "");
  ASSERT_TRUE(a().pair->Manual(kEve, {.kind = ManualKind::kAdopt}).done);
  ASSERT_TRUE(a().engine->Confirm(kEve).ok());
  nodes_.Run(1'000);
  EXPECT_EQ(a().State(), "in-sync") << a().Reasons();
  ASSERT_EQ(a().CommitText(RuleJson("on-top")), "");
  EXPECT_EQ(b().Action("on-top"), "permit");
}

// The remote has got by itself what waits here: there is nothing to change, and nothing to wait
// for.
TEST_F(PairByHandTest, F35_WhatWaitedAndIsAdoptedWaitsNoMore) {
  nodes_.MakePair(R"(, "push": "manual")");
  nodes_.Diverge(RuleJson("both"));
  ASSERT_EQ(a().CommitText(RuleJson("both")), "");
  nodes_.Run(500);
  EXPECT_TRUE(a().pair->Manual(kEve, {.kind = ManualKind::kAdopt}).done);
  nodes_.Run(500);
  EXPECT_EQ(a().State(), "in-sync") << a().Reasons();
}

}  // namespace
}  // namespace configsync
