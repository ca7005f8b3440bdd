// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

// lockstep-configd: options → folders and socket → privileges given up → parts → until SIGTERM.

#include <unistd.h>

#include <cstdio>
#include <fstream>
#include <iterator>
#include <string>
#include <utility>
#include <variant>

#include "absl/strings/str_cat.h"
#include "configsync/admin/admin_server.h"
#include "configsync/daemon.h"
#include "configsync/log/log.h"
#include "configsync/peer/tls_only_13.h"
#include "configsync/process.h"
#include "configsync/start_options.h"

namespace configsync {
namespace {

constexpr int kStatusFailed = 1;
constexpr mode_t kPrivateMode = 0700;
constexpr mode_t kPublicMode = 0755;

// First line of the file. Errors: kNotFound.
absl::StatusOr<std::string> ReadKey(const std::string& path) {
  std::string key;
  if (path.empty()) {
    return key;
  }
  std::ifstream file(path);
  if (!std::getline(file, key)) {
    return absl::NotFoundError(
        absl::StrCat("master key file ", path, ": cannot be read, or is empty"));
  }
  return key;
}

// What needs the privileges that the process starts with. Returns the listening descriptor.
absl::StatusOr<int> Prepare(const StartOptions& options, const User& user) {
  absl::Status status = MakeFolder(options.state_dir, user, kPrivateMode);
  if (status.ok()) {
    status = MakeFolder(options.run_dir, user, std::nullopt);
  }
  if (status.ok()) {
    status = MakeFolder(options.names_dir(), user, kPublicMode);
  }
  if (!status.ok()) {
    return status;
  }
  return AdminServer::Bind(options.admin_socket());
}

absl::Status Run(const StartOptions& options) {
  const absl::StatusOr<User> user = FindUser(options.user);
  if (!user.ok()) {
    return user.status();
  }
  absl::StatusOr<std::string> master_key = ReadKey(options.master_key_file);
  if (!master_key.ok()) {
    return master_key.status();
  }
  if (absl::Status status = AllowOnlyTls13(); !status.ok()) {
    return status;
  }
  if (!options.debug_tls_keys.empty()) {
    Log(LogLevel::kWarning, "configd",
        absl::StrCat("--debug-tls-keys: whoever reads ", options.debug_tls_keys,
                     " can decrypt what this node says to others; for test benches alone"));
  }
  BlockSignals();
  const absl::StatusOr<int> listening = Prepare(options, *user);
  if (!listening.ok()) {
    return listening.status();
  }
  if (absl::Status status = DropPrivileges(*user); !status.ok()) {
    return status;
  }
  absl::StatusOr<std::unique_ptr<Daemon>> daemon =
      Daemon::Start(options, *listening, *std::move(master_key));
  if (!daemon.ok()) {
    unlink(options.admin_socket().c_str());
    return daemon.status();
  }
  for (const RoleGroup& group : options.groups) {
    if (!group.gid.has_value()) {
      Log(LogLevel::kInfo, "admin",
          absl::StrCat("group ", group.name, ": this machine has none, so nobody gets its role"));
    }
  }
  Log(LogLevel::kNotice, "configd",
      absl::StrCat("runs as ", user->name, ", socket ", options.admin_socket()));
  NotifySystemd("READY=1");
  std::string signal;
  while (signal.empty()) {
    signal = WaitForStop((*daemon)->Tick());
  }
  Log(LogLevel::kNotice, "configd", absl::StrCat(signal, ": stopping"));
  NotifySystemd("STOPPING=1");
  return absl::OkStatus();
}

int Main(StartOptions options) {
  LookUp(options.groups);
  absl::Status status;
  if (options.check) {
    const absl::StatusOr<std::string> verdict = CheckStart(options);
    if (verdict.ok()) {
      std::fputs(verdict->c_str(), stdout);
    }
    status = verdict.status();
  } else {
    status = Run(options);
  }
  if (status.ok()) {
    return 0;
  }
  std::fprintf(stderr, "lockstep-configd: %s\n", std::string(status.message()).c_str());
  return kStatusFailed;
}

}  // namespace
}  // namespace configsync

int main(int argc, char** argv) {
  std::variant<configsync::StartOptions, configsync::ExitRequest> command =
      configsync::ReadCommandLine(argc, argv);
  if (const auto* leave = std::get_if<configsync::ExitRequest>(&command)) {
    std::fputs(leave->output.c_str(), leave->status == 0 ? stdout : stderr);
    return leave->status;
  }
  return configsync::Main(std::get<configsync::StartOptions>(std::move(command)));
}
