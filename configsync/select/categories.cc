// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

#include <algorithm>
#include <functional>
#include <set>

#include "configsync/select/selection.h"
#include "configsync/select/switches.h"

namespace configsync {
namespace {

using Names = std::set<std::string>;

std::vector<std::string> ListOf(const Names& names) { return {names.begin(), names.end()}; }

bool MayTravel(const SchemaNode& node) {
  return std::ranges::any_of(node.sync, [](SyncClass sync) {
    return sync == SyncClass::kShared || sync == SyncClass::kConditional ||
           sync == SyncClass::kPresenceName;
  });
}

void Collect(const SchemaNode& node, const std::function<bool(const SchemaNode&)>& counts,
             Names& names) {
  if (!node.category.empty() && MayTravel(node) && counts(node)) names.insert(node.category);
  for (const SchemaNode* child : node.children) Collect(*child, counts, names);
}

void CollectAll(const Node& node, Names& names) {
  if (!node.schema().category.empty()) names.insert(node.schema().category);
  for (const NodePtr& child : node.children()) CollectAll(*child, names);
  node.VisitEntries([&](const Node& entry) {
    CollectAll(entry, names);
    return true;
  });
}

}  // namespace

std::vector<std::string> CategoriesOf(const SchemaNode& root) {
  Names names;
  Collect(
      root, [](const SchemaNode&) { return true; }, names);
  return ListOf(names);
}

std::vector<std::string> CategoriesOf(const SchemaNode& root, SyncTrigger trigger) {
  Names names;
  Collect(
      root, [&](const SchemaNode& node) { return node.trigger == trigger; }, names);
  return ListOf(names);
}

// Of a moved or modified node only itself has changed.
std::vector<std::string> CategoriesOf(std::span<const Change> changes) {
  Names names;
  for (const Change& change : changes) {
    if (!change.path.empty()) names.insert(change.path.back().node->category);
    if (change.kind == ChangeKind::kAdded) CollectAll(*change.after_node, names);
    if (change.kind == ChangeKind::kRemoved) CollectAll(*change.before, names);
  }
  names.erase("");
  return ListOf(names);
}

std::vector<Edit> CategorySwitches(const Tree& tree, bool enabled) {
  std::vector<Edit> edits;
  const Path list = PathOfText("/ha/configuration-synchronization/category", tree.schema());
  if (list.empty()) return edits;
  if (tree.Find(list) != nullptr) edits.push_back({EditOp::kDelete, list, {}, {}});
  if (enabled) return edits;
  const SchemaNode* name = list.back().node->Child("name");
  const SchemaNode* leaf = list.back().node->Child("enabled");
  if (name == nullptr || leaf == nullptr) return edits;
  for (const std::string& category : name->values) {
    Path path = list;
    path.back().keys = {category};
    path.push_back({leaf, {}});
    edits.push_back({EditOp::kSet, std::move(path), "false", {}});
  }
  return edits;
}

}  // namespace configsync
