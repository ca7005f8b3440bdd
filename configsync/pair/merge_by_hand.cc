// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

// A merge by hand: both sides are planned, judged where they will be, and made.

#include <utility>

#include "absl/strings/str_cat.h"
#include "configsync/engine/codes.h"
#include "configsync/pair/merge_parts.h"
#include "configsync/pair/pair_impl.h"

namespace configsync {
namespace {

void AddAll(Problems&& problems, ManualOutcome& outcome) {
  for (Problem& problem : problems.list) outcome.problems.Add(std::move(problem));
  outcome.problems.omitted_count += problems.omitted_count;
}

}  // namespace

bool PairImpl::PlanMerge(const Operator& by, const RemotePtr& remote, const ManualOptions& options,
                         const PartsOfBoth& parts, MergePlan& plan, ManualOutcome& outcome) {
  Refresh();
  if (!MayForce(*remote, outcome)) return false;
  const Target target = TargetOf(*remote);
  // What was committed while the remote was asked would be taken back.
  if (target.part.hash() != parts.mine.hash()) {
    outcome.problems.Add({.code = std::string(problem_code::kRunningMoved),
                          .path = {},
                          .value = absl::StrCat("revision ", revision_),
                          .text = "the configuration has changed while the remote was asked",
                          .remedy = "look at a preview again, then merge again"});
    return false;
  }
  const std::vector<Known>& known = KnownOf(*remote, target.selection);
  // What was only offered is no base: if what was agreed is gone, both have changed everything.
  const bool has_base = !known.empty() && remote->record.agreed == known.front().ref;
  const Tree base = has_base ? known.front().part : running_->WithRoot(nullptr);
  const auto part_of = [&](const Tree& whole) {
    return PartOrWhy(*remote, target.selection, whole);
  };
  // What waited is merged too: nothing waits afterwards.
  const absl::StatusOr<Tree> mine = part_of(*running_);
  absl::StatusOr<MergedParts> merged =
      !mine.ok() ? absl::StatusOr<MergedParts>(mine.status())
                 : MergeParts(base, *running_, *mine, parts.theirs,
                              options.prefer.value_or(Prefer::kMine), part_of);
  if (!merged.ok()) {
    outcome.problems.Add(ProblemOf(MakeReason(ReasonCode::kSchemaBlocked, remote->address.name,
                                              std::string(merged.status().message()))));
    return false;
  }
  outcome.conflicts = std::move(merged->conflicts);
  outcome.renumbered = std::move(merged->renumbered);
  outcome.restore_point = revision_;
  outcome.here = Diff(*running_, merged->whole);
  outcome.there = Diff(parts.theirs, merged->part);
  AddAll(std::move(merged->problems), outcome);
  const bool is_open = !outcome.conflicts.empty() && !options.prefer.has_value();
  if (is_open && !options.preview) {
    outcome.problems.Add(
        {.code = std::string(problem_code::kMergeConflict),
         .path = PathText(outcome.conflicts.front().path),
         .value = {},
         .text = absl::StrCat(outcome.conflicts.size(), " places were changed on both nodes"),
         .remedy = "look at them with a preview, then say which side counts"});
  }
  if (is_open || !outcome.problems.empty()) return false;
  const TargetRef ref = {.revision = outcome.here.empty() ? revision_ : revision_ + 1, .held = {}};
  plan.push = MakePush(remote, {.selection = target.selection, .part = merged->part}, ref,
                       parts.theirs, by, options.comment, true);
  if (!outcome.there.empty()) WarnOfTrial(remote->address.name, outcome);
  plan.draft = DraftByHand(by, options, merged->whole);
  Notes& notes = plan.draft->notes;
  notes[absl::StrCat("sync/remote/", remote->address.name)] =
      Encode(OfferOf(*plan.push, ref.revision));
  if (!source_.device.empty()) notes["sync/source"] = std::nullopt;
  if (!held_.categories.empty()) notes["sync/held"] = std::nullopt;
  return true;
}

void PairImpl::JudgeMerge(MergePlan& plan, ManualOutcome& outcome) {
  if (!outcome.there.empty()) {
    (void)PrepareByHand(*plan.push, outcome);
    (void)plan.push->remote->push_link->Abort({.number = plan.push->request.number});
  }
  if (outcome.here.empty()) return;
  CommitOutcome judged = setup_.engine->CommitDraft(*plan.draft);
  AddAll(std::move(judged.problems), outcome);
  outcome.warnings.insert(outcome.warnings.end(), judged.warnings.begin(), judged.warnings.end());
}

void PairImpl::DoMerge(const Operator& by, const ManualOptions& options, MergePlan& plan,
                       ManualOutcome& outcome) {
  const bool is_pushed = !outcome.there.empty();
  bool goes_on = !is_pushed || PrepareByHand(*plan.push, outcome);
  if (goes_on && !outcome.here.empty()) {
    CommitOutcome committed = setup_.engine->CommitDraft(*plan.draft);
    AddAll(std::move(committed.problems), outcome);
    outcome.warnings.insert(outcome.warnings.end(), committed.warnings.begin(),
                            committed.warnings.end());
    outcome.revision = committed.revision;
  } else if (goes_on) {
    const std::lock_guard lock(mutex_);
    const absl::Status status = WriteNotes(by, "sync-merge", options.comment, plan.draft->notes);
    if (!status.ok()) AddProblem(status, plan.push->remote->address.name, outcome);
  }
  goes_on = goes_on && outcome.problems.empty();
  if (!goes_on && is_pushed) {
    (void)plan.push->remote->push_link->Abort({.number = plan.push->request.number});
  }
  outcome.done = goes_on && (!is_pushed || !outcome.here.empty());  // Or with the push.
  if (goes_on && is_pushed) ApplyByHand(*plan.push, outcome);
}

void PairImpl::MergeByHand(const Operator& by, const RemotePtr& remote,
                           const ManualOptions& options, ManualOutcome& outcome) {
  const absl::StatusOr<PartsOfBoth> parts = Parts(remote->address.name);
  if (!parts.ok()) return AddProblem(parts.status(), remote->address.name, outcome);
  MergePlan plan;
  bool goes_on = false;
  {
    std::unique_lock lock(mutex_);
    // First: while a push is waited for, anything may change.
    if (!ClaimByHand(*remote, lock, outcome)) return;
    goes_on = PlanMerge(by, remote, options, *parts, plan, outcome);
  }
  if (goes_on && options.preview) JudgeMerge(plan, outcome);
  if (goes_on && !options.preview) DoMerge(by, options, plan, outcome);
  const std::lock_guard lock(mutex_);
  Release(*remote);
}

}  // namespace configsync
