// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

// What all parts of the engine need: transactions, audit, rights.

#include <utility>

#include "absl/strings/str_cat.h"
#include "configsync/engine/codes.h"
#include "configsync/engine/engine_impl.h"

namespace configsync {

AuditRecord EngineImpl::AuditOf(const Now& now, const Operator& by, std::string_view action,
                                std::string detail, std::string_view outcome) {
  return {.sequence = 0,
          .wall_ms = now.wall_ms,
          .by = by,
          .action = std::string(action),
          .detail = std::move(detail),
          .outcome = std::string(outcome),
          .previous = {},
          .hash = {}};
}

void EngineImpl::AddRevision(const Draft& draft, const Now& now, Transaction& transaction) const {
  const RevisionInfo info = {.id = running_ + 1,
                             .parent = running_,
                             .wall_ms = now.wall_ms,
                             .author = draft.by,
                             .origin = draft.origin,
                             .comment = draft.comment,
                             .hash = draft.tree->hash(),
                             .change_count = draft.changes.size()};
  transaction.audit =
      AuditOf(now, draft.by, draft.origin,
              absl::StrCat("revision ", info.id, ", ", info.change_count, " changes, hash ",
                           HexOf(info.hash), draft.comment.empty() ? "" : ": ", draft.comment),
              "done");
  transaction.revision =
      RevisionDraft{.info = info, .tree = *draft.tree, .edits = EditsOf(draft.changes)};
}

absl::Status EngineImpl::WriteAndTake(const Transaction& transaction) {
  if (absl::Status status = setup_.store->Write(transaction); !status.ok()) return status;
  if (transaction.revision.has_value()) {
    running_ = transaction.revision->info.id;
    running_tree_ = transaction.revision->tree;
  }
  if (transaction.startup.has_value()) {
    startup_ = *transaction.startup;
    // Only what is running is ever made startup.
    startup_hash_ = running_tree_->hash();
  }
  if (transaction.boot_id.has_value()) last_boot_id_ = *transaction.boot_id;
  if (transaction.confirm.has_value()) confirm_ = *transaction.confirm;
  if (transaction.lock.has_value()) lock_ = *transaction.lock;
  if (transaction.ha_edit.has_value()) ha_edit_ = *transaction.ha_edit;
  for (const std::uint32_t user_id : transaction.dropped_candidates) candidates_.erase(user_id);
  for (const auto& [name, value] : transaction.notes) {
    if (value.has_value()) {
      notes_[name] = *value;
    } else {
      notes_.erase(name);
    }
  }
  return absl::OkStatus();
}

// A refusal must not fail because it cannot be written down.
void EngineImpl::AuditRefusal(const Operator& by, std::string_view action, std::string detail) {
  Transaction transaction;
  transaction.audit = AuditOf(Time(), by, action, std::move(detail), "refused");
  (void)setup_.store->Write(transaction);
}

Problem EngineImpl::StoreProblem(const absl::Status& status) {
  std::string_view code = problem_code::kStoreFailed;
  const char* remedy = "see what the kernel says about the disk, then start lockstep-configd again";
  if (absl::IsResourceExhausted(status)) {
    code = problem_code::kStoreFull;
    remedy = "free space on the disk of the state folder, then do it again";
  } else if (absl::IsPermissionDenied(status)) {
    code = problem_code::kStoreReadOnly;
    remedy = "make the state folder writable for the user of lockstep-configd, then do it again";
  }
  return {.code = std::string(code),
          .path = {},
          .value = {},
          .text = std::string(status.message()),
          .remedy = remedy};
}

absl::StatusOr<Tree> EngineImpl::TreeOf(RevisionId revision) {
  if (revision == running_) return *running_tree_;
  return setup_.store->LoadTree(revision);
}

std::optional<Problem> EngineImpl::LockProblem(const Operator& by, const Now& now) const {
  if (!lock_.has_value() || lock_->by.user_id == by.user_id) return std::nullopt;
  const std::int64_t left_ms = LeftMs(lock_->deadline, now);
  if (left_ms == 0) return std::nullopt;
  return Problem{.code = std::string(problem_code::kLockHeld),
                 .path = {},
                 .value = lock_->by.name,
                 .text = absl::StrCat(lock_->by.name, " alone may edit and commit for another ",
                                      SecondsOf(left_ms), " s"),
                 .remedy = "wait, or ask an administrator for: lockstepctl config unlock --force"};
}

std::optional<Problem> EngineImpl::ConfirmProblem(const Operator& by, const Now& now) const {
  if (!confirm_.has_value()) return std::nullopt;
  const bool is_due = IsConfirmDue(now);
  if (confirm_->by.user_id == by.user_id && !is_due) return std::nullopt;
  return Problem{
      .code = std::string(problem_code::kConfirmPending),
      .path = {},
      .value = confirm_->by.name,
      .text = is_due ? absl::StrCat("revision ", confirm_->revision,
                                    " was not confirmed in time and is being rolled back")
                     : absl::StrCat("revision ", confirm_->revision, " of ", confirm_->by.name,
                                    " waits to be confirmed for another ",
                                    SecondsOf(LeftMs(confirm_->deadline, now)), " s"),
      .remedy = confirm_->by.user_id == kPeerUserId
                    ? std::string("wait until it is over, or take it for good: lockstepctl config "
                                  "confirm")
                    : absl::StrCat("wait until it is over, or until ", confirm_->by.name,
                                   " runs: lockstepctl config confirm")};
}

void EngineImpl::RenewLease(const Operator& by, const Now& now, Transaction& transaction) const {
  if (!lock_.has_value() || lock_->by.user_id != by.user_id) return;
  if (LeftMs(lock_->deadline, now) == 0) return;
  transaction.lock.emplace(
      LockRecord{.by = lock_->by, .deadline = DeadlineIn(now, lock_->deadline.span_ms)});
}

bool EngineImpl::IsConfirmDue(const Now& now) const {
  return confirm_.has_value() && LeftMs(confirm_->deadline, now) == 0;
}

}  // namespace configsync
