// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

// Numbers for auto-id leaves that have none.
//
// Threads: values only; knows nodes of a schema, not libyang.

#pragma once

#include <set>
#include <vector>

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
[[nodiscard]] std::vector<Edit> MissingIds(const Tree& running, const Tree& tree,
                                           Problems& problems);

// Numbers that two entries of different lists below one list have: `unique` speaks of one list
// only.
void FindSharedIds(const Tree& tree, Problems& problems);
// The same of what is below some top-level nodes only.
void FindSharedIdsBelow(const Tree& tree, const std::set<const SchemaNode*>& tops,
                        Problems& problems);

}  // namespace configsync
