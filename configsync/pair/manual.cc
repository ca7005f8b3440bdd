// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

// What an operator decides: to let go what waits, to overwrite, adopt or merge, to pin.

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "configsync/engine/codes.h"
#include "configsync/pair/graft.h"
#include "configsync/pair/pair_impl.h"

namespace configsync {
namespace {

void Add(const absl::Status& status, const std::string& remote, ManualOutcome& outcome) {
  outcome.problems.Add(ProblemOf(ReasonFor(status, remote)));
}

Problem BadOption(std::string value, std::string text, std::string remedy) {
  return {.code = std::string(problem_code::kBadOption),
          .path = {},
          .value = std::move(value),
          .text = std::move(text),
          .remedy = std::move(remedy)};
}

}  // namespace

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

bool PairImpl::MayForce(Remote& remote, ManualOutcome& outcome) {
  for (const Reason& reason : Look(remote).reasons) {
    const bool is_overruled =
        reason.code == ReasonCode::kDiverged || reason.code == ReasonCode::kNotBaselined ||
        reason.code == ReasonCode::kLoop || reason.code == ReasonCode::kCentralManagerHeld ||
        (remote.push_failure.has_value() && reason == remote.push_failure->reason);
    if (!is_overruled && BlocksOf(reason) == Blocks::kPush) {
      outcome.problems.Add(ProblemOf(reason));
    }
  }
  if (RightOf(remote) == PushRight::kSyncDirection && outcome.problems.empty()) {
    outcome.problems.Add(ProblemOf(RightReason(remote, PushRight::kSyncDirection)));
  }
  return outcome.problems.empty();
}

bool PairImpl::ClaimByHand(Remote& remote, std::unique_lock<std::mutex>& lock,
                           ManualOutcome& outcome) {
  if (Claim(remote, lock, true)) return true;
  outcome.problems.Add(
      ProblemOf(MakeReason(ReasonCode::kPeerBusy, remote.address.name, "a push takes long")));
  return false;
}

PeerDraft PairImpl::DraftByHand(const Operator& by, const ManualOptions& options,
                                const Tree& tree) {
  return {.by = by,
          .origin = options.kind == ManualKind::kAdopt ? "pull" : "merge",
          .comment = options.comment,
          .tree = tree,
          .on_running = running_->hash(),
          .check_only = options.preview,
          .save = false,
          .confirm_within_s = {},
          .notes = {},
          .asks_gate = false};
}

void PairImpl::WarnOfTrial(const std::string& remote, ManualOutcome& outcome) {
  const auto confirm = setup_.engine->Status().confirm;
  if (!confirm.has_value()) return;
  outcome.warnings.push_back(
      absl::StrCat("revision ", confirm->revision, " waits here to be confirmed for another ",
                   confirm->remaining_s, " s: ", remote,
                   " goes back as well, unless somebody runs: lockstepctl config confirm"));
}

bool PairImpl::PrepareByHand(Push& push, ManualOutcome& outcome) {
  absl::StatusOr<PrepareResponse> answer = SendPrepare(push);
  if (!answer.ok()) {
    Add(answer.status(), push.remote->address.name, outcome);
    return false;
  }
  for (Problem& problem : answer->problems.list) {
    problem.text = absl::StrCat(push.remote->address.name, ": ", problem.text);
    outcome.problems.Add(std::move(problem));
  }
  outcome.problems.omitted_count += answer->problems.omitted_count;
  outcome.warnings.insert(outcome.warnings.end(), answer->warnings.begin(), answer->warnings.end());
  return outcome.problems.empty();
}

void PairImpl::ApplyByHand(Push& push, ManualOutcome& outcome) {
  const absl::StatusOr<ApplyResponse> answer = SendApply(push);
  if (!answer.ok()) return Add(answer.status(), push.remote->address.name, outcome);
  outcome.remote_revision = answer->revision;
  outcome.done = true;
}

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
      Add(status, remote->address.name, outcome);
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
    if (outcome.is_nothing_to_push) {
      outcome.warnings.emplace_back("nothing to push: nothing waits, and the remote has all");
    }
    if (outcome.is_nothing_to_push || options.preview) return;
    for (const RemotePtr& remote : remotes) remote->push_failure.reset();
    const absl::Status status = WriteHeld(by, "sync-push", held);
    if (!status.ok()) return Add(status, "", outcome);
  }
  for (const RemotePtr& remote : remotes) {
    (void)ExchangeWith(remote);
    PushIfDue(remote);
    const std::lock_guard lock(mutex_);
    const View view = Look(*remote);
    if (view.peer != nullptr) outcome.remote_revision = view.peer->state.running;
    if (view.is_equal) continue;
    for (const Reason& reason : view.reasons) {
      if (BlocksOf(reason) == Blocks::kPush) outcome.problems.Add(ProblemOf(reason));
    }
  }
  outcome.done = outcome.problems.empty();
}

