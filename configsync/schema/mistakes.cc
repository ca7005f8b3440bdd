// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

#include "configsync/schema/mistakes.h"

#include <set>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "configsync/schema/auto_ids.h"
#include "configsync/schema/problem_codes.h"
#include "configsync/schema/text.h"
#include "configsync/tree/references.h"

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

class Walk {
 public:
  explicit Walk(Problems& problems) : problems_(problems) {}

  // A container or entry; null: a container without presence that is not there, but whose mandatory
  // nodes are missing all the same.
  void Visit(const SchemaNode& schema, const Node* node) {
    steps_.push_back({&schema, node});
    std::size_t next = 0;
    for (const SchemaNode* child_schema : schema.children) {
      const Node* child = nullptr;
      if (node != nullptr && next < node->children().size() &&
          &node->children()[next]->schema() == child_schema) {
        child = &*node->children()[next];
        ++next;
      }
      VisitChild(*child_schema, child);
    }
    steps_.pop_back();
  }

 private:
  struct Step {
    const SchemaNode* schema;
    const Node* node;
  };

  void VisitChild(const SchemaNode& schema, const Node* node) {
    switch (schema.kind) {
      case NodeKind::kContainer:
        if (node != nullptr || NeedsSomething(schema)) Visit(schema, node);
        return;
      case NodeKind::kPresenceContainer:
        if (node != nullptr) Visit(schema, node);
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
        if (node == nullptr || schema.kind == NodeKind::kLeafList) return;
        for (const auto& leaves : schema.uniques) CheckUnique(schema, *node, leaves);
        node->VisitEntries([&](const Node& entry) {
          Visit(schema, &entry);
          return true;
        });
        return;
    }
  }

  // Whether a container without presence demands a node below it even if it is not there itself.
  bool NeedsSomething(const SchemaNode& container) {
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

  void CheckCount(const SchemaNode& schema, std::size_t count) {
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

  void CheckUnique(const SchemaNode& list, const Node& node,
                   const std::vector<const SchemaNode*>& leaves) {
    std::unordered_map<std::string, const Node*> seen;
    std::string values;
    node.VisitEntries([&](const Node& entry) {
      values.clear();
      for (const SchemaNode* leaf : leaves) {
        const Node* value = entry.Child(*leaf);
        if (value == nullptr && leaf->defaults.empty()) return true;  // RFC 7950, 7.8.3.
        const std::string_view text = value == nullptr ? leaf->defaults.front() : value->value();
        absl::StrAppend(&values, values.empty() ? "" : ", ",
                        absl::string_view(text.data(), text.size()));
      }
      const auto [first, is_new] = seen.emplace(values, &entry);
      if (!is_new) {
        Path path = PathHere();
        path.push_back(StepOf(list, first->second));
        const std::string other = PathText(path);
        path.back() = StepOf(list, &entry);
        path.push_back({leaves.front(), {}});
        AddProblem(problems_, problem_code::kNotUnique, PathText(path),
                   leaves.front()->secret ? "" : ShortText(values),
                   absl::StrCat("must differ in all entries; ", other, " has it too"),
                   "give it another value, or remove one of the entries");
      }
      return true;
    });
  }

  static PathStep StepOf(const SchemaNode& schema, const Node* node) {
    PathStep step{&schema, {}};
    for (std::size_t i = 0; schema.is_list() && node != nullptr && i < schema.key_count; ++i) {
      step.keys.emplace_back(node->key(i));
    }
    return step;
  }

  [[nodiscard]] Path PathHere() const {
    Path path;
    for (const Step& step : steps_) {
      if (step.schema->parent != nullptr) path.push_back(StepOf(*step.schema, step.node));
    }
    return path;
  }

  [[nodiscard]] std::string PathOf(const SchemaNode& child) const {
    Path path = PathHere();
    path.push_back({&child, {}});
    return PathText(path);
  }

  Problems& problems_;
  std::vector<Step> steps_;  // From the root to what is visited.
  std::unordered_map<const SchemaNode*, bool> needs_;
};

void Collect(const SchemaNode& schema, std::set<std::vector<const SchemaNode*>>& spaces) {
  if (schema.leafref_targets.size() > 1) spaces.insert(schema.leafref_targets);
  for (const SchemaNode* child : schema.children) Collect(*child, spaces);
}

// The list that a schema path names, if no other list is above it; null: it is not there.
const Node* ListAt(const Node& root, const SchemaNode& list) {
  if (list.parent == nullptr) return &root;
  const Node* parent = ListAt(root, *list.parent);
  if (parent == nullptr || parent->schema().is_list()) return nullptr;
  return parent->Child(list);
}

// Where a union may mean entries of several lists, a name is of one of them only.
void CheckNameSpaces(const Tree& tree, Problems& problems) {
  std::set<std::vector<const SchemaNode*>> spaces;
  Collect(tree.schema(), spaces);
  for (const auto& keys : spaces) {
    std::unordered_map<std::string_view, const SchemaNode*> seen;
    for (const SchemaNode* key : keys) {
      const Node* list = ListAt(tree.root(), *key->parent);
      if (list == nullptr) continue;
      list->VisitEntries([&](const Node& entry) {
        const auto [first, is_new] = seen.emplace(entry.key(0), key->parent);
        if (!is_new && first->second != key->parent) {
          const std::string name(entry.key(0));
          AddProblem(problems, problem_code::kAmbiguousName,
                     absl::StrCat(key->parent->path, "[", key->name, "='", name, "']"), name,
                     absl::StrCat("has the name of an entry of ", first->second->path,
                                  "; where a name stands, either could be meant"),
                     "rename one of them");
        }
        return true;
      });
    }
  }
}

}  // namespace

void FindMistakes(const Tree& tree, Problems& problems) {
  Walk(problems).Visit(tree.schema(), &tree.root());
  CheckNameSpaces(tree, problems);
  FindSharedIds(tree, problems);
  ReferenceIndex(tree).Check(problems);
}

}  // namespace configsync
