// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

// What "in sync" is proven by, and what is said of nodes that are not.

#include <gtest/gtest.h>

#include "tests/unit/configsync/pair/two_nodes.h"

namespace configsync {
namespace {

class PairInSyncTest : public ::testing::Test {
 protected:
  PairNode& a() { return nodes_.a(); }
  PairNode& b() { return nodes_.b(); }
  static std::string PasswordJson(std::string_view password) {
    return R"({"users": {"user": [{"name": "ann", "password": ")" + std::string(password) +
           R"("}]}})";
  }
  // Both nodes have the same two hashes of the part.
  void ExpectProven() {
    for (PairNode* const node : {&a(), &b()}) {
      const RemoteStatus remote = node->Remote();
      EXPECT_EQ(node->State(), "in-sync") << node->Reasons();
      EXPECT_FALSE(remote.my_hash.empty());
      EXPECT_EQ(remote.my_hash, remote.their_hash);
    }
    EXPECT_EQ(a().Remote().my_hash, b().Remote().their_hash);
  }
  Nodes nodes_;
};

TEST_F(PairInSyncTest, N17_BothNodesHaveBothHashes) {
  nodes_.MakePair();
  ExpectProven();
  const std::string before = a().Remote().my_hash;
  ASSERT_EQ(a().CommitText(RuleJson("web")), "");
  nodes_.Run(500);
  ExpectProven();
  EXPECT_NE(a().Remote().my_hash, before);
}

// States and pushes go on connections of their own, so one may overtake the other.
TEST_F(PairInSyncTest, N17_AStateFromBeforeAPushIsOldNews) {
  nodes_.MakePair();
  Exchange old;
  bool is_overtaken = false;
  nodes_.wire.change_exchange = [&](const Wire::Call& call, Exchange& answer) {
    if (call.from != "a") return;
    is_overtaken ? answer = old : old = answer;
  };
  nodes_.Run(500);
  is_overtaken = true;
  ASSERT_EQ(a().CommitText(RuleJson("web")), "");
  nodes_.Run(500);
  EXPECT_EQ(a().State(), "in-sync") << a().Reasons();
  EXPECT_EQ(nodes_.wire.counts["Prepare"], 1);
  // Not for ever: a store that was put back is seen.
  nodes_.Run(1'000);
  EXPECT_NE(a().State(), "in-sync");
}

TEST_F(PairInSyncTest, N17_ASecretAloneMakesTheDifferenceAndIsNotShown) {
  nodes_.MakePair(R"(, "push": "manual")");
  ASSERT_EQ(a().CommitText(PasswordJson("hunter2-hunter2")), "");
  ASSERT_TRUE(a().pair->Manual(kEve, {}).done);
  nodes_.Run(500);
  ExpectProven();
  ASSERT_EQ(a().CommitText(PasswordJson("other-other-other")), "");
  nodes_.Run(500);
  // What waits on purpose is no part of the target: a preview has the whole.
  const ManualOutcome preview = a().pair->Manual(kEve, {.preview = true});
  EXPECT_EQ(preview.there.size(), 1u);
  ASSERT_TRUE(a().pair->Manual(kEve, {}).done);
  nodes_.Run(500);
  ExpectProven();
  for (const char* secret : {"hunter2-hunter2", "other-other-other"}) {
    EXPECT_EQ(a().Remote().my_hash.find(secret), std::string::npos);
    for (const PrepareRequest& sent : nodes_.wire.prepared) {
      EXPECT_EQ(sent.comment.find(secret), std::string::npos);
    }
  }
}

TEST_F(PairInSyncTest, N17_WhoDiffersDoesNotSayThatItIsInSync) {
  nodes_.MakePair();
  ASSERT_EQ(a().CommitText(RuleJson("web")), "");
  nodes_.Diverge();
  for (PairNode* const node : {&a(), &b()}) {
    EXPECT_EQ(node->State(), "diverged");
    EXPECT_NE(node->Remote().my_hash, node->Remote().their_hash);
  }
}

TEST_F(PairInSyncTest, N17_WhatWasHeardLongAgoProvesNothing) {
  nodes_.MakePair();
  ExpectProven();
  nodes_.Cut(true);
  nodes_.Run(1'500);
  EXPECT_EQ(a().State(), "connecting");
  EXPECT_EQ(b().State(), "connecting");
  nodes_.Cut(false);
  nodes_.Run(2'500);
  ExpectProven();
}

TEST_F(PairInSyncTest, F157_WhoWasChangedIsSaidAndOverWhenItIsDecided) {
  nodes_.MakePair();
  ASSERT_EQ(a().CommitText(RuleJson("web")), "");
  nodes_.Diverge();
  const auto evidence = [&] { return a().Remote().reasons.at(0).evidence; };
  EXPECT_EQ(a().Reasons(), "DIVERGED");
  EXPECT_TRUE(b().Reasons().starts_with("DIVERGED")) << b().Reasons();
  EXPECT_TRUE(evidence().starts_with("the remote was changed")) << evidence();
  ASSERT_TRUE(a().Commit(RuleJson("more")).committed);
  nodes_.Run(500);
  EXPECT_EQ(a().Reasons(), "DIVERGED");
  EXPECT_TRUE(evidence().starts_with("both were changed")) << evidence();
  EXPECT_TRUE(a().pair->Manual(kEve, {.kind = ManualKind::kOverwrite}).done);
  nodes_.Run(500);
  EXPECT_EQ(a().Reasons(), "");
  EXPECT_EQ(b().Reasons(), "");
  ExpectProven();
}

}  // namespace
}  // namespace configsync
