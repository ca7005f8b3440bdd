// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

#include "tests/sim/config/small_schema.h"

#include <cstdio>
#include <cstdlib>
#include <set>
#include <sstream>

namespace configsync {
namespace {

[[noreturn]] void Fail(std::string_view words) {
  std::fprintf(stderr, "small schema: no node for '%.*s'\n", static_cast<int>(words.size()),
               words.data());
  std::abort();
}

}  // namespace

SmallSchema::SmallSchema() {
  SchemaNode& root = nodes_.emplace_back();
  root.path = "/";
  SchemaNode& system = Add(root, NodeKind::kContainer, "system");
  Add(system, NodeKind::kLeaf, "host-name");
  Add(system, NodeKind::kLeaf, "password").secret = true;
  Add(system, NodeKind::kLeafList, "token").secret = true;
  SchemaNode& interfaces = Add(root, NodeKind::kContainer, "interfaces");
  SchemaNode& interface = Add(interfaces, NodeKind::kList, "interface");
  SchemaNode& mtu = Add(interface, NodeKind::kLeaf, "mtu");
  for (SchemaNode* node : {&interfaces, &interface, &mtu}) {
    node->edit_lock = true;
    node->reload = {"dhcp"};
  }
  SchemaNode& policy = Add(root, NodeKind::kContainer, "policy");
  SchemaNode& rule = Add(policy, NodeKind::kList, "rule");
  rule.order = ListOrder::kUser;
  Add(rule, NodeKind::kLeaf, "id").auto_id = true;
  Add(rule, NodeKind::kLeaf, "action").reload = {"dataplane"};
  SchemaNode& ha = Add(root, NodeKind::kContainer, "ha");
  Add(ha, NodeKind::kLeaf, "virtual-host-name");
  SchemaNode& failover = Add(ha, NodeKind::kContainer, "failover");
  Add(failover, NodeKind::kLeaf, "enabled").defaults = {"true"};
  SchemaNode& sync = Add(ha, NodeKind::kContainer, "configuration-synchronization");
  Add(sync, NodeKind::kLeaf, "enabled").defaults = {"false"};
}

SchemaNode& SmallSchema::Add(SchemaNode& parent, NodeKind kind, std::string_view name) {
  SchemaNode& node = nodes_.emplace_back();
  node.kind = kind;
  node.name = name;
  node.module = "small";
  node.parent = &parent;
  node.path = (parent.path == "/" ? "" : parent.path) + "/" + node.name;
  node.index = static_cast<std::uint32_t>(nodes_.size());
  parent.children.push_back(&node);
  if (kind == NodeKind::kList) {
    SchemaNode& key = Add(node, NodeKind::kLeaf, "name");
    key.is_key = true;
    node.key_count = 1;
  }
  return node;
}

Path SmallSchema::PathOf(std::string_view words) const {
  Path path;
  const SchemaNode* node = &root();
  std::istringstream stream{std::string(words)};
  for (std::string word; stream >> word;) {
    node = node->Child(word);
    if (node == nullptr) Fail(words);
    path.push_back({.node = node, .keys = {}});
    if ((node->is_list() || node->kind == NodeKind::kLeafList) && stream >> word) {
      path.back().keys.push_back(word);
    }
  }
  return path;
}

Edit SmallSchema::Set(std::string_view words, std::string_view value) const {
  return {.op = EditOp::kSet, .path = PathOf(words), .value = std::string(value), .after = {}};
}

Edit SmallSchema::Delete(std::string_view words) const {
  return {.op = EditOp::kDelete, .path = PathOf(words), .value = {}, .after = {}};
}

std::vector<Edit> SmallJudge::ReadJson(std::string_view json, const Tree&,
                                       Problems& problems) const {
  std::vector<Edit> edits;
  std::istringstream stream{std::string(json)};
  for (std::string line; std::getline(stream, line);) {
    const std::size_t equals = line.find('=');
    if (equals == std::string::npos) {
      problems.Add(
          {.code = "BAD_JSON", .path = {}, .value = line, .text = "no =", .remedy = "add"});
      continue;
    }
    edits.push_back(schema_.Set(line.substr(0, equals), line.substr(equals + 1)));
  }
  return edits;
}

Tree SmallJudge::WithIds(const Tree& running, const Tree& tree, Problems& problems) const {
  std::set<std::string> used;
  std::vector<std::string> lacking;
  const auto look = [&](const Tree& in, bool collects) {
    const Node* const rules = in.Find(schema_.PathOf("policy rule"));
    if (rules == nullptr) return;
    rules->VisitEntries([&](const Node& entry) {
      const Node* const id = entry.Child(*entry.schema().Child("id"));
      if (id != nullptr) used.emplace(id->value());
      if (id == nullptr && collects) lacking.emplace_back(entry.key(0));
      return true;
    });
  };
  look(running, false);
  look(tree, true);
  std::vector<Edit> edits;
  std::uint32_t next = 1;
  for (const std::string& name : lacking) {
    while (used.contains(std::to_string(next))) ++next;
    used.insert(std::to_string(next));
    edits.push_back(schema_.Set("policy rule " + name + " id", std::to_string(next)));
  }
  absl::StatusOr<Tree> made = tree.Apply(edits);
  if (made.ok()) return *made;
  problems.Add({.code = "NO_FREE_ID", .path = {}, .value = {}, .text = "ids", .remedy = "none"});
  return tree;
}

Judge::Cost SmallJudge::Verdict(const Tree& tree, Problems& problems) const {
  const auto wrong = [&](std::string path, std::string_view value) {
    problems.Add({.code = "INVALID",
                  .path = std::move(path),
                  .value = std::string(value),
                  .text = "not allowed",
                  .remedy = "another value"});
  };
  const Node* const host_name = tree.Find(schema_.PathOf("system host-name"));
  if (host_name != nullptr && host_name->value() == "bad") wrong("/system/host-name", "bad");
  const Node* const rules = tree.Find(schema_.PathOf("policy rule"));
  if (rules != nullptr) {
    rules->VisitEntries([&](const Node& entry) {
      const Node* const action = entry.Child(*entry.schema().Child("action"));
      if (action != nullptr && action->value() != "permit" && action->value() != "deny") {
        wrong("/policy/rule/action", action->value());
      }
      return true;
    });
  }
  return {.own_cpu_us = 1, .validation_cpu_us = 1};
}

}  // namespace configsync
