// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

// The facade of the configuration: candidates, commits, timers, history. The admin service is a
// thin layer over it; everything that must hold whoever asks is here.
//
//   candidate  what an operator edits; each has an own one, which outlives the process
//   running    the revision in force; exactly one, whatever crashes when (I9)
//   startup    the revision that the next boot of the machine begins with
//
// Threads: thread-safe; one commit at a time.  Memory: trees share what they have in common.

#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "configsync/engine/clock.h"
#include "configsync/engine/dataplane.h"
#include "configsync/engine/judge.h"
#include "configsync/engine/pair_gate.h"
#include "configsync/schema/problem.h"
#include "configsync/store/store.h"
#include "configsync/tree/tree.h"

namespace configsync {

inline constexpr std::size_t kCommentBytesMax = 1'024;
inline constexpr std::size_t kPeerCommentBytesMax = 4'096;  // Of a draft: it names revisions.
// User id of drafts that a peer gives: no person's. A confirm that such a draft began is for any
// operator of this node to give.
inline constexpr std::uint32_t kPeerUserId = 0xffff'fffe;
inline constexpr std::uint32_t kConfirmSecondsMax = 86'400;  // At least 1.
inline constexpr std::uint32_t kLeaseSecondsMin = 10;        // Of locks and HA edits.
inline constexpr std::uint32_t kLeaseSecondsMax = 86'400;
inline constexpr std::size_t kCandidateEditsMax = 4'000'000;  // Of one call.

// Which configuration: an operator's candidate, running, startup or a revision.
struct ViewName {
  enum class Kind : std::uint8_t { kCandidate, kRunning, kStartup, kRevision };
  Kind kind = Kind::kRunning;
  RevisionId revision = 0;  // Of kRevision.
};

struct CommitOptions {
  std::string comment;                            // At most kCommentBytesMax.
  bool check_only = false;                        // Judge and plan; change nothing.
  bool save = false;                              // Make it the startup configuration too.
  std::optional<std::uint32_t> confirm_within_s;  // Roll back unless confirmed in time.
  bool from_central_manager = false;              // F150: the remotes get it from there, too.
};

struct CommitOutcome {
  bool committed = false;
  RevisionId revision = 0;
  std::string hash;   // Of the whole tree, 64 hexadecimal digits.
  Problems problems;  // Not empty: nothing has changed.
  std::vector<std::string> warnings;
  std::vector<Change> changes;
  std::vector<ServiceAction> services;
  SessionEffect sessions;
  FollowStatus follow;
  std::vector<RemoteOutcome> remotes;  // Of each remote that the change is for.
  std::int64_t difference_cpu_us = 0;  // Difference, hashes, projection, references.
  std::int64_t validation_cpu_us = 0;  // libyang.
};

// A configuration that another node, or an operator by hand, gives this one (PAIR.md).
struct PeerDraft {
  Operator by;          // A peer: kPeerUserId.
  std::string origin;   // "peer", "pull", "merge", …
  std::string comment;  // At most kPeerCommentBytesMax.
  Tree tree;            // Whole.
  Hash on_running;  // What it was made for; another one: problem RUNNING_MOVED, nothing happens.
  bool check_only = false;
  bool save = true;  // F23. With confirm_within_s at the confirmation.
  std::optional<std::uint32_t> confirm_within_s;
  Notes notes;             // Of the transaction.
  bool asks_gate = false;  // A change by hand travels on like a commit.
};

struct PendingConfirm {
  RevisionId revision = 0;
  RevisionId back_to = 0;
  std::uint32_t remaining_s = 0;
  std::string by;
};

struct LockHolder {
  Operator by;
  std::uint32_t remaining_s = 0;
};

struct EngineStatus {
  RevisionId running = 0;
  RevisionId startup = 0;
  std::string running_hash;
  std::string startup_hash;
  std::optional<PendingConfirm> confirm;
  std::optional<LockHolder> lock;
  FollowStatus follow;
  bool ha_armed = false;                     // ha/failover/enabled of running.
  std::optional<std::uint32_t> rearms_in_s;  // While HA is disarmed for an edit (F62).
  std::string master_key_fingerprint;
  std::string store_warning;  // Empty: the store is well.
};

class ConfigEngine {
 public:
  struct Setup {
    const Judge* judge = nullptr;
    Store* store = nullptr;
    Dataplane* dataplane = nullptr;
    Clock* clock = nullptr;
    std::string boot_id;  // Of the machine: another one means that startup becomes running.
    // How long CommitDraft(), and Confirm() of a peer, wait for a commit that runs: it may be the
    // one that asks the very peer who calls. Other values affect tests only.
    std::uint32_t peer_wait_ms = 1'000;
  };
  // Takes up what the store holds: pending confirms, leases, the edit timer. An empty store gets
  // revision 1, the modules' defaults. Errors: kDataLoss with what the store's check found.
  static absl::StatusOr<std::unique_ptr<ConfigEngine>> Start(const Setup& setup);
  virtual ~ConfigEngine() = default;

