// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

// Three-way merge: what two made of the same base, in one tree.
//
//   Merge(b, x, b) = x    Merge(b, b, y) = y    Merge(b, x, x) = x
//   Merge(b, x, y, kMine) = Merge(b, y, x, kTheirs)
//
// A change of one side stands. Where both changed the same leaf differently, or one deleted what
// the other changed, there is a conflict, and the result has what the preferred side made. In a
// user-ordered list what neither side moved keeps its order; what one side put between two of those
// goes there. If both put different entries at the same place, their order is nobody's choice: that
// is a conflict too. An entry that one side moved and the other deleted is deleted.
//
// Threads: functions only.

#pragma once

#include <cstdint>
#include <vector>

#include "absl/status/status.h"
#include "configsync/schema/path.h"
#include "configsync/tree/node.h"
#include "configsync/tree/tree.h"

namespace configsync {

enum class ConflictReason : std::uint8_t {
  kBothChanged,        // To different values.
  kDeletedAndChanged,  // One side deleted it, the other changed it or what is below.
  kSamePlace,  // Both put or moved different entries to the same place: `mine` and `theirs` are the
               // first of each. The path is that of `mine`.
  kMovedApart,  // Both put or moved one entry, to different places.
};

struct Conflict {
  Path path;
  ConflictReason reason = ConflictReason::kBothChanged;
  NodePtr base;  // Null: not there. So the others.
  NodePtr mine;
  NodePtr theirs;
};

enum class Prefer : std::uint8_t { kMine, kTheirs };

struct MergeResult {
  Tree tree;
  std::vector<Conflict> conflicts;  // In document order.
  // kResourceExhausted: a list would be too deep (sequence.h); `tree` is mine then.
  absl::Status status;
};

// REQUIRES: all three have the same schema and key.
// Cost: O(changes · log n), and O(n) for a user-ordered list whose order both sides changed.
[[nodiscard]] MergeResult Merge(const Tree& base, const Tree& mine, const Tree& theirs,
                                Prefer prefer = Prefer::kMine);

}  // namespace configsync
