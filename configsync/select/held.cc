// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

// Categories that wait: the target has their nodes as they were. What refers across the border
// between what waits and what does not must still find its target, so single entries change sides.

#include <algorithm>
#include <functional>
#include <set>
#include <utility>

#include "configsync/select/place_set.h"
#include "configsync/select/put_part.h"
#include "configsync/select/selection.h"
#include "configsync/tree/references.h"

namespace configsync {
namespace {

std::uint32_t LastIndex(const SchemaNode& node) {
  std::uint32_t last = node.index;
  for (const SchemaNode* child : node.children) last = std::max(last, LastIndex(*child));
  return last;
}

// Nodes of some categories, whatever their class.
class HeldSelector {
 public:
  HeldSelector(const SchemaNode& root, const std::vector<std::string>& categories)
      : categories_(categories), first_index_(root.index) {
    flags_.resize(LastIndex(root) - first_index_ + 1);
    Judge(root);
  }

  [[nodiscard]] bool Holds(const SchemaNode& node) const {
    return std::ranges::find(categories_, node.category) != categories_.end();
  }

  [[nodiscard]] Keep operator()(const SchemaNode& node, const Path& path) const {
    const Flags& flags = flags_[node.index - first_index_];
    const PlaceSet::Look released = released_.At(path);
    if (released.covered_by != nullptr) return Keep::kNothing;
    const PlaceSet::Look added = added_.At(path);
    if (added.covered_by != nullptr) return Keep::kWhole;
    if (flags.all && !released.has_below) return Keep::kWhole;
    const bool is_thing =
        node.kind == NodeKind::kPresenceContainer || (!path.empty() && !path.back().keys.empty());
    if (Holds(node) && is_thing) return Keep::kItself;
    return flags.any || added.has_below ? Keep::kInside : Keep::kNothing;
  }

  void Release(const Path& path) { released_.Insert(path); }
  void Add(const Path& path) { added_.Insert(path); }

 private:
  struct Flags {
    bool all = true;
    bool any = false;
  };
  Flags Judge(const SchemaNode& node) {
    Flags flags{Holds(node), Holds(node)};
    for (const SchemaNode* child : node.children) {
      const Flags of_child = Judge(*child);
      if (child->is_key) continue;
      flags.all = flags.all && of_child.all;
      flags.any = flags.any || of_child.any;
    }
    return flags_[node.index - first_index_] = flags;
  }

  const std::vector<std::string>& categories_;
  std::uint32_t first_index_ = 0;
  std::vector<Flags> flags_;
  PlaceSet released_;  // As in running all the same.
  PlaceSet added_;     // As in held all the same.
};

// References that begin on one side of the border and end on the other.
class Border {
 public:
  // `from_held`: of held nodes to others; else of others to held ones.
  Border(const SchemaNode& root, const HeldSelector& held, bool from_held)
      : held_(held), from_held_(from_held) {
    Prepare(root);
  }
  [[nodiscard]] bool empty() const { return references_.empty(); }

  // Entries that `changes` touch, that exist in `tree`, and that nodes of `tree` on the near side
  // refer to; with what those need in turn on the far side.
  std::vector<Path> Needed(const Tree& tree, std::span<const Change> changes, bool removed_only) {
    std::vector<Path> needed;
    if (empty()) return needed;
    std::set<std::string> touched;
    for (const Change& change : changes) {
      if (removed_only && change.kind != ChangeKind::kRemoved) continue;
      Touch(tree, change, touched);
    }
    if (touched.empty()) return needed;
    Path path;
    std::set<std::string> found;
    Scan(tree.root(), path, [&](const Node& reference, const Path&) {
      for (Path& target : TargetsOf(tree, reference.schema(), reference.value())) {
        const std::string text = PathText(target);
        if (touched.contains(text) && found.insert(text).second) needed.push_back(target);
      }
    });
    ClosureLimits limits;
    limits.is_there = [&](const Path& place) {
      return held_.Holds(*place.back().node) == from_held_ || !touched.contains(PathText(place));
    };
    for (Dependency& dependency : Closure(tree, std::vector<Path>(needed), limits)) {
      needed.push_back(std::move(dependency.path));
    }
    return needed;
  }

 private:
  void Prepare(const SchemaNode& node) {
    if (held_.Holds(node) == from_held_) {
      for (const SchemaNode* target : node.leafref_targets) {
        if (held_.Holds(*target->parent) == from_held_) continue;
        targets_.insert(target->parent);
        references_.insert(&node);
        for (const SchemaNode* at = &node; at != nullptr; at = at->parent) near_.insert(at);
      }
    }
    for (const SchemaNode* child : node.children) Prepare(*child);
  }

  void Touch(const Tree& tree, const Change& change, std::set<std::string>& touched) const {
    Path prefix;
    for (const PathStep& step : change.path) {
      prefix.push_back(step);
      if (!step.keys.empty() && targets_.contains(step.node)) touched.insert(PathText(prefix));
    }
    const Node* node = tree.Find(change.path);
    if (node != nullptr && change.kind != ChangeKind::kMoved) TouchBelow(*node, prefix, touched);
  }

  void TouchBelow(const Node& node, Path& path, std::set<std::string>& touched) const {
    for (const NodePtr& child : node.children()) {
      path.push_back({&child->schema(), {}});
      TouchBelow(*child, path, touched);
      path.pop_back();
    }
    if (node.role() != NodeRole::kList) return;
    node.VisitEntries([&](const Node& entry) {
      for (std::size_t i = 0; i < entry.key_count(); ++i) {
        path.back().keys.emplace_back(entry.key(i));
      }
      if (targets_.contains(&node.schema())) touched.insert(PathText(path));
      TouchBelow(entry, path, touched);
      path.back().keys.clear();
      return true;
    });
  }

  void Scan(const Node& node, Path& path,
            const std::function<void(const Node&, const Path&)>& visit) const {
    if (!near_.contains(&node.schema())) return;
    const bool has_value = node.role() == NodeRole::kLeaf || node.role() == NodeRole::kValue;
    if (has_value && references_.contains(&node.schema()) &&
        node.schema().IsReference(node.value())) {
      visit(node, path);
    }
    for (const NodePtr& child : node.children()) Scan(*child, path, visit);
    node.VisitEntries([&](const Node& entry) {
      Scan(entry, path, visit);
      return true;
    });
  }

  const HeldSelector& held_;
  bool from_held_;
  std::set<const SchemaNode*> targets_;
  std::set<const SchemaNode*> references_;
  std::set<const SchemaNode*> near_;
};

}  // namespace

Tree WithHeld(const Tree& running, const std::vector<std::string>& categories, const Tree& held) {
  if (categories.empty() || running == held) return running;
  HeldSelector selector(running.schema(), categories);
  const std::vector<Change> changes = Diff(held, running);
  const std::vector<Path> released =
      Border(running.schema(), selector, /*from_held=*/false).Needed(running, changes, false);
  const std::vector<Path> added =
      Border(running.schema(), selector, /*from_held=*/true).Needed(held, changes, true);
  for (const Path& path : released) selector.Release(path);
  for (const Path& path : added) selector.Add(path);
  const Selector keeps = [&](const SchemaNode& node, const Path& path) {
    return selector(node, path);
  };
  const Tree now = Projector(keeps).Project(running);
  const Tree then = Projector(keeps).Project(held);
  absl::StatusOr<Tree> target = PutPart(running, now, then, keeps);
  // Names chosen to make a chain: then all waits, and nothing travels that should not.
  return target.ok() ? *std::move(target) : held;
}

}  // namespace configsync
