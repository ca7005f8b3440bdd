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

// Visits the entries of the list `way.back()`, whatever lists are above it. Their paths are made
// only when asked for: there may be a hundred thousand.
class EntryWalk {
 public:
  using Visitor = std::function<void(const Node& entry, const EntryWalk& walk)>;

  EntryWalk(const std::vector<const SchemaNode*>& way, const Visitor& visit)
      : way_(way), visit_(visit) {}

  void Run(const Tree& tree) { Descend(tree.root()); }

  [[nodiscard]] Path Here() const {
    Path path;
    for (const Node* node : nodes_) {
      PathStep& step = path.emplace_back(PathStep{&node->schema(), {}});
      for (std::size_t i = 0; step.node->is_list() && i < step.node->key_count; ++i) {
        step.keys.emplace_back(node->key(i));
      }
    }
    return path;
  }

 private:
  void Descend(const Node& node) {
    if (nodes_.size() == way_.size()) {
      visit_(node, *this);
      return;
    }
    const Node* child = node.Child(*way_[nodes_.size()]);
    if (child == nullptr) return;
    if (child->role() != NodeRole::kList) {
      nodes_.push_back(child);
      Descend(*child);
      nodes_.pop_back();
      return;
    }
    child->VisitEntries([this](const Node& entry) {
      nodes_.push_back(&entry);
      Descend(entry);
      nodes_.pop_back();
      return true;
    });
  }

  const std::vector<const SchemaNode*>& way_;
  const Visitor& visit_;
  std::vector<const Node*> nodes_;
};

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

// The leaf of an entry. Ids stand near the front, and looking at what stands behind them costs
// cache misses.
const Node* LeafOf(const Node& entry, const SchemaNode& leaf) {
  for (const NodePtr& child : entry.children().subspan(entry.schema().key_count)) {
    if (&child->schema() == &leaf) return &*child;
    if (child->schema().index > leaf.index) return nullptr;
  }
  return nullptr;
}

// Numbers that are taken: a bit each as far as ranges are small, which they are.
class NumberSet {
 public:
  // False: it was there.
  bool Insert(std::uint64_t number) {
    if (number >= kBits) return others_.insert(number).second;
    if (bits_.size() <= number) bits_.resize(static_cast<std::size_t>(number) + 1);
    const bool is_new = !bits_[static_cast<std::size_t>(number)];
    bits_[static_cast<std::size_t>(number)] = true;
    return is_new;
  }
  [[nodiscard]] bool Has(std::uint64_t number) const {
    return number < kBits ? number < bits_.size() && bits_[static_cast<std::size_t>(number)]
                          : others_.contains(number);
  }

 private:
  static constexpr std::uint64_t kBits = 1u << 16;
  std::vector<bool> bits_;
  std::unordered_set<std::uint64_t> others_;
};

// Whether a change from running to candidate may leave an entry without its number: it adds
// something at, above or below the entries' list, or removes a number.
bool MayMiss(const Change& change, const SchemaNode& leaf) {
  const SchemaNode* const changed = change.path.back().node;
  if (change.kind == ChangeKind::kRemoved) return changed == &leaf;
  if (change.kind != ChangeKind::kAdded) return false;
  for (const SchemaNode* node = leaf.parent; node != nullptr; node = node->parent) {
    if (node == changed) return true;
  }
  return false;
}

// One leaf of the schema with all its places.
class LeafFiller {
 public:
  LeafFiller(const SchemaNode& leaf, std::vector<Edit>& edits, Problems& problems)
      : leaf_(leaf), edits_(edits), problems_(problems), way_(WayTo(leaf)) {}

  // `changes` lead from `running` to `tree`.
  void Fill(const Tree& running, const Tree& tree, const std::vector<Change>& changes) {
    std::vector<Path> missing;
    const EntryWalk::Visitor look = [&](const Node& entry, const EntryWalk& walk) {
      const Node* node = LeafOf(entry, leaf_);
      if (node == nullptr) {
        missing.push_back(walk.Here());
      } else {
        ++with_number_count_;
        taken_.Insert(NumberOf(node));
      }
    };
    EntryWalk(way_, look).Run(tree);
    if (missing.empty() || HasTooMany(missing.size())) return;
    missing = KeepOld(running, std::move(missing));
    // What running has and the tree has not is in what was removed or changed.
    for (const Change& change : changes) {
      if (change.before != nullptr) TakeBelow(*change.before);
    }
    for (Path& place : missing) Choose(std::move(place));
  }

