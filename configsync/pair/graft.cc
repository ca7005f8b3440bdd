// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

#include "configsync/pair/graft.h"

#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"

namespace configsync {
namespace {

std::vector<std::string> KeysOf(const Node& entry) {
  std::vector<std::string> keys;
  for (std::size_t i = 0; i < entry.key_count(); ++i) keys.emplace_back(entry.key(i));
  return keys;
}

// Deletes what the part had at a place, and nothing beside it.
class Remover {
 public:
  explicit Remover(std::vector<Edit>& edits) : edits_(edits) {}

  void Remove(const Node& gone, const Node* in_whole, Path& path) {
    if (in_whole == nullptr) return;
    const bool is_simple = gone.role() == NodeRole::kLeaf || gone.role() == NodeRole::kValue;
    if (is_simple || gone.hash() == in_whole->hash()) {
      edits_.push_back({.op = EditOp::kDelete, .path = path, .value = {}, .after = {}});
      return;
    }
    if (gone.role() == NodeRole::kList || gone.role() == NodeRole::kLeafList) {
      gone.VisitEntries([&](const Node& entry) {
        path.back().keys = KeysOf(entry);
        Remove(entry, in_whole->Entry(path.back().keys), path);
        path.back().keys.clear();
        return true;
      });
      return;
    }
    for (const NodePtr& child : gone.children()) {
      if (child->schema().is_key) continue;
      path.push_back({.node = &child->schema(), .keys = {}});
      Remove(*child, in_whole->Child(child->schema()), path);
      path.pop_back();
    }
  }

 private:
  std::vector<Edit>& edits_;
};

void Append(const Change& change, std::vector<Edit>& edits) {
  for (Edit& edit : EditsOf({&change, 1})) edits.push_back(std::move(edit));
}

}  // namespace

absl::StatusOr<Tree> Graft(const Tree& whole, const Tree& part, const Tree& next,
                           const PartMaker& part_of) {
  std::vector<Edit> edits;
  Remover remover(edits);
  for (const Change& change : Diff(part, next)) {
    if (change.kind == ChangeKind::kRemoved) {
      Path path = change.path;
      remover.Remove(*change.before, whole.Find(change.path), path);
    } else {
      Append(change, edits);
    }
  }
  absl::StatusOr<Tree> merged = whole.Apply(edits);
  if (!merged.ok()) return merged;
  // Entries whose names travel are still there by what of them does not.
  edits.clear();
  absl::StatusOr<Tree> made = part_of(*merged);
  if (!made.ok()) return made;
  for (const Change& change : Diff(*made, next)) {
    if (change.kind == ChangeKind::kRemoved) Append(change, edits);
  }
  if (!edits.empty()) merged = merged->Apply(edits);
  if (!merged.ok()) return merged;
  made = part_of(*merged);
  if (!made.ok()) return made;
  const std::vector<Change> left = Diff(*made, next);
  if (left.empty()) return merged;
  return absl::InvalidArgumentError(
      absl::StrCat(PathText(left.front().path), " does not travel by this node's schema"));
}

}  // namespace configsync
