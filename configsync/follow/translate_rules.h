// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

// The ordered rules of the policy, with names of objects and services written out.
//
// Threads: pure functions.

#pragma once

#include "configsync/schema/problem.h"
#include "configsync/tree/tree.h"
#include "proto/forwarding.pb.h"

namespace configsync {

// Adds the enabled rules in order. A rule whose groups have no member matches nothing and is left
// out. One whose services cannot be said as "these protocols, each with these ports" is a problem.
void AddRules(const Tree& tree, lockstep::forwarding::Forwarding& forwarding, Problems& problems);

}  // namespace configsync
