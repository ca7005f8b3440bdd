// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

// Runs the commands about pairing and devices.
//
// Threads: one.

#pragma once

#include <cstdio>
#include <functional>
#include <string>

#include "absl/status/statusor.h"
#include "proto/admin.pb.h"
#include "tools/lockstepctl/request.h"

namespace lockstepctl {

// Exit status of the command; 1 if a pairing that was waited for has failed.
// REQUIRES: IsForDevices(request.verb).
absl::StatusOr<int> RunDevices(const Request& request);

// What a pairing on a terminal needs of the rest, so that a test can be the other node.
struct PairingDesk {
  std::function<absl::StatusOr<lockstep::admin::PairingResponse>()> look;
  std::function<absl::Status(const std::string& code)> confirm;
  std::function<void()> pause;
  std::FILE* in = stdin;
  std::FILE* out = stdout;
};
// From "waiting" to the end: shows the code, asks for the other's, says how it ended.
absl::StatusOr<int> PairAtTerminal(const PairingDesk& desk);

}  // namespace lockstepctl
