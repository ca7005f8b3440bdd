// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

// One call to a service on a Unix socket.
//
// Threads: functions only.

#pragma once

#include <grpcpp/create_channel.h>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

#include "absl/status/statusor.h"

namespace lockstepctl {

inline std::shared_ptr<grpc::Channel> ChannelTo(const std::string& socket,
                                                std::size_t message_bytes_max) {
  grpc::ChannelArguments arguments;
  arguments.SetMaxReceiveMessageSize(static_cast<int>(message_bytes_max));
  return grpc::CreateCustomChannel("unix:" + socket, grpc::InsecureChannelCredentials(), arguments);
}

inline void SetDeadline(grpc::ClientContext& context, std::uint32_t timeout_s) {
  context.set_deadline(std::chrono::system_clock::now() + std::chrono::seconds(timeout_s));
}

// The answer, or the error as `status_of` puts it.
template <typename Response, typename Stub, typename Request, typename StatusOf>
absl::StatusOr<Response> CallOnce(
    Stub& stub, grpc::Status (Stub::*method)(grpc::ClientContext*, const Request&, Response*),
    const Request& request, std::uint32_t timeout_s, const StatusOf& status_of) {
  grpc::ClientContext context;
  SetDeadline(context, timeout_s);
  Response response;
  const absl::Status status = status_of((stub.*method)(&context, request, &response));
  if (!status.ok()) {
    return status;
  }
  return response;
}

}  // namespace lockstepctl
