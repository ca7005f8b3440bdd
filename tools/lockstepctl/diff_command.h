// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

// `tables diff`: two nodes or files in, differences and counts to stdout.

#pragma once

#include <memory>

#include "absl/status/statusor.h"
#include "tools/lockstepctl/client.h"
#include "tools/lockstepctl/request.h"
#include "tools/lockstepctl/sorted_lines.h"

namespace lockstepctl {

// The sorted dump of a node.  Errors: the node's, or a temporary file that cannot be written.
absl::StatusOr<std::unique_ptr<SortedLines>> SortedDumpOf(Client& client, const std::string& table);

// Returns kStatusDone if the tables are equal, kStatusDiffer if not.
// Errors: one sentence with the side, the object and a remedy.
absl::StatusOr<int> RunTablesDiff(const Request& request);

}  // namespace lockstepctl
