// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

#include "configsync/select/dependency_finder.h"

#include <algorithm>
#include <string_view>

#include "configsync/tree/references.h"

namespace configsync {
namespace {

std::uint32_t LastIndex(const SchemaNode& node) {
  std::uint32_t last = node.index;
  for (const SchemaNode* child : node.children) last = std::max(last, LastIndex(*child));
  return last;
}

bool HasValue(const Node& node) {
  return node.role() == NodeRole::kLeaf || node.role() == NodeRole::kValue;
}

// Half of what a spec may have: the rest of it needs room too.
constexpr std::size_t kTextBytesMax = kSpecBytesMax / 2;

}  // namespace

DependencyFinder::DependencyFinder(const PartSelector& base,
                                   const std::vector<std::string>& withheld, const SchemaNode& root)
    : base_(base), withheld_(withheld), first_index_(root.index) {
  interests_.resize(LastIndex(root) - first_index_ + 1);
  Prepare(root);
}

bool DependencyFinder::MayBeMissing(const SchemaNode& target) const {
  return std::ranges::find(withheld_, target.category) == withheld_.end() &&
         !base_.HasAllOf(target);
}

void DependencyFinder::MarkTarget(const SchemaNode& target) {
  std::vector<const SchemaNode*> pending = {&target};
  while (!pending.empty()) {
    const SchemaNode& node = *pending.back();
    pending.pop_back();
    Of(node).is_target = true;
    pending.insert(pending.end(), node.children.begin(), node.children.end());
  }
  for (const SchemaNode* at = target.parent; at != nullptr; at = at->parent) {
    Of(*at).is_target = true;
  }
}

// What a dependency refers to may be missing too, even if no selected reference leads there.
void DependencyFinder::Prepare(const SchemaNode& node) {
  Interest& interest = Of(node);
  if (base_.classes().MayTravel(node)) {
    for (const SchemaNode* leaf : node.leafref_targets) {
      if (!MayBeMissing(*leaf->parent)) continue;
      interest.refers = true;
      MarkTarget(*leaf->parent);
    }
    const SchemaNode* root = &node;
    while (root->parent != nullptr) root = root->parent;
    for (const std::string& text : node.depends) {
      const Path path = PathOfDependency(*root, text);
      if (path.empty() || !MayBeMissing(*path.back().node)) continue;
      interest.depends = true;
      MarkTarget(*path.back().node);
    }
  }
  if (interest.refers || interest.depends) {
    interesting_.push_back(&node);
    for (const SchemaNode* at = &node; at != nullptr; at = at->parent) Of(*at).is_near = true;
  }
  for (const SchemaNode* child : node.children) Prepare(*child);
}

void DependencyFinder::Count(const Node& node, int by) {
  const Interest& interest = Of(node.schema());
  if (!interest.is_near) return;
  const auto count = [&](std::string value) {
    std::uint32_t& counted = counts_[{&node.schema(), value}];
    has_other_values_ = has_other_values_ || counted == 0;
    counted += static_cast<std::uint32_t>(by);
    if (counted != 0) return;
    counts_.erase({&node.schema(), std::move(value)});
    has_other_values_ = true;
  };
  if (interest.depends) {
    for (const std::string& text : node.schema().depends) count(text);
  }
  if (interest.refers && HasValue(node) && node.schema().IsReference(node.value())) {
    count(std::string(node.value()));
  }
  for (const NodePtr& child : node.children()) Count(*child, by);
  node.VisitEntries([&](const Node& entry) {
    Count(entry, by);
    return true;
  });
}

bool DependencyFinder::MoveTo(const Tree& target, const Tree& part) {
  if (!IsNeeded()) return false;
  has_other_values_ = false;
  bool targets_changed = !last_target_;
  if (!last_part_) {
    Count(part.root(), 1);
  } else {
    for (const Change& change : Diff(*last_part_, part)) {
      if (change.kind == ChangeKind::kMoved) continue;
      if (change.before) Count(*change.before, -1);
      if (change.after_node) Count(*change.after_node, 1);
    }
    for (const Change& change : Diff(*last_target_, target)) {
      targets_changed =
          targets_changed || change.path.empty() ||
          (change.kind != ChangeKind::kMoved && Of(*change.path.back().node).is_target);
    }
  }
  last_target_ = target;
  last_part_ = part;
  if (!has_other_values_ && !targets_changed) return false;
  std::vector<std::string> before = std::move(dependencies_);
  Find(target);
  return dependencies_ != before;
}

bool DependencyFinder::IsThere(const Path& path) const {
  return std::ranges::find(withheld_, path.back().node->category) != withheld_.end() ||
         base_.HasAll(path);
}

void DependencyFinder::Find(const Tree& target) {
  dependencies_.clear();
  std::vector<Path> first;
  for (const auto& [reference, count] : counts_) {
    const auto& [node, value] = reference;
    std::vector<Path> found;
    if (std::ranges::find(node->depends, value) != node->depends.end()) {
      found.push_back(PathOfDependency(target.schema(), value));
      if (target.Find(found.back()) == nullptr) found.pop_back();
    }
    if (!node->leafref_targets.empty()) {
      for (Path& path : TargetsOf(target, *node, value)) found.push_back(std::move(path));
    }
    for (Path& path : found) {
      if (path.empty() || IsThere(path)) continue;
      dependencies_.push_back(PathText(path));
      first.push_back(std::move(path));
    }
  }
  ClosureLimits limits;
  limits.counts = [this](const SchemaNode& node, const Path& path) {
    return base_.classes().MayTravel(node) &&
           (base_.FloatingAt(node, path) != Floating::kDoesNotHold ||
            !base_.classes().AsksForFloating(node));
  };
  limits.is_there = [this](const Path& path) { return IsThere(path); };
  for (const Dependency& dependency : Closure(target, first, limits)) {
    dependencies_.push_back(PathText(dependency.path));
  }
  std::ranges::sort(dependencies_);
  const auto begin = std::unique(dependencies_.begin(), dependencies_.end());
  dependencies_.erase(begin, dependencies_.end());
  LeaveOutTheCovered(target.schema());
  KeepBounds();
}

// What lies in another dependency: that one sorts before it.
void DependencyFinder::LeaveOutTheCovered(const SchemaNode& root) {
  const auto is_single = [](const std::string& text) { return text.ends_with(']'); };
  if (std::ranges::all_of(dependencies_, is_single)) return;  // Entries of lists that do not nest.
  PlaceSet places;
  std::erase_if(dependencies_, [&](const std::string& text) {
    const Path path = PathOfText(text, root);
    if (places.At(path).covered_by != nullptr) return true;
    places.Insert(path);
    return false;
  });
}

// Too many entries become their lists: more travels than must, and never less.
void DependencyFinder::KeepBounds() {
  const auto bytes = [this] {
    std::size_t sum = 0;
    for (const std::string& text : dependencies_) sum += text.size() + 16;
    return sum;
  };
  if (dependencies_.size() <= kDependenciesMax && bytes() <= kTextBytesMax) return;
  for (std::string& text : dependencies_) text.resize(std::min(text.size(), text.find('[')));
  std::ranges::sort(dependencies_);
  const auto begin = std::unique(dependencies_.begin(), dependencies_.end());
  dependencies_.erase(begin, dependencies_.end());
}

}  // namespace configsync
