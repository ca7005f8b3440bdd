// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

// The inside of engine.h, in parts: start.cc takes up what the store holds, candidates.cc edits,
// commit.cc is the commit machine of COMMIT.md, commit_write.cc its transaction, drafts.cc what
// pair/ asks for, ha_edits.cc disarms and arms HA, timers.cc does what time and the operators'
// other acts ask for, views.cc reads.
//
// Threads: `commit_mutex_` is held through a whole commit, also while dataplane and peers are
// asked; `mutex_` guards the state and is held for moments. Taken in this order. The gate is called
// with the first and without the second.

#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <map>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "configsync/engine/deadline.h"
#include "configsync/engine/engine.h"

namespace configsync {

inline constexpr char kOwnName[] = "lockstep-configd";

class EngineImpl final : public ConfigEngine {
 public:
  explicit EngineImpl(const Setup& setup);
  [[nodiscard]] absl::Status Begin();

  absl::StatusOr<Tree> View(const Operator& by, const ViewName& view) override;
  EngineStatus Status() override;
  absl::StatusOr<std::vector<RevisionInfo>> History(std::size_t limit) override;
  absl::StatusOr<std::vector<AuditRecord>> Audit(std::size_t limit) override;
  Problems EditCandidate(const Operator& by, std::vector<Edit> edits) override;
  Problems LoadCandidate(const Operator& by, std::string_view json, bool replace) override;
  Problems ResetCandidate(const Operator& by, const ViewName& to) override;
  CommitOutcome Commit(const Operator& by, const CommitOptions& options) override;
  absl::Status Confirm(const Operator& by) override;
  absl::Status Save(const Operator& by) override;
  absl::Status Lock(const Operator& by, std::uint32_t lease_s) override;
  absl::Status Unlock(const Operator& by, bool force) override;
  CommitOutcome BeginHaEdit(const Operator& by, std::uint32_t for_s) override;
  CommitOutcome EndHaEdit(const Operator& by) override;
  absl::StatusOr<StoreReport> VerifyStore() override;
  absl::Status ChangeMasterKey(const Operator& by, std::string_view old_key,
                               std::string_view new_key) override;
  std::map<std::string, std::string> ReadNotes() override;
  absl::Status WriteNotes(const Operator& by, std::string_view action, std::string detail,
                          const Notes& notes) override;
  absl::Status WriteAudit(const Operator& by, std::string_view action, std::string detail,
                          std::string_view outcome) override;
  CommitOutcome CommitDraft(const PeerDraft& draft) override;
  std::pair<RevisionId, Tree> Running() override;
  void SetGate(PairGate* gate) override { gate_ = gate; }
  std::uint32_t Tick() override;

 private:
  // A candidate; its trees are made when they are first wanted.
  struct Candidate {
    Operator by;
    RevisionId base = 0;
    std::int64_t wall_ms = 0;
    std::size_t rows = 0;  // Pieces that the store holds its edits in.
    std::uint64_t generation = 0;
    std::optional<Tree> base_tree;
    std::optional<Tree> tree;
  };

  // A revision on its way: what the transaction needs to know.
  struct Draft {
    Operator by;
    std::string origin;
    std::string comment;
    const Tree* tree = nullptr;
    std::span<const Change> changes;
  };

  // start.cc
  absl::Status BeginEmpty();
  absl::Status TakeUp(StoreState state);
  absl::Status AfterReboot();
  // Trees of running and startup, from the store.
  absl::Status LoadWhatRuns();

