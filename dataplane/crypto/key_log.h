// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

// Keys of HA2's directions in a file, one line each, so that wiredump can open a capture. Only for
// debugging: who reads the file can read, and forge, the frames sealed under its keys. The pair
// secret is never written, and does not follow from these keys.
//
//   ha2-key 1 from 0 to 1 since 1699999999.123456 key 64-HEXADECIMAL-DIGITS
//
// Threads: one.  Memory: buffers that held a key are wiped.

#pragma once

#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "statesync/seal/keys.h"
#include "statesync/types.h"

namespace dataplane {

struct LoggedKey {
  statesync::NodeIndex from = 0;
  statesync::NodeIndex to = 0;
  statesync::DirectionKey key;
};

class KeyLog {
 public:
  // Appends to a file of mode 0600 that belongs to this user, or makes it.
  // Errors: kPermissionDenied, kInvalidArgument and others with the path and a remedy.
  static absl::StatusOr<std::unique_ptr<KeyLog>> Open(const std::string& path);
  ~KeyLog();
  KeyLog(const KeyLog&) = delete;
  KeyLog& operator=(const KeyLog&) = delete;

  // One write() of one line. A failure is kept for good(); nothing waits for the disk.
  void Add(const LoggedKey& key) noexcept;
  // False after a line could not be written.
  [[nodiscard]] bool good() const noexcept { return good_; }

 private:
  explicit KeyLog(int descriptor) : descriptor_(descriptor) {}
  int descriptor_;
  bool good_ = true;
};

// In the order of the file. Lines that begin with '#' and empty lines are passed over.
// Errors: as the system says; kInvalidArgument with path and line number for any other line.
absl::StatusOr<std::vector<LoggedKey>> ReadKeyLog(const std::string& path);

}  // namespace dataplane
