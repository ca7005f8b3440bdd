// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

// What pair/ asks of the engine: notes, and configurations that other nodes give.

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "configsync/engine/change_rules.h"
#include "configsync/engine/codes.h"
#include "configsync/engine/commit_run.h"

namespace configsync {
namespace {

constexpr std::int64_t kJudgedMs = 30'000;  // As long as a peer keeps what it prepared.
constexpr std::size_t kJudgedMax = 8;       // As many peers may have prepared something.

Problem PeerBusy() {
  return {.code = std::string(problem_code::kPeerBusy),
          .path = {},
          .value = {},
          .text = "another commit runs on this node",
          .remedy = "do it again when that one is over"};
}

}  // namespace

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

absl::Status EngineImpl::WriteAudit(const Operator& by, std::string_view action, std::string detail,
                                    std::string_view outcome) {
  const std::lock_guard lock(mutex_);
  Transaction transaction;
  transaction.audit = AuditOf(Time(), by, action, std::move(detail), outcome);
  return WriteAndTake(transaction);
}

std::pair<RevisionId, Tree> EngineImpl::Running() {
  const std::lock_guard lock(mutex_);
  return {running_, *running_tree_};
}

// A local commit may be asking the very peer whose call this is: both would wait for ever.
bool EngineImpl::LockForPeer(std::unique_lock<std::timed_mutex>& commit) const {
  return commit.try_lock_for(std::chrono::milliseconds(setup_.peer_wait_ms));
}

// Instead of a candidate. Needs `mutex_`.
bool EngineImpl::ClaimDraft(CommitRun& run) {
  run.running_tree = running_tree_;
  run.base_tree = running_tree_;
  run.base = running_;
  run.tree = run.draft->tree;
  if (running_tree_->hash() == run.draft->on_running) return true;
  return run.Refuse({.code = std::string(problem_code::kRunningMoved),
                     .path = {},
                     .value = absl::StrCat("revision ", running_),
                     .text = "the configuration has changed since the draft was made for it",
                     .remedy = "make it again, for what is running now"});
}

bool EngineImpl::TakeJudged(CommitRun& run) {
  if (run.draft == nullptr || run.options.check_only) return false;
  const std::int64_t now_ms = setup_.clock->BootMs();
  std::erase_if(judged_, [&](const Judged& each) { return now_ms - each.boot_ms > kJudgedMs; });
  const auto found = std::ranges::find_if(judged_, [&](const Judged& each) {
    return each.running == run.running_tree->hash() && each.next == run.tree->hash();
  });
  if (found == judged_.end()) return false;
  run.outcome.services = ServicesOf(run.outcome.changes);
  run.outcome.warnings = found->warnings;
  run.outcome.sessions = found->sessions;
  return true;
}

void EngineImpl::KeepJudged(const CommitRun& run) {
  if (run.draft == nullptr) return;
  if (judged_.size() == kJudgedMax) judged_.erase(judged_.begin());
  judged_.push_back({.boot_ms = setup_.clock->BootMs(),
                     .running = run.running_tree->hash(),
                     .next = run.tree->hash(),
                     .warnings = run.outcome.warnings,
                     .sessions = run.outcome.sessions});
}

CommitOutcome EngineImpl::CommitDraft(const PeerDraft& draft) {
  CommitRun run;
  std::unique_lock commit(commit_mutex_, std::defer_lock);
  if (!LockForPeer(commit)) {
    run.Refuse(PeerBusy());
    return std::move(run.outcome);
  }
  run.by = draft.by;
  run.origin = draft.origin;
  run.draft = &draft;
  run.options.comment = draft.comment;
  run.options.check_only = draft.check_only;
  run.options.save = draft.save;
  run.options.confirm_within_s = draft.confirm_within_s;
  run.notes = draft.notes;
  RunCommit(run);
  return std::move(run.outcome);
}

}  // namespace configsync
