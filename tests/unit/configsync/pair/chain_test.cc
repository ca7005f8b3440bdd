// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

// Names and an order chosen so that the part is a list that no tree can hold, though the whole is
// none: what the map leaves out stands between the halves of a chain.

#include <gtest/gtest.h>

#include <algorithm>

#include "configsync/tree/sequence.h"
#include "tests/unit/configsync/pair/two_nodes.h"

namespace configsync {
namespace {

constexpr std::size_t kHalf = 700;  // Two of them are too deep, one is not.
static_assert(kHalf < kTreapDepthMax && kTreapDepthMax < 2 * kHalf);

class PairChainTest : public ::testing::Test {
 protected:
  PairChainTest() : names_(2 * kHalf + 1) {
    for (std::size_t i = 0; i < names_.size(); ++i) names_[i] = "rule-" + std::to_string(i);
    std::ranges::sort(names_, {}, [](const std::string& name) {
      return IdOfKeys(std::vector<std::string>{name}).priority;
    });
    left_out_ = names_.back();
    std::rotate(names_.begin() + kHalf, names_.end() - 1, names_.end());
    map_ = R"(, "map": [{"name": "m", "rule": [)"
           R"({"number": 1, "action": "include", "location": "/policy"},)"
           R"({"number": 2, "action": "exclude", "location": "/policy/rule[name=')" +
           left_out_ + R"(']"}]}])";
  }
  std::string Rules(std::size_t count) const {
    std::string text;
    for (std::size_t i = 0; i < count; ++i) {
      text += (i == 0 ? "" : ",") + std::string(R"({"name": ")") + names_[i] +
              R"(", "action": "deny"})";
    }
    return R"({"policy": {"rule": [)" + text + "]}}";
  }
  void MakePair() {
    nodes_.MakePair(map_);
    const std::string use = R"({"ha": {"configuration-synchronization": {"remote": [{"name": "b",)"
                            R"( "address": "10.9.1.2", "map": "m"}]}}})";
    ASSERT_EQ(a().CommitText(use), "");
    nodes_.Run(500);
  }
  PairNode& a() { return nodes_.a(); }
  PairNode& b() { return nodes_.b(); }
  std::vector<std::string> names_;
  std::string left_out_, map_;
  Nodes nodes_;
};

TEST_F(PairChainTest, N15_APartThatCannotBeMadeIsNotPushed) {
  MakePair();
  ASSERT_EQ(a().CommitText(Rules(10)), "");
  ASSERT_EQ(b().Action(names_[0]), "deny");
  const CommitOutcome outcome = a().Commit(Rules(names_.size()));
  ASSERT_TRUE(outcome.committed);
  ASSERT_EQ(outcome.remotes.size(), 1u);
  EXPECT_EQ(outcome.remotes[0].state, RemoteOutcome::State::kPending);
  ASSERT_FALSE(outcome.remotes[0].reasons.empty());
  EXPECT_NE(outcome.remotes[0].reasons[0].evidence.find("rename"), std::string::npos);
  nodes_.Run(2'000);
  EXPECT_EQ(b().Action(names_[0]), "deny");
  EXPECT_EQ(a().State(), "blocked");
  EXPECT_EQ(a().Reasons(), "PEER_REFUSED");
  EXPECT_FALSE(a().pair->Parts("b").ok());
  for (const ManualKind kind : {ManualKind::kPush, ManualKind::kOverwrite, ManualKind::kMerge}) {
    EXPECT_FALSE(a().pair->Manual(kEve, {.kind = kind}).done);
  }
  EXPECT_EQ(b().Action(names_[0]), "deny");
}

TEST_F(PairChainTest, N15_APartThatTheReceiverCannotMakeIsNotTakenForEmpty) {
  ASSERT_EQ(b().CommitText(Rules(names_.size())), "");
  MakePair();
  EXPECT_EQ(a().CommitText(RuleJson("mine")), "");
  nodes_.Run(2'000);
  EXPECT_EQ(nodes_.wire.counts["Apply"], 0);
  EXPECT_EQ(b().Action("mine"), "");
  EXPECT_EQ(a().State(), "not-baselined") << a().Reasons();
  EXPECT_TRUE(std::ranges::any_of(a().Remote().their_reasons, [](const Reason& reason) {
    return NameOf(reason) == "PEER_REFUSED";
  }));
  const auto parts = a().pair->Parts("b");
  EXPECT_EQ(NameOf(ReasonOf(parts.status())), "PEER_REFUSED");
  EXPECT_FALSE(a().pair->Manual(kEve, {.kind = ManualKind::kOverwrite}).done);
}

}  // namespace
}  // namespace configsync
