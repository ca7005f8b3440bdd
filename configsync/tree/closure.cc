// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

#include <algorithm>
#include <functional>
#include <unordered_set>
#include <utility>

#include "configsync/tree/find.h"
#include "configsync/tree/references.h"

namespace configsync {

namespace {

void AppendKeys(const Node& entry, PathStep& step) {
  step.keys.clear();
  for (std::size_t i = 0; i < entry.key_count(); ++i) step.keys.emplace_back(entry.key(i));
}

// Every node at and below `node`, with its path.
void VisitAll(const Node& node, Path& path,
              const std::function<void(const Node&, const Path&)>& visit) {
  visit(node, path);
  for (const NodePtr& child : node.children()) {
    path.push_back({&child->schema(), {}});
    VisitAll(*child, path, visit);
    path.pop_back();
  }
  node.VisitEntries([&](const Node& entry) {
    AppendKeys(entry, path.back());
    VisitAll(entry, path, visit);
    path.back().keys.clear();
    return true;
  });
}

// From the root's child to `node`.
std::vector<const SchemaNode*> ChainOf(const SchemaNode& node) {
  std::vector<const SchemaNode*> chain;
  for (const SchemaNode* at = &node; at->parent != nullptr; at = at->parent) chain.push_back(at);
  std::reverse(chain.begin(), chain.end());
  return chain;
}

bool HasValue(const Node& entry, const SchemaNode& leaf, std::string_view value) {
  const Node* child = entry.Child(leaf);
  return child != nullptr && child->value() == value;
}

// The entries whose leaf, the last of `chain`, has this value.
void FindEntries(const Node& node, std::span<const SchemaNode* const> chain,
                 const std::string& value, Path& path, std::vector<Path>& found) {
  const Node* child = node.Child(*chain[0]);
  if (child == nullptr) return;
  path.push_back({chain[0], {}});
  const bool is_last = chain.size() == 2;
  if (!chain[0]->is_list()) {
    FindEntries(*child, chain.subspan(1), value, path, found);
  } else if (is_last && chain[0]->key_count == 1 && chain[1]->is_key) {
    path.back().keys = {value};
    if (child->Entry(path.back().keys) != nullptr) found.push_back(path);
  } else {
    child->VisitEntries([&](const Node& entry) {
      AppendKeys(entry, path.back());
      if (!is_last) {
        FindEntries(entry, chain.subspan(1), value, path, found);
      } else if (HasValue(entry, *chain[1], value)) {
        found.push_back(path);
      }
      return true;
    });
  }
  path.pop_back();
}

class ClosureMaker {
 public:
  ClosureMaker(const Tree& tree, const ClosureLimits& limits) : tree_(tree), limits_(limits) {}

  std::vector<Dependency> Run(std::span<const Path> paths) {
    for (const Path& path : paths) seen_.insert(PathText(path));
    for (const Path& path : paths) Visit(path);
    // It grows meanwhile.
    for (std::size_t i = 0; i < dependencies_.size(); ++i) Visit(Path(dependencies_[i].path));
    return std::move(dependencies_);
  }

 private:
  void Visit(Path path) {
    const Node* top = tree_.Find(path);
    if (top == nullptr) return;
    VisitAll(*top, path, [this](const Node& node, const Path& at) {
      const bool has_value = node.role() == NodeRole::kLeaf || node.role() == NodeRole::kValue;
      if (has_value && limits_.counts && !limits_.counts(node.schema(), at)) return;
      for (const std::string& text : node.schema().depends) {
        Add(PathOfDependency(tree_.schema(), text), at);
      }
      if (!has_value || !node.schema().IsReference(node.value())) return;
      for (Path& entry : TargetsOf(tree_, node.schema(), node.value())) Add(std::move(entry), at);
    });
  }

  // What lies inside of something that is there already is not new.
  void Add(Path path, const Path& because) {
    if (path.empty() || tree_.Find(path) == nullptr || seen_.contains(PathText({}))) return;
    Path part;
    for (const PathStep& step : path) {
      if (!step.keys.empty()) {
        part.push_back({step.node, {}});
        if (seen_.contains(PathText(part))) return;
        part.pop_back();
      }
      part.push_back(step);
      if (seen_.contains(PathText(part))) return;
    }
    if (limits_.is_there && limits_.is_there(path)) return;
    seen_.insert(PathText(path));
    dependencies_.push_back({std::move(path), because});
  }

  const Tree& tree_;
  const ClosureLimits& limits_;
  std::unordered_set<std::string> seen_;
  std::vector<Dependency> dependencies_;
};

}  // namespace

std::vector<Path> ReferrersOf(const Tree& tree, const Path& path) {
  std::vector<Path> referrers;
  const Node* target = tree.Find(path);
  if (target == nullptr || target->role() != NodeRole::kEntry) return referrers;
  Path way;
  VisitAll(tree.root(), way, [&](const Node& node, const Path& at) {
    const bool has_value = node.role() == NodeRole::kLeaf || node.role() == NodeRole::kValue;
    if (!has_value || !node.schema().IsReference(node.value())) return;
    for (const SchemaNode* leaf : node.schema().leafref_targets) {
      if (leaf->parent == &target->schema() && HasValue(*target, *leaf, node.value())) {
        referrers.push_back(at);
        return;
      }
    }
  });
  return referrers;
}

std::vector<Path> TargetsOf(const Tree& tree, const SchemaNode& reference, std::string_view value) {
  std::vector<Path> found;
  Path way;
  for (const SchemaNode* target : reference.leafref_targets) {
    FindEntries(tree.root(), ChainOf(*target), std::string(value), way, found);
  }
  return found;
}

Path PathOfDependency(const SchemaNode& root, std::string_view text) {
  Path path;
  const SchemaNode* node = &root;
  while (text.starts_with('/') && text.size() > 1) {
    text.remove_prefix(1);
    const std::string_view name = text.substr(0, text.find('/'));
    text.remove_prefix(name.size());
    node = node->Child(name);
    if (node == nullptr) return {};
    path.push_back({node, {}});
    if (node->is_list()) break;
  }
  return path;
}

std::vector<Dependency> Closure(const Tree& tree, std::span<const Path> paths,
                                const ClosureLimits& limits) {
  return ClosureMaker(tree, limits).Run(paths);
}

}  // namespace configsync
