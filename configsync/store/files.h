// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

// The small files of the state folder, by the few steps that a crash can come between. The
// simulator has its own, which loses what was not synced.
//
// Threads: one.

#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace configsync {

// Names are those of files in one folder.
class Files {
 public:
  virtual ~Files() = default;
  // Errors: kNotFound; kPermissionDenied; kResourceExhausted (larger than `bytes_max`).
  [[nodiscard]] virtual absl::StatusOr<std::string> Read(const std::string& name,
                                                         std::size_t bytes_max) = 0;
  // Makes or replaces the content, mode 0600. Not yet durable.
  [[nodiscard]] virtual absl::Status Write(const std::string& name, std::string_view content) = 0;
  [[nodiscard]] virtual absl::Status Sync(const std::string& name) = 0;
  [[nodiscard]] virtual absl::Status Rename(const std::string& from, const std::string& to) = 0;
  // No error if there is none.
  [[nodiscard]] virtual absl::Status Remove(const std::string& name) = 0;
  // Mode 0600, for a file that somebody else made.
  [[nodiscard]] virtual absl::Status Restrict(const std::string& name) = 0;
  // Makes names durable.
  [[nodiscard]] virtual absl::Status SyncFolder() = 0;
  [[nodiscard]] virtual const std::string& folder() const = 0;
};

// Replaces a file whole: after a crash it has the old content or the new one.
[[nodiscard]] absl::Status WriteDurably(Files& files, const std::string& name,
                                        std::string_view content);

// A folder of the disk, for this process alone until the object is gone. It is made, mode 0700, if
// it is missing. Errors: kFailedPrecondition (others may enter it; another process has it, which is
// named), kPermissionDenied (it cannot be written), each with the remedy.
[[nodiscard]] absl::StatusOr<std::unique_ptr<Files>> OpenFolder(const std::string& folder);

}  // namespace configsync
