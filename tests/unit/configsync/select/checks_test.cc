// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

// Mistakes in maps, and what is good but not what somebody might expect.

#include "tests/unit/configsync/select/select_fixture.h"

namespace configsync {
namespace {

std::string ProblemsOf(const std::vector<std::string>& rules) {
  Problems problems;
  CheckMaps(With(FullTree(), MapEdits(rules)), problems);
  return TextOf(problems);
}

TEST(MapChecks, F26_AnIncludeOfWhatNeverTravelsIsRefusedByName) {
  EXPECT_EQ(
      ProblemsOf({"include /services/https"}),
      "NEVER_SYNC /ha/configuration-synchronization/map[name='m']/rule[number='10']/location "
      "[/services/https] map m, rule 10 includes /services/https, which never travels; delete "
      "the rule: each node keeps its own, whatever a map says\n");
  for (const char* location :
       {"/ha/configuration-synchronization", "/ha/configuration-synchronization/enabled",
        "/ha/configuration-synchronization/remote[name='b']", "/services/https/port",
        "/ha/failover", "/*/https"}) {
    EXPECT_TRUE(ProblemsOf({std::string("include ") + location}).starts_with("NEVER_SYNC "))
        << location;
    EXPECT_EQ(ProblemsOf({std::string("exclude ") + location}), "") << location;
  }
  for (const char* location : {"/", "/ha", "/ha/mode", "/services", "/*", "/*/*"}) {
    EXPECT_EQ(ProblemsOf({std::string("include ") + location}), "") << location;
  }
}

TEST(MapChecks, ALocationThatNamesNothingIsRefusedWithTheNearestName) {
  const struct {
    const char* location;
    const char* words;
  } cases[] = {
      {"/polcy", "the schema has no 'polcy' in /; did you mean policy?"},
      {"/policy/rule/acton", "has no 'acton' in /policy/rule; did you mean action?"},
      {"/policy/rule[nam='x']", "'rule' has no such key"},
      {"/policy[name='x']", "'policy' has no such key"},
      {"/policy/rule[name=x]", "expected [key='value'] at character"},
      {"policy", "expected '/' before a name at character 1"},
      {"/*/*/nothing", "the schema has no 'nothing' in"},
  };
  for (const auto& c : cases) {
    const std::string text = ProblemsOf({std::string("include ") + c.location});
    EXPECT_TRUE(text.starts_with("LOCATION_UNKNOWN ")) << c.location << "\n" << text;
    EXPECT_NE(text.find(c.words), std::string::npos) << text;
  }
  EXPECT_EQ(ProblemsOf({"include /policy/rule[name='web']", "exclude /interfaces/*/mtu"}), "");
}

TEST(MapChecks, EveryRuleIsToldAtOnce) {
  Problems problems;
  CheckMaps(With(FullTree(), MapEdits({"include /x", "include /policy", "exclude /y"})), problems);
  ASSERT_EQ(problems.list.size(), 2u);
  EXPECT_NE(problems.list[1].path.find("rule[number='30']"), std::string::npos);
}

std::vector<std::string> WarningsOf(const std::vector<std::string>& rules) {
  return MapWarnings(With(FullTree(), MapEdits(rules)));
}

TEST(MapChecks, F25_AnIncludeOverUniqueLeavesSaysSo) {
  using Texts = std::vector<std::string>;
  EXPECT_EQ(
      WarningsOf({"include /interfaces/interface/address"}),
      (Texts{"map m, rule 10 includes only /interfaces/interface/address: each node keeps its "
             "own, it does not travel"}));
  EXPECT_EQ(WarningsOf({"include /zones"}),
            (Texts{"map m, rule 10 includes /zones/zone/packet-buffer-protection: each node keeps "
                   "its own, it does not travel"}));
  EXPECT_EQ(WarningsOf({"include /policy", "exclude /interfaces/interface/address"}), Texts{});
  const Texts many = WarningsOf({"include /system"});
  ASSERT_EQ(many.size(), 1u);
  EXPECT_NE(many[0].find(" more: "), std::string::npos) << many[0];
}

TEST(MapChecks, AMapOrSwitchesThatSelectNothingAreTold) {
  EXPECT_EQ(WarningsOf({"exclude /policy"}),
            (std::vector<std::string>{
                "map m includes nothing: nothing travels to remotes that have it"}));
  EXPECT_EQ(MapWarnings(With(FullTree(), CategorySwitches(FullTree(), false))).size(), 1u);
  EXPECT_TRUE(MapWarnings(FullTree()).empty());
}

}  // namespace
}  // namespace configsync
