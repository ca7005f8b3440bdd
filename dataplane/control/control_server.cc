// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

#include "dataplane/control/control_server.h"

#include <grpcpp/server.h>
#include <grpcpp/server_builder.h>
#include <grpcpp/server_posix.h>
#include <pwd.h>

#include <chrono>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "dataplane/control/control_service.h"
#include "proto/local/unix_listener.h"

namespace dataplane {
namespace {

constexpr std::chrono::seconds kStopPatience{1};
constexpr int kMessageBytesMax = 64 << 20;  // A whole configuration.
constexpr std::size_t kUserBytes = 65'536;  // What a user database says of one.

// Lets one more user in: by the file's group, and by the kernel's word on who connects.
absl::Status AdmitConfigd(const std::string& name, local::UnixListener::Setup& setup) {
  if (name.empty()) {
    return absl::OkStatus();
  }
  std::vector<char> memory(kUserBytes);
  passwd found{};
  passwd* result = nullptr;
  getpwnam_r(name.c_str(), &found, memory.data(), memory.size(), &result);
  if (result == nullptr) {
    return absl::InvalidArgumentError(
        absl::StrCat("configd_user: \"", name,
                     "\": this machine has no such user; make it, or leave the field out"));
  }
  setup.mode = 0660;
  setup.group = found.pw_gid;
  setup.may_connect = [user = found.pw_uid](const local::PeerCredentials& peer) {
    return peer.user == user || local::IsOwnerOrRoot(peer);
  };
  return absl::OkStatus();
}

}  // namespace

struct ControlServer::Impl {
  explicit Impl(const ControlSetup& setup) : service(setup) {}
  ControlService service;
  std::unique_ptr<grpc::Server> server;
  std::unique_ptr<local::UnixListener> listener;
};

ControlServer::ControlServer() = default;

absl::StatusOr<std::unique_ptr<ControlServer>> ControlServer::Start(const ControlSetup& setup) {
  std::unique_ptr<ControlServer> control(new ControlServer);
  control->impl_ = std::make_unique<Impl>(setup);
  const std::string path = setup.options->control_socket();
  // No listening port of gRPC's own: it cannot ask the kernel who connects.
  grpc::ServerBuilder builder;
  builder.SetMaxReceiveMessageSize(kMessageBytesMax);
  builder.RegisterService(&control->impl_->service);
  control->impl_->server = builder.BuildAndStart();
  if (control->impl_->server == nullptr) {
    return absl::InternalError(absl::StrCat("control socket ", path, ": gRPC does not start"));
  }
  grpc::Server* const server = control->impl_->server.get();
  local::UnixListener::Setup listening{
      .path = path,
      .program = "lockstep-dataplane",
      .remedy = "set runtime_dir apart",
      .on_connection =
          [server](int descriptor, const local::PeerCredentials&) {
            grpc::AddInsecureChannelFromFd(server, descriptor);
          },
  };
  if (absl::Status status = AdmitConfigd(setup.options->configd_user, listening); !status.ok()) {
    return status;
  }
  auto listener = local::UnixListener::Start(std::move(listening));
  if (!listener.ok()) {
    control->Stop();
    return listener.status();
  }
  control->impl_->listener = *std::move(listener);
  return control;
}

void ControlServer::Stop() {
  if (impl_ == nullptr) {
    return;
  }
  if (impl_->listener != nullptr) {
    impl_->listener->Stop();  // First: nothing may be added to a server that shuts down.
  }
  impl_->service.BeginStop();
  if (impl_->server != nullptr) {
    impl_->server->Shutdown(std::chrono::system_clock::now() + kStopPatience);
    impl_->server->Wait();
  }
  impl_.reset();
}

ControlServer::~ControlServer() { Stop(); }

}  // namespace dataplane
