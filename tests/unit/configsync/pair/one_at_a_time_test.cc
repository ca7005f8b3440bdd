// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

// While one push is on its way, the next one waits or is refused: they never interleave.

#include <gtest/gtest.h>

#include "tests/unit/configsync/pair/two_nodes.h"

namespace configsync {
namespace {

TEST(PairOneAtATime, F78_ARemoteGetsOnePushAtATime) {
  Nodes nodes;
  nodes.MakePair(R"(, "policy": "deferred")");
  ASSERT_TRUE(nodes.a().Commit(RuleJson("web")).committed);
  bool is_within = false;
  nodes.wire.judge = [&](const Wire::Call& call) {
    if (call.name == "Apply" && call.moment == Wire::Moment::kRequest && !is_within) {
      is_within = true;
      nodes.a().pair->TickPushes();
    }
    return absl::OkStatus();
  };
  nodes.Run(500);
  EXPECT_TRUE(is_within);
  EXPECT_EQ(nodes.wire.counts["Prepare"], 1);
  EXPECT_EQ(nodes.wire.counts["Apply"], 1);
  EXPECT_EQ(nodes.b().Action("web"), "permit");
}

TEST(PairOneAtATime, F78_WhoCommitsOrPushesTakesNoPush) {
  Nodes nodes;
  nodes.a().SyncWith({"b"});
  nodes.b().SyncWith({"a"});
  nodes.Run(1'000);
  std::vector<std::string> answers;
  nodes.wire.judge = [&](const Wire::Call& call) {
    if (call.moment == Wire::Moment::kAnswer || call.name == "Exchange") return absl::OkStatus();
    const DeviceId from = nodes.b().facts.facts.device;
    PrepareRequest request;
    request.number = 1;
    request.path = {from};
    answers.push_back(NameOf(ReasonOf(nodes.a().pair->OnPrepare(from, request).status())));
    return absl::OkStatus();
  };
  ASSERT_EQ(nodes.a().CommitText(RuleJson("web")), "");
  EXPECT_EQ(answers, (std::vector<std::string>{"PEER_BUSY", "PEER_BUSY"}));
  answers.clear();
  ASSERT_EQ(nodes.a().CommitText(R"({"ha": {"configuration-synchronization":
      {"policy": "deferred"}}})"),
            "");
  ASSERT_EQ(nodes.a().CommitText(RuleJson("dns")), "");
  EXPECT_TRUE(answers.empty());
  nodes.Run(500);
  EXPECT_EQ(answers, (std::vector<std::string>{"PEER_BUSY", "PEER_BUSY"}));
  EXPECT_EQ(nodes.b().Action("dns"), "permit");
}

}  // namespace
}  // namespace configsync
