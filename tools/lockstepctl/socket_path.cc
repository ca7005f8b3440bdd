// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

#include "tools/lockstepctl/socket_path.h"

#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"

namespace lockstepctl {

absl::StatusOr<std::string> FindSocket(const std::string& given, const std::string& root) {
  if (!given.empty()) {
    return given;
  }
  if (const char* named = std::getenv("LOCKSTEP_SOCKET"); named != nullptr && *named != '\0') {
    return std::string(named);
  }
  std::vector<std::string> found;
  std::error_code error;
  for (const auto& folder : std::filesystem::directory_iterator(root, error)) {
    const std::filesystem::path socket = folder.path() / "control.sock";
    if (std::filesystem::exists(socket, error)) {
      found.push_back(socket.string());
    }
  }
  if (found.empty()) {
    return absl::NotFoundError(absl::StrCat(
        "no node runs here: no ", root, "/*/control.sock; give --socket PATH or LOCKSTEP_SOCKET"));
  }
  if (found.size() > 1) {
    std::sort(found.begin(), found.end());
    return absl::InvalidArgumentError(absl::StrCat(
        "several nodes run here; give --socket with one of ", absl::StrJoin(found, ", ")));
  }
  return found.front();
}

absl::Status ProbeSocket(const std::string& path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path.size() >= sizeof(address.sun_path)) {
    return absl::InvalidArgumentError(
        absl::StrCat("socket ", path, ": longer than ", sizeof(address.sun_path) - 1, " bytes"));
  }
  std::memcpy(address.sun_path, path.data(), path.size());
  const int descriptor = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (descriptor < 0) {
    return absl::ErrnoToStatus(errno, absl::StrCat("socket ", path));
  }
  const bool is_open =
      connect(descriptor, reinterpret_cast<const sockaddr*>(&address), sizeof(address)) == 0;
  const int reason = errno;
  close(descriptor);
  if (is_open) {
    return absl::OkStatus();
  }
  const char* remedy = reason == ENOENT         ? "does not exist; is lockstep-dataplane running?"
                       : reason == ECONNREFUSED ? "nobody listens; lockstep-dataplane has ended"
                       : reason == EACCES       ? "only the node's owner and root may ask it"
                                                : std::strerror(reason);
  return absl::UnavailableError(absl::StrCat("socket ", path, ": ", remedy));
}

}  // namespace lockstepctl
