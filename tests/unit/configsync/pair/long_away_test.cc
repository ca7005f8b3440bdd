// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

// Nodes that come back after a long time, or with an older store.

#include <gtest/gtest.h>

#include "absl/strings/str_cat.h"
#include "configsync/pair/records.h"
#include "configsync/store/store.h"
#include "tests/unit/configsync/pair/two_nodes.h"

namespace configsync {
namespace {

class PairLongAwayTest : public ::testing::Test {
 protected:
  PairLongAwayTest() {
    nodes_.MakePair();
    EXPECT_EQ(a().CommitText(RuleJson("web")), "");
    nodes_.Run(500);
  }
  PairNode& a() { return nodes_.a(); }
  PairNode& b() { return nodes_.b(); }
  Nodes nodes_;
};

// What the remote has is known by the revision that brought it, which history would forget.
TEST_F(PairLongAwayTest, F73_WhatARemoteHasIsKnownAfterAThousandCommits) {
  const std::string kept = absl::StrCat(std::string(kKeepNotes), a().Remote().agreed);
  nodes_.Cut(true);
  nodes_.Run(2'000);
  for (std::size_t i = 0; i < kHistoryRevisions / 2; ++i) {
    ASSERT_EQ(a().CommitText(RuleJson("web", i % 2 == 0 ? "deny" : "permit")), "");
  }
  nodes_.Run(500);
  EXPECT_TRUE(a().engine->ReadNotes().contains(kept)) << kept;
  nodes_.Cut(false);
  nodes_.Run(5'000);
  EXPECT_EQ(a().State(), "in-sync") << a().Reasons();
  EXPECT_FALSE(a().engine->ReadNotes().contains(kept));
}

// What an older copy knows of numbers is too low.
TEST_F(PairLongAwayTest, F6_AStoreThatWasPutBackReplaysNothing) {
  ASSERT_TRUE(a().engine->WriteNotes(kEve, "older", "", {{"sync/number", std::nullopt}}).ok());
  a().Stop();
  a().Start();
  nodes_.Run(500);
  EXPECT_EQ(a().CommitText(RuleJson("dns")), "");
  EXPECT_EQ(b().Action("dns"), "permit") << a().Reasons();
}

}  // namespace
}  // namespace configsync
