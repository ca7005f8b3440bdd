// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

// What two nodes are to have after a merge by hand.
//
// Threads: functions only.

#pragma once

#include <vector>

#include "absl/status/statusor.h"
#include "configsync/pair/graft.h"
#include "configsync/schema/auto_ids.h"
#include "configsync/schema/problem.h"
#include "configsync/tree/merge.h"
#include "configsync/tree/tree.h"

namespace configsync {

struct MergedParts {
  Tree whole;  // Of this node.
  Tree part;   // Of both.
  std::vector<Conflict> conflicts;
  std::vector<Renumbering> renumbered;  // Entries of the remote.
  Problems problems;                    // NO_FREE_ID.
};

// Merges `mine`, the part of `running` by `part_of`, with the remote's. Numbers (auto-id) are no
// matter of choice: those of this node stay, and entries of the remote that would have the same
// one, or that have another one there, get others (PAIR.md).
// Errors: those of Merge(), Graft() and `part_of`. Cost: theirs, and of SeparateIds().
[[nodiscard]] absl::StatusOr<MergedParts> MergeParts(const Tree& base, const Tree& running,
                                                     const Tree& mine, const Tree& theirs,
                                                     Prefer prefer, const PartMaker& part_of);

}  // namespace configsync
