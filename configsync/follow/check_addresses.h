// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

// What a dataplane refuses about addresses, told by the configuration's paths. The dataplane's own
// readers check the same (dataplane/config); here it is known even while no dataplane answers.
//
// Threads: pure functions.

#pragma once

#include "configsync/schema/problem.h"
#include "configsync/schema/schema_node.h"
#include "proto/forwarding.pb.h"

namespace configsync {

// Adds one problem for each mistake of interfaces, virtual addresses, routes and NAT addresses that
// contradict each other. What one value alone can tell, the modules have judged: text that is no
// address is passed over here. REQUIRES: `forwarding` was made from a tree of the schema `root`.
// Cost: O((routes + interfaces) · interfaces + NAT addresses).
void CheckAddresses(const lockstep::forwarding::Forwarding& forwarding, const SchemaNode& root,
                    Problems& problems);

}  // namespace configsync
