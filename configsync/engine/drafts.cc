// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

// What pair/ asks of the engine: notes, and configurations that other nodes give.

#include <utility>

#include "configsync/engine/codes.h"
#include "configsync/engine/engine_impl.h"

namespace configsync {

std::map<std::string, std::string> EngineImpl::ReadNotes() {
  const std::lock_guard lock(mutex_);
  return notes_;
}

absl::Status EngineImpl::WriteNotes(const Operator& by, std::string_view action, std::string detail,
                                    const Notes& notes) {
  const std::lock_guard lock(mutex_);
  Transaction transaction;
  transaction.audit = AuditOf(Time(), by, action, std::move(detail), "done");
  transaction.notes = notes;
  return WriteAndTake(transaction);
}

std::pair<RevisionId, Tree> EngineImpl::Running() {
  const std::lock_guard lock(mutex_);
  return {running_, *running_tree_};
}

CommitOutcome EngineImpl::CommitDraft(const PeerDraft&) {
  CommitOutcome outcome;
  outcome.problems.Add(
      {.code = "NOT_YET", .path = {}, .value = {}, .text = "to be done", .remedy = {}});
  return outcome;
}

}  // namespace configsync
