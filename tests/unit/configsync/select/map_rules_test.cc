// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

// Which rule of a map decides on a place: a table of cases, and a model that looks at every rule.

#include "configsync/select/map_rules.h"

#include <algorithm>
#include <random>
#include <tuple>

#include "tests/unit/configsync/select/select_fixture.h"

namespace configsync {
namespace {

std::uint32_t Decides(const std::vector<MapRule>& rules, std::string_view path) {
  const MapRules bound(rules, OurSchema().root());
  const MapRule* rule = bound.Decide(PathTo(path));
  return rule == nullptr ? 0 : rule->number;
}

TEST(SyncMap, F27_TheMostSpecificRuleDecides) {
  // What is more specific has the lower number here: numbers decide between equal ones only.
  const std::vector<MapRule> rules = {
      {40, true, "/policy"},
      {35, false, "/policy/rule"},
      {30, true, "/policy/rule[name='web']"},
      {5, false, "/policy/rule[name='web']/description"},
      {50, false, "/*/zone"},
      {60, true, "/zones/*"},
      {45, true, "/zones/zone[name='*']"},
      {42, false, "/zones/zone[name='dmz']"},
      {90, true, "/objects/address"},
      {100, false, "/objects/address"},
      {110, true, "/policy/rule[name='web']/source[.='10.0.0.0/8']"},
      {120, true, "/lockstep-nat:nat"},
  };
  const struct {
    const char* path;
    std::uint32_t rule;
  } cases[] = {
      {"/policy", 40},
      {"/policy/rule[name='ssh']", 35},
      {"/policy/rule[name='ssh']/action", 35},
      {"/policy/rule[name='web']", 30},  // Equal steps: the one that names a key.
      {"/policy/rule[name='web']/action", 30},
      {"/policy/rule[name='web']/description", 5},  // More steps.
      {"/policy/rule[name='web']/source[.='10.0.0.0/8']", 110},
      {"/policy/rule[name='web']/source[.='10.0.0.0/9']", 30},
      {"/zones/zone[name='lan']", 45},  // It names both steps, 50 and 60 one.
      {"/zones/zone[name='dmz']/id", 42},
      {"/objects/address[name='a']", 100},  // Equal in all: the higher number.
      {"/nat/pool[name='p']", 120},
      {"/routing", 0},
  };
  for (const auto& c : cases) EXPECT_EQ(Decides(rules, c.path), c.rule) << c.path;
  std::vector<MapRule> reversed(rules.rbegin(), rules.rend());
  for (const auto& c : cases) EXPECT_EQ(Decides(reversed, c.path), c.rule) << c.path;
}

TEST(SyncMap, F28_ALocationIsAsGeneralAsWanted) {
  EXPECT_EQ(Decides({{10, true, "/"}}, "/system/host-name"), 10u);
  EXPECT_EQ(Decides({{10, true, "/*"}}, "/system/host-name"), 10u);
  EXPECT_EQ(Decides({{10, true, "/*/*/*"}}, "/system/host-name"), 0u);
  EXPECT_EQ(Decides({{10, true, "/interfaces/interface[name='lan']/virtual-address[vrid='1']"}},
                    "/interfaces/interface[name='lan']/virtual-address[vrid='1']/address"),
            10u);
  EXPECT_EQ(Decides({{10, true, "/interfaces/interface[name='*']/virtual-address[vrid='1']"}},
                    "/interfaces/interface[name='wan']/virtual-address[vrid='1']/address"),
            10u);
  EXPECT_EQ(Decides({{10, true, "/interfaces/interface[name='lan']/virtual-address[vrid='1']"}},
                    "/interfaces/interface[name='wan']/virtual-address[vrid='1']"),
            0u);
  EXPECT_EQ(Decides({{10, true, "/interfaces/*[ name = \"lan\" ]/*"}},
                    "/interfaces/loopback[name='lan']/zone"),
            10u);
  EXPECT_EQ(Decides({{10, true, "/objects/address[name=concat('a',\"b\")]"}},
                    "/objects/address[name='ab']"),
            10u);
}

TEST(SyncMap, WhatIsNoLocationDecidesNothing) {
  for (const char* location :
       {"", "policy", "//", "/policy/", "/policy//rule", "/policy/rule[", "/policy/rule[name",
        "/policy/rule[name=]", "/policy/rule[name='a]", "/policy/rule[name='a'",
        "/policy/rule[colour='a']", "/policy[name='a']", "/polcy", "/lockstep-nat:policy",
        "/policy/rule[name=concat('a']"}) {
    EXPECT_EQ(Decides({{10, true, location}}, "/policy/rule[name='a']/action"), 0u) << location;
  }
  EXPECT_FALSE(ParseLocation(std::string(10'000, 'x')).ok());
  std::string deep;
  for (int i = 0; i < 40; ++i) deep += "/x";
  EXPECT_FALSE(ParseLocation(deep).ok());
}

// The model: every rule against every prefix of the path, in the words of MapRule.
class Model {
 public:
  explicit Model(const std::vector<MapRule>& rules) : rules_(rules) {}

  [[nodiscard]] std::uint32_t Decide(const Path& path) const {
    std::tuple<std::size_t, std::size_t, std::size_t, std::uint32_t> best;
    for (const MapRule& rule : rules_) {
      const Location location = *ParseLocation(rule.location);
      if (!Matches(location, path)) continue;
      std::size_t named = 0;
      std::size_t keys = 0;
      for (const LocationStep& step : location) {
        named += step.name == "*" ? 0 : 1;
        for (const LocationKey& key : step.keys) keys += key.value == "*" ? 0 : 1;
      }
      best = std::max(best, std::tuple(location.size() + 1, named, keys, rule.number));
    }
    return std::get<3>(best);
  }

 private:
  static bool Matches(const Location& location, const Path& path) {
    if (location.size() > path.size()) return false;
    for (std::size_t i = 0; i < location.size(); ++i) {
      const SchemaNode& node = *path[i].node;
      if (location[i].name != "*" && location[i].name != node.name) return false;
      for (const LocationKey& key : location[i].keys) {
        std::size_t index = path[i].keys.size();
        if (node.is_list()) {
          for (std::size_t k = 0; k < node.key_count; ++k) {
            if (node.children[k]->name == key.name) index = k;
          }
        } else if (node.kind == NodeKind::kLeafList && key.name == ".") {
          index = 0;
        }
        const bool is_key = node.is_list() ? index < node.key_count && index != path[i].keys.size()
                                           : node.kind == NodeKind::kLeafList && key.name == ".";
        if (!is_key) return false;
        if (key.value != "*" && path[i].keys[index] != key.value) return false;
      }
    }
    return true;
  }

  const std::vector<MapRule>& rules_;
};

class RandomMap {
 public:
  explicit RandomMap(std::uint32_t seed) : random_(seed) {}

  std::uint32_t Below(std::uint32_t limit) {
    return std::uniform_int_distribution<std::uint32_t>(0, limit - 1)(random_);
  }
  Path RandomPath() {
    Path path;
    const SchemaNode* node = &OurSchema().root();
    while (node->has_children()) {
      node = node->children[Below(static_cast<std::uint32_t>(node->children.size()))];
      // Half of all paths meet in a corner where keys are many.
      if (path.empty() && Below(2) == 0) node = &NodeAt("/interfaces");
      path.push_back({node, {}});
      const std::size_t key_count =
          node->is_list() ? node->key_count : (node->kind == NodeKind::kLeafList ? 1 : 0);
      for (std::size_t i = 0; i < key_count; ++i) path.back().keys.push_back(Name());
      if (Below(4) == 0) break;
    }
    return path;
  }
  std::vector<MapRule> Rules() {
    std::vector<MapRule> rules;
    const std::uint32_t count = 1 + Below(Below(4) == 0 ? 60 : 8);
    for (std::uint32_t i = 0; i < count; ++i) {
      rules.push_back({10 * (i + 1), Below(2) == 0, LocationOf(RandomPath())});
    }
    return rules;
  }

 private:
  std::string Name() { return std::string(1, static_cast<char>('a' + Below(3))); }
  std::string LocationOf(const Path& path) {
    std::string text;
    for (const PathStep& step : path) {
      text += "/" + (Below(5) == 0 ? "*" : step.node->name);
      for (std::size_t i = 0; i < step.keys.size(); ++i) {
        if (Below(3) == 0) continue;
        const std::string name = step.node->is_list() ? step.node->children[i]->name : ".";
        text += "[" + name + "='" + (Below(4) == 0 ? "*" : step.keys[i]) + "']";
      }
    }
    return text;
  }

  std::mt19937 random_;
};

TEST(SyncMap, F28_DecidesAsAModelThatLooksAtEveryRule) {
  int decided = 0;
  for (std::uint32_t seed = 0; seed < 3'000; ++seed) {
    RandomMap random(seed);
    const std::vector<MapRule> rules = random.Rules();
    const MapRules bound(rules, OurSchema().root());
    const Model model(rules);
    for (int i = 0; i < 20; ++i) {
      const Path path = random.RandomPath();
      const MapRule* rule = bound.Decide(path);
      const std::uint32_t number = rule == nullptr ? 0 : rule->number;
      ASSERT_EQ(number, model.Decide(path)) << "seed " << seed << " " << PathText(path);
      decided += rule != nullptr ? 1 : 0;
    }
  }
  EXPECT_GT(decided, 10'000);
}

// The whole of it: what stays of random configurations is what the model includes, node by node.
class MapModel {
 public:
  MapModel(const Tree& tree, const std::vector<MapRule>& rules) : model_(rules), rules_(rules) {
    Path path;
    Visit(tree.root(), path);
  }
  std::vector<std::string> included;

 private:
  void Visit(const Node& node, Path& path) {
    const bool is_leaf = node.role() == NodeRole::kLeaf || node.role() == NodeRole::kValue;
    if (is_leaf && !node.schema().is_key) {
      const std::uint32_t number = model_.Decide(path);
      const auto rule = std::ranges::find(rules_, number, &MapRule::number);
      if (rule != rules_.end() && rule->include) included.push_back(PathText(path));
    }
    for (const NodePtr& child : node.children()) {
      path.push_back({&child->schema(), {}});
      Visit(*child, path);
      path.pop_back();
    }
    node.VisitEntries([&](const Node& entry) {
      for (std::size_t i = 0; i < entry.key_count(); ++i) {
        path.back().keys.emplace_back(entry.key(i));
      }
      Visit(entry, path);
      path.back().keys.clear();
      return true;
    });
  }
  Model model_;
  const std::vector<MapRule>& rules_;
};

void CollectLeaves(const Node& node, Path& path, std::vector<std::string>& leaves) {
  const bool is_leaf = node.role() == NodeRole::kLeaf || node.role() == NodeRole::kValue;
  if (is_leaf && !node.schema().is_key) leaves.push_back(PathText(path));
  for (const NodePtr& child : node.children()) {
    path.push_back({&child->schema(), {}});
    CollectLeaves(*child, path, leaves);
    path.pop_back();
  }
  node.VisitEntries([&](const Node& entry) {
    for (std::size_t i = 0; i < entry.key_count(); ++i) {
      path.back().keys.emplace_back(entry.key(i));
    }
    CollectLeaves(entry, path, leaves);
    path.back().keys.clear();
    return true;
  });
}

// Shared, without mandatory nodes: there the map alone decides.
TEST(SyncMap, F28_TheLeavesOfAPartAreThoseThatTheModelIncludes) {
  const Tree full = FullTree();
  const std::vector<std::string> places = {"/",
                                           "/objects",
                                           "/objects/address",
                                           "/objects/address[name='web']",
                                           "/objects/address[name='*']/prefix",
                                           "/objects/address-group[name='all']",
                                           "/objects/address-group[name='servers']/member[.='db']",
                                           "/objects/*[name='web']",
                                           "/*/address-group",
                                           "/policy/rule[name='one']",
                                           "/policy/rule[name='two']/description",
                                           "/policy/rule",
                                           "/policy/rule/source",
                                           "/zones/zone[name='dmz']",
                                           "/zones/*/id",
                                           "/routing/table[name='isp2']/route[prefix='0.0.0.0/0']",
                                           "/users"};
  int cases = 0;
  for (std::uint32_t seed = 0; seed < 2'000; ++seed) {
    RandomMap random(seed);
    SelectionSpec spec = EverySpec();
    spec.has_map = true;
    const std::uint32_t count = 1 + random.Below(6);
    for (std::uint32_t i = 0; i < count; ++i) {
      spec.rules.push_back({10 * (i + 1), random.Below(3) != 0,
                            places[random.Below(static_cast<std::uint32_t>(places.size()))]});
    }
    Selection selection(spec, OurSchema().root());
    const Tree part = selection.PartOf(full);
    std::vector<std::string> leaves;
    Path path;
    CollectLeaves(part.root(), path, leaves);
    const MapModel model(full, spec.rules);
    // By class alone some of it stays at home; by need some goes along.
    Selection all(EverySpec(), OurSchema().root());
    const Tree may = all.PartOf(full);
    for (const std::string& leaf : model.included) {
      const Path place = PathTo(leaf);
      if (may.Find(place) == nullptr) continue;
      ASSERT_NE(part.Find(place), nullptr) << "seed " << seed << " lost " << leaf;
      ++cases;
    }
    for (const std::string& leaf : leaves) {
      const SchemaNode& node = *PathTo(leaf).back().node;
      if (node.mandatory || node.min_elements > 0) continue;
      ASSERT_NE(std::ranges::find(model.included, leaf), model.included.end())
          << "seed " << seed << " too much: " << leaf;
    }
  }
  EXPECT_GT(cases, 10'000);
}

}  // namespace
}  // namespace configsync
