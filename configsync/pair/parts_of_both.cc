// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

// What this node and a remote have under one selection, to be shown or decided about.

#include "absl/strings/str_cat.h"
#include "configsync/pair/pair_impl.h"

namespace configsync {

absl::StatusOr<Tree> PairImpl::PartOrWhy(Remote& remote, const Hash& selection, const Tree& whole) {
  Tree part = remote.targets->PartUnder(selection, whole);
  const absl::Status& status = remote.targets->StatusUnder(selection);
  if (!status.ok()) return status;
  return part;
}

absl::StatusOr<PartsOfBoth> PairImpl::Parts(const std::string& name) {
  RemotePtr remote;
  {
    const std::lock_guard lock(mutex_);
    Refresh();
    remote = FindRemote(name);
  }
  if (remote == nullptr) {
    return absl::NotFoundError(absl::StrCat("there is no remote '", name,
                                            "'; name one of those in "
                                            "/ha/configuration-synchronization/remote"));
  }
  constexpr int kTries = 2;  // It may have changed between its state and its part.
  Reason lie;
  for (int i = 0; i < kTries; ++i) {
    if (absl::Status status = ExchangeWith(remote); !status.ok()) return status;
    std::optional<Target> target;
    Hash part;
    {
      std::unique_lock lock(mutex_);
      Refresh();
      target = TargetOf(*remote);
      if (!target->status.ok()) {
        return StatusOf(NoPartReason(target->status, remote->address.name));
      }
      const Peer* const peer = FindPeer(remote->device);
      if (peer == nullptr || peer->state.known_selection != target->selection) continue;
      part = peer->state.part;
      if (!Claim(*remote, lock, true)) continue;
    }
    const absl::StatusOr<FetchResponse> fetched = remote->push_link->Fetch(target->selection);
    {
      const std::lock_guard lock(mutex_);
      Release(*remote);
    }
    if (!fetched.ok()) return StatusOf(ReasonFor(fetched.status(), remote->address.name));
    const absl::StatusOr<std::vector<Edit>> edits = setup_.store->OpenText(fetched->edits);
    if (!edits.ok()) {
      return StatusOf(MakeReason(absl::IsDataLoss(edits.status()) ? ReasonCode::kMasterKeyMismatch
                                                                  : ReasonCode::kPeerAnswerInvalid,
                                 remote->address.name, std::string(edits.status().message())));
    }
    const absl::StatusOr<Tree> theirs = target->part.WithRoot(nullptr).Apply(*edits);
    if (!theirs.ok()) {
      return StatusOf(MakeReason(ReasonCode::kPeerAnswerInvalid, remote->address.name,
                                 std::string(theirs.status().message())));
    }
    if (theirs->hash() == fetched->part && fetched->part == part) {
      return PartsOfBoth{.mine = target->part, .theirs = *theirs};
    }
    lie = MakeReason(ReasonCode::kPeerHashMismatch, remote->address.name,
                     absl::StrCat("its state says ", HexOf(part).substr(0, 12),
                                  ", what it gives is ", HexOf(theirs->hash()).substr(0, 12)));
  }
  if (lie.remote.empty()) {
    lie = MakeReason(ReasonCode::kPeerBusy, remote->address.name,
                     "it does not know the selection yet");
  }
  return StatusOf(lie);
}

}  // namespace configsync
