// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

// The one place that turns absl::Status into grpc::Status and back. Their codes have the same
// numbers and meanings.
//
// Threads: values only.

#pragma once

#include <grpcpp/support/status.h>

#include "absl/status/status.h"

namespace configsync {

// A message longer than kStatusTextBytesMax is cut: gRPC carries it in a header of bounded size.
inline constexpr std::size_t kStatusTextBytesMax = 4'096;

[[nodiscard]] grpc::Status GrpcStatus(const absl::Status& status);
[[nodiscard]] absl::Status AbslStatus(const grpc::Status& status);

}  // namespace configsync
