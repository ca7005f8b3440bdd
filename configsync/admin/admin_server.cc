// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

#include "configsync/admin/admin_server.h"

#include <fcntl.h>
#include <grpcpp/server.h>
#include <grpcpp/server_builder.h>
#include <grpcpp/server_posix.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <chrono>
#include <mutex>
#include <thread>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "configsync/admin/admin_service.h"
#include "configsync/admin/sync_service.h"
#include "configsync/admin/work_pool.h"
#include "configsync/log/log.h"
#include "proto/local/unix_listener.h"

namespace configsync {
namespace {

constexpr std::size_t kQuickThreads = 4;
constexpr std::size_t kSlowThreads = 1;  // The engine commits one at a time.
constexpr std::size_t kPeerThreads = 2;  // Wait for another node, a minute at most.
constexpr std::size_t kPoolQueueMax = 256;
constexpr int kStreamsMax = 16;  // Calls at once of one connection.
constexpr int kSmallMessageBytesMax = 64 << 10;
constexpr std::chrono::seconds kStopPatience{1};
// A connection whose call still runs is looked at again after this long.
constexpr int kBusyPauseMs = 100;

// One caller. The watched descriptor is a duplicate: gRPC owns the connection itself.
struct Connection {
  Connection(Caller caller, const AdminSetup& setup, WorkPools& pools)
      : queue(std::move(caller), setup.calls->groups(), pools),
        config(queue, *setup.calls),
        sync(queue, setup.sync, setup.devices) {}
  ~Connection() {
    if (server != nullptr) {
      server->Shutdown(std::chrono::system_clock::now() + kStopPatience);
      server->Wait();
    }
    if (watched >= 0) {
      close(watched);
    }
  }
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  CallerQueue queue;
  AdminService config;
  SyncService sync;
  std::unique_ptr<grpc::Server> server;
  int watched = -1;
};

std::unique_ptr<grpc::Server> ServerFor(Connection& connection) {
  grpc::ServerBuilder builder;
  builder.RegisterService(&connection.config);
  builder.RegisterService(&connection.sync);
  builder.SetMaxReceiveMessageSize(connection.queue.caller().roles.Has(Role::kOperator)
                                       ? static_cast<int>(kAdminMessageBytesMax)
                                       : kSmallMessageBytesMax);
  builder.SetMaxSendMessageSize(static_cast<int>(kAdminMessageBytesMax));
  builder.AddChannelArgument(GRPC_ARG_MAX_CONCURRENT_STREAMS, kStreamsMax);
  return builder.BuildAndStart();
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
  // Why not; empty: there is room.
  std::string FullText(uid_t user, const Roles& roles);
  void WatchLoop();
  // Takes the closed connections out. True if one of them still has calls running.
  bool TakeClosed(const std::vector<pollfd>& watched,
                  std::vector<std::unique_ptr<Connection>>& closed);
  void Wake() const {
    const std::uint64_t one = 1;
    [[maybe_unused]] const ssize_t written = write(wake, &one, sizeof(one));
  }

  const AdminSetup setup;
  WorkPools pools{
      {kQuickThreads, kPoolQueueMax}, {kSlowThreads, kPoolQueueMax}, {kPeerThreads, kPoolQueueMax}};
  std::mutex mutex;
  std::vector<std::unique_ptr<Connection>> connections;  // Under mutex.
  std::atomic<bool> is_stopping{false};
  int wake = -1;  // eventfd: a new connection, or the end.
  std::unique_ptr<local::UnixListener> listener;
  std::thread watcher;
};

std::string AdminServer::Impl::FullText(uid_t user, const Roles& roles) {
  std::size_t of_user = 0;
  std::size_t without_role = 0;
  for (const auto& connection : connections) {
    of_user += connection->queue.caller().user == user ? 1 : 0;
    without_role += connection->queue.caller().roles.empty() ? 1 : 0;
  }
  if (connections.size() >= kConnectionsMax) {
    return absl::StrCat(kConnectionsMax, " connections are open");
  }
  if (user != 0 && user != setup.own_user && of_user >= kConnectionsOfUserMax) {
    return absl::StrCat("it has ", of_user, " connections open");
  }
  if (roles.empty() && without_role >= kConnectionsWithoutRoleMax) {
    return absl::StrCat("users without a role have ", without_role, " connections open");
  }
  return "";
}

void AdminServer::Impl::OnConnection(int descriptor, const local::PeerCredentials& peer) {
  Caller caller;
  caller.user = peer.user;
  caller.name = setup.name_of(peer.user);
  caller.roles = RolesOf(peer, caller.name, setup.own_user, setup.calls->groups());
  {
    const std::lock_guard lock(mutex);
    if (const std::string full = FullText(peer.user, caller.roles); !full.empty()) {
      Log(LogLevel::kWarning, "admin",
          absl::StrCat("connection of uid ", peer.user, ", pid ", peer.process, " closed: ", full));
      close(descriptor);
      return;
    }
  }
  auto connection = std::make_unique<Connection>(std::move(caller), setup, pools);
  connection->watched = fcntl(descriptor, F_DUPFD_CLOEXEC, 0);
  connection->server = connection->watched < 0 ? nullptr : ServerFor(*connection);
  if (connection->server == nullptr) {
    Log(LogLevel::kError, "admin", "connection closed: out of descriptors, or gRPC does not start");
    close(descriptor);
    return;
  }
  {
    // Under the lock, so that the watcher does not end it before it has begun.
    const std::lock_guard lock(mutex);
    grpc::AddInsecureChannelFromFd(connection->server.get(), descriptor);
    connections.push_back(std::move(connection));
  }
  Wake();
}

bool AdminServer::Impl::TakeClosed(const std::vector<pollfd>& watched,
                                   std::vector<std::unique_ptr<Connection>>& closed) {
  bool is_busy = false;
  const std::lock_guard lock(mutex);
  for (auto it = connections.begin(); it != connections.end();) {
    const auto row = std::find_if(watched.begin(), watched.end(), [&](const pollfd& wait) {
      return wait.fd == (*it)->watched && wait.revents != 0;
    });
    if (row != watched.end() && (*it)->queue.active_count() == 0) {
      closed.push_back(std::move(*it));
      it = connections.erase(it);
    } else {
      is_busy = is_busy || row != watched.end();
      ++it;
    }
  }
  return is_busy;
}

// A hung-up connection is destroyed here, when its last call has ended.
void AdminServer::Impl::WatchLoop() {
  bool is_busy = false;
  while (!is_stopping.load()) {
    if (is_busy) {
      pollfd pause{wake, POLLIN, 0};
      poll(&pause, 1, kBusyPauseMs);
    }
    std::vector<pollfd> watched{{wake, POLLIN, 0}};
    {
      const std::lock_guard lock(mutex);
      for (const auto& connection : connections) {
        watched.push_back({connection->watched, POLLRDHUP, 0});
      }
    }
    if (poll(watched.data(), watched.size(), -1) < 0 && errno != EINTR) {
      return;
    }
    if (watched[0].revents != 0) {
      std::uint64_t count = 0;
      [[maybe_unused]] const ssize_t taken = read(wake, &count, sizeof(count));
    }
    std::vector<std::unique_ptr<Connection>> closed;
    is_busy = TakeClosed(watched, closed);
  }
}

AdminServer::AdminServer() = default;

absl::StatusOr<int> AdminServer::Bind(const std::string& socket) {
  return local::UnixListener::Bind(ListenerSetup(socket));
}

absl::StatusOr<std::unique_ptr<AdminServer>> AdminServer::Start(const AdminSetup& setup) {
  std::unique_ptr<AdminServer> admin(new AdminServer);
  admin->impl_ = std::make_unique<Impl>(setup);
  Impl* const impl = admin->impl_.get();
  impl->wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
  if (impl->wake < 0) {
    return absl::ErrnoToStatus(errno, absl::StrCat("admin socket ", setup.socket));
  }
  impl->watcher = std::thread([impl] { impl->WatchLoop(); });
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
  impl_->is_stopping.store(true);
  impl_->Wake();
  if (impl_->watcher.joinable()) {
    impl_->watcher.join();
  }
  impl_->pools.quick.Stop();  // Calls that are running end; a commit is never cut off.
  impl_->pools.slow.Stop();
  impl_->pools.peer.Stop();
  impl_->connections.clear();
  if (impl_->wake >= 0) {
    close(impl_->wake);
  }
  impl_.reset();
}

AdminServer::~AdminServer() { Stop(); }

std::size_t AdminServer::connection_count() const {
  const std::lock_guard lock(impl_->mutex);
  return impl_->connections.size();
}

}  // namespace configsync
