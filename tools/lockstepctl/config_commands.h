// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

// Runs the commands that lockstep-configd answers.
//
// Threads: one.

#pragma once

#include "absl/status/statusor.h"
#include "proto/admin.pb.h"
#include "tools/lockstepctl/request.h"

namespace lockstepctl {

// Exit status of the command. Problems of a configuration were printed to stderr (with --json: are
// in the object on stdout) and give kStatusProblems. Errors: the call was not served.
// REQUIRES: IsForConfigd(request.verb).
absl::StatusOr<int> RunConfig(const Request& request);

// F34, of a commit and of a plan: kStatusProblems if nothing has changed, because of problems here
// or on a remote; kStatusFailed if it is committed here and a remote refused it afterwards;
// kStatusDone else, also if a remote gets it later.
[[nodiscard]] int StatusOfCommit(const lockstep::admin::CommitResponse& commit);

}  // namespace lockstepctl
