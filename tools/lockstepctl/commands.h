// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

// Runs one request: asks the node, prints the answer to stdout.

#pragma once

#include "absl/status/statusor.h"
#include "tools/lockstepctl/request.h"

namespace lockstepctl {

// Returns the exit status: kStatusDone, or kStatusDiffer if `tables diff` found a difference.
// Errors: one sentence with object, value and remedy; kInvalidArgument means a usage error.
absl::StatusOr<int> Run(const Request& request);

}  // namespace lockstepctl
