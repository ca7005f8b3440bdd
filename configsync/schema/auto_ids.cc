// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

#include "configsync/schema/auto_ids.h"

#include <algorithm>
#include <cstdint>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "configsync/schema/id_walk.h"
#include "configsync/schema/problem_codes.h"

namespace configsync {
namespace {

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
  void Fill(const Tree& running, const Tree& tree, const std::vector<Change>& changes,
            const Tree* other) {
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
    const EntryWalk::Visitor take = [&](const Node& entry, const EntryWalk&) {
      if (const Node* node = LeafOf(entry, leaf_); node != nullptr) taken_.Insert(NumberOf(node));
    };
    if (other != nullptr) EntryWalk(way_, take).Run(*other);
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

std::vector<Edit> MissingIds(const Tree& running, const Tree& tree, Problems& problems,
                             const Tree* other) {
  std::vector<const SchemaNode*> leaves;
  CollectIdLeaves(tree.schema(), leaves);
  std::vector<Edit> edits;
  const std::vector<Change> changes = Diff(running, tree);
  for (const SchemaNode* leaf : leaves) {
    const auto may_miss = [&](const Change& change) { return MayMiss(change, *leaf); };
    if (std::ranges::any_of(changes, may_miss)) {
      LeafFiller(*leaf, edits, problems).Fill(running, tree, changes, other);
    }
  }
  return edits;
}

}  // namespace configsync
