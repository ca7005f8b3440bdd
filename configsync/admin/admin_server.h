// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

// The admin service on a Unix socket.
//
// Every connection has a gRPC server of its own, made for the user that the kernel names: who calls
// is a fact of the connection, and nothing in a message can change it. It costs a fraction of a
// millisecond a connection. A caller without any role gets a server that takes small messages only.
//
// This header is free of gRPC, so that main compiles fast.
//
// Threads: Start() makes an accepting thread, one that clears closed connections away, and a few
// that do the calls; gRPC brings its own.

#pragma once

#include <sys/types.h>

#include <cstddef>
#include <functional>
#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "configsync/admin/config_calls.h"
#include "configsync/admin/device_methods.h"
#include "configsync/admin/sync_calls.h"

namespace configsync {

inline constexpr std::size_t kConnectionsMax = 128;
inline constexpr std::size_t kConnectionsOfUserMax = 32;      // Of root: no limit but the above.
inline constexpr std::size_t kConnectionsWithoutRoleMax = 8;  // All users without a role together.

struct AdminSetup {
  std::string socket;
  int listening = -1;  // What Bind() gave; -1: Start() binds by itself.
  // Borrowed; they outlive the server. Without the last two, service Sync says that there is none.
  ConfigCalls* calls = nullptr;
  SyncCalls* sync = nullptr;
  DeviceMethods* devices = nullptr;
  // Who is the process itself: has every role. After a start as root, the user it changes to.
  uid_t own_user = 0;
  std::function<std::string(uid_t)> name_of = UserName;  // Tests have users of their own.
};

class AdminServer {
 public:
  // The listening descriptor, for a process that gives its privileges up before it starts threads.
  // The socket's mode is 0666, because roles are decided by credentials and a refusal shall say
  // what is missing. Errors: kAlreadyExists (a living process listens there), as the system says.
  static absl::StatusOr<int> Bind(const std::string& socket);
  // Errors: as of Bind().
  static absl::StatusOr<std::unique_ptr<AdminServer>> Start(const AdminSetup& setup);

  // Ends connections and their calls, then removes the socket. Called by the destructor as well.
  void Stop();
  ~AdminServer();

  AdminServer(const AdminServer&) = delete;
  AdminServer& operator=(const AdminServer&) = delete;

  // Open ones; for tests.
  [[nodiscard]] std::size_t connection_count() const;

 private:
  AdminServer();
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace configsync
