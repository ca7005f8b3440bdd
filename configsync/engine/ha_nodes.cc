// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

#include "configsync/engine/ha_nodes.h"

#include "configsync/tree/node.h"

namespace configsync {
namespace {

bool IsTrue(const Tree& tree, const Path& path) {
  if (path.empty()) return false;
  if (const Node* node = tree.Find(path); node != nullptr) return node->value() == "true";
  const SchemaNode& leaf = *path.back().node;
  return !leaf.defaults.empty() && leaf.defaults.front() == "true";
}

}  // namespace

Path PathDown(const SchemaNode& root, std::initializer_list<std::string_view> names) {
  Path path;
  const SchemaNode* node = &root;
  for (const std::string_view name : names) {
    node = node->Child(name);
    if (node == nullptr) return {};
    path.push_back({.node = node, .keys = {}});
  }
  return path;
}

Path FailoverEnabledPath(const SchemaNode& root) {
  return PathDown(root, {"ha", "failover", "enabled"});
}

bool IsHaArmed(const Tree& tree) {
  const Path ha = PathDown(tree.schema(), {"ha"});
  if (ha.empty() || tree.Find(ha) == nullptr) return false;
  return IsTrue(tree, FailoverEnabledPath(tree.schema()));
}

bool IsHaDisarmed(const Tree& tree) {
  const Path path = FailoverEnabledPath(tree.schema());
  const Node* const node = path.empty() ? nullptr : tree.Find(path);
  return node != nullptr && node->value() == "false";
}

bool IsConfigurationSynchronized(const Tree& tree) {
  return IsTrue(tree, PathDown(tree.schema(), {"ha", "configuration-synchronization", "enabled"}));
}

}  // namespace configsync
