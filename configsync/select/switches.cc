// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

#include "configsync/select/switches.h"

#include <algorithm>
#include <charconv>
#include <utility>

#include "absl/strings/str_cat.h"
#include "configsync/select/floating.h"

namespace configsync {
namespace {

std::string ChildText(const Node& entry, std::string_view name) {
  const SchemaNode* schema = entry.schema().Child(name);
  if (schema == nullptr) return {};
  const Node* leaf = entry.Child(*schema);
  if (leaf != nullptr) return std::string(leaf->value());
  return schema->defaults.empty() ? std::string() : schema->defaults.front();
}

// The list below /ha/configuration-synchronization; null: empty or unknown.
const Node* ListOf(const Tree& tree, const char* name) {
  const Path path = PathOfText(absl::StrCat(kSynchronization, "/", name), tree.schema());
  return path.empty() ? nullptr : tree.Find(path);
}

MapRule RuleOf(const Node& entry) {
  MapRule rule;
  const std::string_view number = entry.key(0);
  std::from_chars(number.data(), number.data() + number.size(), rule.number);
  rule.include = ChildText(entry, "action") == "include";
  rule.location = ChildText(entry, "location");
  return rule;
}

}  // namespace

std::string LeafText(const Tree& tree, std::string_view text) {
  const Path path = PathOfText(text, tree.schema());
  if (path.empty()) return {};
  if (const Node* leaf = tree.Find(path); leaf != nullptr) return std::string(leaf->value());
  const SchemaNode& schema = *path.back().node;
  return schema.defaults.empty() ? std::string() : schema.defaults.front();
}

Mode ModeOf(const Tree& running) {
  return LeafText(running, "/ha/mode") == "active-active" ? Mode::kActiveActive
                                                          : Mode::kActivePassive;
}

std::vector<std::string> CategoriesOff(const Tree& running) {
  std::vector<std::string> names;
  const Node* list = ListOf(running, "category");
  if (list == nullptr) return names;
  list->VisitEntries([&](const Node& entry) {
    if (ChildText(entry, "enabled") == "false") names.emplace_back(entry.key(0));
    return true;
  });
  std::ranges::sort(names);
  return names;
}

std::string MapOf(const Tree& running, const std::string& remote) {
  const Node* list = ListOf(running, "remote");
  if (list == nullptr) return {};
  const Node* entry = list->Entry(std::vector<std::string>{remote});
  return entry == nullptr ? std::string() : ChildText(*entry, "map");
}

std::vector<SyncMap> MapsOf(const Tree& running) {
  std::vector<SyncMap> maps;
  const Node* list = ListOf(running, "map");
  if (list == nullptr) return maps;
  list->VisitEntries([&](const Node& entry) {
    SyncMap map{std::string(entry.key(0)), {}};
    const SchemaNode* rule_list = entry.schema().Child("rule");
    const Node* rules = rule_list == nullptr ? nullptr : entry.Child(*rule_list);
    if (rules != nullptr) {
      rules->VisitEntries([&](const Node& rule) {
        map.rules.push_back(RuleOf(rule));
        return map.rules.size() < kMapRulesMax;
      });
    }
    std::ranges::sort(map.rules, {}, &MapRule::number);
    maps.push_back(std::move(map));
    return true;
  });
  return maps;
}

SelectionSpec BareSpec(const Tree& running, const Tree& target, const std::string& remote,
                       const Gates& gates, Mode mode) {
  SelectionSpec spec;
  spec.mode = mode;
  spec.virtual_router_sync = LeafText(running, "/ha/active-active/virtual-router-sync") == "true";
  spec.qos_sync = LeafText(running, "/ha/active-active/qos-sync") == "true";
  if (mode == Mode::kActiveActive) spec.floating_addresses = VirtualAddresses(target);
  const std::vector<std::string> off = CategoriesOff(running);
  for (std::string& category : CategoriesOf(running.schema())) {
    const bool stays = std::ranges::binary_search(off, category) ||
                       std::ranges::find(gates.withheld, category) != gates.withheld.end();
    if (!stays) spec.categories.push_back(std::move(category));
  }
  const std::string name = MapOf(running, remote);
  spec.has_map = !name.empty();
  for (SyncMap& map : MapsOf(running)) {
    if (spec.has_map && map.name == name) spec.rules = std::move(map.rules);
  }
  return spec;
}

}  // namespace configsync
