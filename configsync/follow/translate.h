// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

// From a configuration to what the dataplane forwards by, and back: a mistake that the dataplane
// finds is told by the configuration's path.
//
// Translation is a function of the tree: names of objects, groups and services become prefixes and
// ports; what is disabled is left out; defaults are filled in.
//
// Threads: pure functions.

#pragma once

#include <string_view>

#include "configsync/schema/problem.h"
#include "configsync/tree/tree.h"
#include "proto/forwarding.pb.h"

namespace configsync {

// Problems that are added name what the dataplane cannot take (forwarding_limits.h,
// check_addresses.h) or what cannot be said to it; then the result is not to be sent. References
// that Schema::Judge has proven are trusted: a name that leads nowhere is a problem here, too.
// Cost: O(nodes of zones, interfaces, objects, policy, NAT, routing); a rule about a microsecond.
[[nodiscard]] lockstep::forwarding::Forwarding Translate(const Tree& tree, Problems& problems);

// The dataplane's refusal of `forwarding`, a mistake a line ("rules[3].source[0]: text"), as
// problems with paths of the configuration. A line that names no object keeps its words and has no
// path. REQUIRES: `forwarding` was made from a tree of the schema `root`.
void AddRefusal(std::string_view refusal, const lockstep::forwarding::Forwarding& forwarding,
                const SchemaNode& root, Problems& problems);

}  // namespace configsync
