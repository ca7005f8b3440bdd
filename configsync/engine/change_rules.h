// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

// What the annotations of changed nodes ask for.
//
// Threads: functions only.  Cost: O(changed nodes).

#pragma once

#include <span>
#include <string>
#include <vector>

#include "configsync/engine/engine.h"
#include "configsync/schema/path.h"
#include "configsync/schema/problem.h"
#include "configsync/tree/edit.h"

namespace configsync {

// A problem for each change that touches a node with an edit lock (F61).
void FindEditLocks(std::span<const Change> changes, Problems& problems);

// Each service that a changed node wants reloaded, once, with the first path that asks.
[[nodiscard]] std::vector<ServiceAction> ServicesOf(std::span<const Change> changes);

// The path without the values of a secret leaf-list: for texts.
[[nodiscard]] std::string PublicPath(Path path);

}  // namespace configsync
