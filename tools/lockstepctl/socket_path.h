// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

// Which node is meant: its sockets.

#pragma once

#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace lockstepctl {

// A process of a node and its socket.
struct Service {
  const char* file;         // Under the node's run folder.
  const char* environment;  // Variable that names the socket.
  const char* program;
  const char* who;  // May ask it.
};
inline constexpr Service kDataplaneService{"control.sock", "LOCKSTEP_SOCKET", "lockstep-dataplane",
                                           "the node's owner and root"};
inline constexpr Service kConfigdService{"admin.sock", "LOCKSTEP_ADMIN_SOCKET", "lockstep-configd",
                                         "members of its groups and root"};

// `given`, else what the environment says, else the only socket under `root`/NODE/.
// Errors: kNotFound (none), kInvalidArgument (several: they are listed).
absl::StatusOr<std::string> FindSocket(const std::string& given,
                                       const std::string& root = "/run/lockstep",
                                       const Service& service = kDataplaneService);

// Says early and plainly why a socket cannot be asked: missing, nobody listens, no permission.
absl::Status ProbeSocket(const std::string& path, const Service& service = kDataplaneService);

}  // namespace lockstepctl
