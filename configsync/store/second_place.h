// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

// The heads of the store in a second place. SQLite takes a damaged tail of its log for a crash and
// silently drops the transactions in it; these heads tell that they were there.
//
// Two files take turns, so one of them is whole whatever happens to the other.
//
// Threads: one.

#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "configsync/store/files.h"
#include "configsync/tree/hash.h"
#include "configsync/tree/revision_id.h"

namespace configsync {

struct Heads {
  std::uint64_t generation = 0;  // Grows with each write; its lowest bit names the file.
  std::uint64_t audit_sequence = 0;
  Hash audit_hash;
  RevisionId revision = 0;  // Running.
  Hash revision_hash;
  friend bool operator==(const Heads&, const Heads&) = default;
};

class SecondPlace {
 public:
  explicit SecondPlace(Files& files) : files_(files) {}

  struct Found {
    std::optional<Heads> heads;  // The newest that is whole.
    bool any_file = false;
    std::string warning;  // One of the two is damaged.
  };
  // Errors: those of reading; a damaged file is none.
  [[nodiscard]] absl::StatusOr<Found> Read();
  // Its generation is chosen here. Durable when it returns.
  [[nodiscard]] absl::Status Write(Heads heads);

 private:
  Files& files_;
  std::uint64_t generation_ = 0;
};

}  // namespace configsync
