// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

// A status with its reason on the wire: code, subject and text of a refusal are in the trailer, and
// what has none is classified by its code.
//
// Threads: values and functions.

#pragma once

#include <grpcpp/client_context.h>
#include <grpcpp/server_context.h>
#include <grpcpp/support/status.h>

#include "absl/status/status.h"
#include "configsync/reasons/reason.h"

namespace configsync {

// What a server answers: its reason goes into the trailers lockstep-reason and lockstep-subject.
// An error without a reason is PEER_ERROR.
[[nodiscard]] grpc::Status WireStatusOf(const absl::Status& status,
                                        grpc::ServerContextBase& context);

// What a client makes of the end of a call. Texts of the other side are cut and made printable.
// UNAVAILABLE without a reason is PEER_UNREACHABLE: who knows the connection knows better.
[[nodiscard]] Reason ReasonOfCall(const grpc::Status& status, const grpc::ClientContext& context);
// The other side itself has said why, so the call was refused as a whole.
[[nodiscard]] bool HasWireReason(const grpc::ClientContext& context);

}  // namespace configsync
