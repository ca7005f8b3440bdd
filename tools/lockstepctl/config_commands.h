// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

// Runs the commands that lockstep-configd answers.
//
// Threads: one.

#pragma once

#include "absl/status/statusor.h"
#include "tools/lockstepctl/request.h"

namespace lockstepctl {

// Exit status of the command. Problems of a configuration were printed to stderr (with --json: are
// in the object on stdout) and give kStatusProblems. Errors: the call was not served.
// REQUIRES: IsForConfigd(request.verb).
absl::StatusOr<int> RunConfig(const Request& request);

}  // namespace lockstepctl
