// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

// The way back from what of a configuration waits to the whole; pushes go by pair/graft.h, which
// refuses what does not travel.
//
// Threads: functions only.

#pragma once

#include "absl/status/statusor.h"
#include "configsync/tree/project.h"
#include "configsync/tree/tree.h"

namespace configsync {

// `whole`, whose part `selector` made `old_part`, with `new_part` in its place. Everything else of
// `whole` stays: an entry that the part has no longer is deleted if its existence is of the part,
// else it loses only what is. In an ordered list entries of the part stand as the part has them,
// the others where they stood. Errors: kResourceExhausted. Cost: as Merge.
[[nodiscard]] absl::StatusOr<Tree> PutPart(const Tree& whole, const Tree& old_part,
                                           const Tree& new_part, const Selector& selector);

}  // namespace configsync
