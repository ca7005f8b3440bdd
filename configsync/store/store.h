// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

// What must outlive a crash. Every change of it is one Write(), which happens whole or not at all,
// and which no crash can take back once it has returned.
//
// sqlite_store.h keeps it on a disk; tests/ has one in memory that can fail where it likes.
//
// Threads: thread-safe.

#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "configsync/store/records.h"
#include "configsync/tree/hash.h"
#include "configsync/tree/tree.h"

namespace configsync {

inline constexpr std::size_t kHistoryRevisions = 1'000;  // Older ones are forgotten.
inline constexpr std::size_t kCandidatesMax = 64;
inline constexpr std::size_t kNotesMax = 64;
inline constexpr std::size_t kNoteNameBytesMax = 64;  // And at least 1.
inline constexpr std::size_t kNoteValueBytesMax = 16 << 20;

// A revision to be: it becomes running.
struct RevisionDraft {
  RevisionInfo info;        // id = running + 1, parent = running.
  Tree tree;                // Its hash is info.hash.
  std::vector<Edit> edits;  // From the parent.
};

// A candidate to be: append to the edits it has, or be these edits alone.
struct CandidateWrite {
  CandidateRecord record;
  bool append = false;
};

// Everything that changes together. An optional of an optional: absent leaves it as it is.
struct Transaction {
  std::optional<RevisionDraft> revision;
  std::optional<RevisionId> startup;
  std::optional<std::string> boot_id;
  std::optional<std::optional<ConfirmRecord>> confirm;
  std::optional<std::optional<LockRecord>> lock;
  std::optional<std::optional<HaEditRecord>> ha_edit;
  std::vector<CandidateWrite> candidates;
  std::vector<std::uint32_t> dropped_candidates;  // By user id; before `candidates`.
  // An absent value is erased. Notes hold no text that is sealed: a change of the master key leaves
  // them as they are.
  std::map<std::string, std::optional<std::string>> notes;
  AuditRecord audit;  // Of it, sequence and hashes are the store's to fill in.
};

struct StoreReport {
  std::uint64_t revisions = 0;
  std::uint64_t audit_records = 0;
  std::vector<std::string> faults;  // None: all is well.
};

class Store {
 public:
  virtual ~Store() = default;

  [[nodiscard]] virtual absl::StatusOr<StoreState> Read() = 0;
  // Errors: kNotFound (never was, or forgotten), kDataLoss (does not come out with its hash).
  // Cost: one snapshot and at most 64 differences.
  [[nodiscard]] virtual absl::StatusOr<Tree> LoadTree(RevisionId revision) = 0;
  [[nodiscard]] virtual absl::StatusOr<std::vector<RevisionInfo>> History(std::size_t limit) = 0;
  // Newest first.
  [[nodiscard]] virtual absl::StatusOr<std::vector<AuditRecord>> Audit(std::size_t limit) = 0;

  // All of it, or nothing and an error: kResourceExhausted (disk full), kPermissionDenied (cannot
  // be written), kAborted (`revision` does not follow running), kInvalidArgument (a note beyond its
  // bounds), kUnavailable (the disk failed in the middle: whether it happened is known after the
  // next start, and until then nothing more is written).
  [[nodiscard]] virtual absl::Status Write(const Transaction& transaction) = 0;
  // A sentence while something is amiss that loses nothing yet, such as a second place that could
  // not be written; empty: nothing.
  [[nodiscard]] virtual std::string Warning() = 0;

  // Pages, hash of every revision and note, the whole audit chain, the second place. Cost: seconds.
  [[nodiscard]] virtual absl::StatusOr<StoreReport> Verify() = 0;

  // Edits as text (edit_codec.h) with every secret sealed under the present key and bound to its
  // path, and back. Nodes with the same master key read each other's. Errors: kUnavailable (no
  // randomness); kInvalidArgument (not such a text), kDataLoss (sealed by another key or for
  // another place).
  [[nodiscard]] virtual absl::StatusOr<std::string> SealText(std::vector<Edit> edits) = 0;
  [[nodiscard]] virtual absl::StatusOr<std::vector<Edit>> OpenText(std::string_view text) = 0;

  // An empty configuration, under the present key.
  [[nodiscard]] virtual Tree EmptyTree() = 0;
  [[nodiscard]] virtual std::string KeyFingerprint() = 0;
  // Seals everything under a new key, in one transaction. All trees made before have hashes under
  // the old key: load them again. Errors: kPermissionDenied (`old_key` is wrong), kInvalidArgument
  // (`new_key` is none), and those of Write().
  [[nodiscard]] virtual absl::Status ChangeMasterKey(std::string_view old_key,
                                                     std::string_view new_key,
                                                     const AuditRecord& audit) = 0;
};

}  // namespace configsync
