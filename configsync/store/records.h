// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

// What the store keeps, as values.
//
// Threads: values only.

#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "configsync/tree/edit.h"
#include "configsync/tree/hash.h"
#include "configsync/tree/revision_id.h"
#include "configsync/tree/tree.h"

namespace configsync {

// Who asks. The name is for the audit; the kernel told the user id.
struct Operator {
  std::uint32_t user_id = 0;
  std::string name;
  friend bool operator==(const Operator&, const Operator&) = default;
};

// An instant that outlives the process and the boot of the machine. Within the boot `boot_id` it is
// `boot_ms` that counts, which does not jump; after a reboot only the wall clock is left.
struct Deadline {
  std::string boot_id;
  std::int64_t boot_ms = 0;
  std::int64_t wall_ms = 0;
  std::int64_t span_ms = 0;  // From when it was set: no jump of the wall clock makes it longer.
  friend bool operator==(const Deadline&, const Deadline&) = default;
};

struct RevisionInfo {
  RevisionId id = 0;
  RevisionId parent = 0;  // What was running before.
  std::int64_t wall_ms = 0;
  Operator author;
  std::string origin;  // commit, confirm-expired, startup, ha-edit, …
  std::string comment;
  Hash hash;
  std::uint64_t change_count = 0;
  friend bool operator==(const RevisionInfo&, const RevisionInfo&) = default;
};

// A commit that is rolled back unless it is confirmed in time.
struct ConfirmRecord {
  RevisionId revision = 0;  // In force.
  RevisionId back_to = 0;
  Deadline deadline;
  Operator by;
  bool save = false;          // It becomes the startup configuration when confirmed.
  bool ha_edit_open = false;  // It was made during an HA edit: `back_to` has HA disarmed.
  friend bool operator==(const ConfirmRecord&, const ConfirmRecord&) = default;
};

struct LockRecord {
  Operator by;
  Deadline deadline;
  friend bool operator==(const LockRecord&, const LockRecord&) = default;
};

// HA is disarmed for an edit, and is armed again at the deadline.
struct HaEditRecord {
  Operator by;
  Deadline deadline;
  friend bool operator==(const HaEditRecord&, const HaEditRecord&) = default;
};

// A candidate is a revision and the edits made to it, in order.
struct CandidateRecord {
  Operator by;
  RevisionId base = 0;
  std::int64_t wall_ms = 0;  // Last edit.
  std::vector<Edit> edits;
  friend bool operator==(const CandidateRecord&, const CandidateRecord&) = default;
};

// One record of the audit: a chain, each holding the hash of the one before.
struct AuditRecord {
  std::uint64_t sequence = 0;  // 1 and up, without holes.
  std::int64_t wall_ms = 0;
  Operator by;
  std::string action;   // "commit", "edit", …
  std::string detail;   // Never a secret.
  std::string outcome;  // "done", "refused", "warning".
  Hash previous;
  Hash hash;
  friend bool operator==(const AuditRecord&, const AuditRecord&) = default;
};

// The small state, whole. History and trees are asked for one by one.
struct StoreState {
  RevisionId running = 0;  // 0: the store is empty.
  RevisionId startup = 0;
  std::string boot_id;  // Of the machine, when it was last written.
  std::optional<ConfirmRecord> confirm;
  std::optional<LockRecord> lock;
  std::optional<HaEditRecord> ha_edit;
  std::vector<CandidateRecord> candidates;
  std::map<std::string, std::string> notes;  // Values of pair/, by name.
};

}  // namespace configsync