  // Helpers, everywhere. Need `mutex_`.
  [[nodiscard]] Now Time() { return ReadNow(*setup_.clock, setup_.boot_id); }
  [[nodiscard]] Operator Self() const { return {.user_id = 0, .name = kOwnName}; }
  [[nodiscard]] static AuditRecord AuditOf(const Now& now, const Operator& by,
                                           std::string_view action, std::string detail,
                                           std::string_view outcome);
  // Adds the revision to the transaction, and its audit record.
  void AddRevision(const Draft& draft, const Now& now, Transaction& transaction) const;
  // Writes, and if that went well makes memory equal.
  [[nodiscard]] absl::Status WriteAndTake(const Transaction& transaction);
  void AuditRefusal(const Operator& by, std::string_view action, std::string detail);
  [[nodiscard]] static Problem StoreProblem(const absl::Status& status);
  [[nodiscard]] absl::StatusOr<Tree> TreeOf(RevisionId revision);
  // The lock's holder, if that is somebody else.
  [[nodiscard]] std::optional<Problem> LockProblem(const Operator& by, const Now& now) const;
  [[nodiscard]] std::optional<Problem> ConfirmProblem(const Operator& by, const Now& now) const;
  // The holder's own call makes the lease whole again.
  void RenewLease(const Operator& by, const Now& now, Transaction& transaction) const;
  [[nodiscard]] bool IsConfirmDue(const Now& now) const;

  // candidates.cc
  absl::StatusOr<Candidate> CandidateFor(const Operator& by);
  absl::Status LoadTrees(Candidate& candidate);
  [[nodiscard]] static Problems EditProblems(const Tree& tree, std::span<const Edit> edits,
                                             const absl::Status& status);
  Problems Keep(const Operator& by, Candidate candidate, Tree tree, std::vector<Edit> edits,
                bool append, std::string_view action, std::string detail);

  // commit.cc
  struct CommitRun;
  bool ClaimCandidate(CommitRun& run);
  bool CheckRights(CommitRun& run);
  bool Rebase(CommitRun& run);
  bool JudgeAll(CommitRun& run);
  bool AskJudgeAndDataplane(CommitRun& run);
  void Describe(CommitRun& run);
  bool AskRemotes(CommitRun& run);
  bool RunToTransaction(CommitRun& run);
  void WarnOfStartup(CommitRun& run);
  void RunCommit(CommitRun& run);
  std::string OriginOf(const Hash& hash);

  // commit_write.cc
  void ArmStartup(CommitRun& run, Transaction& transaction);
  void SetConfirm(CommitRun& run, RevisionId revision, const Now& now, Transaction& transaction);
  bool Write(CommitRun& run);

  // drafts.cc
  bool ClaimDraft(CommitRun& run);
  // True: a check found it good, and said what is now in the outcome.
  bool TakeJudged(CommitRun& run);
  void KeepJudged(const CommitRun& run);
  [[nodiscard]] bool LockForPeer(std::unique_lock<std::timed_mutex>& commit) const;
  // Needs neither lock.
  void WakeGate() const {
    if (gate_ != nullptr) gate_->Wake();
  }

  // ha_edits.cc
  CommitOutcome CommitHaSwitch(const Operator& by, bool is_armed, std::uint32_t for_s);
  void ExpireHaEdit();

  // timers.cc
  [[nodiscard]] static absl::Status CheckLease(std::string_view what, std::uint32_t seconds);
  bool ExpireConfirm();
  void ExpireLock();
  std::int64_t NextDueMs();
  void Follow();

  // What a check found good: judging again what a peer has just prepared would say the same; later
  // the machine and its sessions are others. Needs `commit_mutex_`.
  struct Judged {
    std::int64_t boot_ms = 0;  // When.
    Hash running, next;
    std::vector<std::string> warnings;
    SessionEffect sessions;
  };

  const Setup setup_;
  mutable std::timed_mutex commit_mutex_;
  std::vector<Judged> judged_;  // Oldest first.
  std::mutex mutex_;
  RevisionId running_ = 0;
  RevisionId startup_ = 0;
  std::string last_boot_id_;
  std::optional<Tree> running_tree_;
  Hash startup_hash_;
  std::optional<ConfirmRecord> confirm_;
  std::optional<LockRecord> lock_;
  std::optional<HaEditRecord> ha_edit_;
  std::map<std::uint32_t, Candidate> candidates_;  // By user id.
  std::uint64_t generation_ = 0;
  std::string fingerprint_;
  std::map<std::string, std::string> notes_;
  PairGate* gate_ = nullptr;
  std::int64_t retry_boot_ms_ = 0;  // After a failed write of Tick(): not sooner.
};

}  // namespace configsync
