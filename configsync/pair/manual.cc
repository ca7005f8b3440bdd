// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

// What an operator decides, and what all such decisions have in common.

#include <utility>

#include "absl/strings/str_cat.h"
#include "configsync/engine/codes.h"
#include "configsync/pair/pair_impl.h"

namespace configsync {

Problem BadOption(std::string value, std::string text, std::string remedy) {
  return {.code = std::string(problem_code::kBadOption),
          .path = {},
          .value = std::move(value),
          .text = std::move(text),
          .remedy = std::move(remedy)};
}

void AddProblem(const absl::Status& status, const std::string& remote, ManualOutcome& outcome) {
  outcome.problems.Add(ProblemOf(ReasonFor(status, remote)));
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
    AddProblem(answer.status(), push.remote->address.name, outcome);
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
  if (!answer.ok()) {
    outcome.is_told = true;
    return AddProblem(answer.status(), push.remote->address.name, outcome);
  }
  outcome.remote_revision = answer->revision;
  outcome.done = true;
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
