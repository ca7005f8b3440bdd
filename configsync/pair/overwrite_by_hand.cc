// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

// One node becomes as the other: the remote as here, or here as the remote.

#include <utility>

#include "absl/strings/str_cat.h"
#include "configsync/pair/graft.h"
#include "configsync/pair/pair_impl.h"

namespace configsync {

void PairImpl::Overwrite(const Operator& by, const RemotePtr& remote, const ManualOptions& options,
                         ManualOutcome& outcome) {
  const absl::StatusOr<PartsOfBoth> parts = Parts(remote->address.name);
  if (!parts.ok()) return AddProblem(parts.status(), remote->address.name, outcome);
  std::optional<Push> push;
  {
    std::unique_lock lock(mutex_);
    Refresh();
    outcome.there = Diff(parts->theirs, parts->mine);
    if (!MayForce(*remote, outcome)) return;
    WarnOfTrial(remote->address.name, outcome);
    outcome.restore_point = PeerOf(remote->device).state.running;
    if (options.preview || !ClaimByHand(*remote, lock, outcome)) return;
    Refresh();
    TargetRef ref = {.revision = revision_, .held = {}};
    (void)Wanted(*running_, held_, ref);
    const Target target = TargetOf(*remote);
    push = MakePush(remote, target, ref, parts->theirs, by, options.comment, true);
    Notes notes = {
        {absl::StrCat("sync/remote/", remote->address.name), Encode(OfferOf(*push, revision_))}};
    // From now on it is this node's configuration, whoever it came from.
    if (!source_.device.empty()) notes["sync/source"] = std::nullopt;
    const absl::Status status =
        WriteNotes(by, "sync-overwrite",
                   absl::StrCat(remote->address.name, ": its revision ", outcome.restore_point,
                                " is what it goes back to", options.comment.empty() ? "" : "; ",
                                options.comment),
                   notes);
    if (!status.ok()) {
      Release(*remote);
      return AddProblem(status, "", outcome);
    }
  }
  if (PrepareByHand(*push, outcome)) ApplyByHand(*push, outcome);
  const std::lock_guard lock(mutex_);
  Release(*remote);
}

void PairImpl::Adopt(const Operator& by, const RemotePtr& remote, const ManualOptions& options,
                     ManualOutcome& outcome) {
  const absl::StatusOr<PartsOfBoth> parts = Parts(remote->address.name);
  if (!parts.ok()) return AddProblem(parts.status(), remote->address.name, outcome);
  std::optional<PeerDraft> draft;
  {
    const std::lock_guard lock(mutex_);
    Refresh();
    // What waits was of the content that goes.
    const HeldRecord held = std::exchange(held_, HeldRecord{});
    const Target target = TargetOf(*remote);
    held_ = held;
    const absl::StatusOr<Tree> mine = PartOrWhy(*remote, target.selection, *running_);
    const absl::StatusOr<Tree> tree =
        !mine.ok() ? mine : Graft(*running_, *mine, parts->theirs, [&](const Tree& whole) {
          return PartOrWhy(*remote, target.selection, whole);
        });
    if (!tree.ok()) {
      outcome.problems.Add(ProblemOf(MakeReason(ReasonCode::kSchemaBlocked, remote->address.name,
                                                std::string(tree.status().message()))));
      return;
    }
    outcome.here = Diff(*running_, *tree);
    outcome.restore_point = revision_;
    draft = DraftByHand(by, options, *tree);
    draft->notes["sync/held"] = std::nullopt;
    // On trial nothing is agreed: this node may go back, and would push what it goes back to.
    if (!setup_.engine->Status().confirm.has_value()) {
      const RevisionId revision = outcome.here.empty() ? revision_ : revision_ + 1;
      draft->notes[absl::StrCat("sync/remote/", remote->address.name)] =
          Encode(RemoteRecord{.device = remote->device,
                              .agreed = TargetRef{.revision = revision, .held = {}},
                              .offered = {},
                              .confirm = {}});
    }
    if (outcome.here.empty() && !options.preview) {
      const absl::Status status = WriteNotes(by, "sync-adopt", options.comment, draft->notes);
      if (!status.ok()) return AddProblem(status, remote->address.name, outcome);
      outcome.done = true;
    }
  }
  if (outcome.here.empty()) return;
  CommitOutcome committed = setup_.engine->CommitDraft(*draft);
  outcome.problems = std::move(committed.problems);
  outcome.warnings = std::move(committed.warnings);
  outcome.revision = committed.revision;
  outcome.done = committed.committed;
  Wake();
}

}  // namespace configsync
