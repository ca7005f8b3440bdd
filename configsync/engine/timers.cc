// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

// What time and the operators' other acts ask for: confirm, save, lock, HA edits, the master key.

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "configsync/engine/codes.h"
#include "configsync/engine/engine_impl.h"
#include "configsync/engine/ha_nodes.h"
#include "configsync/engine/rolled_back.h"

namespace configsync {
namespace {

constexpr std::int64_t kTickMsMax = 1'000;
constexpr std::uint32_t kBusyMs = 100;  // A commit runs: look again soon.
constexpr std::int64_t kRetryMs = 1'000;

absl::Status StatusOf(const Problem& problem) {
  return absl::FailedPreconditionError(
      absl::StrCat(problem.code, ": ", problem.text, "; ", problem.remedy));
}

}  // namespace

absl::Status EngineImpl::CheckLease(std::string_view what, std::uint32_t seconds) {
  if (seconds >= kLeaseSecondsMin && seconds <= kLeaseSecondsMax) return absl::OkStatus();
  return absl::InvalidArgumentError(absl::StrCat(std::string(what), ": ", seconds, " s; give ",
                                                 kLeaseSecondsMin, " to ", kLeaseSecondsMax, " s"));
}

absl::Status EngineImpl::Confirm(const Operator& by) {
  std::unique_lock commit(commit_mutex_, std::defer_lock);
  if (by.user_id != kPeerUserId) {
    commit.lock();
  } else if (!LockForPeer(commit)) {
    return absl::UnavailableError(absl::StrCat(std::string(problem_code::kPeerBusy),
                                               ": another commit runs on this node; try again"));
  }
  RevisionId revision = 0;
  {
    const std::lock_guard lock(mutex_);
    if (!confirm_.has_value()) {
      return absl::FailedPreconditionError(
          "no revision waits to be confirmed; it was confirmed already, or its time was over: see "
          "lockstepctl config history");
    }
    const Now now = Time();
    // What a peer began is for anybody here to confirm: after a failover nobody else can.
    const bool is_of_peer = confirm_->by.user_id == kPeerUserId && !IsConfirmDue(now);
    if (std::optional<Problem> problem = ConfirmProblem(by, now);
        problem.has_value() && !is_of_peer) {
      AuditRefusal(by, "confirm", problem->text);
      return StatusOf(*problem);
    }
    revision = confirm_->revision;
    Transaction transaction;
    transaction.audit = AuditOf(now, by, "confirm", absl::StrCat("revision ", revision), "done");
    if (confirm_->save) transaction.startup = running_;
    transaction.confirm.emplace(std::nullopt);
    RenewLease(by, now, transaction);
    if (absl::Status status = WriteAndTake(transaction); !status.ok()) return status;
  }
  // A peer tells those whom it has told of the revision itself.
  if (gate_ != nullptr && by.user_id != kPeerUserId) gate_->ConfirmRemotes(revision);
  return absl::OkStatus();
}

absl::Status EngineImpl::Save(const Operator& by) {
  const std::lock_guard commit(commit_mutex_);
  {
    const std::lock_guard lock(mutex_);
    const Now now = Time();
    if (std::optional<Problem> problem = LockProblem(by, now)) return StatusOf(*problem);
    if (confirm_.has_value()) {
      return absl::FailedPreconditionError(absl::StrCat(std::string(problem_code::kConfirmPending),
                                                        ": revision ", confirm_->revision,
                                                        " is not confirmed yet; confirm it first"));
    }
    Transaction transaction;
    transaction.audit =
        AuditOf(now, by, "save", absl::StrCat("startup := revision ", running_), "done");
    transaction.startup = running_;
    RenewLease(by, now, transaction);
    if (absl::Status status = WriteAndTake(transaction); !status.ok()) return status;
  }
  WakeGate();
  return absl::OkStatus();
}

absl::Status EngineImpl::Lock(const Operator& by, std::uint32_t lease_s) {
  if (absl::Status status = CheckLease("lock", lease_s); !status.ok()) return status;
  const std::lock_guard lock(mutex_);
  const Now now = Time();
  if (std::optional<Problem> problem = LockProblem(by, now)) {
    AuditRefusal(by, "lock", problem->text);
    return StatusOf(*problem);
  }
  Transaction transaction;
  transaction.audit = AuditOf(now, by, "lock", absl::StrCat("for ", lease_s, " s"), "done");
  transaction.lock.emplace(
      LockRecord{.by = by, .deadline = DeadlineIn(now, std::int64_t{lease_s} * 1'000)});
  return WriteAndTake(transaction);
}

absl::Status EngineImpl::Unlock(const Operator& by, bool force) {
  const std::lock_guard lock(mutex_);
  const Now now = Time();
  if (!lock_.has_value() || LeftMs(lock_->deadline, now) == 0) {
    return absl::FailedPreconditionError("nobody holds the lock; it may have lapsed");
  }
  if (std::optional<Problem> problem = LockProblem(by, now); problem.has_value() && !force) {
    AuditRefusal(by, "unlock", problem->text);
    return StatusOf(*problem);
  }
  Transaction transaction;
  transaction.audit =
      AuditOf(now, by, "unlock", absl::StrCat("the lock of ", lock_->by.name), "done");
  transaction.lock.emplace(std::nullopt);
  return WriteAndTake(transaction);
}

absl::Status EngineImpl::ChangeMasterKey(const Operator& by, std::string_view old_key,
                                         std::string_view new_key) {
  const std::lock_guard commit(commit_mutex_);
  {
    const std::lock_guard lock(mutex_);
    const Now now = Time();
    if (IsConfigurationSynchronized(*running_tree_)) {
      AuditRefusal(by, "master-key", "configuration synchronisation is on");
      return absl::FailedPreconditionError(
          "CONFIG_SYNC_ENABLED: /ha/configuration-synchronization/enabled is true, and hashes of "
          "secrets would differ from the peer's; switch it off on both nodes, change the key on "
          "both, and switch it on again");
    }
    if (confirm_.has_value()) {
      return absl::FailedPreconditionError(absl::StrCat(std::string(problem_code::kConfirmPending),
                                                        ": revision ", confirm_->revision,
                                                        " is not confirmed yet; confirm it first"));
    }
    const absl::Status status = setup_.store->ChangeMasterKey(
        old_key, new_key, AuditOf(now, by, "master-key", "all secrets are sealed anew", "done"));
    if (!status.ok()) {
      AuditRefusal(by, "master-key", absl::StatusCodeToString(status.code()));
      return status;
    }
    fingerprint_ = setup_.store->KeyFingerprint();
    // Hashes of secrets have changed: every tree in memory is of yesterday.
    for (auto& [user_id, candidate] : candidates_) {
      candidate.tree.reset();
      candidate.base_tree.reset();
    }
    if (absl::Status loaded = LoadWhatRuns(); !loaded.ok()) return loaded;
  }
  Follow();
  WakeGate();
  return absl::OkStatus();
}

// Needs `commit_mutex_`.
void EngineImpl::Follow() {
  RevisionId revision = 0;
  std::optional<Tree> tree;
  {
    const std::lock_guard lock(mutex_);
    revision = running_;
    tree = running_tree_;
  }
  (void)setup_.dataplane->Follow(revision, *tree);
}

// Needs `commit_mutex_`. Asks nobody: what it goes back to was in force before.
bool EngineImpl::ExpireConfirm() {
  {
    const std::lock_guard lock(mutex_);
    const Now now = Time();
    const absl::StatusOr<Tree> tree = TreeOf(confirm_->back_to);
    Transaction transaction;
    if (tree.ok()) {
      const std::vector<Change> changes = Diff(*running_tree_, *tree);
      AddRevision(
          {.by = Self(),
           .origin = "confirm-expired",
           .comment = absl::StrCat("revision ", confirm_->revision, " of ", confirm_->by.name,
                                   " was not confirmed within ", confirm_->deadline.span_ms / 1'000,
                                   " s: back to revision ", confirm_->back_to),
           .tree = &*tree,
           .changes = changes},
          now, transaction);
      transaction.confirm.emplace(std::nullopt);
      transaction.notes[kRolledBackNote] =
          Encode(RolledBack{.back_to = confirm_->back_to, .at = running_ + 1});
      if (!IsHaDisarmed(*tree)) {
        if (ha_edit_.has_value()) transaction.ha_edit.emplace(std::nullopt);
      } else if (confirm_->ha_edit_open && !ha_edit_.has_value()) {
        // Back within an edit that was ended since: arm again at once.
        transaction.ha_edit.emplace(
            HaEditRecord{.by = confirm_->by, .deadline = DeadlineIn(now, 0)});
      }
    }
    if (!tree.ok() || !WriteAndTake(transaction).ok()) {
      retry_boot_ms_ = now.boot_ms + kRetryMs;
      return false;
    }
  }
  Follow();
  WakeGate();
  return true;
}

void EngineImpl::ExpireLock() {
  const std::lock_guard lock(mutex_);
  const Now now = Time();
  Transaction transaction;
  transaction.audit = AuditOf(now, Self(), "unlock",
                              absl::StrCat("the lock of ", lock_->by.name, " lapsed"), "done");
  transaction.lock.emplace(std::nullopt);
  if (!WriteAndTake(transaction).ok()) retry_boot_ms_ = now.boot_ms + kRetryMs;
}

std::int64_t EngineImpl::NextDueMs() {
  const Now now = Time();
  std::int64_t left = kTickMsMax;
  if (confirm_.has_value()) left = std::min(left, LeftMs(confirm_->deadline, now));
  if (lock_.has_value()) left = std::min(left, LeftMs(lock_->deadline, now));
  if (ha_edit_.has_value()) left = std::min(left, LeftMs(ha_edit_->deadline, now));
  return std::max(left, std::min(retry_boot_ms_ - now.boot_ms, kTickMsMax));
}

std::uint32_t EngineImpl::Tick() {
  const std::unique_lock commit(commit_mutex_, std::try_to_lock);
  if (!commit.owns_lock()) return kBusyMs;
  bool is_confirm_due = false, is_lock_due = false, is_ha_edit_due = false;
  {
    const std::lock_guard lock(mutex_);
    const Now now = Time();
    if (now.boot_ms >= retry_boot_ms_) {
      is_confirm_due = IsConfirmDue(now);
      is_lock_due = lock_.has_value() && LeftMs(lock_->deadline, now) == 0;
      is_ha_edit_due = ha_edit_.has_value() && LeftMs(ha_edit_->deadline, now) == 0;
    }
  }
  // One transaction a call; what is due besides makes the next call come at once.
  if (is_confirm_due) {
    (void)ExpireConfirm();
  } else if (is_lock_due) {
    ExpireLock();
  } else if (is_ha_edit_due) {
    ExpireHaEdit();
  }
  const std::lock_guard lock(mutex_);
  return static_cast<std::uint32_t>(std::max<std::int64_t>(NextDueMs(), 0));
}

}  // namespace configsync
