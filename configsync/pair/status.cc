// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

// How this node and its remotes stand, for everybody who looks.

#include <utility>

#include "absl/strings/str_cat.h"
#include "configsync/pair/pair_impl.h"

namespace configsync {

SyncStatus PairImpl::Status() {
  const std::lock_guard lock(mutex_);
  Refresh();
  const LocalRole role = MyRole();
  const std::int64_t now = setup_.clock->BootMs();
  SyncStatus status;
  status.device = MyFacts().device;
  status.role = role.role;
  status.term = role.term;
  status.is_enabled = settings_.is_enabled;
  status.is_pinned = pinned_.has_value();
  status.pinned = pinned_.value_or(0);
  status.source = source_.device;
  status.path = source_.path;
  if (!source_.device.empty()) status.source_name = setup_.facts->PairedName(source_.device);
  if (!settings_.is_enabled) {
    status.reasons.push_back(MakeReason(ReasonCode::kConfigSyncDisabledLocal, {}, ""));
  }
  if (pinned_.has_value()) {
    status.reasons.push_back(
        MakeReason(ReasonCode::kReceivePinned, {}, absl::StrCat("at revision ", *pinned_)));
  }
  status.reasons.insert(status.reasons.end(), role.reasons.begin(), role.reasons.end());
  for (const auto& [name, remote] : remotes_) {
    RemoteStatus& each = status.remotes.emplace_back();
    each.name = name;
    each.address = remote->address.address;
    each.device = remote->device;
    if (!settings_.is_enabled) {
      each.state = SyncState::kDisabled;
      continue;
    }
    const View view = Look(*remote);
    each.state = StateOf(*remote, view);
    each.reasons = view.reasons;
    each.may_push = view.right == PushRight::kYes;
    each.agreed = remote->record.agreed.has_value() ? remote->record.agreed->revision : 0;
    each.my_hash = HexOf(view.target.part.hash());
    if (view.is_part_current) each.their_hash = HexOf(view.peer->state.part);
    each.pending = PendingOf(*remote, view);
    if (view.peer != nullptr) {
      const PeerState& state = view.peer->state;
      each.heard_ms_ago = view.peer->heard_ms < 0 ? -1 : now - view.peer->heard_ms;
      each.role = state.role;
      each.running = state.running;
      each.startup = state.startup;
      each.their_reasons = state.reasons;
      for (Reason& reason : each.their_reasons) {
        // What this node refused it knows better than who was refused.
        const auto& refused = view.peer->refused;
        if (refused.has_value() && NameOf(reason) == NameOf(*refused)) {
          reason.evidence = refused->evidence;
        }
      }
      if (view.peer->facts.has_value()) each.device_name = view.peer->facts->name;
    }
    status.reasons.insert(status.reasons.end(), each.reasons.begin(), each.reasons.end());
  }
  return status;
}

absl::StatusOr<Explanation> PairImpl::ExplainPath(const std::string& name, const Path& path) {
  const std::lock_guard lock(mutex_);
  Refresh();
  const RemotePtr remote = FindRemote(name);
  if (remote == nullptr && !name.empty()) {
    return absl::NotFoundError(absl::StrCat("there is no remote '", name, "'"));
  }
  return Explain(*running_, remote == nullptr ? "" : remote->address.name, path,
                 remote == nullptr ? Gates{} : GatesOf(*remote));
}

}  // namespace configsync
