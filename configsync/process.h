// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

// What main does to its own process: signals, folders, privileges, word to systemd.
//
// Threads: main, before it starts others.

#pragma once

#include <sys/types.h>

#include <cstdint>
#include <optional>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace configsync {

// Blocks SIGTERM, SIGINT and SIGHUP for this thread and all it starts later; ignores SIGPIPE.
void BlockSignals();
// Waits for a signal that ends the program, at most `milliseconds`; its name, or empty. SIGHUP does
// nothing: there is no file to read again.
std::string WaitForStop(std::uint32_t milliseconds);

struct User {
  std::string name;
  uid_t user = 0;
  gid_t group = 0;
};
// The user to run as: `name`, or for an empty one who the process is. Errors: kNotFound,
// kPermissionDenied (only root can change to another).
absl::StatusOr<User> FindUser(const std::string& name);

// Makes the folder and those above it; the folder itself belongs to `owner` with `mode`. A folder
// that is there already keeps its mode if `mode` is none. Errors: as the system says, with the
// path.
absl::Status MakeFolder(const std::string& path, const User& owner, std::optional<mode_t> mode);

// For good: the user's id and groups, no new privileges, no core dump or trace of the secrets in
// memory, umask 077. Errors: which step failed.
absl::Status DropPrivileges(const User& user);

// Tells systemd, if it started us: "READY=1", "STOPPING=1".
void NotifySystemd(const std::string& state);

}  // namespace configsync
