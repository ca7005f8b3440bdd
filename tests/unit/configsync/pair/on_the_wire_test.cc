// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

// What goes from node to node: which calls, from whom, how many, how large.

#include <gtest/gtest.h>

#include <iostream>
#include <map>
#include <string>

#include "configsync/engine/ha_nodes.h"
#include "configsync/peer/codec.h"
#include "tests/unit/configsync/pair/two_nodes.h"

namespace configsync {
namespace {

using Calls = std::map<std::string, int>;

class OnTheWireTest : public ::testing::Test {
 protected:
  PairNode& a() { return nodes_.a(); }
  PairNode& b() { return nodes_.b(); }
  // Counts requests from now on.
  void Listen() {
    calls_.clear();
    nodes_.wire.judge = [this](const Wire::Call& call) {
      if (call.moment == Wire::Moment::kRequest) ++calls_[call.from + " " + std::string(call.name)];
      return absl::OkStatus();
    };
  }
  // Of all calls but those that only read, by their caller and name.
  Calls Pushes() {
    Calls pushes = calls_;
    std::erase_if(pushes, [](const auto& each) {
      return each.first.ends_with(" Exchange") || each.first.ends_with(" Fetch");
    });
    return pushes;
  }
  Nodes nodes_;
  Calls calls_;
};

TEST_F(OnTheWireTest, N15_ACommitIsTwoRoundTripsAndNothingElseIsWaitedFor) {
  nodes_.MakePair();
  Listen();
  EXPECT_EQ(a().CommitText(RuleJson("web")), "");
  EXPECT_EQ(b().Action("web"), "permit");
  EXPECT_EQ(calls_, (Calls{{"a Prepare", 1}, {"a Apply", 1}}));
  // States tell of it afterwards, and nothing is pushed again.
  nodes_.Run(2'000);
  EXPECT_EQ(Pushes(), (Calls{{"a Prepare", 1}, {"a Apply", 1}}));
  // A confirm is passed on behind the answer, a check is taken back.
  Listen();
  EXPECT_EQ(a().CommitText(RuleJson("dns"), {.confirm_within_s = 60}), "");
  EXPECT_EQ(calls_, (Calls{{"a Prepare", 1}, {"a Apply", 1}}));
  EXPECT_TRUE(a().engine->Confirm(kEve).ok());
  EXPECT_EQ(Pushes(), (Calls{{"a Prepare", 1}, {"a Apply", 1}, {"a Confirm", 1}}));
  Listen();
  (void)a().Commit(RuleJson("mail"), {.check_only = true});
  EXPECT_EQ(calls_, (Calls{{"a Prepare", 1}, {"a Abort", 1}}));
}

// Whatever is tried there, nothing but states leaves a node that may not push.
TEST_F(OnTheWireTest, F4_NoPushLeavesTheStandby) {
  nodes_.MakePair();
  Listen();
  EXPECT_EQ(b().CommitText(RuleJson("web")), "SYNC_DIRECTION ");
  EXPECT_EQ(b().CommitText(RuleJson("web"), {.check_only = true}), "SYNC_DIRECTION ");
  for (const auto kind : {ManualKind::kPush, ManualKind::kOverwrite, ManualKind::kMerge}) {
    ManualOptions by_hand;
    by_hand.kind = kind;
    (void)b().pair->Manual(kEve, by_hand);  // There is nothing to do, and that is done.
  }
  (void)b().pair->ApplyHeld(kEve);
  EXPECT_EQ(Pushes(), Calls{});
  // It differs by a change that was made while nothing was synchronised; its own loop leaves it.
  const std::string enabled = R"({"ha": {"configuration-synchronization": {"enabled": )";
  EXPECT_EQ(b().CommitText(enabled + "false}}}"), "");
  EXPECT_EQ(b().CommitText(RuleJson("web")), "");
  EXPECT_EQ(b().CommitText(enabled + "true}}}"), "");
  nodes_.Run(5'000);
  b().Stop();
  b().Start();
  nodes_.Run(5'000);
  EXPECT_EQ(b().Action("web"), "permit");
  for (const auto kind : {ManualKind::kPush, ManualKind::kOverwrite, ManualKind::kMerge}) {
    ManualOptions by_hand;
    by_hand.kind = kind;
    by_hand.prefer = Prefer::kMine;
    EXPECT_FALSE(b().pair->Manual(kEve, by_hand).done);
  }
  EXPECT_EQ(Pushes(), Calls{});
  EXPECT_GT(calls_["b Exchange"], 0);
  // The other way it goes: the same change on the node that may push.
  EXPECT_EQ(a().CommitText(RuleJson("dns")), "");
  EXPECT_EQ(Pushes().count("b Prepare"), 0u);
}

#ifdef __SANITIZE_ADDRESS__
constexpr int kShare = 20;  // It takes ten times as long there.
#else
constexpr int kShare = 1;
#endif
constexpr int kRules = 60'000 / kShare;  // There are numbers for 65,535.
constexpr int kAddresses = 40'000 / kShare;

// Believes everything: a hundred thousand rules would take libyang seconds.
class Trusting final : public Judge {
 public:
  [[nodiscard]] const SchemaNode& root() const override { return OurJudge().root(); }
  [[nodiscard]] std::vector<Edit> ReadJson(std::string_view json, const Tree& current,
                                           Problems& problems) const override {
    return OurJudge().ReadJson(json, current, problems);
  }
  [[nodiscard]] Tree WithIds(const Tree& running, const Tree& tree,
                             Problems& problems) const override {
    return OurJudge().WithIds(running, tree, problems);
  }
  Cost Verdict(const Tree&, Problems&) const override { return {}; }
  [[nodiscard]] std::vector<std::string> Warnings(std::span<const Change>) const override {
    return {};
  }
};

std::string RuleText(int number) {
  return R"({"name": "rule-)" + std::to_string(number) +
         R"(", "action": "deny", "destination": ["10.)" + std::to_string(number >> 16) + "." +
         std::to_string(number >> 8 & 255) + "." + std::to_string(number & 255) +
         R"(/32"], "protocol": ["tcp"], "destination-port": ["443"]})";
}

std::string AddressText(int number) {
  return R"({"name": "address-)" + std::to_string(number) + R"(", "prefix": "10.)" +
         std::to_string(number >> 16) + "." + std::to_string(number >> 8 & 255) + "." +
         std::to_string(number & 255) + R"(/32"})";
}

