// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

// The engine's gate: commits that remotes have found good before they are final.

#include <algorithm>
#include <set>
#include <utility>

#include "absl/strings/str_cat.h"
#include "configsync/pair/pair_impl.h"

namespace configsync {
namespace {

// The remote has answered, and does not take this commit: it refuses it, the right to push is not
// here, or it is busy with one of its own, which may make another of this. Others could not be
// asked.
bool IsRefusal(ReasonCode code) {
  constexpr ReasonCode kRefusals[] = {ReasonCode::kStaleTerm,     ReasonCode::kLoop,
                                      ReasonCode::kSyncDirection, ReasonCode::kPeerHashMismatch,
                                      ReasonCode::kPeerRefused,   ReasonCode::kPeerBusy};
  return std::ranges::count(kRefusals, code) != 0;
}

bool IsOfDirection(ReasonCode code) {
  return code == ReasonCode::kSyncDirection || code == ReasonCode::kLoop;
}

}  // namespace

// Categories of what the commit changes in the parts of remotes, sorted.
std::vector<std::string> PairImpl::CommonCategories(const Question& question,
                                                    const SyncSettings& settings) {
  std::set<std::string> categories;
  for (const RemoteAddress& address : settings.remotes) {
    const RemotePtr remote = FindRemote(address.name);
    if (remote == nullptr) continue;
    const Target target = remote->targets->Of(question.next, question.next, GatesOf(*remote));
    const Tree before = remote->targets->PartUnder(target.selection, question.running);
    for (std::string& category : CategoriesOf(Diff(before, target.part))) {
      categories.insert(std::move(category));
    }
  }
  return {categories.begin(), categories.end()};
}

// What waits once this is committed.
HeldRecord PairImpl::HoldsAfter(const Question& question, const SyncSettings& settings) {
  HeldRecord held = HoldsInForce(held_, settings);
  const RevisionId before = question.next_revision - 1;
  std::set<HoldCause> causes;
  const auto hold = [&](const std::vector<std::string>& categories, HoldCause cause) {
    for (const std::string& category : categories) {
      const auto [place, is_new] =
          held.categories.try_emplace(category, HeldRecord::Category{before, cause});
      causes.insert(place->second.cause);
    }
  };
  const std::vector<std::string> touched = CommonCategories(question, settings);
  if (touched.empty()) return held;
  const auto among = [&](const std::vector<std::string>& all) {
    std::vector<std::string> both;
    std::ranges::set_intersection(touched, all, std::back_inserter(both));
    return both;
  };
  if (question.options.from_central_manager) {
    hold(CategoriesOf(*setup_.root), HoldCause::kCentralManager);
  } else if (settings.push == PushMode::kManual) {
    hold(among(CategoriesOf(*setup_.root)), HoldCause::kManual);
  } else {
    if (settings.push == PushMode::kByCategory) {
      hold(among(CategoriesOf(*setup_.root, SyncTrigger::kOnApply)), HoldCause::kApply);
    }
    hold(among(CategoriesOf(*setup_.root, SyncTrigger::kManual)), HoldCause::kManual);
  }
  for (const HoldCause cause : causes) ++held.revisions[cause];
  return held;
}

void PairImpl::CannotAsk(CommitPolicy policy, const Reason& reason, RemoteOutcome& outcome,
                         Problems& problems) {
  outcome.reasons.push_back(reason);
  if (policy == CommitPolicy::kStrict) {
    outcome.state = RemoteOutcome::State::kRefused;
    problems.Add(ProblemOf(reason));
  } else {
    outcome.state = RemoteOutcome::State::kPending;
  }
}

// Needs `mutex_`. Adds an outcome; and a push if the remote is to be asked.
void PairImpl::PlanRemote(const Question& question, const SyncSettings& settings,
                          const HeldRecord& held, const RemotePtr& remote,
                          std::vector<RemoteOutcome>& outcomes, Problems& problems) {
  TargetRef ref = {.revision = question.next_revision, .held = {}};
  const Gates gates = GatesOf(*remote);
  const Target target = remote->targets->Of(question.next, Wanted(question.next, held, ref), gates);
  const auto under = [&](const Tree& tree) {
    return remote->targets->PartUnder(target.selection, tree);
  };
  RemoteOutcome& outcome = outcomes.emplace_back();
  outcome.remote = remote->address.name;
  const bool is_common = under(question.running).hash() != under(question.next).hash();
  if (!is_common && target.status.ok()) return;
  if (const PushRight right = RightOf(*remote); right != PushRight::kYes) {
    outcome.state = RemoteOutcome::State::kRefused;
    outcome.reasons.push_back(RightReason(*remote, right));
    problems.Add(ProblemOf(outcome.reasons.back()));
    return;
  }
  if (!target.status.ok()) {
    const Reason reason = NoPartReason(target.status, remote->address.name);
    return CannotAsk(settings.policy, reason, outcome, problems);
  }
  TargetRef now_ref;
  const Tree now = under(Wanted(question.running, held_, now_ref));
  if (now.hash() == target.part.hash()) {  // All of it waits.
    outcome.state = RemoteOutcome::State::kPending;
    const HeldRecord was = std::exchange(held_, held);
    AddHoldReasons(remote->address.name, outcome.reasons);
    held_ = was;
    return;
  }
  outcome.changes = Diff(now, target.part);
  outcome.withheld = gates.withheld;
  Push push = {.remote = remote,
               .target = target,
               .ref = std::move(ref),
               .base = now,
               .request = {},
               .changes = {},
               .answer = {},
               .outcome = outcomes.size() - 1};
  if (settings.policy == CommitPolicy::kDeferred) {
    outcome.state = RemoteOutcome::State::kPending;
    return;
  }
  commit_.pushes.push_back(std::move(push));
}

std::optional<Reason> PairImpl::MakeAsked(const Question& question, Push& push,
                                          RemoteOutcome& outcome) {
  Remote& remote = *push.remote;
  Peer* const peer = FindPeer(remote.device);
  // It may know the selection, and not have said what it is.
  if (peer == nullptr || !peer->facts.has_value()) {
    return MakeReason(ReasonCode::kPeerBusy, outcome.remote, "its facts are not known yet");
  }
  // Who answers may be another than who was thought to be there when this was planned.
  if (const PushRight right = RightOf(remote); right != PushRight::kYes) {
    return RightReason(remote, right);
  }
  if (const Gates gates = GatesOf(remote); gates.withheld != outcome.withheld) {
    outcome.withheld = gates.withheld;
    return MakeReason(ReasonCode::kPeerBusy, outcome.remote, "its hardware was not known yet");
  }
  const View view = Look(remote);
  for (const Reason& reason : view.reasons) {
    const bool is_of_decision =
        reason.code == ReasonCode::kDiverged || reason.code == ReasonCode::kNotBaselined ||
        reason.code == ReasonCode::kCentralManagerHeld ||
        (remote.push_failure.has_value() && reason == remote.push_failure->reason);
    if (!is_of_decision && BlocksOf(reason) == Blocks::kPush) return reason;
  }
  std::optional<Tree> base;
  const Comparison comparison = Compare(remote, push.target, *peer, false, base);
  if (comparison.is_equal) {
    outcome.state = RemoteOutcome::State::kUntouched;
    push.request = {};
    return std::nullopt;
  }
  const bool is_fresh = comparison.is_part_empty && !comparison.was_ever_agreed;
  if (!comparison.is_part_known && !is_fresh) {
    return MakeReason(
        comparison.was_ever_agreed ? ReasonCode::kDiverged : ReasonCode::kNotBaselined,
        outcome.remote, "it cannot be brought here by a difference of what it has");
  }
  // The target may use what the remote's schema has not.
  for (const Reason& reason : FactReasons(remote, *peer, push.target.part)) {
    if (BlocksOf(reason) == Blocks::kPush) return reason;
  }
  Push made = MakePush(push.remote, push.target, push.ref, *base, question.by,
                       question.options.comment, false);
  if (made.request.number == 0) {
    return MakeReason(ReasonCode::kStoreWarning, outcome.remote,
                      "no number for the push can be written down");
  }
  made.outcome = push.outcome;
  if (const auto& own_s = question.options.confirm_within_s; own_s.has_value()) {
    made.request.confirm_within_s = own_s;
  }
  push = std::move(made);
  return std::nullopt;
}

void PairImpl::AskRemote(const Question& question, CommitPolicy policy, Push& push,
                         RemoteOutcome& outcome, Problems& problems) {
  const Target under = {.selection = push.target.selection, .part = push.base};
  const auto refuse = [&](const Reason& reason) {
    outcome.state = RemoteOutcome::State::kRefused;
    outcome.reasons.push_back(reason);
    problems.Add(ProblemOf(reason));
  };
  constexpr int kTries = 2;  // What is known of the remote may be as old as a pause of exchanges.
  for (int i = 0; i < kTries; ++i) {
    if (absl::Status status = AskPart(push.remote, under); !status.ok()) {
      return CannotAsk(policy, ReasonFor(status, outcome.remote), outcome, problems);
    }
    {
      const std::lock_guard lock(mutex_);
      const Peer* const peer = FindPeer(push.remote->device);
      const bool is_asked_again =  // An exchange about something else came in between.
          peer != nullptr && peer->state.known_selection != under.selection && i + 1 < kTries;
      if (is_asked_again) continue;
      const std::optional<Reason> reason = MakeAsked(question, push, outcome);
      const bool is_refused = reason.has_value() && IsOfDirection(reason->code);
      if (is_refused) return refuse(*reason);
      if (reason.has_value()) return CannotAsk(policy, *reason, outcome, problems);
      if (push.request.number == 0) return;
    }
    absl::StatusOr<PrepareResponse> answer = SendPrepare(push);
    if (answer.ok()) {
      push.answer = *std::move(answer);
      break;
    }
    const Reason reason = ReasonFor(answer.status(), outcome.remote);
    if (reason.code == ReasonCode::kDiverged && i + 1 < kTries) {  // Old news: ask again.
      const std::lock_guard lock(mutex_);
      if (Peer* const peer = FindPeer(push.remote->device); peer != nullptr) {
        peer->state.known_selection = {};
      }
      continue;
    }
    if (IsRefusal(reason.code)) return refuse(reason);
    return CannotAsk(policy, reason, outcome, problems);
  }
  outcome.services = push.answer.services;
  outcome.sessions = push.answer.sessions;
  outcome.warnings.insert(outcome.warnings.end(), push.answer.warnings.begin(),
                          push.answer.warnings.end());
  outcome.hash = HexOf(push.request.result);
  if (push.answer.problems.empty()) {
    outcome.state = RemoteOutcome::State::kValidated;
    return;
  }
  outcome.state = RemoteOutcome::State::kRefused;
  for (Problem problem : push.answer.problems.list) {
    problem.text = absl::StrCat(outcome.remote, ": ", problem.text);
    problems.Add(std::move(problem));
  }
  problems.omitted_count += push.answer.problems.omitted_count;
}

std::vector<RemoteOutcome> PairImpl::Prepare(const Question& question, Problems& problems) {
  std::vector<RemoteOutcome> outcomes;
  commit_.pushes.clear();
  commit_.notes.clear();
  const SyncSettings next = SettingsOf(question.next);
  std::unique_lock lock(mutex_);
  Refresh();
  if (!next.is_enabled || !settings_.is_enabled) return outcomes;
  commit_.is_under_way = true;
  const HeldRecord held = HoldsAfter(question, next);
  for (const RemoteAddress& address : next.remotes) {
    const RemotePtr remote = FindRemote(address.name);
    if (remote == nullptr || remote->address != address) {
      RemoteOutcome& outcome = outcomes.emplace_back();
      outcome.remote = address.name;
      outcome.state = RemoteOutcome::State::kPending;
      continue;
    }
    PlanRemote(question, next, held, remote, outcomes, problems);
  }
  // A push of the loop to the same remote is waited for, and then what it did counts.
  for (Push& push : commit_.pushes) {
    if (!Claim(*push.remote, lock, true)) {
      CannotAsk(next.policy,
                MakeReason(ReasonCode::kPeerBusy, push.remote->address.name, "a push takes long"),
                outcomes[push.outcome], problems);
      push.remote = nullptr;
    }
  }
  std::erase_if(commit_.pushes, [](const Push& push) { return push.remote == nullptr; });
  lock.unlock();
  for (Push& push : commit_.pushes) {
    if (problems.empty()) {
      AskRemote(question, next.policy, push, outcomes[push.outcome], problems);
    }
  }
  return outcomes;
}

Notes PairImpl::NotesFor(const Question& question) {
  const SyncSettings next = SettingsOf(question.next);
  const std::lock_guard lock(mutex_);
  Notes notes;
  if (!next.is_enabled || !settings_.is_enabled) return notes;
  const HeldRecord held = HoldsAfter(question, next);
  if (are_holds_stale_ || !(held == held_)) {
    notes["sync/held"] = held.categories.empty() ? std::nullopt : std::optional(Encode(held));
  }
  // What is committed here is of this node. A change of its own nodes alone says nothing.
  const bool is_own = std::ranges::any_of(next.remotes, [&](const RemoteAddress& address) {
    const RemotePtr remote = FindRemote(address.name);
    if (remote == nullptr) return false;
    const Target target = remote->targets->Of(question.next, question.next, GatesOf(*remote));
    return remote->targets->PartUnder(target.selection, question.running).hash() !=
           target.part.hash();
  });
  if (is_own && !source_.device.empty()) notes["sync/source"] = std::nullopt;
  for (const Push& push : commit_.pushes) {
    if (push.request.number == 0 || !push.answer.problems.empty()) continue;
    if (push.answer.result != push.request.result) continue;
    notes[absl::StrCat("sync/remote/", push.remote->address.name)] =
        Encode(OfferOf(push, question.next_revision));
  }
  return notes;
}

void PairImpl::Finish(bool is_committed, std::vector<RemoteOutcome>& remotes) {
  for (Push& push : commit_.pushes) {
    RemoteOutcome& outcome = remotes[push.outcome];
    const bool is_prepared = outcome.state == RemoteOutcome::State::kValidated;
    if (!is_committed && push.request.number != 0) {
      (void)push.remote->push_link->Abort({.number = push.request.number});
    }
    if (is_committed && is_prepared) {
      const absl::StatusOr<ApplyResponse> answer = SendApply(push);
      if (answer.ok()) {
        outcome.state = RemoteOutcome::State::kApplied;
        outcome.revision = answer->revision;
        outcome.hash = HexOf(answer->part);
        outcome.warnings.insert(outcome.warnings.end(), answer->warnings.begin(),
                                answer->warnings.end());
      } else {
        const Reason reason = ReasonFor(answer.status(), outcome.remote);
        // Its problems have a code: what it judged has changed since it was good.
        outcome.state = reason.code == ReasonCode::kPeerRefused && !reason.subject.empty()
                            ? RemoteOutcome::State::kRefused
                            : RemoteOutcome::State::kPending;
        outcome.reasons.push_back(reason);
        const std::lock_guard lock(mutex_);
        TakeFailure(*push.remote, push, reason);
      }
    }
    const std::lock_guard lock(mutex_);
    Release(*push.remote);
  }
  {
    const std::lock_guard lock(mutex_);
    commit_.pushes.clear();
    commit_.is_under_way = false;
    pushing_changed_.notify_all();
    for (const auto& [name, remote] : remotes_) remote->next_exchange_ms = 0;
  }
  if (is_committed) Wake();
}

void PairImpl::ConfirmRemotes(RevisionId) {
  {
    const std::lock_guard lock(mutex_);
    Refresh();
    for (const auto& [name, remote] : remotes_) {
      const auto& confirm = remote->record.confirm;
      if (confirm.has_value() && confirm->number != 0) remote->is_confirm_due = true;
    }
  }
  std::vector<RemotePtr> remotes;
  {
    std::unique_lock lock(mutex_);
    for (const auto& [name, remote] : remotes_) {
      if (remote->is_confirm_due && Claim(*remote, lock, false)) remotes.push_back(remote);
    }
  }
  for (const RemotePtr& remote : remotes) SettleConfirm(*remote);
  Wake();
}

}  // namespace configsync
