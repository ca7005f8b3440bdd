// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

// Steps 9 and 10 of COMMIT.md: the transaction.

#include <utility>

#include "absl/strings/str_cat.h"
#include "configsync/engine/commit_run.h"
#include "configsync/engine/ha_nodes.h"

namespace configsync {

// What was saved during an HA edit is disarmed: when it ends, the next boot must be armed too.
void EngineImpl::ArmStartup(CommitRun& run, Transaction& transaction) {
  const bool ends_edit =
      ha_edit_.has_value() && transaction.ha_edit.has_value() && !transaction.ha_edit->has_value();
  if (!ends_edit || transaction.startup.has_value()) return;
  if (run.is_switch && !confirm_.has_value() && startup_hash_ == running_tree_->hash()) {
    transaction.startup = transaction.revision->info.id;
    return;
  }
  const absl::StatusOr<Tree> startup = TreeOf(startup_);
  if (startup.ok() && IsHaDisarmed(*startup)) {
    run.outcome.warnings.push_back(absl::StrCat(
        "the startup configuration, revision ", startup_,
        ", was saved with failover disabled, and so the machine would boot; make running the "
        "startup configuration: lockstepctl config save"));
  }
}

// The confirm timer, set or carried on; or startup, if nothing waits.
void EngineImpl::SetConfirm(CommitRun& run, RevisionId revision, const Now& now,
                            Transaction& transaction) {
  const auto within = run.options.confirm_within_s;
  // What a peer gives for good ends the trial of what it gave before.
  const bool ends_trial = run.draft != nullptr && run.by.user_id == kPeerUserId &&
                          confirm_.has_value() && !within.has_value();
  if (ends_trial) {
    transaction.confirm.emplace(std::nullopt);
    if (run.options.save) transaction.startup = revision;
    return;
  }
  if (within.has_value() || confirm_.has_value()) {
    ConfirmRecord confirm = confirm_.value_or(ConfirmRecord{.revision = revision,
                                                            .back_to = running_,
                                                            .deadline = {},
                                                            .by = run.by,
                                                            .save = false,
                                                            .ha_edit_open = ha_edit_.has_value()});
    confirm.revision = revision;
    confirm.save = confirm.save || run.options.save;
    if (within.has_value()) confirm.deadline = DeadlineIn(now, std::int64_t{*within} * 1'000);
    transaction.confirm.emplace(std::move(confirm));
  } else if (run.options.save) {
    transaction.startup = revision;
  }
}

// Steps 9 and 10. One transaction with everything that changes together.
bool EngineImpl::Write(CommitRun& run) {
  const Now now = Time();
  // The deadline may have passed while the dataplane was asked.
  if (!run.is_due) {
    if (std::optional<Problem> problem = ConfirmProblem(run.by, now)) return run.Refuse(*problem);
  }
  Transaction transaction;
  AddRevision({.by = run.by,
               .origin = run.origin,
               .comment = run.options.comment,
               .tree = &*run.tree,
               .changes = run.outcome.changes},
              now, transaction);
  const RevisionId revision = transaction.revision->info.id;
  SetConfirm(run, revision, now, transaction);
  transaction.ha_edit = run.ha_edit;
  if (ha_edit_.has_value() && !run.ha_edit.has_value() && !IsHaDisarmed(*run.tree)) {
    transaction.ha_edit.emplace(std::nullopt);
  }
  ArmStartup(run, transaction);
  const auto candidate = candidates_.find(run.by.user_id);
  if (!run.is_switch && candidate != candidates_.end() &&
      candidate->second.generation == run.generation) {
    transaction.dropped_candidates.push_back(run.by.user_id);
  }
  RenewLease(run.by, now, transaction);
  transaction.notes = std::move(run.notes);
  if (absl::Status status = WriteAndTake(transaction); !status.ok()) {
    return run.Refuse(StoreProblem(status));
  }
  run.outcome.committed = true;
  run.outcome.revision = revision;
  if (std::string warning = setup_.store->Warning(); !warning.empty()) {
    run.outcome.warnings.push_back(std::move(warning));
  }
  if (run.options.save && confirm_.has_value()) {
    run.outcome.warnings.push_back("it becomes the startup configuration when it is confirmed");
  }
  return true;
}

}  // namespace configsync
