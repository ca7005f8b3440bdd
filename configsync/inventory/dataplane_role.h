// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

// What the words of the dataplane mean to a pair's configuration.
//
// Threads: functions.

#pragma once

#include "configsync/follow/role_watch.h"
#include "configsync/pair/node_facts.h"

namespace configsync {

// A dataplane that has no peer has no role: whoever is alone is not active in a pair. It is ready
// if it has taken a role, was told what to forward, and, as standby, has all that it replicates.
[[nodiscard]] LocalRole RoleOf(const DataplaneView& view);

}  // namespace configsync
