// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

// ForwardingOptions back to a message: the canonical form, defaults written out.
//
// Threads: no shared state.

#pragma once

#include "dataplane/config/options.h"
#include "proto/forwarding.pb.h"

namespace dataplane {

// node.forwarding, whose interfaces name the node's ports.
void FillForwarding(const Options& node, lockstep::forwarding::Forwarding& message);

}  // namespace dataplane
