// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

// A Unix socket whose users the kernel names.
//
// The file has its mode from its first moment. Each connection's credentials are asked of the
// kernel as well (SO_PEERCRED, SO_PEERGROUPS) and judged, so that a mode changed by mistake opens
// nothing. The groups are those of the connecting process, not those of a user database: no name
// service can delay the accepting thread or lie to it.
//
// Threads: one accepting thread between Start() and Stop(); `may_connect` and `on_connection` run
// on it.

#pragma once

#include <sys/types.h>

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "absl/status/statusor.h"

namespace local {

// Of the process at the other end, when it connected.
struct PeerCredentials {
  uid_t user = 0;
  gid_t group = 0;  // Its effective one.
  pid_t process = 0;
  std::vector<gid_t> groups;  // Supplementary ones; may repeat `group`.
};

// True for this process's own user and root.
[[nodiscard]] bool IsOwnerOrRoot(const PeerCredentials& peer);

class UnixListener {
 public:
  // Takes ownership of a connected, non-blocking descriptor.
  using OnConnection = std::function<void(int descriptor, const PeerCredentials& peer)>;
  using MayConnect = std::function<bool(const PeerCredentials& peer)>;

  struct Setup {
    std::string path;
    std::string program;  // For errors: who listens there, "lockstep-dataplane".
    std::string remedy;   // For errors about the path: "set runtime_dir apart".
    mode_t mode = 0600;
    std::optional<gid_t> group;  // Of the file; none: the process's.
    MayConnect may_connect = IsOwnerOrRoot;
    OnConnection on_connection;
    int listening = -1;  // What Bind() gave; -1: Start() binds by itself.
  };

  // Makes the folder and the socket, removing one that nobody listens on, and gives the listening
  // descriptor: for a process that gives its privileges up before it starts threads. Errors: as
  // Start().
  static absl::StatusOr<int> Bind(const Setup& setup);
  // Begins to accept. Errors: kAlreadyExists (somebody listens), kInvalidArgument (path too long),
  // else as the system says.
  static absl::StatusOr<std::unique_ptr<UnixListener>> Start(Setup setup);
  // Ends the thread and removes the socket. May be repeated.
  void Stop();
  ~UnixListener() { Stop(); }

  UnixListener(const UnixListener&) = delete;
  UnixListener& operator=(const UnixListener&) = delete;

  // Connections closed because of their user.
  [[nodiscard]] std::uint64_t refused_count() const { return refused_count_.load(); }

 private:
  UnixListener(Setup setup, int wake_descriptor);
  void Run();
  void AcceptOne();

  Setup setup_;
  int descriptor_;
  int wake_descriptor_;                          // eventfd: Stop() ends the thread's poll.
  std::atomic<std::uint64_t> refused_count_{0};  // Writer: accepting thread.
  std::thread thread_;
};

}  // namespace local
