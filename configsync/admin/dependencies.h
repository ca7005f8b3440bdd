// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

// What a plan says of dependencies: what travels only because something that travels needs it, and
// what that is (F16, N16).
//
// Threads: values only.

#pragma once

#include "configsync/admin/schema_text.h"
#include "configsync/engine/pair_gate.h"
#include "proto/admin.pb.h"

namespace configsync {

inline constexpr std::size_t kDependenciesShownMax = 100;

// Those of the remote's changes, as `next` would make them. Cost: O(next), as of SelectionMaker.
void FillDependencies(const RemoteOutcome& remote, const Tree& next, const SchemaText& text,
                      lockstep::admin::RemoteCommit& message);

}  // namespace configsync
