// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

#include "configsync/engine/change_rules.h"

#include <algorithm>
#include <functional>

#include "configsync/engine/codes.h"
#include "configsync/tree/node.h"

namespace configsync {
namespace {

// Calls `visit` for the node and all below, until it returns false. Returns whether it never did.
bool VisitAll(const Node& node, const std::function<bool(const SchemaNode&)>& visit) {
  if (!visit(node.schema())) return false;
  for (const NodePtr& child : node.children()) {
    if (!VisitAll(*child, visit)) return false;
  }
  bool goes_on = true;
  if (node.role() == NodeRole::kList || node.role() == NodeRole::kLeafList) {
    node.VisitEntries([&](const Node& entry) { return goes_on = VisitAll(entry, visit); });
  }
  return goes_on;
}

bool VisitChanged(const Change& change, const std::function<bool(const SchemaNode&)>& visit) {
  if (!change.path.empty() && !visit(*change.path.back().node)) return false;
  // Of a modified or moved node only itself has changed: what is below has changes of its own.
  if (change.kind == ChangeKind::kAdded) return VisitAll(*change.after_node, visit);
  if (change.kind == ChangeKind::kRemoved) return VisitAll(*change.before, visit);
  return true;
}

}  // namespace

void FindEditLocks(std::span<const Change> changes, Problems& problems) {
  for (const Change& change : changes) {
    const bool is_free =
        VisitChanged(change, [](const SchemaNode& node) { return !node.edit_lock; });
    if (is_free) continue;
    problems.Add({.code = std::string(problem_code::kHaEditLock),
                  .path = PublicPath(change.path),
                  .value = {},
                  .text = "it cannot be edited while HA is armed: the standby might take over into "
                          "a half-made network",
                  .remedy = "run: lockstepctl ha edit begin; then commit again; then: lockstepctl "
                            "ha edit end. HA is armed again by itself if you forget"});
  }
}

std::vector<ServiceAction> ServicesOf(std::span<const Change> changes) {
  std::vector<ServiceAction> services;
  for (const Change& change : changes) {
    VisitChanged(change, [&](const SchemaNode& node) {
      for (const std::string& service : node.reload) {
        const bool is_known = std::ranges::any_of(
            services, [&](const ServiceAction& action) { return action.service == service; });
        if (!is_known) services.push_back({.service = service, .reason = PublicPath(change.path)});
      }
      return true;
    });
  }
  return services;
}

std::string PublicPath(Path path) {
  for (PathStep& step : path) {
    if (step.node->secret && step.node->kind == NodeKind::kLeafList) step.keys.clear();
  }
  return PathText(path);
}

}  // namespace configsync
