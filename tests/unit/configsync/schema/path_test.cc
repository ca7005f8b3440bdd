// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

// Paths and commands from words.

#include "configsync/schema/read_path.h"

#include "tests/unit/configsync/schema/golden_file.h"
#include "tests/unit/configsync/schema/our_schema.h"

namespace configsync {
namespace {

std::string PathOrProblem(std::string_view text) {
  Problems problems;
  const auto path = ParsePath(OurSchema(), text, problems);
  EXPECT_EQ(path.has_value(), problems.empty());
  return path ? PathText(*path) : TextOf(problems);
}

std::string EditOrProblem(EditOp op, std::string_view line) {
  Problems problems;
  const auto edit = ReadEditWords(OurSchema(), op, Words(line), problems);
  EXPECT_EQ(edit.has_value(), problems.empty()) << line;
  if (!edit) return TextOf(problems);
  return PathText(edit->path) + (edit->value.empty() ? "" : " = " + edit->value) + "\n";
}

TEST(ReadPath, WhatPathTextPrintsIsReadBack) {
  for (const char* text :
       {"/", "/policy", "/policy/rule", "/policy/rule[name='web']",
        "/policy/rule[name='web']/action", "/policy/rule[name='web']/source[.='10.0.0.0/8']",
        "/policy/rule[name='web']/source",
        "/interfaces/interface[name='lan']/virtual-address[vrid='7']/address",
        "/services/telemetry"}) {
    EXPECT_EQ(PathOrProblem(text), text);
  }
}

TEST(ReadPath, EveryQuotingOfXPathIsRead) {
  EXPECT_EQ(PathOrProblem(R"(/policy/rule[name="web"])"), "/policy/rule[name='web']");
  EXPECT_EQ(PathOrProblem(R"(/policy/rule[ name = 'web' ])"), "/policy/rule[name='web']");
  EXPECT_EQ(PathOrProblem(R"(/policy/rule[name=concat('w',"eb")])"), "/policy/rule[name='web']");
  EXPECT_EQ(PathOrProblem(R"(/services/threat-intelligence/feed[.=concat("it's ",'"x"')])"),
            R"(/services/threat-intelligence/feed[.=concat('it',"'s ",'"x"')])");
}

TEST(ReadPath, ModulePrefixesAreTaken) {
  EXPECT_EQ(PathOrProblem("/lockstep-policy:policy/lockstep-policy:rule[lockstep-policy:name='a']"),
            "/policy/rule[name='a']");
}

TEST(ReadPath, KeysComeOutCanonical) {
  EXPECT_EQ(PathOrProblem("/routing/static/route[prefix='10.1.2.3/8']"),
            "/routing/static/route[prefix='10.0.0.0/8']");
}

TEST(ReadPath, EveryMistakeOfAPathIsNamed) {
  std::string text;
  for (const char* path : {"",
                           "policy",
                           "/policy/",
                           "//policy",
                           "/polcy",
                           "/policy/rule[name='web'",
                           "/policy/rule[3]",
                           "/policy/rule[name=web]",
                           "/policy/rule[name='web]",
                           "/policy/rule[colour='red']",
                           "/policy/rule[id='1']",
                           "/policy/rule[name='a'][name='b']",
                           "/policy/rule/action",
                           "/policy[name='x']",
                           "/policy/rule[name='a b']",
                           "/policy/rule[name='a']/action/x",
                           "/policy/rule[name='a']/source[name='x']",
                           "/policy/rule[name='a']/source[.='1'][.='2']",
                           "/policy/rule[name=concat('a' 'b')]",
                           "/lockstep-nat:policy"}) {
    text += std::string(path) + "\n  " + PathOrProblem(path);
  }
  ExpectGolden("paths.problems", text);
}

TEST(ReadPath, ASecretInTheWrongFormIsNotTold) {
  for (const char* behind :
       {"/hunter2", "=hunter2", " hunter2", "[hunter2]", "[.='hunter2']", "'hunter2'"}) {
    const std::string text =
        PathOrProblem("/ha/configuration-synchronization/local-password" + std::string(behind));
    EXPECT_NE(text.find("/ha/configuration-synchronization/local-password"), std::string::npos)
        << text;
    EXPECT_EQ(text.find("hunter2"), std::string::npos) << text;
  }
}

TEST(ReadPath, APathIsBounded) {
  EXPECT_NE(
      PathOrProblem("/policy/rule[name='" + std::string(9'000, 'x') + "']").find("at most 8192"),
      std::string::npos);
  Problems problems;
  EXPECT_FALSE(ReadPathWords(OurSchema(), std::vector<std::string>(5'000, "x"), problems));
  EXPECT_EQ(problems.list[0].code, "TOO_MANY_WORDS");
}

TEST(ReadWords, AnEditIsAPathAndAValue) {
  EXPECT_EQ(EditOrProblem(EditOp::kSet, "policy rule web action permit"),
            "/policy/rule[name='web']/action = permit\n");
  EXPECT_EQ(EditOrProblem(EditOp::kSet, "policy rule web source 10.0.0.0/8"),
            "/policy/rule[name='web']/source[.='10.0.0.0/8']\n");
  EXPECT_EQ(EditOrProblem(EditOp::kSet, R"(/policy/rule[name="web"]/description 'two words')"),
            "/policy/rule[name='web']/description = two words\n");
  EXPECT_EQ(EditOrProblem(EditOp::kSet, R"(/policy/rule[name="web"] action permit)"),
            "/policy/rule[name='web']/action = permit\n");
  EXPECT_EQ(EditOrProblem(EditOp::kSet, R"(/policy/rule[name="web"]/source 10.0.0.0/8)"),
            "/policy/rule[name='web']/source[.='10.0.0.0/8']\n");
  EXPECT_EQ(EditOrProblem(EditOp::kSet, "policy rule web"), "/policy/rule[name='web']\n");
  EXPECT_EQ(EditOrProblem(EditOp::kSet, "policy rule web commit-before-forward"),
            "/policy/rule[name='web']/commit-before-forward\n");
  EXPECT_EQ(EditOrProblem(EditOp::kDelete, "policy rule web action"),
            "/policy/rule[name='web']/action\n");
  EXPECT_EQ(EditOrProblem(EditOp::kDelete, "policy rule"), "/policy/rule\n");
  EXPECT_EQ(EditOrProblem(EditOp::kDelete, "policy rule web source"),
            "/policy/rule[name='web']/source\n");
  EXPECT_EQ(EditOrProblem(EditOp::kMove, "policy rule web"), "/policy/rule[name='web']\n");
}

TEST(ReadWords, EveryMistakeNamesItsWord) {
  std::string text;
  for (const char* line :
       {"", "polcy rule web", "policy", "policy rule", "policy rule web actoin permit",
        "policy rule web action", "policy rule web action premit",
        "policy rule web action permit now", "policy rule web source",
        "policy rule web source 10.0.0.0/8 10.1.0.0/16", "policy rule web id 0", "zones zone any",
        "ha failover", "ha failover enabled yes",
        "ha configuration-synchronization local-password hunter2 hunter3",
        "ha configuration-synchronization local-password '$fingerprint$00'",
        "policy rule 'a b' id 1"}) {
    text += std::string("set ") + line + "\n  " + EditOrProblem(EditOp::kSet, line);
  }
  for (const char* line : {"", "policy rule web action permit", "policy rule web colour"}) {
    text += std::string("delete ") + line + "\n  " + EditOrProblem(EditOp::kDelete, line);
  }
  EXPECT_EQ(text.find("hunter3]"), std::string::npos);
  ExpectGolden("words.problems", text);
}

}  // namespace
}  // namespace configsync
