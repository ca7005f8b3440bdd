// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

#include "configsync/schema/stored_only.h"

#include <map>
#include <unordered_map>

namespace configsync {
namespace {

class Search {
 public:
  void Look(const Change& change) {
    if (change.kind == ChangeKind::kMoved) return;  // Its entry is as it was.
    Visit(change.after_node != nullptr ? *change.after_node : *change.before);
    if (change.kind == ChangeKind::kModified && change.before != nullptr) Visit(*change.before);
  }

  [[nodiscard]] std::vector<std::string> Paths() const {
    std::vector<std::string> paths;
    for (const auto& [index, path] : found_) paths.push_back(path);
    return paths;
  }

 private:
  void Visit(const Node& node) {
    const SchemaNode& schema = node.schema();
    if (schema.stored_only) {
      const SchemaNode* top = &schema;
      while (top->parent != nullptr && top->parent->stored_only) top = top->parent;
      found_.emplace(top->index, top->path);
      return;
    }
    if (!MayHold(schema)) return;
    for (const NodePtr& child : node.children()) Visit(*child);
    if (node.role() != NodeRole::kList) return;
    node.VisitEntries([this](const Node& entry) {
      Visit(entry);
      return true;
    });
  }

  bool MayHold(const SchemaNode& schema) {
    if (const auto known = may_hold_.find(&schema); known != may_hold_.end()) return known->second;
    bool may = false;
    for (const SchemaNode* child : schema.children) {
      may = may || child->stored_only || MayHold(*child);
    }
    may_hold_.emplace(&schema, may);
    return may;
  }

  std::map<std::uint32_t, std::string> found_;  // By SchemaNode::index.
  std::unordered_map<const SchemaNode*, bool> may_hold_;
};

}  // namespace

std::vector<std::string> StoredOnlyPaths(std::span<const Change> changes) {
  Search search;
  for (const Change& change : changes) search.Look(change);
  return search.Paths();
}

}  // namespace configsync
