// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

#include "configsync/follow/control_client.h"

#include <grpcpp/create_channel.h>

#include <mutex>
#include <set>
#include <utility>

#include "absl/strings/str_cat.h"
#include "configsync/follow/forwarding_limits.h"
#include "proto/control.grpc.pb.h"

namespace configsync {
namespace {

using lockstep::control::Control;
using lockstep::control::ForwardingPlan;
using lockstep::control::ForwardingRequest;
using lockstep::control::ForwardingState;
using lockstep::control::GetForwardingRequest;

constexpr int kMessageBytesMax = static_cast<int>(kForwardingBytesMax) + 4096;

std::shared_ptr<Control::Stub> NewStub(const std::string& socket) {
  grpc::ChannelArguments arguments;
  arguments.SetMaxReceiveMessageSize(kMessageBytesMax);
  arguments.SetMaxSendMessageSize(kMessageBytesMax);
  // Else a new channel would share the connection, and the pause after a failure, of an old one.
  arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
  return Control::NewStub(
      grpc::CreateCustomChannel("unix:" + socket, grpc::InsecureChannelCredentials(), arguments));
}

}  // namespace

struct ControlClient::Impl {
  explicit Impl(std::string path) : socket(std::move(path)), stub(NewStub(socket)) {}

  template <typename Response, typename Request>
  absl::StatusOr<Response> Call(grpc::Status (Control::Stub::*method)(grpc::ClientContext*,
                                                                      const Request&, Response*),
                                const Request& request, std::chrono::milliseconds deadline) {
    grpc::ClientContext context;
    context.set_deadline(std::chrono::system_clock::now() + deadline);
    std::shared_ptr<Control::Stub> used;
    {
      const std::lock_guard lock(mutex);
      if (is_cancelled) {
        return absl::CancelledError("stopping");
      }
      running.insert(&context);
      used = stub;
    }
    Response response;
    const grpc::Status status = (used.get()->*method)(&context, request, &response);
    const std::lock_guard lock(mutex);
    running.erase(&context);
    if (status.ok()) {
      return response;
    }
    // A channel waits longer and longer before it connects again; a new one does at once.
    if (used == stub && status.error_code() == grpc::StatusCode::UNAVAILABLE) {
      stub = NewStub(socket);
    }
    return absl::Status(static_cast<absl::StatusCode>(status.error_code()), status.error_message());
  }

  const std::string socket;
  std::mutex mutex;  // Guards what follows.
  std::shared_ptr<Control::Stub> stub;
  std::set<grpc::ClientContext*> running;
  bool is_cancelled = false;
};

ControlClient::ControlClient(std::string socket)
    : impl_(std::make_unique<Impl>(std::move(socket))) {}

ControlClient::~ControlClient() = default;

absl::StatusOr<lockstep::control::Status> ControlClient::GetStatus(
    std::chrono::milliseconds deadline) {
  return impl_->Call(&Control::Stub::GetStatus, lockstep::control::GetStatusRequest(), deadline);
}

absl::StatusOr<lockstep::control::Peer> ControlClient::GetPeer(std::chrono::milliseconds deadline) {
  return impl_->Call(&Control::Stub::GetPeer, lockstep::control::GetPeerRequest(), deadline);
}

absl::StatusOr<ForwardingState> ControlClient::Get(std::chrono::milliseconds deadline) {
  return impl_->Call(&Control::Stub::GetForwarding, GetForwardingRequest(), deadline);
}

absl::StatusOr<ForwardingPlan> ControlClient::Plan(const ForwardingRequest& request,
                                                   std::chrono::milliseconds deadline) {
  return impl_->Call(&Control::Stub::PlanForwarding, request, deadline);
}

absl::StatusOr<ForwardingPlan> ControlClient::Apply(const ForwardingRequest& request,
                                                    std::chrono::milliseconds deadline) {
  return impl_->Call(&Control::Stub::ApplyForwarding, request, deadline);
}

void ControlClient::Cancel() {
  const std::lock_guard lock(impl_->mutex);
  impl_->is_cancelled = true;
  for (grpc::ClientContext* const context : impl_->running) {
    context->TryCancel();
  }
}

}  // namespace configsync
