// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

// Which remote an operator means, and what nodes are called.
//
// Threads: values only.

#pragma once

#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "configsync/pair/pair_sync.h"

namespace configsync {

// By the name of its entry or of its node; empty: the only one. Errors: kFailedPrecondition (there
// is none), kInvalidArgument (too long; several, and none was named), kNotFound, with the choices.
[[nodiscard]] absl::StatusOr<RemoteStatus> FindRemote(const SyncStatus& status,
                                                      std::string_view name);

// What an operator calls the nodes: their host names, as far as these tell them apart.
[[nodiscard]] std::string NameOfThisNode(const Tree& running);
[[nodiscard]] std::string NameOfNode(const RemoteStatus& remote, const Tree& running);

}  // namespace configsync
