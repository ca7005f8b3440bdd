// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

// A gRPC service on a Unix socket, and how it is said that it does not answer.
//
// Threads: one.

#pragma once

#include <grpcpp/create_channel.h>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>

#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"

namespace lockstepctl {

// What the operator can do, behind "no answer within N s; " and behind "WHO hung up (…); ".
struct SilenceTexts {
  const char* late;
  const char* who;
  const char* gone;
};

template <typename Service>
class Connection {
 public:
  using Stub = typename Service::Stub;

  // Connects at the first call. message_bytes_max: of an answer.
  Connection(std::string socket, std::uint32_t timeout_s, std::size_t message_bytes_max,
             const SilenceTexts& texts)
      : socket_(std::move(socket)), timeout_s_(timeout_s), texts_(texts) {
    grpc::ChannelArguments arguments;
    arguments.SetMaxReceiveMessageSize(static_cast<int>(message_bytes_max));
    stub_ = Service::NewStub(grpc::CreateCustomChannel(
        "unix:" + socket_, grpc::InsecureChannelCredentials(), arguments));
  }

  template <typename Response, typename Request>
  absl::StatusOr<Response> Call(grpc::Status (Stub::*method)(grpc::ClientContext*, const Request&,
                                                             Response*),
                                const Request& request) {
    grpc::ClientContext context;
    SetDeadline(context);
    Response response;
    const absl::Status status = StatusOf((*stub_.*method)(&context, request, &response));
    if (!status.ok()) {
      return status;
    }
    return response;
  }

  // For calls that are not one request and one answer.
  [[nodiscard]] Stub& stub() { return *stub_; }
  void SetDeadline(grpc::ClientContext& context) const {
    context.set_deadline(std::chrono::system_clock::now() + std::chrono::seconds(timeout_s_));
  }
  [[nodiscard]] absl::Status StatusOf(const grpc::Status& status) const {
    if (status.ok()) {
      return absl::OkStatus();
    }
    const auto code = static_cast<absl::StatusCode>(status.error_code());
    if (code == absl::StatusCode::kDeadlineExceeded) {
      return absl::Status(code, absl::StrCat("socket ", socket_, ": no answer within ", timeout_s_,
                                             " s; ", texts_.late));
    }
    if (code == absl::StatusCode::kUnavailable) {
      return absl::Status(code, absl::StrCat("socket ", socket_, ": ", texts_.who, " hung up (",
                                             status.error_message(), "); ", texts_.gone));
    }
    return absl::Status(code, status.error_message());
  }

 private:
  std::string socket_;
  std::uint32_t timeout_s_;
  SilenceTexts texts_;
  std::unique_ptr<Stub> stub_;
};

}  // namespace lockstepctl
