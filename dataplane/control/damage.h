// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

// `debug corrupt-entry`: finds the entry and asks the sync loop, its one writer, to damage it.
//
// Threads: any; of two requests at once, one gets kAborted.

#pragma once

#include "absl/status/statusor.h"
#include "dataplane/control/control_server.h"
#include "proto/control.pb.h"

namespace dataplane {

// Posts the request and fills `response`; Requests::damage_done tells when it was obeyed.
// Errors: kFailedPrecondition, kInvalidArgument, kNotFound, each with what to do instead.
absl::StatusOr<DamageRequest> PostDamage(const ControlSetup& setup,
                                         const lockstep::control::CorruptEntryRequest& request,
                                         lockstep::control::CorruptEntryResponse& response);

}  // namespace dataplane