void PairImpl::Overwrite(const Operator& by, const RemotePtr& remote, const ManualOptions& options,
                         ManualOutcome& outcome) {
  const absl::StatusOr<PartsOfBoth> parts = Parts(remote->address.name);
  if (!parts.ok()) return Add(parts.status(), remote->address.name, outcome);
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
      return Add(status, "", outcome);
    }
  }
  if (PrepareByHand(*push, outcome)) ApplyByHand(*push, outcome);
  const std::lock_guard lock(mutex_);
  Release(*remote);
}

void PairImpl::Adopt(const Operator& by, const RemotePtr& remote, const ManualOptions& options,
                     ManualOutcome& outcome) {
  const absl::StatusOr<PartsOfBoth> parts = Parts(remote->address.name);
  if (!parts.ok()) return Add(parts.status(), remote->address.name, outcome);
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
    draft = DraftByHand(by, options, *tree);
    draft->notes["sync/held"] = std::nullopt;
    draft->notes[absl::StrCat("sync/remote/", remote->address.name)] =
        Encode(RemoteRecord{.device = remote->device,
                            .agreed = TargetRef{.revision = revision_ + 1, .held = {}},
                            .offered = {},
                            .confirm = {}});
    outcome.here = Diff(*running_, *tree);
    outcome.restore_point = revision_;
    outcome.done = outcome.here.empty() && !options.preview;
  }
  if (outcome.here.empty()) return;
  CommitOutcome committed = setup_.engine->CommitDraft(*draft);
  outcome.problems = std::move(committed.problems);
  outcome.warnings = std::move(committed.warnings);
  outcome.revision = committed.revision;
  outcome.done = committed.committed;
  Wake();
}

ManualOutcome PairImpl::Manual(const Operator& by, const ManualOptions& options) {
  ManualOutcome outcome;
  RemotePtr remote;
  {
    const std::lock_guard lock(mutex_);
    Refresh();
    remote = FindRemote(options.remote);
    if (!settings_.is_enabled) {
      outcome.problems.Add(ProblemOf(MakeReason(ReasonCode::kConfigSyncDisabledLocal, {}, "")));
    } else if (remote == nullptr &&
               (options.kind != ManualKind::kPush || !options.remote.empty())) {
      outcome.problems.Add(BadOption(options.remote, "no such remote",
                                     "name one of /ha/configuration-synchronization/remote"));
    }
    if (!outcome.problems.empty()) return outcome;
  }
  switch (options.kind) {
    case ManualKind::kPush:
      PushByHand(by, options, outcome);
      break;
    case ManualKind::kOverwrite:
      Overwrite(by, remote, options, outcome);
      break;
    case ManualKind::kAdopt:
      Adopt(by, remote, options, outcome);
      break;
    case ManualKind::kMerge:
      MergeByHand(by, remote, options, outcome);
      break;
  }
  Wake();
  return outcome;
}

absl::StatusOr<std::uint32_t> PairImpl::ApplyHeld(const Operator& by) {
  const std::lock_guard lock(mutex_);
  Refresh();
  HeldRecord held = held_;
  const auto found = held.revisions.find(HoldCause::kApply);
  const std::uint32_t count = found == held.revisions.end() ? 0 : found->second;
  std::erase_if(held.categories,
                [](const auto& each) { return each.second.cause == HoldCause::kApply; });
  held.revisions.erase(HoldCause::kApply);
  if (count == 0) return count;
  if (absl::Status status = WriteHeld(by, "sync-apply", held); !status.ok()) return status;
  Wake();
  return count;
}

absl::Status PairImpl::Pin(const Operator& by, bool is_pinned) {
  const std::lock_guard lock(mutex_);
  Refresh();
  if (is_pinned == pinned_.has_value()) return absl::OkStatus();
  std::optional<std::string> text;
  if (is_pinned) text = absl::StrCat(revision_);
  absl::Status status =
      WriteNotes(by, is_pinned ? "sync-pin" : "sync-unpin", absl::StrCat("revision ", revision_),
                 {{"sync/pin", std::move(text)}});
  Wake();
  return status;
}

}  // namespace configsync
