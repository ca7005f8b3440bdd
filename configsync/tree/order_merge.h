// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

// Three-way merge of orders. For merge.cc alone.
//
// The frame is what neither side moved: it stands in the same order everywhere. Everything else
// belongs to the gap behind one entry of the frame, as the side that put it there has it. Within a
// gap, what both sides put there divides it again; two parts that only one side each filled cannot
// be ordered without a choice.
//
// Threads: functions only.

#pragma once

#include <functional>
#include <vector>

#include "configsync/tree/merge.h"
#include "configsync/tree/sequence.h"

namespace configsync {

struct OrderConflict {
  ConflictReason reason = ConflictReason::kSamePlace;
  EntryId mine;
  EntryId theirs;
};

struct OrderMerge {
  std::vector<EntryId> order;
  std::vector<OrderConflict> conflicts;
};

// The order of those entries of `mine` and `theirs` that stay. Cost: O(n log n).
[[nodiscard]] OrderMerge MergeOrders(const LinkPtr& base, const LinkPtr& mine,
                                     const LinkPtr& theirs,
                                     const std::function<bool(const EntryId&)>& stays,
                                     Prefer prefer);

}  // namespace configsync
