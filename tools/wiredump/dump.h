// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

// Runs one request: capture in, lines to stdout, what could not be shown to stderr.

#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "tools/wiredump/command_line.h"

namespace wiredump {

// Returns kStatusDone, or kStatusFailed if something of HA2 could not be shown.
// Errors: one sentence with the file and a remedy; kInvalidArgument means a usage error.
absl::StatusOr<int> Run(const Request& request);

}  // namespace wiredump
