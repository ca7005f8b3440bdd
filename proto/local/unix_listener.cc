// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

#include "proto/local/unix_listener.h"

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

namespace local {
namespace {

constexpr int kBacklog = 16;
constexpr std::size_t kGroupsFirstGuess = 64;
// Out of descriptors the listener stays readable: without a pause the thread would spin.
constexpr int kPauseAfterFailureMs = 100;

absl::Status Failed(const std::string& path, std::string_view action) {
  const int error = errno;
  return absl::ErrnoToStatus(error,
                             absl::StrCat("socket ", path, ": cannot ", std::string(action)));
}

sockaddr_un AddressOf(const std::string& path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  std::memcpy(address.sun_path, path.data(), path.size());
  return address;
}

int NewSocket() { return socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0); }

// Removes a socket that a dead process left behind; refuses if a living one listens.
absl::Status ClearStale(const UnixListener::Setup& setup) {
  const std::string& path = setup.path;
  struct stat status {};
  if (lstat(path.c_str(), &status) != 0) {
    return errno == ENOENT ? absl::OkStatus() : Failed(path, "look at it");
  }
  if (!S_ISSOCK(status.st_mode)) {
    return absl::AlreadyExistsError(
        absl::StrCat("socket ", path, ": is a file of another kind; move it away"));
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
    return absl::AlreadyExistsError(absl::StrCat("socket ", path, ": another ", setup.program,
                                                 " listens there; stop it, or ", setup.remedy));
  }
  return unlink(path.c_str()) == 0 ? absl::OkStatus() : Failed(path, "remove the stale socket");
}

absl::StatusOr<int> Listen(const std::string& path, mode_t mode, std::optional<gid_t> group) {
  const int descriptor = NewSocket();
  if (descriptor < 0) {
    return Failed(path, "make a socket");
  }
  const sockaddr_un address = AddressOf(path);
  // bind() gives the file the mode of the descriptor, less the umask: its owner's part of `mode`.
  // The rest comes when its group is right, and nobody can connect before listen().
  constexpr uid_t kKeepOwner = static_cast<uid_t>(-1);
  if (fchmod(descriptor, mode & S_IRWXU) != 0 ||
      bind(descriptor, reinterpret_cast<const sockaddr*>(&address), sizeof(address)) != 0 ||
      (group.has_value() && chown(path.c_str(), kKeepOwner, *group) != 0) ||
      chmod(path.c_str(), mode) != 0 || listen(descriptor, kBacklog) != 0) {
    const absl::Status status = Failed(path, "listen");
    close(descriptor);
    return status;
  }
  return descriptor;
}

// False: the kernel does not say who it is.
bool ReadCredentials(int connection, PeerCredentials& peer) {
  ucred credentials{};
  socklen_t length = sizeof(credentials);
  if (getsockopt(connection, SOL_SOCKET, SO_PEERCRED, &credentials, &length) != 0) {
    return false;
  }
  peer.user = credentials.uid;
  peer.group = credentials.gid;
  peer.process = credentials.pid;
  peer.groups.resize(kGroupsFirstGuess);
  // Too small: the kernel says how much it needs. The groups of a connection never change, so the
  // second answer fits.
  for (int attempt = 0; attempt < 2; ++attempt) {
    length = static_cast<socklen_t>(peer.groups.size() * sizeof(gid_t));
    const int outcome =
        getsockopt(connection, SOL_SOCKET, SO_PEERGROUPS, peer.groups.data(), &length);
    peer.groups.resize(length / sizeof(gid_t));
    if (outcome == 0) {
      return true;
    }
    if (errno != ERANGE) {
      return false;
    }
  }
  return false;
}

}  // namespace

bool IsOwnerOrRoot(const PeerCredentials& peer) { return peer.user == 0 || peer.user == geteuid(); }

absl::StatusOr<int> UnixListener::Bind(const Setup& setup) {
  const std::string& path = setup.path;
  if (path.size() >= sizeof(sockaddr_un::sun_path)) {
    return absl::InvalidArgumentError(absl::StrCat("socket ", path, ": longer than ",
                                                   sizeof(sockaddr_un::sun_path) - 1, " bytes; ",
                                                   setup.remedy));
  }
  std::error_code error;
  std::filesystem::create_directories(std::filesystem::path(path).parent_path(), error);
  if (error) {
    errno = error.value();
    return Failed(path, "make its folder");
  }
  if (absl::Status status = ClearStale(setup); !status.ok()) {
    return status;
  }
  return Listen(path, setup.mode, setup.group);
}

absl::StatusOr<std::unique_ptr<UnixListener>> UnixListener::Start(Setup setup) {
  if (setup.listening < 0) {
    const absl::StatusOr<int> descriptor = Bind(setup);
    if (!descriptor.ok()) {
      return descriptor.status();
    }
    setup.listening = *descriptor;
  }
  const int wake_descriptor = eventfd(0, EFD_CLOEXEC);
  if (wake_descriptor < 0) {
    const absl::Status status = Failed(setup.path, "make an eventfd");
    close(setup.listening);
    return status;
  }
  return std::unique_ptr<UnixListener>(new UnixListener(std::move(setup), wake_descriptor));
}

UnixListener::UnixListener(Setup setup, int wake_descriptor)
    : setup_(std::move(setup)),
      descriptor_(setup_.listening),
      wake_descriptor_(wake_descriptor),
      thread_([this] { Run(); }) {}

void UnixListener::Stop() {
  if (!thread_.joinable()) {
    return;
  }
  const std::uint64_t one = 1;
  // An eventfd write of 1 only fails if the counter is full, and then the thread wakes anyway.
  [[maybe_unused]] const ssize_t written = write(wake_descriptor_, &one, sizeof(one));
  thread_.join();
  unlink(setup_.path.c_str());
  close(descriptor_);
  close(wake_descriptor_);
}

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
  PeerCredentials peer;
  if (!ReadCredentials(connection, peer) || !setup_.may_connect(peer)) {
    refused_count_.fetch_add(1);
    close(connection);
    return;
  }
  setup_.on_connection(connection, peer);
}

}  // namespace local
