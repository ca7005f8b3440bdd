// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

#include "configsync/tree/references.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "configsync/schema/problem_codes.h"
#include "configsync/tree/node_maker.h"

namespace configsync {

namespace {

constexpr std::size_t kShownBytesMax = 64;

std::uint32_t LowestIndex(const SchemaNode& node) {
  std::uint32_t lowest = node.index;
  for (const SchemaNode* child : node.children) lowest = std::min(lowest, LowestIndex(*child));
  return lowest;
}

std::uint32_t HighestIndex(const SchemaNode& node) {
  std::uint32_t highest = node.index;
  for (const SchemaNode* child : node.children) highest = std::max(highest, HighestIndex(*child));
  return highest;
}

std::string Shown(std::string_view value) {
  if (value.size() <= kShownBytesMax) return std::string(value);
  return std::string(value.substr(0, kShownBytesMax)) + "...";
}

// The names of the entries are of the pair, their contents of each node: device certificates.
bool IsOwnUnderSharedName(const SchemaNode& reference) {
  return std::ranges::all_of(reference.leafref_targets, [](const SchemaNode* target) {
    return target->parent->sync[0] == SyncClass::kPresenceName;
  });
}

Problem MissingTarget(const Path& path, const Node& leaf) {
  std::string lists;
  std::string first;
  for (const SchemaNode* target : leaf.schema().leafref_targets) {
    lists += absl::StrCat(lists.empty() ? "" : " or ", target->parent->path);
    if (first.empty()) first = target->parent->path;
  }
  const std::string value = Shown(leaf.value());
  if (IsOwnUnderSharedName(leaf.schema())) {
    return {.code = std::string(problem_code::kCertNameMissing),
            .path = PathText(path),
            .value = value,
            .text = absl::StrCat("it refers to '", value,
                                 "', and this node has none of that name in ", lists),
            .remedy = absl::StrCat("make '", value, "' in ", first,
                                   " on this node; the name is of the pair, the content its own")};
  }
  return {.code = std::string(problem_code::kMissingTarget),
          .path = PathText(path),
          .value = value,
          .text = absl::StrCat("it refers to '", value, "', which is not in ", lists),
          .remedy =
              absl::StrCat("make '", value, "' in ", first, ", or change or delete the reference")};
}

}  // namespace

ReferenceIndex::ReferenceIndex(const Tree& tree) : tree_(tree) {
  const SchemaNode& root = tree.schema();
  first_index_ = LowestIndex(root);
  interests_.resize(HighestIndex(root) - first_index_ + 1);
  Prepare(root);
  Count(tree.root(), 1);
  is_built_ = true;
  std::vector<const SchemaNode*> pending = {&root};
  while (!pending.empty()) {
    const SchemaNode& node = *pending.back();
    pending.pop_back();
    pending.insert(pending.end(), node.children.begin(), node.children.end());
    if (Of(node).reference == nullptr) continue;
    for (const auto& [value, count] : *Of(node).reference) Judge(node, value);
  }
}

void ReferenceIndex::Prepare(const SchemaNode& node) {
  const auto mark = [this](const SchemaNode* near) {
    for (; near != nullptr && !Of(*near).is_near; near = near->parent) Of(*near).is_near = true;
  };
  const auto counts = [this] { return counts_.emplace_back(std::make_unique<Counts>()).get(); };
  if (!node.leafref_targets.empty()) {
    Of(node).reference = counts();
    mark(&node);
    for (const SchemaNode* target : node.leafref_targets) {
      if (Of(*target).target == nullptr) Of(*target).target = counts();
      Of(*target).referrers.push_back(&node);
      mark(target);
    }
  }
  for (const SchemaNode* child : node.children) Prepare(*child);
}

void ReferenceIndex::Count(const Node& node, int by) {
  if (!Of(node.schema()).is_near) return;
  switch (node.role()) {
    case NodeRole::kContainer:
    case NodeRole::kEntry:
      for (const NodePtr& child : node.children()) Count(*child, by);
      break;
    case NodeRole::kList:
    case NodeRole::kLeafList:
      CountEntries(node, by);
      break;
    case NodeRole::kLeaf:
    case NodeRole::kValue:
      CountLeaf(node, by);
      break;
  }
}

// Entries lie anywhere in memory: those to come are fetched while one is counted.
void ReferenceIndex::CountEntries(const Node& list, int by) {
  constexpr std::size_t kFar = 16;
  constexpr std::size_t kNear = 8;
  const LinkPtr& contents = NodeMaker::Body(list).contents;
  if (contents->count < kFar) {
    VisitLinks(contents.get(), [&](const Link& link) { return Count(*link.entry, by), true; });
    return;
  }
  std::vector<const Node*> entries;
  entries.reserve(contents->count);
  VisitLinks(contents.get(),
             [&](const Link& link) { return entries.push_back(link.entry.get()), true; });
  for (std::size_t i = 0; i < entries.size(); ++i) {
    if (i + kFar < entries.size()) {
      const char* entry = reinterpret_cast<const char*>(entries[i + kFar]);
      __builtin_prefetch(entry);
      __builtin_prefetch(entry + 64);
    }
    if (i + kNear < entries.size()) {
      for (const NodePtr& child : entries[i + kNear]->children()) __builtin_prefetch(child.get());
    }
    Count(*entries[i], by);
  }
}

void ReferenceIndex::CountLeaf(const Node& leaf, int by) {
  const Interest& interest = Of(leaf.schema());
  const std::string_view value = leaf.value();
  const auto count = [value, by](Counts& counts) {
    auto found = counts.find(value);
    if (found == counts.end()) found = counts.emplace(std::string(value), 0).first;
    found->second += static_cast<std::uint32_t>(by);
    if (found->second == 0) counts.erase(found);
  };
  if (interest.target != nullptr) {
    count(*interest.target);
    for (const SchemaNode* referrer : interest.referrers) Judge(*referrer, value);
  }
  if (interest.reference != nullptr && leaf.schema().IsReference(value)) {
    count(*interest.reference);
    Judge(leaf.schema(), value);
  }
}

void ReferenceIndex::Judge(const SchemaNode& reference, std::string_view value) {
  if (!is_built_) return;
  const bool has_target = std::ranges::any_of(
      reference.leafref_targets,
      [&](const SchemaNode* target) { return Of(*target).target->contains(value); });
  if (!has_target && Of(reference).reference->contains(value)) {
    missing_.emplace(reference.index, value);
  } else if (!missing_.empty()) {
    missing_.erase({reference.index, std::string(value)});
  }
}

void ReferenceIndex::MoveTo(const Tree& tree) {
  for (const Change& change : Diff(tree_, tree)) {
    if (change.kind == ChangeKind::kMoved) continue;
    if (change.before) Count(*change.before, -1);
    if (change.after_node) Count(*change.after_node, 1);
  }
  tree_ = tree;
}

void ReferenceIndex::VisitMissing(const Node& node, Path& path, Problems& problems) const {
  if (!Of(node.schema()).is_near) return;
  for (const NodePtr& child : node.children()) {
    path.push_back({&child->schema(), {}});
    VisitMissing(*child, path, problems);
    path.pop_back();
  }
  node.VisitEntries([&](const Node& entry) {
    for (std::size_t i = 0; i < entry.key_count(); ++i) {
      path.back().keys.emplace_back(entry.key(i));
    }
    VisitMissing(entry, path, problems);
    path.back().keys.clear();
    return true;
  });
  const bool has_value = node.role() == NodeRole::kLeaf || node.role() == NodeRole::kValue;
  if (has_value && Of(node.schema()).reference != nullptr &&
      missing_.contains({node.schema().index, std::string(node.value())})) {
    problems.Add(MissingTarget(path, node));
  }
}

void ReferenceIndex::Check(Problems& problems) const {
  if (missing_.empty()) return;
  Path path;
  VisitMissing(tree_.root(), path, problems);
}

}  // namespace configsync
