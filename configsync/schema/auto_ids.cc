// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

#include "configsync/schema/auto_ids.h"

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <functional>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <utility>

#include "absl/strings/str_cat.h"
#include "configsync/schema/problem_codes.h"

namespace configsync {
namespace {

void CollectLeaves(const SchemaNode& schema, std::vector<const SchemaNode*>& leaves) {
  for (const SchemaNode* child : schema.children) {
    if (child->auto_id && child->parent->is_list()) leaves.push_back(child);
    CollectLeaves(*child, leaves);
  }
}

using EntryVisitor = std::function<void(const Node& entry, const Path& path)>;

// Calls `visit` for each entry of the list of schema `way.back()`, whatever lists are above it.
void VisitEntriesAt(const Node& node, const std::vector<const SchemaNode*>& way, std::size_t depth,
                    Path& path, const EntryVisitor& visit) {
  if (depth == way.size()) {
    visit(node, path);
    return;
  }
  const Node* child = node.Child(*way[depth]);
  if (child == nullptr) return;
  path.push_back({way[depth], {}});
  if (child->role() == NodeRole::kList) {
    child->VisitEntries([&](const Node& entry) {
      path.back().keys.clear();
      for (std::size_t i = 0; i < way[depth]->key_count; ++i) {
        path.back().keys.emplace_back(entry.key(i));
      }
      VisitEntriesAt(entry, way, depth + 1, path, visit);
      return true;
    });
  } else {
    VisitEntriesAt(*child, way, depth + 1, path, visit);
  }
  path.pop_back();
}

// The nodes from below the root to the list of an auto-id leaf.
std::vector<const SchemaNode*> WayTo(const SchemaNode& leaf) {
  std::vector<const SchemaNode*> way;
  for (const SchemaNode* node = leaf.parent; node->parent != nullptr; node = node->parent) {
    way.insert(way.begin(), node);
  }
  return way;
}

std::uint64_t NumberOf(const Node* node) {
  std::uint64_t number = 0;
  if (node != nullptr) {
    const std::string_view text = node->value();
    std::from_chars(text.data(), text.data() + text.size(), number);
  }
  return number;
}

// One leaf of the schema with all its places.
class LeafFiller {
 public:
  LeafFiller(const SchemaNode& leaf, std::vector<Edit>& edits, Problems& problems)
      : leaf_(leaf), edits_(edits), problems_(problems), way_(WayTo(leaf)) {}

  void Fill(const Tree& running, const Tree& tree) {
    std::vector<Path> missing;
    Path path;
    VisitEntriesAt(tree.root(), way_, 0, path, [&](const Node& entry, const Path& place) {
      const Node* node = entry.Child(leaf_);
      if (node == nullptr) {
        missing.push_back(place);
      } else {
        taken_.insert(NumberOf(node));
      }
    });
    if (missing.empty()) return;
    missing = KeepOld(running, std::move(missing));
    VisitEntriesAt(running.root(), way_, 0, path, [&](const Node& entry, const Path&) {
      if (const Node* node = entry.Child(leaf_); node != nullptr) taken_.insert(NumberOf(node));
    });
    for (Path& place : missing) Choose(std::move(place));
  }

 private:
  // Gives entries that are in `running` their numbers of there; returns the others.
  std::vector<Path> KeepOld(const Tree& running, std::vector<Path> missing) {
    std::vector<Path> others;
    for (Path& place : missing) {
      const Node* entry = running.Find(place);
      const Node* node = entry == nullptr ? nullptr : entry->Child(leaf_);
      if (node != nullptr && taken_.insert(NumberOf(node)).second) {
        Set(std::move(place), NumberOf(node));
      } else {
        others.push_back(std::move(place));
      }
    }
    return others;
  }

  void Choose(Path place) {
    while (next_ <= leaf_.integer_max && taken_.contains(next_)) ++next_;
    if (next_ > leaf_.integer_max) {
      place.push_back({&leaf_, {}});
      problems_.Add({.code = std::string(problem_code::kNoFreeId),
                     .path = PathText(place),
                     .value = {},
                     .text = absl::StrCat("no number is free: all of ", leaf_.integer_min, " to ",
                                          leaf_.integer_max,
                                          " are in use here or in the running configuration"),
                     .remedy = "remove entries, and commit that first"});
      return;
    }
    Set(std::move(place), next_++);
  }

  void Set(Path place, std::uint64_t number) {
    place.push_back({&leaf_, {}});
    edits_.push_back({EditOp::kSet, std::move(place), absl::StrCat(number), std::nullopt});
  }

  const SchemaNode& leaf_;
  std::vector<Edit>& edits_;
  Problems& problems_;
  const std::vector<const SchemaNode*> way_;
  std::unordered_set<std::uint64_t> taken_;
  std::uint64_t next_ = leaf_.integer_min > 0 ? static_cast<std::uint64_t>(leaf_.integer_min) : 0;
};

}  // namespace

std::vector<Edit> MissingIds(const Tree& running, const Tree& tree, Problems& problems) {
  std::vector<const SchemaNode*> leaves;
  CollectLeaves(tree.schema(), leaves);
  std::vector<Edit> edits;
  for (const SchemaNode* leaf : leaves) LeafFiller(*leaf, edits, problems).Fill(running, tree);
  return edits;
}

void FindSharedIds(const Tree& tree, Problems& problems) {
  std::vector<const SchemaNode*> leaves;
  CollectLeaves(tree.schema(), leaves);
  for (const SchemaNode* leaf : leaves) {
    const std::vector<const SchemaNode*> way = WayTo(*leaf);
    if (std::ranges::count_if(way, &SchemaNode::is_list) < 2) continue;
    std::unordered_map<std::uint64_t, Path> known;
    Path path;
    VisitEntriesAt(tree.root(), way, 0, path, [&](const Node& entry, const Path& place) {
      const Node* node = entry.Child(*leaf);
      if (node == nullptr) return;
      const auto [first, is_new] = known.emplace(NumberOf(node), place);
      if (is_new) return;
      Path here = place;
      here.push_back({leaf, {}});
      problems.Add(
          {.code = std::string(problem_code::kNotUnique),
           .path = PathText(here),
           .value = std::string(node->value()),
           .text = "must differ in all entries; " + PathText(first->second) + " has it too",
           .remedy = "leave it out, and a free number is chosen"});
    });
  }
}

}  // namespace configsync
