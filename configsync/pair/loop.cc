// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

// The loop: exchanges, and whatever the table says then. It remembers nothing of what it did
// before, but pauses between tries.

#include <algorithm>
#include <set>
#include <utility>

#include "absl/strings/str_cat.h"
#include "configsync/pair/pair_impl.h"

namespace configsync {
namespace {

constexpr std::uint32_t kIdleMs = 1'000;
// A revision that history forgets cannot be gone back to: agreed is written anew before.
constexpr RevisionId kAgreedAgeMax = kHistoryRevisions / 2;

}  // namespace

absl::Status PairImpl::WriteHeld(const Operator& by, std::string_view action,
                                 const HeldRecord& held) {
  std::optional<std::string> text;
  if (!held.categories.empty()) text = Encode(held);
  return WriteNotes(by, action, absl::StrCat(held.categories.size(), " categories still wait"),
                    {{"sync/held", std::move(text)}});
}

// The remote has the target, by its hash: that is agreed from now on.
void PairImpl::Agree(Remote& remote, const View& view) {
  if (!view.is_fresh || !view.is_part_current || !view.is_equal) return;
  if (view.decision != Decision::kInSync || remote.is_pushing || commit_.is_under_way) return;
  // Until it is confirmed, the remote may go back to what was agreed before.
  if (remote.record.confirm.has_value() || setup_.engine->Status().confirm.has_value()) return;
  const RemoteRecord& record = remote.record;
  if (record.agreed.has_value() && record.device == remote.device && record.offered.empty() &&
      revision_ - record.agreed->revision < kAgreedAgeMax) {
    const std::vector<Known>& known = KnownOf(remote, view.target.selection);
    if (!known.empty() && known.front().part.hash() == view.target.part.hash()) return;
  }
  RemoteRecord next;
  next.device = remote.device;
  TargetRef ref = {.revision = revision_, .held = {}};
  (void)Wanted(*running_, held_, ref);
  next.agreed = std::move(ref);
  (void)WriteNotes(Self(), "sync-agreed",
                   absl::StrCat(remote.address.name, ": revision ", revision_, ", part ",
                                HexOf(view.target.part.hash()).substr(0, 12)),
                   {{absl::StrCat("sync/remote/", remote.address.name), Encode(next)}});
}

bool PairImpl::SendAndApply(Push& push) {
  Reason reason;
  const absl::StatusOr<PrepareResponse> prepared = SendPrepare(push);
  if (!prepared.ok()) {
    reason = ReasonFor(prepared.status(), push.remote->address.name);
  } else if (!prepared->problems.empty()) {
    reason = RefusalOf(prepared->problems, push.remote->address.name);
  } else {
    const absl::StatusOr<ApplyResponse> applied = SendApply(push);
    if (applied.ok()) return true;
    reason = ReasonFor(applied.status(), push.remote->address.name);
  }
  const std::lock_guard lock(mutex_);
  TakeFailure(*push.remote, push, reason);
  return false;
}

void PairImpl::PushIfDue(const RemotePtr& remote) {
  std::optional<Push> made;
  {
    std::unique_lock lock(mutex_);
    Refresh();
    const View view = Look(*remote);
    Agree(*remote, view);
    if (view.is_equal) remote->push_failure.reset();
    const bool is_due = view.decision == Decision::kPush || view.decision == Decision::kPushFresh;
    if (!is_due || view.right != PushRight::kYes || !view.base.has_value()) return;
    if (commit_.is_under_way) return;
    const auto& failure = remote->push_failure;
    if (failure.has_value() && failure->target == view.target.part.hash() &&
        failure->part == view.base->hash() && failure->running == view.peer->state.running &&
        setup_.clock->BootMs() < failure->retry_ms) {
      return;
    }
    if (!Claim(*remote, lock, false)) return;
    TargetRef ref = {.revision = revision_, .held = {}};
    (void)Wanted(*running_, held_, ref);
    Push& push = made.emplace(MakePush(remote, view.target, ref, *view.base, Self(), "", false));
    if (!push.request.revisions.empty()) {
      const RevisionNote& newest = push.request.revisions.back();
      push.request.author = newest.author;
      push.request.comment = push.request.revisions.size() == 1 ? newest.comment : "";
    }
    const RemoteRecord record = OfferOf(push, revision_);
    if (!(record == remote->record)) {
      const absl::Status status = WriteNotes(
          Self(), "sync-offered", absl::StrCat(remote->address.name, ": revision ", revision_),
          {{absl::StrCat("sync/remote/", remote->address.name), Encode(record)}});
      if (!status.ok()) push.request.number = 0;  // Nothing is sent that a crash would forget.
    }
  }
  const bool is_applied = SendAndApply(*made);
  {
    const std::lock_guard lock(mutex_);
    Release(*remote);
  }
  if (!is_applied || !ExchangeWith(remote).ok()) return;
  const std::lock_guard lock(mutex_);
  Refresh();
  Agree(*remote, Look(*remote));
}

void PairImpl::ForgetConfirm(Remote& remote, std::string_view action) {
  RemoteRecord record = remote.record;
  record.confirm.reset();
  (void)WriteNotes(Self(), action, remote.address.name,
                   {{absl::StrCat("sync/remote/", remote.address.name), Encode(record)}});
}

// The remote is claimed. It is told that it may keep what it has.
void PairImpl::SettleConfirm(Remote& remote) {
  std::uint64_t number = 0;
  {
    const std::lock_guard lock(mutex_);
    if (remote.is_confirm_due && remote.record.confirm.has_value()) {
      number = remote.record.confirm->number;
    }
  }
  absl::Status status;
  if (number != 0) status = remote.push_link->Confirm({.number = number});
  const std::lock_guard lock(mutex_);
  if (number != 0 && status.ok()) {
    ForgetConfirm(remote, "sync-confirmed");
    remote.is_confirm_due = false;
  }
  Release(remote);
}

// A confirm that nobody gave or took is over at some time. That is told by the wall clock, which
// may jump: what still waits here, or has just been confirmed and not been told, is not over by it.
void PairImpl::EndConfirm(Remote& remote, bool is_told) {
  const std::lock_guard lock(mutex_);
  const auto& confirm = remote.record.confirm;
  if (!confirm.has_value() || setup_.clock->WallMs() <= confirm->until_wall_ms) return;
  if (setup_.engine->Status().confirm.has_value() || (remote.is_confirm_due && !is_told)) return;
  ForgetConfirm(remote, "sync-confirm-over");
}

// The manager has brought to each remote what it brought here: nothing waits for it any more.
void PairImpl::ReleaseCentral() {
  if (!held_.revisions.contains(HoldCause::kCentralManager) || remotes_.empty()) return;
  for (const auto& [name, remote] : remotes_) {
    const View view = Look(*remote);
    if (!view.is_fresh || !view.is_part_current) return;
    const Tree whole = remote->targets->PartUnder(view.target.selection, *running_);
    const bool is_whole = remote->targets->StatusUnder(view.target.selection).ok();
    if (!is_whole || whole.hash() != view.peer->state.part) return;
  }
  HeldRecord held = held_;
  held.revisions.erase(HoldCause::kCentralManager);
  std::erase_if(held.categories,
                [](const auto& each) { return each.second.cause == HoldCause::kCentralManager; });
  (void)WriteHeld(Self(), "sync-central-done", held);
}

void PairImpl::DropStaleHolds() {
  if (are_holds_stale_ && !commit_.is_under_way) (void)WriteHeld(Self(), "sync-held", held_);
}

void PairImpl::LowerSource() {
  const LocalRole role = MyRole();
  SourceRecord source = source_;
  source.term = BelievedTerm(source.term, role.role, role.term);
  if (source == source_ || source_.device.empty() || commit_.is_under_way) return;
  (void)WriteNotes(Self(), "sync-source",
                   absl::StrCat("term ", source_.term, " of device ", NameOfDevice(source.device),
                                ": the dataplane knows ", role.term),
                   {{"sync/source", Encode(source)}});
}

// "keep/N" of each old revision that a remote had last, or may have: how it stands is told by that.
std::set<std::string> PairImpl::KeptForRemotes() const {
  std::set<std::string> kept;
  const auto keep = [&](RevisionId id) {
    if (id + kAgreedAgeMax <= revision_) kept.insert(absl::StrCat(std::string(kKeepNotes), id));
  };
  for (const auto& [name, remote] : remotes_) {
    std::vector<TargetRef> refs = remote->record.offered;
    if (remote->record.agreed.has_value()) refs.push_back(*remote->record.agreed);
    for (const TargetRef& ref : refs) {
      keep(ref.revision);
      for (const auto& [category, revision] : ref.held) keep(revision);
    }
  }
  return kept;
}

// What waits, or is at a remote, is as it was in a revision that history may forget: the store
// keeps it as long as there is a note of it.
void PairImpl::KeepOldRevisions() {
  std::set<std::string> kept = KeptForRemotes();
  HeldRecord held = held_;
  std::string lost;
  for (const auto& [category, hold] : held_.categories) {
    if (revision_ - hold.revision < kAgreedAgeMax) continue;
    if (TreeOf(hold.revision).has_value()) {
      kept.insert(absl::StrCat(std::string(kKeepNotes), hold.revision));
      continue;
    }
    held.categories.erase(category);
    absl::StrAppend(&lost, lost.empty() ? "" : "; ", category, " waited as it was in revision ",
                    hold.revision, ", which is not kept any more: it waits no more");
  }
  Notes notes;
  for (const auto& [name, text] : notes_) {
    if (name.starts_with(kKeepNotes) && !kept.contains(name)) notes[name] = std::nullopt;
  }
  for (const std::string& name : kept) {
    if (!notes_.contains(name)) notes[name] = "needed";
  }
  if (!notes.empty()) {
    (void)WriteNotes(Self(), "sync-keep",
                     absl::StrCat(kept.size(), " old revisions are still needed"), notes);
  }
  if (lost.empty()) return;
  held = HoldsInForce(held, settings_);
  std::optional<std::string> text;
  if (!held.categories.empty()) text = Encode(held);
  (void)WriteNotes(Self(), "sync-held-lost", lost, {{"sync/held", std::move(text)}});
}

std::uint32_t PairImpl::TickStates() {
  std::vector<RemotePtr> remotes;
  {
    const std::lock_guard lock(mutex_);
    Refresh();
    const bool is_woken = is_woken_.exchange(false);
    for (const auto& [name, remote] : remotes_) {
      if (is_woken) remote->next_exchange_ms = 0;
      remotes.push_back(remote);
    }
    const std::int64_t now = setup_.clock->BootMs();
    for (auto& [device, peer] : peers_) {
      if (peer.prepared.has_value() && now >= peer.prepared->until_ms) peer.prepared.reset();
    }
    if (!settings_.is_enabled) return kIdleMs;
    DropStaleHolds();
    LowerSource();
    if (!commit_.is_under_way) KeepOldRevisions();
  }
  for (const RemotePtr& remote : remotes) {
    bool is_due = false;
    {
      const std::lock_guard lock(mutex_);
      is_due = setup_.clock->BootMs() >= remote->next_exchange_ms;
    }
    if (is_due) (void)ExchangeWith(remote);
  }
  const std::lock_guard lock(mutex_);
  Refresh();
  if (is_woken_) return 0;
  std::int64_t wait = kExchangeMsMax;
  const std::int64_t now = setup_.clock->BootMs();
  for (const auto& [name, remote] : remotes_) {
    wait = std::min(wait, remote->next_exchange_ms - now);
  }
  return static_cast<std::uint32_t>(std::max<std::int64_t>(wait, 1));
}

void PairImpl::TickPushes() {
  std::vector<RemotePtr> remotes;
  {
    const std::lock_guard lock(mutex_);
    Refresh();
    if (!settings_.is_enabled) return;
    for (const auto& [name, remote] : remotes_) remotes.push_back(remote);
  }
  for (const RemotePtr& remote : remotes) {
    bool is_settling = false;
    {
      std::unique_lock lock(mutex_);
      is_settling = remote->record.confirm.has_value() && remote->is_confirm_due &&
                    !remote->link_failure.has_value() && Claim(*remote, lock, false);
    }
    if (is_settling) SettleConfirm(*remote);
    EndConfirm(*remote, is_settling);
    PushIfDue(remote);
  }
  const std::lock_guard lock(mutex_);
  Refresh();
  ReleaseCentral();
}

}  // namespace configsync
