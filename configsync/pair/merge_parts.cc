// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

#include "configsync/pair/merge_parts.h"

#include <algorithm>
#include <cstdint>
#include <utility>

#include "configsync/schema/id_walk.h"

namespace configsync {
namespace {

bool IsOfNumbers(const Conflict& conflict) {
  return conflict.path.back().node->auto_id && conflict.mine != nullptr &&
         conflict.theirs != nullptr;
}

// Both gave the same entry a number: that of this node stays, whichever side is preferred.
absl::Status SettleNumbers(MergeResult& merged, std::vector<Renumbering>& renumbered) {
  std::vector<Edit> edits;
  for (const Conflict& conflict : merged.conflicts) {
    if (!IsOfNumbers(conflict)) continue;
    renumbered.push_back({.path = conflict.path,
                          .before = NumberOf(&*conflict.theirs),
                          .after = NumberOf(&*conflict.mine)});
    edits.push_back({.op = EditOp::kSet,
                     .path = conflict.path,
                     .value = std::string(conflict.mine->value()),
                     .after = {}});
  }
  if (edits.empty()) return absl::OkStatus();
  std::erase_if(merged.conflicts, IsOfNumbers);
  absl::StatusOr<Tree> tree = merged.tree.Apply(edits);
  if (!tree.ok()) return tree.status();
  merged.tree = *std::move(tree);
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<MergedParts> MergeParts(const Tree& base, const Tree& running, const Tree& mine,
                                       const Tree& theirs, Prefer prefer,
                                       const PartMaker& part_of) {
  MergeResult merged = Merge(base, mine, theirs, prefer);
  if (!merged.status.ok()) return merged.status;
  std::vector<Renumbering> renumbered;
  Problems problems;
  if (absl::Status status = SettleNumbers(merged, renumbered); !status.ok()) return status;
  absl::StatusOr<Tree> whole = Graft(running, mine, merged.tree, part_of);
  if (!whole.ok()) return whole.status();
  // In the whole: an entry that does not travel has a number as well.
  absl::StatusOr<Tree> separate = SeparateIds(running, theirs, *whole, renumbered, problems);
  if (!separate.ok()) return separate.status();
  absl::StatusOr<Tree> part = part_of(*separate);
  if (!part.ok()) return part.status();
  return MergedParts{.whole = *std::move(separate),
                     .part = *std::move(part),
                     .conflicts = std::move(merged.conflicts),
                     .renumbered = std::move(renumbered),
                     .problems = std::move(problems)};
}

}  // namespace configsync
