// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

#include "configsync/select/map_rules.h"

#include <algorithm>
#include <set>
#include <tuple>
#include <utility>

namespace configsync {
namespace {

std::uint32_t LastIndex(const SchemaNode& node) {
  std::uint32_t last = node.index;
  for (const SchemaNode* child : node.children) last = std::max(last, LastIndex(*child));
  return last;
}

bool HasKeys(const SchemaNode& node) { return node.is_list() || node.kind == NodeKind::kLeafList; }

// Lengths keep ("a", "bc") apart from ("ab", "c").
void AppendKey(std::string& text, const std::string& key) {
  text += std::to_string(key.size());
  text += ':';
  text += key;
}

std::string KeysText(const std::vector<std::string>& keys) {
  std::string text;
  for (const std::string& key : keys) AppendKey(text, key);
  return text;
}

}  // namespace

MapRules::MapRules(const std::vector<MapRule>& rules, const SchemaNode& root)
    : rules_(rules), first_index_(root.index) {
  for (const MapRule& rule : rules_) {
    absl::StatusOr<Location> location = ParseLocation(rule.location);
    if (!location.ok()) continue;
    Bound bound{&rule, *std::move(location)};
    for (const LocationStep& step : bound.location) {
      bound.named_steps += step.is_any() ? 0 : 1;
      bound.named_keys += NamedKeys(step);
    }
    bounds_.push_back(std::move(bound));
  }
  std::ranges::stable_sort(bounds_, [](const Bound& a, const Bound& b) {
    return std::tuple(a.named_steps, a.named_keys, a.rule->number) >
           std::tuple(b.named_steps, b.named_keys, b.rule->number);
  });
  const std::size_t count = LastIndex(root) - first_index_ + 1;
  ending_.resize(count);
  going_below_.resize(count);
  list_depths_.resize(count);
  std::vector<std::uint32_t> all(bounds_.size());
  for (std::uint32_t i = 0; i < all.size(); ++i) all[i] = i;
  Bind(root, 0, 0, all);
}

// `candidates` fit the steps down to `node`. Returns those that end there or below.
std::vector<std::uint32_t> MapRules::Bind(const SchemaNode& node, std::size_t depth,
                                          std::size_t list_depth,
                                          const std::vector<std::uint32_t>& candidates) {
  if (HasKeys(node)) list_depth = depth;
  const std::size_t at = node.index - first_index_;
  list_depths_[at] = list_depth;
  std::vector<std::uint32_t> reached;
  std::vector<std::uint32_t> below;
  for (const std::uint32_t rule : candidates) {
    if (bounds_[rule].location.size() == depth) {
      Put(ending_[at], rule, node, list_depth);
      reached.push_back(rule);
    } else {
      below.push_back(rule);
    }
  }
  std::set<std::uint32_t> going;
  for (const SchemaNode* child : node.children) {
    std::vector<std::uint32_t> fitting;
    for (const std::uint32_t rule : below) {
      if (Fits(bounds_[rule].location[depth], *child)) fitting.push_back(rule);
    }
    if (fitting.empty()) continue;
    for (const std::uint32_t rule : Bind(*child, depth + 1, list_depth, fitting)) {
      going.insert(rule);
    }
  }
  for (const std::uint32_t rule : going) {
    Put(going_below_[at], rule, node, list_depth);
    reached.push_back(rule);
  }
  return reached;
}

void MapRules::Put(RuleSet& set, std::uint32_t rule, const SchemaNode& node,
                   std::size_t list_depth) const {
  const SchemaNode* list = &node;
  while (list != nullptr && !HasKeys(*list)) list = list->parent;
  if (list != nullptr) {
    const LocationStep& step = bounds_[rule].location[list_depth - 1];
    const std::size_t key_count = list->is_list() ? list->key_count : 1;
    std::vector<std::string> keys;
    for (std::size_t i = 0; i < key_count; ++i) {
      const std::string& name = list->is_list() ? list->children[i]->name : ".";
      for (const LocationKey& key : step.keys) {
        if (key.is_any() || (key.name != name && !key.name.ends_with(":" + name))) continue;
        keys.push_back(key.value);
        break;
      }
    }
    // A key that stands twice with two values fits nothing; it is found among the others.
    if (keys.size() == key_count && step.keys.size() == key_count) {
      set.by_keys[KeysText(keys)].push_back(rule);
      return;
    }
  }
  set.others.push_back(rule);
}

bool MapRules::KeysMatch(const Bound& bound, const Path& path, std::size_t steps) const {
  for (std::size_t i = 0; i < steps; ++i) {
    if (!KeysFit(bound.location[i], path[i])) return false;
  }
  return true;
}

// Visits rules of the set of the node that `steps` lead to, as far as keys of the innermost list
// let them fit, until one is visited with true.
template <typename Visit>
bool MapRules::AnyOf(const RuleSet& set, const Path& path, std::size_t list_depth,
                     const Visit& visit) const {
  for (const std::uint32_t rule : set.others) {
    if (visit(rule)) return true;
  }
  if (set.by_keys.empty() || path[list_depth - 1].keys.empty()) return false;
  const auto found = set.by_keys.find(KeysText(path[list_depth - 1].keys));
  if (found == set.by_keys.end()) return false;
  return std::ranges::any_of(found->second, visit);
}

const MapRule* MapRules::Decide(const Path& path) const {
  for (std::size_t steps = path.size() + 1; steps-- > 0;) {
    const std::size_t at = steps == 0 ? 0 : path[steps - 1].node->index - first_index_;
    if (ending_[at].empty()) continue;
    std::uint32_t best = static_cast<std::uint32_t>(bounds_.size());
    AnyOf(ending_[at], path, list_depths_[at], [&](std::uint32_t rule) {
      if (rule < best && KeysMatch(bounds_[rule], path, steps)) best = rule;
      return false;
    });
    if (best < bounds_.size()) return bounds_[best].rule;
  }
  return nullptr;
}

std::size_t MapRules::StepsOf(const MapRule& rule) const {
  const auto found = std::ranges::find(bounds_, &rule, &Bound::rule);
  return found == bounds_.end() ? 0 : found->location.size();
}

bool MapRules::SpeaksBelow(const Path& path) const {
  const std::size_t at = path.empty() ? 0 : path.back().node->index - first_index_;
  const bool is_open = !path.empty() && HasKeys(*path.back().node) && path.back().keys.empty();
  const std::size_t steps = path.size() - (is_open ? 1 : 0);
  const auto fits = [&](std::uint32_t rule) { return KeysMatch(bounds_[rule], path, steps); };
  if (AnyOf(going_below_[at], path, list_depths_[at], fits)) return true;
  if (!is_open) return false;
  for (const RuleSet* set : {&going_below_[at], &ending_[at]}) {
    for (const auto& [keys, rules] : set->by_keys) {
      if (std::ranges::any_of(rules, fits)) return true;
    }
  }
  return std::ranges::any_of(ending_[at].others, [&](std::uint32_t rule) {
    return NamedKeys(bounds_[rule].location.back()) > 0 && fits(rule);
  });
}

bool MapRules::IncludesAll(const SchemaNode& node) const {
  if (!going_below_[node.index - first_index_].empty()) return false;
  Path path;
  for (const SchemaNode* at = &node; at != nullptr; at = at->parent) {
    const RuleSet& set = ending_[at->index - first_index_];
    const bool is_open = std::ranges::all_of(
        set.others, [&](std::uint32_t rule) { return bounds_[rule].named_keys == 0; });
    if (!set.by_keys.empty() || !is_open) return false;
    if (at->parent != nullptr) path.insert(path.begin(), {at, {}});
  }
  const MapRule* rule = Decide(path);
  return rule != nullptr && rule->include;
}

}  // namespace configsync
