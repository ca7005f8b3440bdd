// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

// Numbers that several entries have.

#include <algorithm>
#include <optional>
#include <string>
#include <unordered_map>
#include <utility>

#include "absl/strings/str_cat.h"
#include "configsync/schema/auto_ids.h"
#include "configsync/schema/id_walk.h"
#include "configsync/schema/problem_codes.h"

namespace configsync {
namespace {

// Whether a change may give an entry the number of another one.
bool MayShare(const Change& change, const SchemaNode& leaf) {
  const SchemaNode* const changed = change.path.back().node;
  if (changed == &leaf) return change.kind != ChangeKind::kRemoved;
  if (change.kind != ChangeKind::kAdded) return false;
  for (const SchemaNode* node = leaf.parent; node != nullptr; node = node->parent) {
    if (node == changed) return true;
  }
  return false;
}

// Paths of the leaf in entries that share a number and have to give it up.
std::vector<Path> SharersOf(const SchemaNode& leaf, const Tree& mine, const Tree& tree) {
  const std::vector<const SchemaNode*> way = WayTo(leaf);
  NumberSet seen, shared;
  bool is_any = false;
  const EntryWalk::Visitor count = [&](const Node& entry, const EntryWalk&) {
    const Node* const node = LeafOf(entry, leaf);
    if (node == nullptr || seen.Insert(NumberOf(node))) return;
    shared.Insert(NumberOf(node));
    is_any = true;
  };
  EntryWalk(way, count).Run(tree);
  std::vector<Path> sharers;
  if (!is_any) return sharers;
  std::unordered_map<std::uint64_t, Path> keepers;
  const EntryWalk::Visitor choose = [&](const Node& entry, const EntryWalk& walk) {
    const Node* const node = LeafOf(entry, leaf);
    const std::uint64_t number = NumberOf(node);
    if (node == nullptr || !shared.Has(number)) return;
    Path path = walk.Here();
    path.push_back({&leaf, {}});
    const auto [keeper, is_first] = keepers.try_emplace(number, path);
    if (is_first) return;
    const Node* const own = mine.Find(path);
    if (own != nullptr && NumberOf(own) == number) std::swap(keeper->second, path);
    sharers.push_back(std::move(path));
  };
  EntryWalk(way, choose).Run(tree);
  return sharers;
}

}  // namespace

absl::StatusOr<Tree> SeparateIds(const Tree& mine, const Tree& theirs, const Tree& tree,
                                 std::vector<Renumbering>& renumbered, Problems& problems) {
  std::vector<const SchemaNode*> leaves;
  CollectIdLeaves(tree.schema(), leaves);
  const std::vector<Change> changes = Diff(mine, tree);
  std::vector<Edit> edits;
  const std::size_t first = renumbered.size();
  for (const SchemaNode* leaf : leaves) {
    const auto may_share = [&](const Change& change) { return MayShare(change, *leaf); };
    if (!std::ranges::any_of(changes, may_share)) continue;
    for (Path& path : SharersOf(*leaf, mine, tree)) {
      renumbered.push_back({.path = path, .before = NumberOf(tree.Find(path)), .after = 0});
      edits.push_back({EditOp::kDelete, std::move(path), {}, std::nullopt});
    }
  }
  if (edits.empty()) return tree;
  absl::StatusOr<Tree> without = tree.Apply(edits);
  if (!without.ok()) return without;
  absl::StatusOr<Tree> made = without->Apply(MissingIds(mine, *without, problems, &theirs));
  if (!made.ok()) return made;
  for (std::size_t i = first; i < renumbered.size(); ++i) {
    renumbered[i].after = NumberOf(made->Find(renumbered[i].path));
  }
  std::erase_if(renumbered, [](const Renumbering& each) { return each.after == 0; });
  return made;
}

void FindSharedIds(const Tree& tree, Problems& problems) {
  const auto& children = tree.schema().children;
  FindSharedIdsBelow(tree, {children.begin(), children.end()}, problems);
}

void FindSharedIdsBelow(const Tree& tree, const std::set<const SchemaNode*>& tops,
                        Problems& problems) {
  std::vector<const SchemaNode*> leaves;
  for (const SchemaNode* top : tops) CollectIdLeaves(*top, leaves);
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
