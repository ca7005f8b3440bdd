// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

// Numbers for auto-id leaves that have none, or one that another entry has too.
//
// Threads: values only; knows nodes of a schema, not libyang.

#pragma once

#include <cstdint>
#include <set>
#include <vector>

#include "absl/status/statusor.h"
#include "configsync/schema/problem.h"
#include "configsync/tree/edit.h"
#include "configsync/tree/tree.h"

namespace configsync {

// Edits of `tree` that give every missing auto-id leaf the smallest number that is free in `tree`
// and in `running`: a number that was somebody's until now is nobody else's in the same commit. An
// entry that `running` has too gets back the number that it has there, if `tree` gave it to nobody.
//
// Numbers are unique among all entries of a list, those of its parents' other entries included: the
// addresses of all NAT pools have one space. No free number in the leaf's range: a problem each.
// Cost: O(changes), and O(entries) of a list that got entries. What `running` has without a number
// stays so unless its list got entries: a commit leaves none.
// Numbers that `other` has, if it is given, are not free either.
[[nodiscard]] std::vector<Edit> MissingIds(const Tree& running, const Tree& tree,
                                           Problems& problems, const Tree* other = nullptr);

// An entry that got another number.
struct Renumbering {
  Path path;  // Of the leaf.
  std::uint64_t before = 0, after = 0;
};

// `tree`, made of two configurations by a merge, with different numbers for different entries.
// Where two have the same one, it stays with the entry that has it in `mine`; the other one gets
// the smallest that is free in all three trees, and is added to `renumbered`. `theirs` may be a
// part. No free number: a problem each, and the entry has none. Nothing refers to a number: targets
// of references are keys.
// Errors: none that `tree` does not have already. Cost: O(changes · log n) from `mine` to `tree`,
// and O(entries) of a list that got entries or numbers.
[[nodiscard]] absl::StatusOr<Tree> SeparateIds(const Tree& mine, const Tree& theirs,
                                               const Tree& tree,
                                               std::vector<Renumbering>& renumbered,
                                               Problems& problems);

// Numbers that two entries of different lists below one list have: `unique` speaks of one list
// only.
void FindSharedIds(const Tree& tree, Problems& problems);
// The same of what is below some top-level nodes only.
void FindSharedIdsBelow(const Tree& tree, const std::set<const SchemaNode*>& tops,
                        Problems& problems);

}  // namespace configsync
