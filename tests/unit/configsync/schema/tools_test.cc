// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

// Completion, commands, numbers chosen, effective values: what stands on the schema and a tree.

#include <algorithm>

#include "configsync/schema/auto_ids.h"
#include "configsync/schema/complete.h"
#include "configsync/schema/defaults.h"
#include "configsync/schema/print_commands.h"
#include "configsync/schema/read_path.h"
#include "tests/unit/configsync/schema/golden_file.h"
#include "tests/unit/configsync/schema/our_schema.h"

namespace configsync {
namespace {

Tree Example() { return TreeOf(ReadGolden("example.json")); }

std::vector<std::string> Choices(std::string_view verb, std::string_view line,
                                 std::string_view partial = "") {
  std::vector<std::string> choices;
  for (const Candidate& c : Complete(OurSchema(), Example(), verb, Words(line), partial)) {
    choices.push_back(std::string(KindName(c.kind)) + " " + c.word);
  }
  return choices;
}

using Strings = std::vector<std::string>;

TEST(Complete, OffersChildrenThatBeginWithWhatIsTyped) {
  EXPECT_EQ(Choices("set", "", "po"), (Strings{"container policy"}));
  EXPECT_EQ(Choices("set", "policy"), (Strings{"list rule"}));
  EXPECT_EQ(Choices("set", "policy rule web", "de"),
            (Strings{"leaf description", "leaf destination", "leaf destination-port"}));
}

TEST(Complete, OffersWhatIsThereToShowOrDelete) {
  EXPECT_EQ(Choices("delete", "policy rule all"), (Strings{"leaf id", "leaf action"}));
  EXPECT_EQ(Choices("show", "nat"), (Strings{"list pool"}));
  EXPECT_EQ(Choices("delete", "policy rule web source"),
            (Strings{"key 10.1.0.0/24", "key servers"}));
  EXPECT_EQ(Choices("delete", "policy rule web action"), (Strings{}));
}

TEST(Complete, OffersKeysOfEntriesThatAreThere) {
  EXPECT_EQ(Choices("delete", "policy rule"), (Strings{"key web", "key all"}));
  EXPECT_EQ(Choices("set", "policy rule"), (Strings{"key web", "key all", "hint "}));
  EXPECT_EQ(Choices("set", "policy rule", "w"), (Strings{"key web"}));
}

TEST(Complete, OffersValuesOfTheType) {
  EXPECT_EQ(Choices("set", "policy rule web action"), (Strings{"value permit", "value deny"}));
  EXPECT_EQ(Choices("set", "ha failover enabled", "t"), (Strings{"value true"}));
  EXPECT_EQ(Choices("set", "policy rule web id"), (Strings{"hint "}));
}

TEST(Complete, OffersTargetsOfReferences) {
  EXPECT_EQ(Choices("set", "policy rule web from-zone"),
            (Strings{"value inside", "value outside", "hint "}));
  EXPECT_EQ(Choices("set", "policy rule web destination"),
            (Strings{"value web", "value servers", "hint "}));
}

TEST(Complete, WordsThatNameNoPlaceHaveNoCandidates) {
  EXPECT_EQ(Choices("set", "polcy"), Strings{});
  EXPECT_EQ(Choices("set", "policy rule web action permit"), Strings{});
}

TEST(Complete, HelpIsTheModulesFirstSentence) {
  const auto all = Complete(OurSchema(), Example(), "set", Words("policy rule web"), "act");
  ASSERT_EQ(all.size(), 1u);
  EXPECT_EQ(all[0].help, "What happens to a session that the rule matches.");
  const auto values = Complete(OurSchema(), Example(), "set", Words("ha failover enabled"), "t");
  EXPECT_EQ(values[0].help, "Yes. (default)");
  const auto keys = Complete(OurSchema(), Example(), "set", Words("policy rule"), "web");
  EXPECT_EQ(keys[0].help, "what people may read");
  const auto hint = Complete(OurSchema(), Example(), "set", Words("system timeouts arp"), "");
  EXPECT_EQ(hint[0].help, "An address of a neighbour. uint16 1..32000, seconds, default 600");
}

// Of /policy: it has neither secrets, which are comments, nor line ends.
TEST(Commands, MakeTheConfigurationFromNothing) {
  const Tree tree = Example();
  std::vector<Edit> edits;
  Problems problems;
  ExpectGolden("example.commands", CommandsText(tree));
  const std::string policy = CommandsText(tree, {{&NodeAt("/policy"), {}}});
  for (std::size_t at = 0; at < policy.size();) {
    const std::size_t end = policy.find('\n', at);
    const auto edit = ReadEditWords(OurSchema(), EditOp::kSet,
                                    Words(policy.substr(at + 4, end - at - 4)), problems);
    at = end + 1;
    ASSERT_TRUE(edit) << TextOf(problems);
    edits.push_back(*edit);
  }
  const auto again = EmptyTree().Apply(edits);
  ASSERT_TRUE(again.ok());
  EXPECT_EQ(CommandsText(*again, {{&NodeAt("/policy"), {}}}), policy);
  EXPECT_EQ(again->Find({{&NodeAt("/policy"), {}}})->hash(),
            tree.Find({{&NodeAt("/policy"), {}}})->hash());
}

TEST(Commands, APartHasTheWordsThatLeadToIt) {
  const Path rule{{&NodeAt("/policy"), {}}, {&NodeAt("/policy/rule"), {"all"}}};
  EXPECT_EQ(CommandsText(Example(), rule),
            "set policy rule all id 5\nset policy rule all action deny\n");
  EXPECT_EQ(CommandsText(TreeOf(R"({"zones":{"zone":[{"name":"x"}]}})")), "set zones zone x\n");
}

TEST(Commands, WordsAreQuotedAsAShellWantsThem) {
  EXPECT_EQ(QuotedWord("10.0.0.0/8"), "10.0.0.0/8");
  EXPECT_EQ(QuotedWord("it's $HOME"), "'it'\\''s $HOME'");
  EXPECT_EQ(QuotedWord(""), "''");
}

Tree WithIds(const Tree& running, const Tree& tree) {
  Problems problems;
  const std::vector<Edit> edits = MissingIds(running, tree, problems);
  EXPECT_TRUE(problems.empty()) << TextOf(problems);
  return *tree.Apply(edits);
}

TEST(AutoIds, TheSmallestFreeNumberIsChosen) {
  const Tree tree = WithIds(EmptyTree(), TreeOf(R"({"policy":{"rule":[
      {"name":"a","action":"deny"},{"name":"b","id":1,"action":"deny"},
      {"name":"c","action":"deny"}]}})"));
  EXPECT_EQ(tree, TreeOf(R"({"policy":{"rule":[
      {"name":"a","id":2,"action":"deny"},{"name":"b","id":1,"action":"deny"},
      {"name":"c","id":3,"action":"deny"}]}})"));
}

