// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

// What of a difference no process of this version acts on, so that a commit can say so.

#pragma once

#include <span>
#include <string>
#include <vector>

#include "configsync/tree/edit.h"

namespace configsync {

// Schema paths of the topmost `stored-only` nodes that changed, each once, in document order:
// "/interfaces/vlan". Cost: O(changes), and of an added or removed subtree only what may hold such
// nodes is visited.
[[nodiscard]] std::vector<std::string> StoredOnlyPaths(std::span<const Change> changes);

}  // namespace configsync
