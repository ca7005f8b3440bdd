// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

// A remote may have applied what it never answered to: what was offered is remembered, over commits
// and deaths, or the next push would find a content that nobody knows.

#include <gtest/gtest.h>

#include "tests/unit/configsync/pair/two_nodes.h"

namespace configsync {
namespace {

class PairLostAnswersTest : public ::testing::Test {
 protected:
  PairNode& a() { return nodes_.a(); }
  PairNode& b() { return nodes_.b(); }
  // From the answer of the next Apply on, nothing arrives any more.
  void CutBehindApply() {
    nodes_.wire.judge = [this](const Wire::Call& call) {
      is_cut_ = is_cut_ || (call.name == "Apply" && call.moment == Wire::Moment::kAnswer);
      return is_cut_ ? Wire::Lost("cut") : absl::OkStatus();
    };
  }
  // The content goes on, the node dies, and the wire is mended.
  void CommitDieAndMend() {
    EXPECT_TRUE(is_cut_);
    EXPECT_EQ(b().Action("web"), "permit");
    EXPECT_TRUE(a().Commit(RuleJson("dns")).committed);
    a().Stop();
    a().Start();
    nodes_.Cut(false);
    nodes_.Run(5'000);
    EXPECT_EQ(a().State(), "in-sync") << a().Reasons();
    EXPECT_EQ(b().Action("dns"), "permit");
  }
  bool is_cut_ = false;
  Nodes nodes_;
};

TEST_F(PairLostAnswersTest, N15_WhatACommitOfferedIsKnownAfterTheNextOne) {
  nodes_.MakePair();
  CutBehindApply();
  EXPECT_TRUE(a().Commit(RuleJson("web")).committed);
  CommitDieAndMend();
}

TEST_F(PairLostAnswersTest, N15_WhatTheLoopOfferedIsKnownAfterTheNextCommit) {
  nodes_.MakePair(R"(, "policy": "deferred")");
  EXPECT_TRUE(a().Commit(RuleJson("web")).committed);
  CutBehindApply();
  nodes_.Run(500);
  CommitDieAndMend();
}

TEST_F(PairLostAnswersTest, N15_NothingIsSentThatADeathWouldForget) {
  nodes_.MakePair(R"(, "policy": "deferred")");
  EXPECT_TRUE(a().Commit(RuleJson("first")).committed);  // Reserves numbers, too.
  nodes_.Run(500);
  EXPECT_TRUE(a().Commit(RuleJson("web")).committed);
  nodes_.wire.counts.clear();
  a().store.fails_always = absl::ResourceExhaustedError("disk full");
  nodes_.Run(3'000);
  EXPECT_EQ(nodes_.wire.counts["Prepare"], 0);
  EXPECT_EQ(b().Action("web"), "");
  a().store.fails_always = absl::OkStatus();
  nodes_.Run(40'000);
  EXPECT_EQ(b().Action("web"), "permit");
}

TEST_F(PairLostAnswersTest, N15_WhoWouldHaveAnotherContentIsNotCommittedWith) {
  nodes_.MakePair();
  nodes_.wire.change_prepared = [](const Wire::Call&, PrepareResponse& answer) {
    answer.result.bytes[0] ^= 1;
  };
  EXPECT_EQ(a().CommitText(RuleJson("web")), "PEER_HASH_MISMATCH ");
  EXPECT_EQ(a().Action("web"), "");
  EXPECT_EQ(nodes_.wire.counts["Apply"], 0);
}

}  // namespace
}  // namespace configsync
