// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

#include "configsync/schema/mistakes.h"

#include <algorithm>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "absl/strings/str_cat.h"
#include "configsync/schema/auto_ids.h"
#include "configsync/schema/mistake_walk.h"
#include "configsync/schema/problem_codes.h"

namespace configsync {
namespace {

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
          problems.Add({.code = std::string(problem_code::kAmbiguousName),
                        .path = absl::StrCat(key->parent->path, "[", key->name, "='", name, "']"),
                        .value = name,
                        .text = absl::StrCat("has the name of an entry of ", first->second->path,
                                             "; where a name stands, either could be meant"),
                        .remedy = "rename one of them"});
        }
        return true;
      });
    }
  }
}

// Beyond so many changes it costs less to look at everything.
constexpr std::size_t kChangesMax = 1'000;

// Entries of a list that are new or have a new unique value.
using ChangedEntries = std::map<const Node*, std::vector<const Node*>>;

// Node at the first `count` steps of `path`; null: it is not there.
const Node* NodeAt(const Tree& tree, const Path& path, std::size_t count) {
  const Node* node = &tree.root();
  for (std::size_t i = 0; i < count && node != nullptr; ++i) {
    node = node->Child(*path[i].node);
    if (node != nullptr && path[i].node->is_list() && !path[i].keys.empty()) {
      node = node->Entry(path[i].keys);
    }
  }
  return node;
}

bool IsUniqueLeaf(const SchemaNode& leaf) {
  return leaf.parent != nullptr &&
         std::ranges::any_of(leaf.parent->uniques, [&](const auto& leaves) {
           return std::ranges::find(leaves, &leaf) != leaves.end();
         });
}

// Notes the entry that a change adds, or whose unique leaf it changes.
void NoteEntry(const Tree& tree, const Change& change, ChangedEntries& entries) {
  const Path& path = change.path;
  const bool is_leaf_of_entry = path.size() > 1 && IsUniqueLeaf(*path.back().node);
  const std::size_t count = is_leaf_of_entry ? path.size() - 1 : path.size();
  const PathStep& step = path[count - 1];
  if (!step.node->is_list() || step.node->uniques.empty() || step.keys.empty()) return;
  const Node* parent = NodeAt(tree, path, count - 1);
  const Node* list = parent == nullptr ? nullptr : parent->Child(*step.node);
  const Node* entry = list == nullptr ? nullptr : list->Entry(step.keys);
  if (entry != nullptr) entries[list].push_back(entry);
}

// Whether the values of `changed` entries are theirs alone in `list`.
bool AreAlone(const Node& list, const std::vector<const Node*>& changed) {
  for (const auto& leaves : list.schema().uniques) {
    std::unordered_map<std::string, std::size_t> counts;
    std::string values;
    for (const Node* entry : changed) {
      if (UniqueValues(*entry, leaves, values)) counts.emplace(values, 0);
    }
    bool alone = true;
    if (!counts.empty()) {
      list.VisitEntries([&](const Node& entry) {
        if (UniqueValues(entry, leaves, values)) {
          const auto found = counts.find(values);
          alone = found == counts.end() || ++found->second == 1;
        }
        return alone;
      });
    }
    if (!alone) return false;
  }
  return true;
}

bool IsBelow(const SchemaNode* node, const SchemaNode* above) {
  while (node != nullptr && node != above) node = node->parent;
  return node != nullptr;
}

// Whether a change may give a name of a common name space to two entries.
bool MayClash(const std::set<std::vector<const SchemaNode*>>& spaces, const Change& change) {
  if (change.kind != ChangeKind::kAdded) return false;
  const SchemaNode* node = change.path.back().node;
  for (const auto& keys : spaces) {
    for (const SchemaNode* key : keys) {
      if (IsBelow(key->parent, node)) return true;
    }
  }
  return false;
}

}  // namespace

void FindMistakes(const Tree& tree, Problems& problems) {
  MistakeWalk(problems).Visit(tree.schema(), &tree.root());
  CheckNameSpaces(tree, problems);
  FindSharedIds(tree, problems);
  ReferenceIndex(tree).Check(problems);
}

void MistakeFinder::Find(const Tree& tree, Problems& problems) {
  if (!good_) {
    references_.emplace(tree);
  } else {
    references_->MoveTo(tree);
    const std::vector<Change> changes = Diff(*good_, tree);
    if (changes.size() <= kChangesMax && LooksGood(tree, changes)) {
      good_ = tree;
      return;
    }
  }
  Problems found;
  FindMistakes(tree, found);
  if (found.empty()) good_ = tree;
  for (Problem& problem : found.list) problems.Add(std::move(problem));
  problems.omitted_count += found.omitted_count;
}

bool MistakeFinder::LooksGood(const Tree& tree, std::span<const Change> changes) const {
  Problems found;
  references_->Check(found);
  std::set<std::vector<const SchemaNode*>> spaces;
  Collect(tree.schema(), spaces);
  ChangedEntries entries;
  std::set<const SchemaNode*> tops;  // Below which something changed.
  bool may_clash = false;
  MistakeWalk walk(found);
  for (const Change& change : changes) {
    if (change.kind == ChangeKind::kMoved) continue;
    tops.insert(change.path.front().node);
    may_clash = may_clash || MayClash(spaces, change);
    NoteEntry(tree, change, entries);
    Path holder = change.path;
    holder.pop_back();
    walk.Enter(tree, holder);
    const SchemaNode& schema = holder.empty() ? tree.schema() : *holder.back().node;
    walk.VisitFlat(schema, NodeAt(tree, holder, holder.size()));
    const Node* added = change.after_node == nullptr ? nullptr : &*change.after_node;
    if (added == nullptr || added->role() == NodeRole::kLeaf) continue;
    walk.Enter(tree, change.path);
    walk.VisitBelow(*added);
  }
  if (may_clash) CheckNameSpaces(tree, found);
  if (!tops.empty()) FindSharedIdsBelow(tree, tops, found);
  return found.empty() && std::ranges::all_of(entries, [](const auto& changed) {
           return AreAlone(*changed.first, changed.second);
         });
}

}  // namespace configsync