  // Reading.
  virtual absl::StatusOr<Tree> View(const Operator& by, const ViewName& view) = 0;
  virtual EngineStatus Status() = 0;
  virtual absl::StatusOr<std::vector<RevisionInfo>> History(std::size_t limit) = 0;
  virtual absl::StatusOr<std::vector<AuditRecord>> Audit(std::size_t limit) = 0;  // Newest first.

  // The caller's candidate. Problems, if any, are all of the request; then nothing has changed.
  virtual Problems EditCandidate(const Operator& by, std::vector<Edit> edits) = 0;
  // JSON (RFC 7951) on top of what is there, or instead of it.
  virtual Problems LoadCandidate(const Operator& by, std::string_view json, bool replace) = 0;
  virtual Problems ResetCandidate(const Operator& by, const ViewName& to) = 0;  // Also: discard.

  virtual CommitOutcome Commit(const Operator& by, const CommitOptions& options) = 0;
  // By the operator who waits; of a peer's draft, by anybody. Errors: kFailedPrecondition (nothing
  // waits, or somebody else's), kUnavailable (PEER_BUSY, of kPeerUserId alone).
  virtual absl::Status Confirm(const Operator& by) = 0;
  virtual absl::Status Save(const Operator& by) = 0;  // startup := running.

  // An exclusive right to edit and commit, for a time; the holder's own calls renew it.
  virtual absl::Status Lock(const Operator& by, std::uint32_t lease_s) = 0;
  virtual absl::Status Unlock(const Operator& by, bool force) = 0;

  // F62: disarms HA by a commit of its own, and arms it again after `for_s` whatever happens.
  virtual CommitOutcome BeginHaEdit(const Operator& by, std::uint32_t for_s) = 0;
  virtual CommitOutcome EndHaEdit(const Operator& by) = 0;

  // Pages, hash of every revision, the whole audit chain, the second place. Cost: seconds.
  virtual absl::StatusOr<StoreReport> VerifyStore() = 0;

  // F97: seals all secrets under the new key, in one transaction.
  virtual absl::Status ChangeMasterKey(const Operator& by, std::string_view old_key,
                                       std::string_view new_key) = 0;

  // Notes of pair/, beside the revisions, and rolled_back.h's; each write is a transaction with an
  // audit record.
  virtual std::map<std::string, std::string> ReadNotes() = 0;
  virtual absl::Status WriteNotes(const Operator& by, std::string_view action, std::string detail,
                                  const Notes& notes) = 0;
  // An act that is no transaction of the engine's: pairing, what was refused before it came here.
  // `outcome`: "done", "refused" or "warning". Nothing in it may be a secret.
  virtual absl::Status WriteAudit(const Operator& by, std::string_view action, std::string detail,
                                  std::string_view outcome) = 0;
  // A commit of a draft: rights, ids that are missing, judge and dataplane (neither for what a
  // check found good on the same running), transaction, follow. Lock and confirm of somebody else
  // count as in Commit(); the edit lock does not, because who edits has disarmed the pair. Errors
  // are problems, and nothing has changed: RUNNING_MOVED (`on_running` is not what runs),
  // NOTHING_TO_COMMIT (it is, and the draft is equal to it: `notes` are not written),
  // PEER_BUSY (another commit runs: try again), and those of Commit().
  virtual CommitOutcome CommitDraft(const PeerDraft& draft) = 0;
  // The running configuration with its number; what CommitDraft::on_running is about.
  virtual std::pair<RevisionId, Tree> Running() = 0;
  // Null: a node alone. Borrowed; set once, before there are callers.
  virtual void SetGate(PairGate* gate) = 0;

  // Does what is due (confirm deadlines, leases, re-arming) and returns when to call again, in
  // milliseconds from now; at most a second.
  virtual std::uint32_t Tick() = 0;
};

}  // namespace configsync
