// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

// Makes schema nodes from libyang's compiled modules.
//
// Threads: values only; reads libyang's compiled schema, which does not change.

#pragma once

#include <deque>
#include <string>
#include <vector>

#include "configsync/schema/schema_node.h"

struct ly_ctx;

namespace configsync {

// Fills `nodes`, beginning with the root, from all implemented modules whose names begin with
// "lockstep-", in order of their names. Everything that this product does not support, or that has
// no class, category or description, goes to `mistakes`, with its path.
// Cost: O(nodes); some milliseconds.
void CompileNodes(const ly_ctx& context, std::deque<SchemaNode>& nodes,
                  std::vector<std::string>& mistakes);

}  // namespace configsync
