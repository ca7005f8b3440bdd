// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

// Secrets on the disk: AES-256-GCM, a random nonce for each, bound to the path of its leaf, so that
// a sealed value cannot be moved to another leaf.
//
// Threads: immutable.

#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "configsync/store/master_key.h"
#include "configsync/tree/edit.h"

namespace configsync {

class Sealer {
 public:
  explicit Sealer(const MasterKey& key) : key_(key) {}

  // Printable text. Errors: kUnavailable: no randomness.
  [[nodiscard]] absl::StatusOr<std::string> Seal(std::string_view place,
                                                 std::string_view clear) const;
  // Errors: kDataLoss: not sealed by this key for this place.
  [[nodiscard]] absl::StatusOr<std::string> Open(std::string_view place,
                                                 std::string_view sealed) const;

  // Seals or opens the secrets among the edits: values of leaves, and members of leaf-lists.
  [[nodiscard]] absl::Status SealEdits(std::vector<Edit>& edits) const;
  [[nodiscard]] absl::Status OpenEdits(std::vector<Edit>& edits) const;

 private:
  MasterKey key_;
};

}  // namespace configsync
