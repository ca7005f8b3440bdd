// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

#include "configsync/admin/remote_name.h"

#include "absl/strings/str_cat.h"
#include "configsync/admin/host_names.h"
#include "configsync/admin/sync_calls.h"

namespace configsync {
namespace {

std::string Choices(const SyncStatus& status) {
  std::string text;
  for (const RemoteStatus& remote : status.remotes) {
    absl::StrAppend(&text, text.empty() ? "" : ", ", remote.name);
  }
  return text;
}

}  // namespace

absl::StatusOr<RemoteStatus> FindRemote(const SyncStatus& status, std::string_view name) {
  if (name.size() > kNameBytesMax) {
    return absl::InvalidArgumentError(
        absl::StrCat("remote of ", name.size(), " bytes: a name has at most ", kNameBytesMax));
  }
  if (status.remotes.empty()) {
    return absl::FailedPreconditionError(
        "no remote is configured: `lockstepctl config set ha configuration-synchronization remote "
        "NAME address ADDRESS`, enable synchronization, then commit");
  }
  if (name.empty()) {
    if (status.remotes.size() == 1) {
      return status.remotes.front();
    }
    return absl::InvalidArgumentError(absl::StrCat("there are ", status.remotes.size(),
                                                   " remotes, ", Choices(status),
                                                   ": say which, by --remote NAME"));
  }
  for (const RemoteStatus& remote : status.remotes) {
    if (remote.name == name) {
      return remote;
    }
  }
  for (const RemoteStatus& remote : status.remotes) {
    if (remote.device_name == name) {
      return remote;
    }
  }
  return absl::NotFoundError(absl::StrCat("remote '", std::string(name),
                                          "' is not configured; there is ", Choices(status)));
}

std::string NameOfThisNode(const Tree& running) {
  std::string name = LeafOr(running, {"system", "host-name"});
  return name.empty() ? "this-node" : name;
}

std::string NameOfNode(const RemoteStatus& remote, const Tree& running) {
  return remote.device_name.empty() || remote.device_name == NameOfThisNode(running)
             ? remote.name
             : remote.device_name;
}

}  // namespace configsync
