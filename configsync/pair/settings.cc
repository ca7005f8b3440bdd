// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

#include "configsync/pair/settings.h"

#include <algorithm>

#include "configsync/engine/ha_nodes.h"

namespace configsync {
namespace {

// Of the leaf below, or its default; "" if there is neither.
std::string ValueOf(const SchemaNode& schema, const Node* node, std::string_view name) {
  const SchemaNode* const leaf = schema.Child(name);
  if (leaf == nullptr) return {};
  if (const Node* found = node == nullptr ? nullptr : node->Child(*leaf); found != nullptr) {
    return std::string(found->value());
  }
  return leaf->defaults.empty() ? "" : leaf->defaults.front();
}

}  // namespace

SyncSettings SettingsOf(const Tree& tree) {
  SyncSettings settings;
  const Path path = PathDown(tree.schema(), {"ha", "configuration-synchronization"});
  if (path.empty()) return settings;
  const SchemaNode& schema = *path.back().node;
  const Node* const top = tree.Find(path);
  settings.is_enabled = ValueOf(schema, top, "enabled") == "true";
  const std::string policy = ValueOf(schema, top, "policy");
  if (policy == "strict") settings.policy = CommitPolicy::kStrict;
  if (policy == "deferred") settings.policy = CommitPolicy::kDeferred;
  const std::string push = ValueOf(schema, top, "push");
  if (push == "by-category") settings.push = PushMode::kByCategory;
  if (push == "manual") settings.push = PushMode::kManual;
  const SchemaNode* const list = schema.Child("remote");
  const Node* const remotes = list == nullptr || top == nullptr ? nullptr : top->Child(*list);
  if (remotes == nullptr) return settings;
  remotes->VisitEntries([&](const Node& entry) {
    settings.remotes.push_back({.name = std::string(entry.key(0)),
                                .address = ValueOf(*list, &entry, "address"),
                                .backup_address = ValueOf(*list, &entry, "backup-address"),
                                .user = ValueOf(*list, &entry, "user"),
                                .password = ValueOf(*list, &entry, "password")});
    return settings.remotes.size() < kRemotesMax;
  });
  std::ranges::sort(settings.remotes, {}, &RemoteAddress::name);
  return settings;
}

}  // namespace configsync
