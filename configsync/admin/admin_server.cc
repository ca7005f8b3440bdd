// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

#include "configsync/admin/admin_server.h"

#include <fcntl.h>
#include <grpcpp/server_builder.h>
#include <grpcpp/server_posix.h>
#include <unistd.h>

#include <utility>

#include "absl/strings/str_cat.h"
#include "configsync/admin/admin_service.h"
#include "configsync/admin/sync_service.h"
#include "configsync/log/log.h"
#include "configsync/serving/connection_set.h"
#include "configsync/serving/served.h"
#include "configsync/serving/work_pool.h"
#include "proto/local/unix_listener.h"

namespace configsync {
namespace {

constexpr std::size_t kQuickThreads = 4;
constexpr std::size_t kSlowThreads = 1;  // The engine commits one at a time.
constexpr std::size_t kPeerThreads = 2;  // Wait for another node, a minute at most.
constexpr std::size_t kPoolQueueMax = 256;
constexpr int kStreamsMax = 16;  // Calls at once of one connection.
constexpr int kSmallMessageBytesMax = 64 << 10;

// One caller.
struct Connection : Served {
  Connection(Caller caller, const AdminSetup& setup, WorkPools& pools)
      : queue(std::move(caller), setup.calls->groups(), pools),
        config(queue, *setup.calls),
        sync(queue, setup.sync, setup.devices) {}
  ~Connection() { End(); }
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  [[nodiscard]] std::size_t active_count() const { return queue.active_count(); }
  [[nodiscard]] static bool IsWelcome() { return true; }

  CallerQueue queue;
  AdminService config;
  SyncService sync;
};

std::unique_ptr<grpc::Server> ServerFor(Connection& connection) {
  grpc::ServerBuilder builder;
  builder.RegisterService(&connection.config);
  builder.RegisterService(&connection.sync);
  RefuseCompressed(builder);
  builder.SetMaxReceiveMessageSize(connection.queue.caller().roles.Has(Role::kOperator)
                                       ? static_cast<int>(kAdminMessageBytesMax)
                                       : kSmallMessageBytesMax);
  builder.SetMaxSendMessageSize(static_cast<int>(kAdminMessageBytesMax));
  builder.AddChannelArgument(GRPC_ARG_MAX_CONCURRENT_STREAMS, kStreamsMax);
  return builder.BuildAndStart();
}

// Why there is no room for one more; empty: there is.
std::string FullText(const ConnectionSet<Connection>::Connections& open, uid_t own_user, uid_t user,
                     const Roles& roles) {
  std::size_t of_user = 0;
  std::size_t without_role = 0;
  for (const auto& connection : open) {
    of_user += connection->queue.caller().user == user ? 1 : 0;
    without_role += connection->queue.caller().roles.empty() ? 1 : 0;
  }
  if (open.size() >= kConnectionsMax) {
    return absl::StrCat(kConnectionsMax, " connections are open");
  }
  if (user != 0 && user != own_user && of_user >= kConnectionsOfUserMax) {
    return absl::StrCat("it has ", of_user, " connections open");
  }
  if (roles.empty() && without_role >= kConnectionsWithoutRoleMax) {
    return absl::StrCat("users without a role have ", without_role, " connections open");
  }
  return "";
}

local::UnixListener::Setup ListenerSetup(const std::string& socket) {
  return {.path = socket,
          .program = "lockstep-configd",
          .remedy = "give another --name or --run-dir",
          .mode = 0666,
          .may_connect = [](const local::PeerCredentials&) { return true; }};
}

}  // namespace

struct AdminServer::Impl {
  explicit Impl(const AdminSetup& given) : setup(given) {}

  void OnConnection(int descriptor, const local::PeerCredentials& peer);
  const AdminSetup setup;
  WorkPools pools{
      {kQuickThreads, kPoolQueueMax}, {kSlowThreads, kPoolQueueMax}, {kPeerThreads, kPoolQueueMax}};
  ConnectionSet<Connection> connections{-1};
  std::unique_ptr<local::UnixListener> listener;
};

void AdminServer::Impl::OnConnection(int descriptor, const local::PeerCredentials& peer) {
  Caller caller;
  caller.user = peer.user;
  caller.name = setup.name_of(peer.user);
  caller.roles = RolesOf(peer, caller.name, setup.own_user, setup.calls->groups());
  const std::string full = connections.With(
      [&](const auto& open) { return FullText(open, setup.own_user, peer.user, caller.roles); });
  if (!full.empty()) {
    Log(LogLevel::kWarning, "admin",
        absl::StrCat("connection of uid ", peer.user, ", pid ", peer.process, " closed: ", full));
    close(descriptor);
    return;
  }
  auto connection = std::make_unique<Connection>(std::move(caller), setup, pools);
  connection->watched = fcntl(descriptor, F_DUPFD_CLOEXEC, 0);
  connection->server = connection->watched < 0 ? nullptr : ServerFor(*connection);
  if (connection->server == nullptr) {
    Log(LogLevel::kError, "admin", "connection closed: out of descriptors, or gRPC does not start");
    close(descriptor);
    return;
  }
  // Among the others as it begins, so that it is not ended before.
  connections.With([&](auto& open) {
    grpc::AddInsecureChannelFromFd(connection->server.get(), descriptor);
    open.push_back(std::move(connection));
  });
}

AdminServer::AdminServer() = default;

absl::StatusOr<int> AdminServer::Bind(const std::string& socket) {
  return local::UnixListener::Bind(ListenerSetup(socket));
}

absl::StatusOr<std::unique_ptr<AdminServer>> AdminServer::Start(const AdminSetup& setup) {
  std::unique_ptr<AdminServer> admin(new AdminServer);
  admin->impl_ = std::make_unique<Impl>(setup);
  Impl* const impl = admin->impl_.get();
  if (absl::Status started = impl->connections.Start(); !started.ok()) return started;
  local::UnixListener::Setup listener_setup = ListenerSetup(setup.socket);
  listener_setup.listening = setup.listening;
  listener_setup.on_connection = [impl](int descriptor, const local::PeerCredentials& peer) {
    impl->OnConnection(descriptor, peer);
  };
  auto listener = local::UnixListener::Start(std::move(listener_setup));
  if (!listener.ok()) {
    admin->Stop();
    return listener.status();
  }
  impl->listener = *std::move(listener);
  return admin;
}

void AdminServer::Stop() {
  if (impl_ == nullptr) {
    return;
  }
  if (impl_->listener != nullptr) {
    impl_->listener->Stop();  // First: nobody else comes in.
  }
  impl_->connections.StopWatching();
  impl_->pools.quick.Stop();  // Calls that are running end; a commit is never cut off.
  impl_->pools.slow.Stop();
  impl_->pools.peer.Stop();
  impl_.reset();
}

AdminServer::~AdminServer() { Stop(); }

std::size_t AdminServer::connection_count() const {
  return impl_->connections.With([](const auto& open) { return open.size(); });
}

}  // namespace configsync
