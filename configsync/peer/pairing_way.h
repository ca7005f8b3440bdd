// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

// The way to a node that is not known yet, over gRPC: it takes whatever certificate is shown first,
// and then no other. For pairing alone; the codes prove whose it is.
//
// Threads: as PairingWay.

#pragma once

#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "configsync/devices/device.h"
#include "configsync/peer/pairing.h"

namespace configsync {

// "10.9.1.2", "10.9.1.2:4792", "fd00::2", "[fd00::2]:4792" as a gRPC target. Errors:
// kInvalidArgument: a name, or no address at all.
[[nodiscard]] absl::StatusOr<std::string> PairingTarget(const std::string& address);

[[nodiscard]] std::unique_ptr<PairingWay> MakePairingWay(const std::string& target,
                                                         const Identity& own);

}  // namespace configsync
