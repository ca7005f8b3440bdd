// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

#include "configsync/process.h"

#include <grp.h>
#include <pwd.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <filesystem>
#include <vector>

#include "absl/strings/str_cat.h"
#include "configsync/admin/roles.h"

namespace configsync {
namespace {

constexpr std::size_t kDatabaseBytes = 65'536;
constexpr mode_t kPrivateUmask = 077;

sigset_t Signals() {
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGTERM);
  sigaddset(&signals, SIGINT);
  sigaddset(&signals, SIGHUP);
  return signals;
}

absl::Status Failed(const std::string& object, const std::string& action) {
  const int error = errno;
  return absl::ErrnoToStatus(error, absl::StrCat(object, ": cannot ", action));
}

}  // namespace

void BlockSignals() {
  const sigset_t signals = Signals();
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  signal(SIGPIPE, SIG_IGN);
}

std::string WaitForStop(std::uint32_t milliseconds) {
  const sigset_t signals = Signals();
  const timespec patience{.tv_sec = milliseconds / 1'000,
                          .tv_nsec = std::int64_t{milliseconds % 1'000} * 1'000'000};
  const int number = sigtimedwait(&signals, nullptr, &patience);
  return number == SIGTERM ? "SIGTERM" : number == SIGINT ? "SIGINT" : "";
}

absl::StatusOr<User> FindUser(const std::string& name) {
  if (name.empty()) {
    return User{UserName(geteuid()), geteuid(), getegid()};
  }
  std::vector<char> memory(kDatabaseBytes);
  passwd found{};
  passwd* result = nullptr;
  getpwnam_r(name.c_str(), &found, memory.data(), memory.size(), &result);
  if (result == nullptr) {
    return absl::NotFoundError(
        absl::StrCat("user ", name, ": this machine has none; make it: useradd --system ", name));
  }
  if (geteuid() != 0 && geteuid() != result->pw_uid) {
    return absl::PermissionDeniedError(
        absl::StrCat("user ", name, ": only root can change to it; start as root, or as ", name));
  }
  return User{name, result->pw_uid, result->pw_gid};
}

absl::Status MakeFolder(const std::string& path, const User& owner, std::optional<mode_t> mode) {
  std::error_code error;
  const bool is_new = std::filesystem::create_directories(path, error);
  if (error) {
    errno = error.value();
    return Failed(absl::StrCat("folder ", path), "make it");
  }
  if (!is_new && !mode.has_value()) {
    return absl::OkStatus();
  }
  // Before the owner: afterwards root could only change it as root.
  if (chmod(path.c_str(), mode.value_or(0755)) != 0) {
    return Failed(absl::StrCat("folder ", path), "set its mode");
  }
  if (mode.has_value() && geteuid() == 0 && chown(path.c_str(), owner.user, owner.group) != 0) {
    return Failed(absl::StrCat("folder ", path), absl::StrCat("give it to ", owner.name));
  }
  return absl::OkStatus();
}

absl::Status DropPrivileges(const User& user) {
  umask(kPrivateUmask);
  if (geteuid() == 0 && user.user != 0) {
    if (initgroups(user.name.c_str(), user.group) != 0) {
      return Failed(absl::StrCat("user ", user.name), "take its groups");
    }
    if (setresgid(user.group, user.group, user.group) != 0 ||
        setresuid(user.user, user.user, user.user) != 0) {
      return Failed(absl::StrCat("user ", user.name), "change to it");
    }
    if (setuid(0) == 0) {
      return absl::InternalError("privileges came back after they were given up");
    }
  }
  if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 || prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) != 0) {
    return Failed("process", "give up further privileges");
  }
  return absl::OkStatus();
}

void NotifySystemd(const std::string& state) {
  const char* const path = std::getenv("NOTIFY_SOCKET");
  sockaddr_un address{};
  if (path == nullptr || std::strlen(path) >= sizeof(address.sun_path)) {
    return;
  }
  address.sun_family = AF_UNIX;
  std::memcpy(address.sun_path, path, std::strlen(path));
  if (address.sun_path[0] == '@') {
    address.sun_path[0] = '\0';
  }
  const int descriptor = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  const auto length = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + std::strlen(path));
  if (descriptor >= 0) {
    [[maybe_unused]] const ssize_t sent =
        sendto(descriptor, state.data(), state.size(), MSG_NOSIGNAL,
               reinterpret_cast<const sockaddr*>(&address), length);
    close(descriptor);
  }
}

}  // namespace configsync
