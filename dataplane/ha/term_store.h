// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

// The persisted term mark: one small text file, replaced atomically (write, fsync, rename, fsync of
// the folder), so that a crash leaves the old mark or the new one. statesync/role/term_mark.h says
// when to write.
//
// Threads: one at a time. Write() waits for the disk: never from the ha thread.

#pragma once

#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "statesync/types.h"

namespace dataplane {

inline constexpr char kTermHeader[] = "lockstep term mark v1";

class TermStore {
 public:
  explicit TermStore(std::string path) : path_(std::move(path)) {}

  // The persisted mark; zero if the file does not exist (a node's first start).
  // Errors: kDataLoss if the file is damaged, with what to do; others as the system says.
  [[nodiscard]] absl::StatusOr<statesync::Term> Read() const;

  // Replaces the mark. Errors: as the system says, with the path; the old mark is then still there.
  [[nodiscard]] absl::Status Write(statesync::Term mark) const;

  [[nodiscard]] const std::string& path() const { return path_; }

 private:
  std::string path_;
};

}  // namespace dataplane
