// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

// What waits is let go: all of it, or one category.

#include <algorithm>
#include <utility>

#include "configsync/pair/pair_impl.h"

namespace configsync {

void PairImpl::PlanPushByHand(Remote& remote, const HeldRecord& held, ManualOutcome& outcome) {
  for (const Reason& reason : Look(remote).reasons) {
    const bool is_overruled =
        reason.code == ReasonCode::kCentralManagerHeld ||
        (remote.push_failure.has_value() && reason == remote.push_failure->reason);
    if (!is_overruled && BlocksOf(reason) == Blocks::kPush) {
      outcome.problems.Add(ProblemOf(reason));
    }
  }
  TargetRef ref;
  const Target then = remote.targets->Of(*running_, Wanted(*running_, held, ref), GatesOf(remote));
  if (!then.status.ok()) {
    outcome.problems.Add(ProblemOf(NoPartReason(then.status, remote.address.name)));
  }
  const Tree before = remote.targets->PartUnder(then.selection, Wanted(*running_, held_, ref));
  for (Change& change : Diff(before, then.part)) outcome.there.push_back(std::move(change));
  const Peer* const peer = FindPeer(remote.device);
  outcome.restore_point = peer == nullptr ? 0 : peer->state.running;
}

bool PairImpl::MayPushToAny(const std::vector<RemotePtr>& remotes, ManualOutcome& outcome) {
  std::vector<Reason> reasons;
  for (const RemotePtr& remote : remotes) {
    const PushRight right = RightOf(*remote);
    if (right == PushRight::kYes) return true;
    reasons.push_back(RightReason(*remote, right));
  }
  for (const Reason& reason : reasons) outcome.problems.Add(ProblemOf(reason));
  return reasons.empty();
}

// A commit, or the loop, may be at it: whatever they bring, this comes behind.
void PairImpl::PushNow(const RemotePtr& remote) {
  constexpr int kTries = 2;
  for (int i = 0; i < kTries; ++i) {
    AwaitPushes(*remote);
    (void)ExchangeWith(remote);
    PushIfDue(remote);
    const std::lock_guard lock(mutex_);
    if (Look(*remote).is_equal || remote->push_failure.has_value()) return;
  }
}

void PairImpl::PushByHand(const Operator& by, const ManualOptions& options,
                          ManualOutcome& outcome) {
  std::vector<RemotePtr> remotes;
  {
    const std::lock_guard lock(mutex_);
    Refresh();
    const std::vector<std::string> all = CategoriesOf(*setup_.root);
    if (!options.category.empty() && !std::ranges::binary_search(all, options.category)) {
      outcome.problems.Add(BadOption(options.category, "no such category",
                                     "name one of /ha/configuration-synchronization/category"));
      return;
    }
    for (const auto& [name, remote] : remotes_) {
      if (options.remote.empty() || options.remote == name) remotes.push_back(remote);
    }
  }
  for (const RemotePtr& remote : remotes) {
    if (absl::Status status = ExchangeWith(remote); !status.ok()) {
      AddProblem(status, remote->address.name, outcome);
    }
  }
  if (!outcome.problems.empty()) return;
  {
    const std::lock_guard lock(mutex_);
    Refresh();
    if (!MayPushToAny(remotes, outcome)) return;
    HeldRecord held = held_;
    if (options.category.empty()) {
      held = {};
    } else {
      held.categories.erase(options.category);
      held = HoldsInForce(held, settings_);
    }
    for (const RemotePtr& remote : remotes) PlanPushByHand(*remote, held, outcome);
    if (!outcome.problems.empty()) return;
    outcome.is_nothing_to_push =
        held == held_ && std::ranges::all_of(remotes, [&](const RemotePtr& remote) {
          return Look(*remote).is_equal;
        });
    if (outcome.is_nothing_to_push || options.preview) return;
    for (const RemotePtr& remote : remotes) remote->push_failure.reset();
    const absl::Status status = WriteHeld(by, "sync-push", held);
    if (!status.ok()) return AddProblem(status, "", outcome);
  }
  for (const RemotePtr& remote : remotes) {
    PushNow(remote);
    const std::lock_guard lock(mutex_);
    const View view = Look(*remote);
    if (view.peer != nullptr) outcome.remote_revision = view.peer->state.running;
    if (view.is_equal) continue;
    bool is_told = false;
    for (const Reason& reason : view.reasons) {
      if (BlocksOf(reason) != Blocks::kPush) continue;
      outcome.problems.Add(ProblemOf(reason));
      is_told = true;
    }
    if (is_told) continue;
    outcome.problems.Add(
        ProblemOf(MakeReason(ReasonCode::kPeerBusy, remote->address.name,
                             "a commit, or another push, goes to it: this one is made behind it")));
  }
  outcome.done = outcome.problems.empty();
}

}  // namespace configsync