std::string Listed(int count, std::string (*text)(int)) {
  std::string list = text(0);
  for (int i = 1; i < count; ++i) list += "," + text(i);
  return list;
}

// Beside the edits; TLS and HTTP/2 are counted by tests of peer/ and by the story on HA1.
TEST(BytesOfAPush, F33_OneRuleAmongAHundredThousand) {
  const Trusting judge;
  Nodes nodes(2, judge);
  nodes.MakePair();
  ASSERT_TRUE(nodes.a()
                  .Commit(R"({"policy": {"rule": [)" + Listed(kRules, RuleText) +
                          R"(]}, "objects": {"address": [)" + Listed(kAddresses, AddressText) +
                          "]}}")
                  .committed);
  nodes.Run(1'000);
  ASSERT_EQ(nodes.a().State(), "in-sync") << nodes.a().Reasons();
  nodes.wire.prepared.clear();
  nodes.wire.edit_bytes = 0;
  const std::string rule = RuleText(kRules);
  ASSERT_TRUE(nodes.a().Commit(R"({"policy": {"rule": [)" + rule + "]}}").committed);
  ASSERT_EQ(nodes.wire.prepared.size(), 1u);
  const std::size_t header = EncodeHeader(nodes.wire.prepared[0]).ByteSizeLong();
  std::cout << "a rule of " << rule.size() << " bytes among " << kRules + kAddresses << ": "
            << nodes.wire.edit_bytes << " bytes of edits, " << header << " of the header\n";
  EXPECT_LE(nodes.wire.edit_bytes + header, rule.size() * 11 / 10 + 1'024);
}

}  // namespace
}  // namespace configsync
