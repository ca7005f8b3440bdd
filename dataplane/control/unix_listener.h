// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

// A Unix socket that only its owner and root may use.
//
// The file has mode 0600 from its first moment; each connection's credentials are asked of the
// kernel as well, so that a mode changed by mistake opens nothing.
//
// Threads: one accepting thread between Start() and Stop(); `on_connection` runs on it.

#pragma once

#include <sys/types.h>

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <thread>

#include "absl/status/statusor.h"

namespace dataplane {

class UnixListener {
 public:
  // Takes ownership of a connected, non-blocking descriptor.
  using OnConnection = std::function<void(int descriptor)>;

  // Makes the folder and the socket, removing one that nobody listens on.
  // Errors: kAlreadyExists (somebody listens), kInvalidArgument (path too long), else as the
  // system says.
  static absl::StatusOr<std::unique_ptr<UnixListener>> Start(const std::string& path,
                                                             OnConnection on_connection);
  // Ends the thread and removes the socket. May be repeated.
  void Stop();
  ~UnixListener() { Stop(); }

  UnixListener(const UnixListener&) = delete;
  UnixListener& operator=(const UnixListener&) = delete;

  // Connections closed because of their user.
  [[nodiscard]] std::uint64_t refused_count() const { return refused_count_.load(); }
  // Whether a process of `user` may connect.
  [[nodiscard]] static bool IsAllowed(uid_t user);

 private:
  UnixListener(std::string path, int descriptor, int wake_descriptor, OnConnection on_connection);
  void Run();
  void AcceptOne();

  std::string path_;
  int descriptor_;
  int wake_descriptor_;  // eventfd: Stop() ends the thread's poll.
  OnConnection on_connection_;
  std::atomic<std::uint64_t> refused_count_{0};  // Writer: accepting thread.
  std::thread thread_;
};

}  // namespace dataplane
