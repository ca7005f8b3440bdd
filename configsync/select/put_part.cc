// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

#include "configsync/select/put_part.h"

#include <utility>
#include <vector>

#include "configsync/tree/merge.h"

namespace configsync {
namespace {

// Finds what is gone from the part but has more in the whole than the part had, and exists there on
// its own account: the whole keeps it.
class Remains {
 public:
  Remains(const Tree& whole, const Selector& selector) : whole_(whole), selector_(selector) {}

  // `node` was in the part at `path`.
  void Visit(const Node& node, Path& path) {
    switch (node.role()) {
      case NodeRole::kLeaf:
      case NodeRole::kValue:
      case NodeRole::kLeafList:
        return;
      case NodeRole::kList:
        node.VisitEntries([&](const Node& entry) {
          for (std::size_t i = 0; i < entry.key_count(); ++i) {
            path.back().keys.emplace_back(entry.key(i));
          }
          Visit(entry, path);
          path.back().keys.clear();
          return true;
        });
        return;
      case NodeRole::kEntry:
      case NodeRole::kContainer:
        VisitBranch(node, path);
        return;
    }
  }

  std::vector<Edit> edits;

 private:
  void VisitBranch(const Node& node, Path& path) {
    if (node.schema().kind != NodeKind::kContainer) {
      if (selector_(node.schema(), path) != Keep::kInside) return;
      const Node* in_whole = whole_.Find(path);
      if (in_whole == nullptr || in_whole->hash() == node.hash()) return;
      edits.push_back({EditOp::kSet, path, {}, {}});
    }
    for (const NodePtr& child : node.children()) {
      path.push_back({&child->schema(), {}});
      Visit(*child, path);
      path.pop_back();
    }
  }

  const Tree& whole_;
  const Selector& selector_;
};

}  // namespace

absl::StatusOr<Tree> PutPart(const Tree& whole, const Tree& old_part, const Tree& new_part,
                             const Selector& selector) {
  Remains remains(whole, selector);
  for (const Change& change : Diff(old_part, new_part)) {
    if (change.kind != ChangeKind::kRemoved) continue;
    Path path = change.path;
    remains.Visit(*change.before, path);
  }
  Tree theirs = new_part;
  if (!remains.edits.empty()) {
    absl::StatusOr<Tree> with_shells = new_part.Apply(remains.edits);
    if (!with_shells.ok()) return with_shells.status();
    theirs = *std::move(with_shells);
  }
  MergeResult merged = Merge(old_part, whole, theirs, Prefer::kTheirs);
  if (!merged.status.ok()) return merged.status;
  return std::move(merged.tree);
}

}  // namespace configsync
