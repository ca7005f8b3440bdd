// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

#include "tools/lockstepctl/client.h"

#include "absl/strings/str_cat.h"
#include "proto/control.grpc.pb.h"
#include "tools/lockstepctl/unary_call.h"

namespace lockstepctl {
namespace {

using lockstep::control::Control;

// A chunk of the dump is some 60 KiB, the largest page of sessions about 2 MiB.
constexpr std::size_t kMessageBytesMax = 16U << 20;

}  // namespace

struct Client::Impl {
  Impl(const std::string& socket_path, std::uint32_t timeout)
      : socket(socket_path),
        timeout_s(timeout),
        stub(Control::NewStub(ChannelTo(socket_path, kMessageBytesMax))) {}

  [[nodiscard]] absl::Status StatusOf(const grpc::Status& status) const {
    if (status.ok()) {
      return absl::OkStatus();
    }
    const auto code = static_cast<absl::StatusCode>(status.error_code());
    if (code == absl::StatusCode::kDeadlineExceeded) {
      return absl::Status(code, absl::StrCat("socket ", socket, ": no answer within ", timeout_s,
                                             " s; raise --timeout, or look at the node's log"));
    }
    if (code == absl::StatusCode::kUnavailable) {
      return absl::Status(
          code, absl::StrCat("socket ", socket, ": the node hung up (", status.error_message(),
                             "); it ended, or you are neither its owner nor root"));
    }
    return absl::Status(code, status.error_message());
  }

  template <typename Response, typename Request>
  absl::StatusOr<Response> Call(grpc::Status (Control::Stub::*method)(grpc::ClientContext*,
                                                                      const Request&, Response*),
                                const Request& request) {
    return CallOnce(*stub, method, request, timeout_s,
                    [this](const grpc::Status& status) { return StatusOf(status); });
  }

  std::string socket;
  std::uint32_t timeout_s;
  std::unique_ptr<Control::Stub> stub;
};

Client::Client(const std::string& socket, std::uint32_t timeout_s)
    : impl_(std::make_unique<Impl>(socket, timeout_s)) {}

Client::~Client() = default;

absl::StatusOr<lockstep::control::Status> Client::GetStatus() {
  return impl_->Call(&Control::Stub::GetStatus, lockstep::control::GetStatusRequest());
}

absl::StatusOr<lockstep::control::ListSessionsResponse> Client::ListSessions(
    const lockstep::control::ListSessionsRequest& request) {
  return impl_->Call(&Control::Stub::ListSessions, request);
}

absl::Status Client::DumpTables(
    const std::string& table,
    const std::function<void(const lockstep::control::DumpTablesResponse&)>& on_chunk) {
  grpc::ClientContext context;
  SetDeadline(context, impl_->timeout_s);
  lockstep::control::DumpTablesRequest request;
  request.set_table(table);
  const auto reader = impl_->stub->DumpTables(&context, request);
  lockstep::control::DumpTablesResponse chunk;
  while (reader->Read(&chunk)) {
    on_chunk(chunk);
  }
  return impl_->StatusOf(reader->Finish());
}

absl::StatusOr<lockstep::control::Stats> Client::GetStats() {
  return impl_->Call(&Control::Stub::GetStats, lockstep::control::GetStatsRequest());
}

absl::StatusOr<lockstep::control::Peer> Client::GetPeer() {
  return impl_->Call(&Control::Stub::GetPeer, lockstep::control::GetPeerRequest());
}

absl::Status Client::Switchover() {
  return impl_->Call(&Control::Stub::Switchover, lockstep::control::SwitchoverRequest()).status();
}

absl::Status Client::Resync() {
  return impl_->Call(&Control::Stub::Resync, lockstep::control::ResyncRequest()).status();
}

absl::Status Client::FillSessions(std::uint64_t count) {
  lockstep::control::FillSessionsRequest request;
  request.set_count(count);
  return impl_->Call(&Control::Stub::FillSessions, request).status();
}

absl::StatusOr<lockstep::control::ForwardingPlan> Client::Forward(
    const lockstep::control::ForwardingRequest& request, bool only_plan) {
  return only_plan ? impl_->Call(&Control::Stub::PlanForwarding, request)
                   : impl_->Call(&Control::Stub::ApplyForwarding, request);
}

absl::StatusOr<lockstep::control::ForwardingState> Client::GetForwarding() {
  return impl_->Call(&Control::Stub::GetForwarding, lockstep::control::GetForwardingRequest());
}

absl::StatusOr<lockstep::control::CorruptEntryResponse> Client::CorruptEntry(
    const std::string& what, const std::string& key) {
  lockstep::control::CorruptEntryRequest request;
  request.set_what(what);
  request.set_key(key);
  return impl_->Call(&Control::Stub::CorruptEntry, request);
}

}  // namespace lockstepctl
