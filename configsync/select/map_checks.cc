// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

// What the schema cannot see about sync maps.

#include <algorithm>
#include <string_view>
#include <utility>

#include "absl/strings/str_cat.h"
#include "configsync/schema/explain.h"
#include "configsync/schema/text.h"
#include "configsync/select/location.h"
#include "configsync/select/selection.h"
#include "configsync/select/switches.h"

namespace configsync {
namespace {

constexpr std::size_t kNamedMax = 3;

bool Has(const SchemaNode& node, SyncClass sync) {
  return std::ranges::find(node.sync, sync) != node.sync.end();
}

bool MayTravel(const SchemaNode& node) {
  return Has(node, SyncClass::kShared) || Has(node, SyncClass::kConditional) ||
         Has(node, SyncClass::kPresenceName) ||
         std::ranges::any_of(node.children, [](const SchemaNode* child) {
           return !child->is_key && MayTravel(*child);
         });
}

// Never, and nothing below travels either.
bool IsNever(const SchemaNode& node) { return Has(node, SyncClass::kNever) && !MayTravel(node); }

std::string RulePath(const SyncMap& map, const MapRule& rule) {
  return absl::StrCat(kSynchronization, "/map[name='", map.name, "']/rule[number='", rule.number,
                      "']/location");
}

std::string NameOf(const SyncMap& map, const MapRule& rule) {
  return absl::StrCat("map ", map.name, ", rule ", rule.number);
}

// What is wrong with the first step that fits nothing, by the nodes that the steps before lead to.
std::string UnknownText(const Location& location, const SchemaNode& root, std::string& remedy) {
  Location known;
  for (const LocationStep& step : location) {
    const std::vector<const SchemaNode*> parents = NodesAt(known, root);
    known.push_back(step);
    if (!NodesAt(known, root).empty()) continue;
    const SchemaNode& parent = *parents.front();
    LocationStep bare = step;
    bare.keys.clear();
    Location without = known;
    without.back() = bare;
    if (!step.keys.empty() && !NodesAt(without, root).empty()) {
      remedy = "name keys of the list as the schema has them, or leave the brackets out";
      return absl::StrCat("'", ShortText(step.name), "' has no such key");
    }
    remedy = parents.size() == 1 ? UnknownRemedy(parent, step.name) : "correct the location";
    return absl::StrCat("the schema has no '", ShortText(step.name), "' in ", parent.path);
  }
  return {};
}

void CheckRule(const SyncMap& map, const MapRule& rule, const SchemaNode& root,
               Problems& problems) {
  Problem problem;
  problem.path = RulePath(map, rule);
  problem.value = ShortText(rule.location);
  const absl::StatusOr<Location> location = ParseLocation(rule.location);
  if (!location.ok()) {
    problem.code = kLocationUnknown;
    problem.text = absl::StrCat("it is no location: ", std::string(location.status().message()));
    problem.remedy = "write it as /policy/rule[name='web'] or /interfaces/interface[name='*']";
    problems.Add(std::move(problem));
    return;
  }
  const std::vector<const SchemaNode*> nodes = NodesAt(*location, root);
  if (nodes.empty()) {
    problem.code = kLocationUnknown;
    problem.text = UnknownText(*location, root, problem.remedy);
    problems.Add(std::move(problem));
    return;
  }
  const bool all_never =
      std::ranges::all_of(nodes, [](const SchemaNode* node) { return IsNever(*node); });
  if (!rule.include || !all_never) return;
  problem.code = kNeverSync;
  problem.text =
      absl::StrCat(NameOf(map, rule), " includes ", nodes.front()->path, ", which never travels");
  problem.remedy = "delete the rule: each node keeps its own, whatever a map says";
  problems.Add(std::move(problem));
}

// Topmost nodes at and below that are each node's own.
void CollectUnique(const SchemaNode& node, std::vector<std::string>& paths) {
  const bool is_own =
      std::ranges::all_of(node.sync, [](SyncClass sync) { return sync == SyncClass::kUnique; });
  if (is_own && !MayTravel(node)) {
    paths.push_back(node.path);
    return;
  }
  for (const SchemaNode* child : node.children) {
    if (!child->is_key) CollectUnique(*child, paths);
  }
}

void WarnOfUnique(const SyncMap& map, const MapRule& rule, const SchemaNode& root,
                  std::vector<std::string>& warnings) {
  const absl::StatusOr<Location> location = ParseLocation(rule.location);
  if (!location.ok() || !rule.include) return;
  const std::vector<const SchemaNode*> nodes = NodesAt(*location, root);
  std::vector<std::string> unique;
  for (const SchemaNode* node : nodes) CollectUnique(*node, unique);
  if (unique.empty()) return;
  const bool nothing_else =
      std::ranges::none_of(nodes, [](const SchemaNode* node) { return MayTravel(*node); });
  std::string names;
  for (std::size_t i = 0; i < std::min(unique.size(), kNamedMax); ++i) {
    absl::StrAppend(&names, i == 0 ? "" : ", ", unique[i]);
  }
  if (unique.size() > kNamedMax) {
    absl::StrAppend(&names, " and ", unique.size() - kNamedMax, " more");
  }
  warnings.push_back(absl::StrCat(NameOf(map, rule),
                                  nothing_else ? " includes only " : " includes ", names,
                                  ": each node keeps its own, it does not travel"));
}

bool Includes(const SyncMap& map) {
  return std::ranges::any_of(map.rules, [](const MapRule& rule) { return rule.include; });
}

}  // namespace

void CheckMaps(const Tree& tree, Problems& problems) {
  for (const SyncMap& map : MapsOf(tree)) {
    for (const MapRule& rule : map.rules) CheckRule(map, rule, tree.schema(), problems);
  }
}

std::vector<std::string> MapWarnings(const Tree& tree) {
  std::vector<std::string> warnings;
  for (const SyncMap& map : MapsOf(tree)) {
    if (!Includes(map)) {
      warnings.push_back(absl::StrCat(
          "map ", map.name, " includes nothing: nothing travels to remotes that have it"));
    }
    for (const MapRule& rule : map.rules) WarnOfUnique(map, rule, tree.schema(), warnings);
  }
  const std::vector<std::string> off = CategoriesOff(tree);
  const Path list = PathOfText("/ha/configuration-synchronization/category", tree.schema());
  const SchemaNode* name = list.empty() ? nullptr : list.back().node->Child("name");
  if (name != nullptr && !off.empty() && off.size() == name->values.size()) {
    warnings.emplace_back("all categories are off: nothing travels but what the pair itself needs");
  }
  return warnings;
}

}  // namespace configsync
