// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

#include <utility>

#include "absl/strings/str_cat.h"
#include "configsync/engine/engine_impl.h"
#include "configsync/engine/ha_nodes.h"
#include "configsync/engine/rolled_back.h"

namespace configsync {

absl::StatusOr<std::unique_ptr<ConfigEngine>> ConfigEngine::Start(const Setup& setup) {
  auto engine = std::make_unique<EngineImpl>(setup);
  if (absl::Status status = engine->Begin(); !status.ok()) return status;
  return engine;
}

EngineImpl::EngineImpl(const Setup& setup) : setup_(setup) {}

absl::Status EngineImpl::Begin() {
  absl::StatusOr<StoreState> state = setup_.store->Read();
  if (!state.ok()) return state.status();
  {
    const std::lock_guard lock(mutex_);
    fingerprint_ = setup_.store->KeyFingerprint();
    absl::Status status = state->running == 0 ? BeginEmpty() : TakeUp(*std::move(state));
    if (!status.ok()) return status;
  }
  // What fell due while nobody looked comes first of all.
  const std::lock_guard commit(commit_mutex_);
  bool is_due = false;
  {
    const std::lock_guard lock(mutex_);
    is_due = IsConfirmDue(Time());
  }
  if (!is_due || !ExpireConfirm()) Follow();
  return absl::OkStatus();
}

absl::Status EngineImpl::BeginEmpty() {
  const Tree tree = setup_.store->EmptyTree();
  const Now now = Time();
  Transaction transaction;
  const Operator by = Self();
  AddRevision({.by = by, .origin = "first", .comment = "defaults", .tree = &tree, .changes = {}},
              now, transaction);
  transaction.startup = 1;
  transaction.boot_id = setup_.boot_id;
  return WriteAndTake(transaction);
}

absl::Status EngineImpl::TakeUp(StoreState state) {
  running_ = state.running;
  startup_ = state.startup;
  last_boot_id_ = state.boot_id;
  confirm_ = std::move(state.confirm);
  lock_ = std::move(state.lock);
  ha_edit_ = std::move(state.ha_edit);
  notes_ = std::move(state.notes);
  for (const CandidateRecord& record : state.candidates) {
    candidates_[record.by.user_id] = {.by = record.by,
                                      .base = record.base,
                                      .wall_ms = record.wall_ms,
                                      .rows = record.edits.size(),
                                      .generation = ++generation_,
                                      .base_tree = {},
                                      .tree = {}};
  }
  if (absl::Status status = LoadWhatRuns(); !status.ok()) return status;
  return last_boot_id_ == setup_.boot_id ? absl::OkStatus() : AfterReboot();
}

absl::Status EngineImpl::LoadWhatRuns() {
  absl::StatusOr<Tree> running = setup_.store->LoadTree(running_);
  if (!running.ok()) return running.status();
  running_tree_ = *std::move(running);
  const absl::StatusOr<Tree> startup = setup_.store->LoadTree(startup_);
  if (!startup.ok()) return startup.status();
  startup_hash_ = startup->hash();
  return absl::OkStatus();
}

// The machine booted: startup is what it begins with. One transaction with all that follows.
absl::Status EngineImpl::AfterReboot() {
  const Now now = Time();
  const absl::StatusOr<Tree> startup = setup_.store->LoadTree(startup_);
  if (!startup.ok()) return startup.status();
  Transaction transaction;
  const std::vector<Change> changes = Diff(*running_tree_, *startup);
  if (startup->hash() != running_tree_->hash()) {
    const Operator by = Self();
    AddRevision({.by = by,
                 .origin = "startup",
                 .comment = absl::StrCat("the machine booted: startup is revision ", startup_,
                                         ", running was ", running_),
                 .tree = &*startup,
                 .changes = changes},
                now, transaction);
    transaction.audit.outcome = "warning";
    transaction.notes[kRolledBackNote] =
        Encode(RolledBack{.back_to = startup_, .at = running_ + 1});
  } else {
    transaction.audit = AuditOf(now, Self(), "boot", "running and startup are equal", "done");
  }
  transaction.boot_id = setup_.boot_id;
  if (confirm_.has_value()) {
    transaction.confirm.emplace(std::nullopt);
    // Back by itself, as it were: what was on trial in between is gone all the same.
    transaction.notes.try_emplace(kRolledBackNote,
                                  Encode(RolledBack{.back_to = confirm_->back_to, .at = running_}));
  }
  if (lock_.has_value()) {
    lock_->deadline = Anchored(lock_->deadline, now);
    transaction.lock.emplace(lock_);
  }
  if (ha_edit_.has_value()) {
    ha_edit_->deadline = Anchored(ha_edit_->deadline, now);
    transaction.ha_edit.emplace(IsHaDisarmed(*startup) ? ha_edit_ : std::nullopt);
  }
  return WriteAndTake(transaction);
}

}  // namespace configsync
