// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

#include "tools/lockstepctl/client.h"

#include "proto/control.grpc.pb.h"
#include "tools/lockstepctl/connection.h"

namespace lockstepctl {
namespace {

using lockstep::control::Control;

// A chunk of the dump is some 60 KiB, the largest page of sessions about 2 MiB.
constexpr std::size_t kMessageBytesMax = 16U << 20;

}  // namespace

struct Client::Impl : Connection<Control> {
  Impl(const std::string& socket, std::uint32_t timeout_s)
      : Connection(socket, timeout_s, kMessageBytesMax,
                   {.late = "raise --timeout, or look at the node's log",
                    .who = "the node",
                    .gone = "it ended, or you are neither its owner nor root"}) {}
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
  impl_->SetDeadline(context);
  lockstep::control::DumpTablesRequest request;
  request.set_table(table);
  const auto reader = impl_->stub().DumpTables(&context, request);
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
