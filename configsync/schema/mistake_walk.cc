// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

#include "configsync/schema/mistake_walk.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "configsync/schema/problem_codes.h"
#include "configsync/schema/text.h"

namespace configsync {
namespace {

void AddProblem(Problems& problems, std::string_view code, std::string path, std::string value,
                std::string text, std::string remedy) {
  problems.Add({.code = std::string(code),
                .path = std::move(path),
                .value = std::move(value),
                .text = std::move(text),
                .remedy = std::move(remedy)});
}

PathStep StepOf(const SchemaNode& schema, const Node* node) {
  PathStep step{&schema, {}};
  for (std::size_t i = 0; schema.is_list() && node != nullptr && i < schema.key_count; ++i) {
    step.keys.emplace_back(node->key(i));
  }
  return step;
}

// For people; empty if one of them is a secret.
std::string ShownValues(const Node& entry, const std::vector<const SchemaNode*>& leaves) {
  std::string shown;
  for (const SchemaNode* leaf : leaves) {
    if (leaf->secret) return {};
    const Node* value = entry.Child(*leaf);
    if (!shown.empty()) shown += ", ";
    shown += value == nullptr ? std::string_view(leaf->defaults.front()) : value->value();
  }
  return shown;
}

}  // namespace

bool UniqueValues(const Node& entry, const std::vector<const SchemaNode*>& leaves,
                  std::string& values) {
  values.clear();
  for (const SchemaNode* leaf : leaves) {
    const Node* value = entry.Child(*leaf);
    if (value == nullptr && leaf->defaults.empty()) return false;
    // With its length before it: "a, b" and "c" are not "a" and "b, c".
    const std::string_view text =
        value == nullptr ? std::string_view(leaf->defaults.front()) : value->value();
    absl::StrAppend(&values, text.size(), ":");
    values += text;
  }
  return true;
}

void MistakeWalk::Enter(const Tree& tree, const Path& path) {
  steps_.clear();
  if (path.empty()) return;
  const Node* node = &tree.root();
  steps_.push_back({&tree.schema(), node});
  for (std::size_t i = 0; i + 1 < path.size(); ++i) {
    node = node == nullptr ? nullptr : node->Child(*path[i].node);
    if (node != nullptr && path[i].node->is_list()) node = node->Entry(path[i].keys);
    steps_.push_back({path[i].node, node});
  }
}

void MistakeWalk::VisitBelow(const Node& node) {
  if (node.role() == NodeRole::kEntry) {
    VisitNode(node.schema(), &node, true);
  } else if (node.role() != NodeRole::kValue) {
    VisitChild(node.schema(), &node, true);
  }
}

void MistakeWalk::VisitNode(const SchemaNode& schema, const Node* node, bool deep) {
  steps_.push_back({&schema, node});
  std::size_t next = 0;
  for (const SchemaNode* child_schema : schema.children) {
    const Node* child = nullptr;
    if (node != nullptr && next < node->children().size() &&
        &node->children()[next]->schema() == child_schema) {
      child = &*node->children()[next];
      ++next;
    }
    VisitChild(*child_schema, child, deep);
  }
  steps_.pop_back();
}

void MistakeWalk::VisitChild(const SchemaNode& schema, const Node* node, bool deep) {
  switch (schema.kind) {
    case NodeKind::kContainer:
      if (node == nullptr ? NeedsSomething(schema) : deep) VisitNode(schema, node, deep);
      return;
    case NodeKind::kPresenceContainer:
      if (node != nullptr && deep) VisitNode(schema, node, deep);
      return;
    case NodeKind::kLeaf:
      if (node == nullptr && schema.mandatory) {
        AddProblem(problems_, problem_code::kMissingNode, PathOf(schema), "",
                   "must be set: it has no default",
                   absl::StrCat("set it, or remove ", PathText(PathHere())));
      }
      return;
    case NodeKind::kList:
    case NodeKind::kLeafList:
      CheckCount(schema, node == nullptr ? 0 : node->entry_count());
      if (node == nullptr || !deep || schema.kind == NodeKind::kLeafList) return;
      for (const auto& leaves : schema.uniques) CheckUnique(schema, *node, leaves);
      node->VisitEntries([&](const Node& entry) {
        VisitNode(schema, &entry, deep);
        return true;
      });
      return;
  }
}

// Whether a container without presence demands a node below it even if it is not there itself.
bool MistakeWalk::NeedsSomething(const SchemaNode& container) {
  const auto [known, is_new] = needs_.emplace(&container, false);
  if (!is_new) return known->second;
  bool needs = false;
  for (const SchemaNode* child : container.children) {
    needs = needs || child->mandatory || child->min_elements > 0 ||
            (child->kind == NodeKind::kContainer && NeedsSomething(*child));
  }
  needs_[&container] = needs;
  return needs;
}

void MistakeWalk::CheckCount(const SchemaNode& schema, std::size_t count) {
  if (count < schema.min_elements) {
    AddProblem(problems_, problem_code::kTooFew, PathOf(schema), absl::StrCat(count),
               absl::StrCat("has ", count, " entries; at least ", schema.min_elements),
               absl::StrCat("add entries, or remove ", PathText(PathHere())));
  }
  if (schema.max_elements != 0 && count > schema.max_elements) {
    AddProblem(problems_, problem_code::kTooMany, PathOf(schema), absl::StrCat(count),
               absl::StrCat("has ", count, " entries; at most ", schema.max_elements),
               "remove entries");
  }
}

void MistakeWalk::CheckUnique(const SchemaNode& list, const Node& node,
                              const std::vector<const SchemaNode*>& leaves) {
  std::unordered_map<std::string, const Node*> seen;
  std::string values;
  node.VisitEntries([&](const Node& entry) {
    if (!UniqueValues(entry, leaves, values)) return true;
    const auto [first, is_new] = seen.emplace(values, &entry);
    if (!is_new) {
      Path path = PathHere();
      path.push_back(StepOf(list, first->second));
      const std::string other = PathText(path);
      path.back() = StepOf(list, &entry);
      path.push_back({leaves.front(), {}});
      AddProblem(problems_, problem_code::kNotUnique, PathText(path),
                 ShortText(ShownValues(entry, leaves)),
                 absl::StrCat("must differ in all entries; ", other, " has it too"),
                 "give it another value, or remove one of the entries");
    }
    return true;
  });
}

Path MistakeWalk::PathHere() const {
  Path path;
  for (const Step& step : steps_) {
    if (step.schema->parent != nullptr) path.push_back(StepOf(*step.schema, step.node));
  }
  return path;
}

std::string MistakeWalk::PathOf(const SchemaNode& child) const {
  Path path = PathHere();
  path.push_back({&child, {}});
  return PathText(path);
}

}  // namespace configsync
