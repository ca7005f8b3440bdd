// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

#include "configsync/engine/engine_impl.h"
#include "configsync/engine/ha_nodes.h"

namespace configsync {

absl::StatusOr<Tree> EngineImpl::View(const Operator& by, const ViewName& view) {
  RevisionId revision = view.revision;
  {
    const std::lock_guard lock(mutex_);
    if (view.kind == ViewName::Kind::kCandidate) {
      const auto found = candidates_.find(by.user_id);
      if (found == candidates_.end()) return *running_tree_;
      if (absl::Status status = LoadTrees(found->second); !status.ok()) return status;
      return *found->second.tree;
    }
    if (view.kind == ViewName::Kind::kRunning) revision = running_;
    if (view.kind == ViewName::Kind::kStartup) revision = startup_;
    if (revision == running_) return *running_tree_;
  }
  return setup_.store->LoadTree(revision);  // Takes its time; nobody waits for it.
}

EngineStatus EngineImpl::Status() {
  EngineStatus status;
  status.follow = setup_.dataplane->status();
  status.store_warning = setup_.store->Warning();
  const std::lock_guard lock(mutex_);
  const Now now = Time();
  status.running = running_;
  status.startup = startup_;
  status.running_hash = HexOf(running_tree_->hash());
  status.startup_hash = HexOf(startup_hash_);
  if (confirm_.has_value()) {
    status.confirm = PendingConfirm{.revision = confirm_->revision,
                                    .back_to = confirm_->back_to,
                                    .remaining_s = SecondsOf(LeftMs(confirm_->deadline, now)),
                                    .by = confirm_->by.name};
  }
  if (lock_.has_value() && LeftMs(lock_->deadline, now) > 0) {
    status.lock =
        LockHolder{.by = lock_->by, .remaining_s = SecondsOf(LeftMs(lock_->deadline, now))};
  }
  if (ha_edit_.has_value()) status.rearms_in_s = SecondsOf(LeftMs(ha_edit_->deadline, now));
  status.ha_armed = IsHaArmed(*running_tree_);
  status.master_key_fingerprint = fingerprint_;
  return status;
}

absl::StatusOr<std::vector<RevisionInfo>> EngineImpl::History(std::size_t limit) {
  return setup_.store->History(limit);
}

absl::StatusOr<std::vector<AuditRecord>> EngineImpl::Audit(std::size_t limit) {
  return setup_.store->Audit(limit);
}

absl::StatusOr<StoreReport> EngineImpl::VerifyStore() { return setup_.store->Verify(); }

}  // namespace configsync
