// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

// States, both ways. A few hundred bytes; a selection and facts only while the other node lacks
// them.

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "configsync/pair/pair_impl.h"

namespace configsync {
namespace {

absl::Status Invalid(std::string text) {
  return StatusOf(MakeReason(ReasonCode::kPeerAnswerInvalid, {}, std::move(text)));
}

}  // namespace

Selection* PairImpl::SelectionOf(Peer& peer, const Hash& id) {
  const auto found = std::ranges::find(peer.selections, id, &Selection::id);
  return found == peer.selections.end() ? nullptr : &*found;
}

PeerState PairImpl::MyState(Peer* peer, Remote* remote, const Target* under) {
  const LocalRole role = MyRole();
  const EngineStatus engine = setup_.engine->Status();
  const Facts& facts = MyFacts();
  PeerState state;
  state.device = facts.device;
  state.role = role.role;
  state.term = role.term;
  state.is_enabled = settings_.is_enabled;
  state.is_pinned = pinned_.has_value();
  state.is_dataplane_ready = role.is_dataplane_ready;
  state.running = revision_;
  state.startup = engine.startup;
  state.facts = facts_digest_;
  state.source = source_.device;
  for (const auto& [cause, count] : held_.revisions) state.held = std::max(state.held, count);
  if (remote != nullptr && settings_.is_enabled) {
    const Target target = under == nullptr ? TargetOf(*remote) : *under;
    state.selection = target.selection;
    state.target = target.part.hash();
    for (Reason& reason : Look(*remote).reasons) {
      if (state.reasons.size() == kReasonsSent) break;
      reason.evidence.clear();
      state.reasons.push_back(std::move(reason));
    }
  }
  if (peer != nullptr && !peer->selections.empty()) {
    // The one that the other speaks of just now; it may have told of another one before.
    Selection* selection = SelectionOf(*peer, peer->state.selection);
    if (selection == nullptr) selection = &peer->selections.front();
    state.known_selection = selection->id();
    const Tree part = selection->PartOf(*running_);
    if (selection->status().ok()) {
      state.part = part.hash();
    } else if (state.reasons.size() < kReasonsSent) {  // No hash is of what cannot be made.
      state.reasons.push_back(
          MakeReason(ReasonCode::kPeerRefused, remote == nullptr ? "" : remote->address.name, ""));
    }
  }
  return state;
}

// What the other node lacks, and what this one does.
void PairImpl::AddWanted(const Exchange* theirs, Peer* peer, const SelectionSpec* spec,
                         Exchange& mine) {
  const bool knows_selection =
      peer != nullptr && peer->state.known_selection == mine.state.selection;
  if (spec != nullptr &&
      (theirs == nullptr ? !knows_selection : theirs->want_selection && !knows_selection)) {
    mine.selection = *spec;
  }
  Facts facts = MyFacts();
  const bool are_schemas_different =
      peer != nullptr && peer->facts.has_value() && peer->facts->schema != facts.schema;
  const bool has_facts = peer != nullptr && peer->told_facts == mine.state.facts;
  if (theirs == nullptr ? !has_facts : theirs->want_facts) {
    if (!are_schemas_different) facts.schema_paths.clear();
    mine.facts = std::move(facts);
  }
  if (peer == nullptr) {
    mine.want_facts = mine.want_selection = true;
    return;
  }
  mine.want_selection =
      peer->state.selection != Hash{} && SelectionOf(*peer, peer->state.selection) == nullptr;
  mine.want_facts = !peer->facts.has_value() || DigestOf(*peer->facts) != peer->state.facts ||
                    (peer->facts->schema != MyFacts().schema && peer->facts->schema_paths.empty());
}

absl::Status PairImpl::Take(const DeviceId& from, const Exchange& theirs) {
  if (from.empty() || theirs.state.device != from) {
    return Invalid("its state is of another device than its certificate");
  }
  if (theirs.state.reasons.size() > kReasonsSent) return Invalid("more than 32 reasons");
  if (theirs.selection.has_value() && IdOf(*theirs.selection) != theirs.state.selection) {
    return Invalid("its selection is not the one that it names");
  }
  if (theirs.facts.has_value() &&
      (theirs.facts->device != from || DigestOf(*theirs.facts) != theirs.state.facts)) {
    return Invalid("its facts are not those that it names");
  }
  Peer& peer = PeerOf(from);
  const std::int64_t now = setup_.clock->BootMs();
  const PeerState before = std::exchange(peer.state, theirs.state);
  if (theirs.state.running < peer.applied && now - peer.applied_ms < kFreshMs) {
    // It was on its way while the last push was taken: what that was answered is newer.
    peer.state.running = before.running;
    peer.state.known_selection = before.known_selection;
    peer.state.part = before.part;
  }
  peer.heard_ms = now;
  if (theirs.facts.has_value()) {
    peer.facts = theirs.facts;
    std::ranges::sort(peer.facts->schema_paths);
  }
  if (theirs.selection.has_value() && SelectionOf(peer, theirs.state.selection) == nullptr) {
    peer.selections.emplace_front(*theirs.selection, *setup_.root);
    if (peer.selections.size() > kSelectionsKept) peer.selections.pop_back();
  }
  return absl::OkStatus();
}

absl::StatusOr<Exchange> PairImpl::OnExchange(const DeviceId& from, const Exchange& theirs) {
  const std::lock_guard lock(mutex_);
  Refresh();
  const PeerState before = PeerOf(from).state;
  if (absl::Status status = Take(from, theirs); !status.ok()) return status;
  Peer& peer = PeerOf(from);
  Remote* const remote = RemoteOf(from);
  Exchange mine;
  mine.state = MyState(&peer, remote, nullptr);
  AddWanted(&theirs, &peer,
            remote == nullptr ? nullptr : remote->targets->SpecOf(mine.state.selection), mine);
  if (mine.facts.has_value()) peer.told_facts = mine.state.facts;
  const bool is_changed = before.part != theirs.state.part || before.role != theirs.state.role ||
                          before.is_pinned != theirs.state.is_pinned ||
                          before.is_enabled != theirs.state.is_enabled ||
                          before.running != theirs.state.running;
  if (is_changed && remote != nullptr) Wake();
  return mine;
}

// Who was forgotten or revoked since is nobody's remote.
void PairImpl::BindLinks(Remote& remote) {
  const bool is_paired = !remote.bound.empty() && !setup_.facts->PairedName(remote.bound).empty();
  const DeviceId device = is_paired ? remote.bound : DeviceId();
  remote.exchange_link->Bind(device);
  remote.push_link->Bind(device);
}

// The first that has proven itself there.
void PairImpl::BindTo(Remote& remote, const DeviceId& device) {
  if (remote.bound == device) return;
  const RemoteAddress& at = remote.address;
  const BoundRecord record = {
      .device = device, .address = at.address, .backup_address = at.backup_address};
  (void)WriteNotes(Self(), "sync-bound",
                   absl::StrCat(at.name, " at ", at.address, ": device ", NameOfDevice(device)),
                   {{absl::StrCat("sync/bound/", at.name), Encode(record)}});
  remote.bound = device;
  BindLinks(remote);
}

absl::Status PairImpl::ExchangeWith(const RemotePtr& remote, const Target* under) {
  constexpr int kRoundsMax = 4;
  const std::lock_guard exchanging(remote->exchange_mutex);
  for (int round = 0; round < kRoundsMax; ++round) {
    Exchange mine;
    {
      const std::lock_guard lock(mutex_);
      Refresh();
      BindLinks(*remote);
      Peer* const peer = FindPeer(remote->device);
      mine.state = MyState(peer, remote.get(), under);
      AddWanted(nullptr, peer, remote->targets->SpecOf(mine.state.selection), mine);
    }
    const absl::StatusOr<Exchange> answer = remote->exchange_link->DoExchange(mine);
    const std::lock_guard lock(mutex_);
    absl::Status status = answer.status();
    DeviceId device = remote->exchange_link->device();
    if (status.ok() && device.empty()) device = answer->state.device;
    if (status.ok() && device == mine.state.device) status = Invalid("it is this node itself");
    if (status.ok()) status = Take(device, *answer);
    const std::int64_t now = setup_.clock->BootMs();
    if (!status.ok()) {
      remote->link_failure = ReasonFor(status, remote->address.name);
      remote->next_exchange_ms = now + remote->pause_ms;
      remote->pause_ms = std::min(remote->pause_ms * 2, kExchangeMsMax);
      return StatusOf(*remote->link_failure);
    }
    BindTo(*remote, device);
    if (remote->device != device) {
      remote->device = device;
      remote->known_under = {};
    }
    Peer& peer = PeerOf(device);
    if (mine.facts.has_value()) peer.told_facts = mine.state.facts;
    if (answer->want_facts) peer.told_facts = {};
    remote->link_failure.reset();
    remote->pause_ms = kExchangeMs;
    remote->next_exchange_ms = now + kExchangeMs;
    const bool wants = answer->want_facts || answer->want_selection ||
                       (settings_.is_enabled && answer->state.is_enabled &&
                        answer->state.known_selection != mine.state.selection);
    Exchange more;
    more.state = mine.state;
    AddWanted(nullptr, &peer, nullptr, more);
    if (!wants && !more.want_facts && !more.want_selection) break;
  }
  return absl::OkStatus();
}

}  // namespace configsync
