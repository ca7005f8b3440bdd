// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

// Status, peer and counters as operators see them, read from the shared atomics.
//
// Threads: any, several at a time.  Memory: what is returned.

#pragma once

#include <cstdint>

#include "dataplane/control/control_server.h"
#include "proto/control.pb.h"

namespace dataplane {

// Now on CLOCK_MONOTONIC, nanoseconds.
std::int64_t MonotonicNs();

lockstep::control::Status ReadStatus(const ControlSetup& setup, std::int64_t now_ns);
lockstep::control::Peer ReadPeer(const ControlSetup& setup, std::int64_t now_ns);
lockstep::control::Stats ReadStats(const ControlSetup& setup);

// Why a switchover cannot start, as FAILED_PRECONDITION with a remedy; OK if it can.
absl::Status CheckSwitchover(const ControlSetup& setup);

}  // namespace dataplane
