// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

// Our own passes over a whole configuration. They find every mistake of their kinds, where libyang
// stops at the first: nodes that must be there, numbers of elements, values that must differ, names
// that mean two things, references without a target.
//
// Threads: values only; knows nodes of a schema, not libyang.

#pragma once

#include "configsync/schema/problem.h"
#include "configsync/tree/tree.h"

namespace configsync {

// Cost: O(nodes); memory for the values of unique leaves and the reference index.
void FindMistakes(const Tree& tree, Problems& problems);

}  // namespace configsync
