// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

// Runs one request: asks the node, prints the answer to stdout.

#pragma once

#include "absl/status/status.h"
#include "tools/lockstepctl/request.h"

namespace lockstepctl {

// Errors: one sentence with object, value and remedy; kInvalidArgument means a usage error.
absl::Status Run(const Request& request);

}  // namespace lockstepctl
