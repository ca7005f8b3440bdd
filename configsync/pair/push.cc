// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

// One push: what is sent, and what its answers mean.

#include <algorithm>
#include <chrono>
#include <utility>

#include "absl/strings/str_cat.h"
#include "configsync/pair/pair_impl.h"

namespace configsync {
namespace {

constexpr std::chrono::seconds kClaimWait{160};  // Longer than Prepare and Apply may take.

}  // namespace

bool PairImpl::Claim(Remote& remote, std::unique_lock<std::mutex>& lock, bool waits) {
  if (remote.is_pushing && (!waits || !pushing_changed_.wait_for(
                                          lock, kClaimWait, [&] { return !remote.is_pushing; }))) {
    return false;
  }
  remote.is_pushing = true;
  return true;
}

void PairImpl::AwaitPushes(const Remote& remote) {
  std::unique_lock lock(mutex_);
  pushing_changed_.wait_for(lock, kClaimWait,
                            [&] { return !remote.is_pushing && !commit_.is_under_way; });
}

void PairImpl::Release(Remote& remote) {
  remote.is_pushing = false;
  pushing_changed_.notify_all();
}

// Those that the remote does not have, oldest first (F42).
std::vector<RevisionNote> PairImpl::NotesSince(const Remote& remote, RevisionId until) {
  const RevisionId from = remote.record.agreed.has_value() ? remote.record.agreed->revision : 0;
  std::vector<RevisionNote> notes;
  if (until <= from) return notes;
  const std::size_t count = std::min<std::uint64_t>(revision_ - from, kRevisionsTold);
  const absl::StatusOr<std::vector<RevisionInfo>> history = setup_.engine->History(count);
  if (!history.ok()) return notes;
  for (const RevisionInfo& info : *history) {
    if (info.id <= from || info.id > until) continue;
    notes.push_back({.id = info.id,
                     .author = info.author.name,
                     .comment = info.comment,
                     .wall_ms = info.wall_ms});
  }
  std::ranges::reverse(notes);
  return notes;
}

PairImpl::Push PairImpl::MakePush(const RemotePtr& remote, const Target& target,
                                  const TargetRef& ref, const Tree& base, const Operator& by,
                                  const std::string& comment, bool is_forced) {
  const LocalRole role = MyRole();
  Push push = {.remote = remote,
               .target = target,
               .ref = ref,
               .base = base,
               .request = {},
               .changes = Diff(base, target.part),
               .answer = {}};
  PrepareRequest& request = push.request;
  request.number = TakeNumber();
  request.term = role.term;
  if (RelationOf(SourceInForce(), {}, role.term) == SourceIs::kAnother && !is_forced) {
    request.path = source_.path;
  }
  const DeviceId own = MyFacts().device;
  std::erase(request.path, own);
  if (request.path.size() >= kPathDevicesMax) request.path.erase(request.path.begin());
  request.path.push_back(own);
  request.selection = target.selection;
  request.base = base.hash();
  request.result = target.part.hash();
  request.author = by.name;
  request.comment = comment;
  request.revisions = NotesSince(*remote, ref.revision);
  request.is_forced = is_forced;
  // What may still go back here goes back there, too.
  if (const auto confirm = setup_.engine->Status().confirm; confirm.has_value()) {
    request.confirm_within_s = std::max<std::uint32_t>(confirm->remaining_s, 1);
  }
  return push;
}

RemoteRecord PairImpl::OfferOf(const Push& push, RevisionId revision) {
  Remote& remote = *push.remote;
  RemoteRecord record = remote.record;
  if (record.device != remote.device) record = {};
  record.device = remote.device;
  // What the remote has now is never forgotten for what is offered; and of what it had before a
  // trial, all of the trial, it may be back at any time.
  for (const Known& known : KnownOf(remote, push.target.selection)) {
    if (known.part.hash() != push.base.hash()) continue;
    if (!record.confirm.has_value()) {
      record.agreed = known.ref;
    } else if (record.agreed != known.ref) {
      Offer(record, known.ref);
    }
    break;
  }
  Offer(record, push.ref);
  if (const auto& span_s = push.request.confirm_within_s; span_s.has_value()) {
    record.confirm = ConfirmPassed{
        .number = push.request.number,
        .revision = revision,
        .until_wall_ms = setup_.clock->WallMs() + std::int64_t{*span_s} * 1'000 + kConfirmSlackMs};
  } else if (record.confirm.has_value()) {
    record.confirm->number = push.request.number;  // The same span goes on.
    record.confirm->revision = revision;
  }
  return record;
}

absl::StatusOr<PrepareResponse> PairImpl::SendPrepare(Push& push) {
  const std::string& name = push.remote->address.name;
  if (push.request.number == 0) {
    return StatusOf(
        MakeReason(ReasonCode::kStoreWarning, name, "no number for the push can be written down"));
  }
  absl::StatusOr<std::string> text = setup_.store->SealText(EditsOf(push.changes));
  if (!text.ok()) {
    return StatusOf(MakeReason(ReasonCode::kPeerError, name, std::string(text.status().message())));
  }
  if (text->size() > kPushBytesMax) {
    return StatusOf(
        MakeReason(ReasonCode::kPeerAnswerTooLarge, name,
                   absl::StrCat(text->size(), " bytes to push, at most ", kPushBytesMax)));
  }
  push.request.edits = *std::move(text);
  absl::StatusOr<PrepareResponse> answer = push.remote->push_link->Prepare(push.request);
  push.request.edits.clear();
  if (!answer.ok()) return StatusOf(ReasonFor(answer.status(), name));
  if (answer->problems.empty() && answer->result != push.request.result) {
    return StatusOf(
        MakeReason(ReasonCode::kPeerHashMismatch, name, "what it would have is not what was sent"));
  }
  return answer;
}

absl::StatusOr<ApplyResponse> PairImpl::SendApply(Push& push) {
  const std::string& name = push.remote->address.name;
  if (push.request.confirm_within_s.has_value() &&
      setup_.engine->Status().confirm.has_value()) {  // Else it was given since, and is due.
    const std::lock_guard lock(mutex_);
    push.remote->is_confirm_due = false;  // That of an earlier push is not one of this push.
  }
  absl::StatusOr<ApplyResponse> answer =
      push.remote->push_link->Apply({.number = push.request.number});
  if (!answer.ok()) return StatusOf(ReasonFor(answer.status(), name));
  if (!answer->problems.empty()) {
    return StatusOf(RefusalOf(answer->problems, name));
  }
  if (answer->part != push.request.result) {
    return StatusOf(
        MakeReason(ReasonCode::kPeerHashMismatch, name,
                   absl::StrCat("it has ", HexOf(answer->part).substr(0, 12), ", sent was ",
                                HexOf(push.request.result).substr(0, 12))));
  }
  const std::lock_guard lock(mutex_);
  if (Peer* const peer = FindPeer(push.remote->device); peer != nullptr) {
    // Until it says so itself.
    peer->applied = peer->state.running = answer->revision;
    peer->applied_ms = setup_.clock->BootMs();
    peer->state.known_selection = push.request.selection;
    peer->state.part = answer->part;
  }
  push.remote->push_failure.reset();
  return answer;
}

absl::Status PairImpl::AskPart(const RemotePtr& remote, const Target& under) {
  {
    const std::lock_guard lock(mutex_);
    const Peer* const peer = FindPeer(remote->device);
    const bool is_known = peer != nullptr && peer->state.known_selection == under.selection &&
                          setup_.clock->BootMs() - peer->heard_ms <= kFreshMs;
    if (is_known) return absl::OkStatus();
  }
  if (absl::Status status = ExchangeWith(remote, &under); !status.ok()) return status;
  const std::lock_guard lock(mutex_);
  const Peer* const peer = FindPeer(remote->device);
  if (peer != nullptr && peer->state.known_selection == under.selection) return absl::OkStatus();
  return StatusOf(MakeReason(ReasonCode::kPeerBusy, remote->address.name,
                             "it does not know the selection yet"));
}

void PairImpl::TakeFailure(Remote& remote, const Push& push, const Reason& reason) {
  PushFailure failure = {.reason = reason,
                         .target = push.request.result,
                         .part = push.request.base,
                         .running = 0,
                         .retry_ms = 0,
                         .pause_ms = kPushRetryMs};
  failure.reason.remote = remote.address.name;
  if (const Peer* const peer = FindPeer(remote.device); peer != nullptr) {
    failure.running = peer->state.running;
  }
  const auto& last = remote.push_failure;
  if (last.has_value() && last->target == failure.target && last->part == failure.part &&
      last->running == failure.running) {
    failure.pause_ms = std::min(last->pause_ms * 2, kPushRetryMsMax);
  }
  failure.retry_ms = setup_.clock->BootMs() + failure.pause_ms;
  remote.push_failure = std::move(failure);
}

}  // namespace configsync
