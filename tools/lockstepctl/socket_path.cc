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

absl::StatusOr<std::string> FindSocket(const std::string& given, const std::string& root,
                                       const Service& service) {
  if (!given.empty()) {
    return given;
  }
  if (const char* named = std::getenv(service.environment); named != nullptr && *named != '\0') {
    return std::string(named);
  }
  std::vector<std::string> found;
  std::error_code error;
  for (const auto& folder : std::filesystem::directory_iterator(root, error)) {
    const std::filesystem::path socket = folder.path() / service.file;
    if (std::filesystem::exists(socket, error)) {
      found.push_back(socket.string());
    }
  }
  if (found.empty()) {
    return absl::NotFoundError(absl::StrCat("no ", service.program, " runs here: no ", root, "/*/",
                                            service.file, "; give --socket PATH or ",
                                            service.environment));
  }
  if (found.size() > 1) {
    std::sort(found.begin(), found.end());
    return absl::InvalidArgumentError(absl::StrCat(
        "several nodes run here; give --socket with one of ", absl::StrJoin(found, ", ")));
  }
  return found.front();
}

absl::Status ProbeSocket(const std::string& path, const Service& service) {
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
  const std::string program = service.program;
  const std::string fault =
      reason == ENOENT         ? absl::StrCat("does not exist; is ", program, " running?")
      : reason == ECONNREFUSED ? absl::StrCat("nobody listens; ", program, " has ended")
      : reason == EACCES       ? absl::StrCat("only ", service.who, " may ask it")
                               : std::strerror(reason);
  return absl::UnavailableError(absl::StrCat("socket ", path, ": ", fault));
}

}  // namespace lockstepctl
