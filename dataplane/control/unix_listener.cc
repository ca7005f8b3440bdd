// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

#include "dataplane/control/unix_listener.h"

#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>

#include "absl/strings/str_cat.h"

namespace dataplane {
namespace {

constexpr int kBacklog = 16;
// Out of descriptors the listener stays readable: without a pause the thread would spin.
constexpr int kPauseAfterFailureMs = 100;

absl::Status Failed(const std::string& path, std::string_view action) {
  const int error = errno;
  return absl::ErrnoToStatus(error, absl::StrCat("control socket ", path, ": cannot ",
                                                 absl::string_view(action.data(), action.size())));
}

sockaddr_un AddressOf(const std::string& path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  std::memcpy(address.sun_path, path.data(), path.size());
  return address;
}

int NewSocket() { return socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0); }

// Removes a socket that a dead process left behind; refuses if a living one listens.
absl::Status ClearStale(const std::string& path) {
  struct stat status {};
  if (lstat(path.c_str(), &status) != 0) {
    return errno == ENOENT ? absl::OkStatus() : Failed(path, "look at it");
  }
  if (!S_ISSOCK(status.st_mode)) {
    return absl::AlreadyExistsError(
        absl::StrCat("control socket ", path, ": is a file of another kind; move it away"));
  }
  const int probe = NewSocket();
  if (probe < 0) {
    return Failed(path, "make a socket");
  }
  const sockaddr_un address = AddressOf(path);
  const bool is_alive =
      connect(probe, reinterpret_cast<const sockaddr*>(&address), sizeof(address)) == 0 ||
      errno == EAGAIN;
  close(probe);
  if (is_alive) {
    return absl::AlreadyExistsError(absl::StrCat(
        "control socket ", path,
        ": another lockstep-dataplane listens there; stop it, or set runtime_dir apart"));
  }
  return unlink(path.c_str()) == 0 ? absl::OkStatus() : Failed(path, "remove the stale socket");
}

absl::StatusOr<int> Listen(const std::string& path) {
  const int descriptor = NewSocket();
  if (descriptor < 0) {
    return Failed(path, "make a socket");
  }
  const sockaddr_un address = AddressOf(path);
  // bind() gives the file the mode of the descriptor: 0600 from the start.
  if (fchmod(descriptor, 0600) != 0 ||
      bind(descriptor, reinterpret_cast<const sockaddr*>(&address), sizeof(address)) != 0 ||
      listen(descriptor, kBacklog) != 0) {
    const absl::Status status = Failed(path, "listen");
    close(descriptor);
    return status;
  }
  return descriptor;
}

}  // namespace

absl::StatusOr<std::unique_ptr<UnixListener>> UnixListener::Start(const std::string& path,
                                                                  OnConnection on_connection) {
  if (path.size() >= sizeof(sockaddr_un::sun_path)) {
    return absl::InvalidArgumentError(absl::StrCat("control socket ", path, ": longer than ",
                                                   sizeof(sockaddr_un::sun_path) - 1,
                                                   " bytes; shorten runtime_dir"));
  }
  std::error_code error;
  std::filesystem::create_directories(std::filesystem::path(path).parent_path(), error);
  if (error) {
    errno = error.value();
    return Failed(path, "make its folder");
  }
  if (absl::Status status = ClearStale(path); !status.ok()) {
    return status;
  }
  const absl::StatusOr<int> descriptor = Listen(path);
  if (!descriptor.ok()) {
    return descriptor.status();
  }
  const int wake_descriptor = eventfd(0, EFD_CLOEXEC);
  if (wake_descriptor < 0) {
    const absl::Status status = Failed(path, "make an eventfd");
    close(*descriptor);
    return status;
  }
  return std::unique_ptr<UnixListener>(
      new UnixListener(path, *descriptor, wake_descriptor, std::move(on_connection)));
}

UnixListener::UnixListener(std::string path, int descriptor, int wake_descriptor,
                           OnConnection on_connection)
    : path_(std::move(path)),
      descriptor_(descriptor),
      wake_descriptor_(wake_descriptor),
      on_connection_(std::move(on_connection)),
      thread_([this] { Run(); }) {}

void UnixListener::Stop() {
  if (!thread_.joinable()) {
    return;
  }
  const std::uint64_t one = 1;
  // An eventfd write of 1 only fails if the counter is full, and then the thread wakes anyway.
  [[maybe_unused]] const ssize_t written = write(wake_descriptor_, &one, sizeof(one));
  thread_.join();
  unlink(path_.c_str());
  close(descriptor_);
  close(wake_descriptor_);
}

bool UnixListener::IsAllowed(uid_t user) { return user == 0 || user == geteuid(); }

void UnixListener::Run() {
  while (true) {
    pollfd waits[2] = {{descriptor_, POLLIN, 0}, {wake_descriptor_, POLLIN, 0}};
    if (poll(waits, 2, -1) < 0 && errno != EINTR) {
      return;
    }
    if (waits[1].revents != 0) {
      return;
    }
    if (waits[0].revents != 0) {
      AcceptOne();
    }
  }
}

void UnixListener::AcceptOne() {
  const int connection = accept4(descriptor_, nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK);
  if (connection < 0) {
    if (errno == EMFILE || errno == ENFILE || errno == ENOMEM) {
      pollfd wake{wake_descriptor_, POLLIN, 0};
      poll(&wake, 1, kPauseAfterFailureMs);
    }
    return;
  }
  ucred credentials{};
  socklen_t length = sizeof(credentials);
  if (getsockopt(connection, SOL_SOCKET, SO_PEERCRED, &credentials, &length) != 0 ||
      !IsAllowed(credentials.uid)) {
    refused_count_.fetch_add(1);
    close(connection);
    return;
  }
  on_connection_(connection);
}

}  // namespace dataplane