TEST(AutoIds, ANumberOfRunningIsNobodyElsesInTheSameCommit) {
  const Tree running = TreeOf(R"({"zones":{"zone":[{"name":"old","id":1}]}})");
  EXPECT_EQ(WithIds(running, TreeOf(R"({"zones":{"zone":[{"name":"new"}]}})")),
            TreeOf(R"({"zones":{"zone":[{"name":"new","id":2}]}})"));
  EXPECT_EQ(WithIds(running, TreeOf(R"({"zones":{"zone":[{"name":"old"}]}})")), running);
}

TEST(AutoIds, NumbersOfWhatChangedOrWentAreNotFreeEither) {
  const Tree running = TreeOf(R"({"zones":{"zone":[{"name":"a","id":1},{"name":"b","id":2}]},
      "nat":{"pool":[{"name":"p","id":1,"address":[{"address":"10.0.0.1","id":1}]},
                     {"name":"q","id":2,"address":[{"address":"10.0.0.2","id":2}]}]}})");
  EXPECT_EQ(WithIds(running, TreeOf(R"({"zones":{"zone":[{"name":"a","id":7},{"name":"c"}]}})")),
            TreeOf(R"({"zones":{"zone":[{"name":"a","id":7},{"name":"c","id":3}]}})"));
  EXPECT_EQ(WithIds(running, TreeOf(R"({"nat":{"pool":[{"name":"q","id":2,
                "address":[{"address":"10.0.0.3"}]}]}})")),
            TreeOf(R"({"nat":{"pool":[{"name":"q","id":2,
                "address":[{"address":"10.0.0.3","id":3}]}]}})"));
}

TEST(AutoIds, AddressesOfAllPoolsShareTheirNumbers) {
  const Tree tree = WithIds(EmptyTree(), TreeOf(R"({"nat":{"pool":[
      {"name":"a","address":[{"address":"10.0.0.1","id":2},{"address":"10.0.0.2"}]},
      {"name":"b","address":[{"address":"10.0.0.3"}]}]}})"));
  EXPECT_EQ(tree, TreeOf(R"({"nat":{"pool":[
      {"name":"a","id":1,"address":[{"address":"10.0.0.1","id":2},{"address":"10.0.0.2","id":1}]},
      {"name":"b","id":2,"address":[{"address":"10.0.0.3","id":3}]}]}})"));
}

TEST(AutoIds, NoFreeNumberIsAProblemWithTheRange) {
  std::string json = R"({"zones":{"zone":[)";
  for (int i = 0; i < 255; ++i) {
    json += (i == 0 ? "" : ",") + ("{\"name\":\"z" + std::to_string(i) + "\"}");
  }
  Problems problems;
  const Tree running =
      TreeOf(R"({"zones":{"zone":[{"name":"old1","id":1},{"name":"old2","id":2}]}})");
  const auto edits = MissingIds(running, TreeOf(json + "]}}"), problems);
  EXPECT_EQ(edits.size(), 253u);
  ASSERT_EQ(problems.list.size(), 2u);
  EXPECT_EQ(problems.list[0].code, "NO_FREE_ID");
  EXPECT_NE(problems.list[0].text.find("1 to 255"), std::string::npos);
}

TEST(Defaults, AValueThatIsNotSetHasItsDefault) {
  const Tree tree = Example();
  const SchemaNode& failover = NodeAt("/ha/failover");
  const Path path{{&NodeAt("/ha"), {}}, {&failover, {}}};
  EXPECT_FALSE(EffectiveBool(tree.Find(path), failover, "enabled", true));
  EXPECT_TRUE(EffectiveBool(EmptyTree().Find(path), failover, "enabled", false));
  EXPECT_TRUE(EffectiveBool(tree.Find(path), failover, "preempt", true));  // No default: fallback.
  const SchemaNode& timeouts = NodeAt("/system/timeouts");
  EXPECT_EQ(EffectiveNumber(nullptr, timeouts, "arp", 1), 600u);
  EXPECT_EQ(EffectiveValue(tree.Find(path), *failover.Child("priority")), "120");
  EXPECT_EQ(EffectiveValue(nullptr, *failover.Child("priority")), std::nullopt);
}

}  // namespace
}  // namespace configsync
