// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

// Reads the annotations of a node (extensions of lockstep-annotations.yang) and inherits the
// parent's.
//
// Threads: values only.

#pragma once

#include <string>
#include <vector>

#include "configsync/schema/schema_node.h"

struct lysc_node;

namespace configsync {

// Fills the effective annotations of `node` from its parent's (already filled) and `compiled`'s
// own. What is wrong goes to `mistakes`, with the node's path, the argument and what is allowed.
void Annotate(const lysc_node& compiled, SchemaNode& node, std::vector<std::string>& mistakes);

}  // namespace configsync
