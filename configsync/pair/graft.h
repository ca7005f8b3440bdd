// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

// A part that was changed, put back into the whole that it is a part of.
//
// Threads: functions only.

#pragma once

#include <functional>

#include "absl/status/statusor.h"
#include "configsync/tree/tree.h"

namespace configsync {

using PartMaker = std::function<absl::StatusOr<Tree>(const Tree&)>;

// `whole`, of which `part` is the part by `part_of`, changed so that its part is `next`. What the
// part does not have stays as it is; but an entry that goes takes all of itself along, if it would
// else still be in the part.
// Errors: kInvalidArgument naming the first node that `next` has, and the part cannot: it does not
// travel by this node's schema. What `part_of` says. Cost: O(changes · log n).
[[nodiscard]] absl::StatusOr<Tree> Graft(const Tree& whole, const Tree& part, const Tree& next,
                                         const PartMaker& part_of);

}  // namespace configsync
