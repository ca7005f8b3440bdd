// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

// How one order becomes another: what comes, what goes, and the fewest moves of what stays. For the
// files of this folder.
//
// What the orders have in common at both ends is skipped in O(log n), by equal hashes; removed and
// new entries do not end the skipping. Between the first and the last entry that was moved over,
// those of a longest increasing subsequence stay and the others move.

#pragma once

#include <cstddef>
#include <functional>
#include <span>
#include <vector>

#include "configsync/tree/sequence.h"

namespace configsync {

struct OrderDiff {
  // Entry of `b` that is new or was moved, and its index there.
  struct Placed {
    EntryId id;
    std::size_t index = 0;
    bool is_new = false;
  };
  std::vector<EntryId> removed;  // In the order of `a`.
  std::vector<Placed> placed;    // In the order of `b`.
};

// `is_removed(id)` of an entry of `a`, `is_new(id)` of one of `b`: whether the other has it not.
// Both orders are settled. Cost: O((removed + new) · log n + k log k), k: entries moved over.
[[nodiscard]] OrderDiff DiffOrders(const LinkPtr& a, const LinkPtr& b,
                                   const std::function<bool(const EntryId&)>& is_removed,
                                   const std::function<bool(const EntryId&)>& is_new);

// For each value whether it is in one longest increasing subsequence; the same one every time.
// Values are different. Cost: O(n log n).
[[nodiscard]] std::vector<bool> LongestIncreasing(std::span<const std::size_t> values);

}  // namespace configsync
