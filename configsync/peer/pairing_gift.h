// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

// What is handed over once both operators have confirmed, and what becomes of it: a table of
// devices/PAIRING.md as code.
//
// Threads: functions only.  Notes and errors never have a secret.

#pragma once

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "configsync/peer/pairing.h"
#include "proto/peersync.pb.h"

namespace configsync {

// Of who starts. Makes the pair secret file of a pair if there is none. Errors: a secret of this
// node cannot be read, with the remedy.
[[nodiscard]] absl::StatusOr<lockstep::peersync::PairingFinish> MakeGift(
    const PairingSetup& setup, const PairingOptions& options);

// Of who accepts: takes pair secret and master key, or says in a note why not. May be repeated.
// Cost: up to seconds (the master key). Errors: kInvalidArgument (a bound), and what the disk says
// about the pair secret.
[[nodiscard]] absl::Status TakeGift(const PairingSetup& setup, const PairingOptions& options,
                                    const Operator& by,
                                    const lockstep::peersync::PairingFinish& gift,
                                    lockstep::peersync::PairingFinished& answer);

// Of hasync at the other node. Errors: kInvalidArgument: the bound.
[[nodiscard]] absl::Status CheckPassword(const std::string& password);

// Of who starts: what the other's answer says about keys.
[[nodiscard]] std::vector<std::string> NotesOf(const PairingSetup& setup,
                                               const lockstep::peersync::PairingFinished& answer);

}  // namespace configsync