 private:
  // Whether the only list on the way has too many entries: that is one mistake, found elsewhere,
  // and not one of every entry that gets no number.
  [[nodiscard]] bool HasTooMany(std::size_t missing_count) const {
    const std::uint32_t max = leaf_.parent->max_elements;
    return max != 0 && std::ranges::count_if(way_, &SchemaNode::is_list) == 1 &&
           missing_count + with_number_count_ > max;
  }

  // Gives entries that are in `running` their numbers of there; returns the others.
  std::vector<Path> KeepOld(const Tree& running, std::vector<Path> missing) {
    std::vector<Path> others;
    for (Path& place : missing) {
      const Node* entry = running.Find(place);
      const Node* node = entry == nullptr ? nullptr : entry->Child(leaf_);
      if (node != nullptr && taken_.Insert(NumberOf(node))) {
        Set(std::move(place), NumberOf(node));
      } else {
        others.push_back(std::move(place));
      }
    }
    return others;
  }

  void TakeBelow(const Node& node) {
    if (&node.schema() == &leaf_) {
      taken_.Insert(NumberOf(&node));
      return;
    }
    for (const NodePtr& child : node.children()) TakeBelow(*child);
    node.VisitEntries([this](const Node& entry) {
      TakeBelow(entry);
      return true;
    });
  }

  void Choose(Path place) {
    while (next_ <= leaf_.integer_max && taken_.Has(next_)) ++next_;
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
  NumberSet taken_;
  std::size_t with_number_count_ = 0;  // Entries that have one.
  std::uint64_t next_ = leaf_.integer_min > 0 ? static_cast<std::uint64_t>(leaf_.integer_min) : 0;
};

}  // namespace

std::vector<Edit> MissingIds(const Tree& running, const Tree& tree, Problems& problems) {
  std::vector<const SchemaNode*> leaves;
  CollectLeaves(tree.schema(), leaves);
  std::vector<Edit> edits;
  const std::vector<Change> changes = Diff(running, tree);
  for (const SchemaNode* leaf : leaves) {
    const auto may_miss = [&](const Change& change) { return MayMiss(change, *leaf); };
    if (std::ranges::any_of(changes, may_miss)) {
      LeafFiller(*leaf, edits, problems).Fill(running, tree, changes);
    }
  }
  return edits;
}

void FindSharedIds(const Tree& tree, Problems& problems) {
  const auto& children = tree.schema().children;
  FindSharedIdsBelow(tree, {children.begin(), children.end()}, problems);
}

void FindSharedIdsBelow(const Tree& tree, const std::set<const SchemaNode*>& tops,
                        Problems& problems) {
  std::vector<const SchemaNode*> leaves;
  for (const SchemaNode* top : tops) CollectLeaves(*top, leaves);
  for (const SchemaNode* leaf : leaves) {
    const std::vector<const SchemaNode*> way = WayTo(*leaf);
    if (std::ranges::count_if(way, &SchemaNode::is_list) < 2) continue;
    std::unordered_map<std::uint64_t, Path> known;
    const EntryWalk::Visitor look = [&](const Node& entry, const EntryWalk& walk) {
      const Node* node = entry.Child(*leaf);
      if (node == nullptr) return;
      const auto [first, is_new] = known.emplace(NumberOf(node), walk.Here());
      if (is_new) return;
      Path here = walk.Here();
      here.push_back({leaf, {}});
      problems.Add(
          {.code = std::string(problem_code::kNotUnique),
           .path = PathText(here),
           .value = std::string(node->value()),
           .text = "must differ in all entries; " + PathText(first->second) + " has it too",
           .remedy = "leave it out, and a free number is chosen"});
    };
    EntryWalk(way, look).Run(tree);
  }
}

}  // namespace configsync
