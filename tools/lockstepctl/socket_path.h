// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

// Which node is meant: its control socket.

#pragma once

#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace lockstepctl {

// `given`, else $LOCKSTEP_SOCKET, else the only control.sock under `root`/NODE/.
// Errors: kNotFound (none), kInvalidArgument (several: they are listed).
absl::StatusOr<std::string> FindSocket(const std::string& given,
                                       const std::string& root = "/run/lockstep");

// Says early and plainly why a socket cannot be asked: missing, nobody listens, no permission.
absl::Status ProbeSocket(const std::string& path);

}  // namespace lockstepctl
