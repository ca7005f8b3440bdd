// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

// The way back from a part to a whole configuration.
//
// Threads: functions only.

#pragma once

#include "absl/status/statusor.h"
#include "configsync/tree/project.h"
#include "configsync/tree/tree.h"

namespace configsync {

// `whole`, whose part `selector` made `old_part`, with `new_part` in its place; see
// Selection::WithPart.
[[nodiscard]] absl::StatusOr<Tree> PutPart(const Tree& whole, const Tree& old_part,
                                           const Tree& new_part, const Selector& selector);

}  // namespace configsync
