// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

// Reads and checks what a node is told to forward by (proto/forwarding.proto).
//
// Threads: no shared state.  Memory: allocates.

#pragma once

#include "absl/status/statusor.h"
#include "dataplane/config/options.h"

namespace lockstep::forwarding {
class Forwarding;
}  // namespace lockstep::forwarding

namespace dataplane {

// Checked options of `message` for the node `node`, whose ports and links it must fit.
// Errors: kInvalidArgument: one line per mistake, "path: text", joined by newlines.
absl::StatusOr<ForwardingOptions> ReadForwarding(const lockstep::forwarding::Forwarding& message,
                                                 const Options& node);

// What a node forwards by while it was given nothing: no interface, no rule.
ForwardingOptions EmptyForwarding(const Options& node);

}  // namespace dataplane
