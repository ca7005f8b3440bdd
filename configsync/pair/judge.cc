// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

// Why a remote has, or does not have, what it should: everything that is known, as reasons, a
// decision and a state.

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "configsync/pair/compare_facts.h"
#include "configsync/pair/pair_impl.h"

namespace configsync {
namespace {

constexpr std::size_t kBlockedNamed = 16;

std::string ShortOf(const Hash& hash) { return HexOf(hash).substr(0, 12); }

}  // namespace

const std::vector<Reason>& PairImpl::FactReasons(Remote& remote, Peer& peer, const Tree& part) {
  const Facts& mine = MyFacts();
  const Hash theirs = DigestOf(*peer.facts);
  const bool has_paths = !peer.facts->schema_paths.empty();
  if (remote.fact_reasons_of_part == part.hash() && remote.fact_reasons_of_mine == facts_digest_ &&
      remote.fact_reasons_of_theirs == theirs && remote.are_paths_compared == has_paths) {
    return remote.fact_reasons;
  }
  remote.fact_reasons = CompareFacts(mine, *peer.facts, remote.address.name);
  if (mine.schema != peer.facts->schema && has_paths) {
    const std::vector<std::string> blocked =
        BlockedPaths(part, peer.facts->schema_paths, kBlockedNamed);
    if (!blocked.empty()) {
      remote.fact_reasons.push_back(
          MakeReason(ReasonCode::kSchemaBlocked, remote.address.name, absl::StrJoin(blocked, " ")));
    }
  }
  remote.fact_reasons_of_part = part.hash();
  remote.fact_reasons_of_mine = facts_digest_;
  remote.fact_reasons_of_theirs = theirs;
  remote.are_paths_compared = has_paths;
  return remote.fact_reasons;
}

void PairImpl::AddHoldReasons(const std::string& remote, std::vector<Reason>& reasons) const {
  const auto names = [&](HoldCause cause) {
    std::vector<std::string> categories;
    for (const auto& [category, hold] : held_.categories) {
      if (hold.cause == cause) categories.push_back(category);
    }
    return absl::StrJoin(categories, " ");
  };
  for (const auto& [cause, count] : held_.revisions) {
    ReasonCode code = ReasonCode::kPending;
    if (cause == HoldCause::kApply) code = ReasonCode::kPendingApply;
    if (cause == HoldCause::kCentralManager) code = ReasonCode::kCentralManagerHeld;
    reasons.push_back(MakeReason(code, remote, names(cause),
                                 cause == HoldCause::kCentralManager ? "" : absl::StrCat(count)));
  }
}

PushRight PairImpl::RightOf(const Remote& remote) {
  const LocalRole role = MyRole();
  const Peer* const peer = FindPeer(remote.device);
  const SourceIs source = RelationOf(SourceInForce(), remote.device, role.term);
  // What was said long ago, or in an older term, says nothing of now: after a failover the node
  // that was active may be silent for ever.
  const bool is_of_now = peer != nullptr && peer->heard_ms >= 0 &&
                         setup_.clock->BootMs() - peer->heard_ms <= kFreshMs &&
                         peer->state.term >= role.term;
  const HaRole peers = is_of_now ? peer->state.role : HaRole::kUnknown;
  const PushRight right = RightToPush(role.role, peers, source);
  // In a ring the content would come back to where it has been.
  const bool is_on_path = source == SourceIs::kAnother && !remote.device.empty() &&
                          std::ranges::count(source_.path, remote.device) != 0;
  return right == PushRight::kYes && is_on_path ? PushRight::kLoop : right;
}

Reason PairImpl::RightReason(const Remote& remote, PushRight right) {
  std::string evidence =
      absl::StrCat("the role of this node is ", std::string(NameOf(MyRole().role)));
  const Peer* const peer = FindPeer(remote.device);
  if (peer != nullptr && peer->state.role == HaRole::kActive) {
    absl::StrAppend(&evidence, ", ", NameOfDevice(remote.device), " is active");
  }
  if (!source_.device.empty()) {
    absl::StrAppend(&evidence, "; its configuration is of device ", NameOfDevice(source_.device));
  }
  return MakeReason(right == PushRight::kLoop ? ReasonCode::kLoop : ReasonCode::kSyncDirection,
                    remote.address.name, std::move(evidence));
}

Comparison PairImpl::Compare(Remote& remote, const Target& target, const Peer& peer,
                             bool is_blocked, std::optional<Tree>& base) {
  Comparison comparison;
  comparison.is_blocked = is_blocked;
  comparison.was_ever_agreed =
      remote.record.agreed.has_value() &&
      (remote.record.device.empty() || remote.record.device == remote.device);
  comparison.is_equal = peer.state.part == target.part.hash();
  for (const Known& known : KnownOf(remote, target.selection)) {
    if (known.part.hash() == target.part.hash()) comparison.is_target_known = true;
    if (known.part.hash() == peer.state.part) {
      comparison.is_part_known = true;
      base = known.part;
    }
  }
  const Tree empty = running_->WithRoot(nullptr);
  comparison.is_part_empty = peer.state.part == empty.hash();
  if (comparison.is_part_empty && !base.has_value()) base = empty;
  return comparison;
}

// Of what the other node says of itself.
void PairImpl::AddPeerReasons(Remote& remote, View& view) {
  const std::string& name = remote.address.name;
  std::vector<Reason>& reasons = view.reasons;
  const PeerState& state = view.peer->state;
  if (!state.is_enabled) {
    reasons.push_back(MakeReason(ReasonCode::kConfigSyncDisabledPeer, name, ""));
  }
  if (state.is_pinned) reasons.push_back(MakeReason(ReasonCode::kReceivePinned, name, ""));
  const LocalRole role = MyRole();
  if (!state.is_dataplane_ready && (role.is_dataplane_ready || role.role != HaRole::kUnknown)) {
    reasons.push_back(MakeReason(ReasonCode::kPeerDataplaneNotReady, name,
                                 absl::StrCat("its role is ", std::string(NameOf(state.role)))));
  }
  if (view.peer->facts.has_value()) {
    const std::vector<Reason>& facts = FactReasons(remote, *view.peer, view.target.part);
    reasons.insert(reasons.end(), facts.begin(), facts.end());
  }
}

PairImpl::View PairImpl::Look(Remote& remote) {
  View view(TargetOf(remote));
  if (remote.last_selection != view.target.selection) {
    // Something else travels now than under what the newest revision was judged by.
    remote.own_revisions.erase(revision_);
    remote.last_selection = view.target.selection;
  }
  view.peer = FindPeer(remote.device);
  view.right = RightOf(remote);
  const std::string& name = remote.address.name;
  std::vector<Reason>& reasons = view.reasons;
  const std::int64_t now = setup_.clock->BootMs();
  view.is_fresh =
      view.peer != nullptr && view.peer->heard_ms >= 0 && now - view.peer->heard_ms <= kFreshMs;
  if (remote.link_failure.has_value()) {
    reasons.push_back(*remote.link_failure);
  } else if (!view.is_fresh && view.peer != nullptr) {
    reasons.push_back(MakeReason(ReasonCode::kPeerTimeout, name,
                                 absl::StrCat("silent for ", now - view.peer->heard_ms, " ms")));
  }
  if (view.peer != nullptr) AddPeerReasons(remote, view);
  if (!view.target.status.ok()) reasons.push_back(NoPartReason(view.target.status, name));
  const bool is_blocked =
      !settings_.is_enabled || !view.is_fresh || !view.peer->facts.has_value() ||
      std::ranges::any_of(reasons, [](const Reason& r) { return BlocksOf(r) == Blocks::kPush; });
  view.is_part_current =
      view.peer != nullptr && view.peer->state.known_selection == view.target.selection;
  if (view.is_part_current) {
    const Comparison comparison = Compare(remote, view.target, *view.peer, is_blocked, view.base);
    // What waits here waits for no push if there will be none: then the whole part counts.
    const bool is_whole = view.right == PushRight::kYes || held_.categories.empty();
    view.is_equal =
        comparison.is_equal && view.target.status.ok() && (is_whole || IsProvenByThem(*view.peer));
    view.decision = Reconcile(comparison);
    // Who may not push has nothing to decide: the other node says how they stand.
    if (view.right != PushRight::kYes && !view.is_equal) {
      view.decision = Decision::kWaitBlocked;
      for (const Reason& theirs : view.peer->state.reasons) {
        const bool is_decision =
            theirs.code == ReasonCode::kDiverged || theirs.code == ReasonCode::kNotBaselined;
        if (is_decision) reasons.push_back(MakeReason(theirs.code, name, "as the remote says"));
      }
    }
  }
  const bool is_open = !view.is_equal && view.is_part_current;
  if (view.decision == Decision::kNotBaselined) {
    reasons.push_back(MakeReason(ReasonCode::kNotBaselined, name, ""));
  }
  if (view.decision == Decision::kDivergedThere || view.decision == Decision::kDivergedBoth) {
    reasons.push_back(
        MakeReason(ReasonCode::kDiverged, name,
                   absl::StrCat(view.decision == Decision::kDivergedBoth ? "both were changed"
                                                                         : "the remote was changed",
                                "; here ", ShortOf(view.target.part.hash()), ", there ",
                                ShortOf(view.peer->state.part))));
  }
  if (view.right != PushRight::kYes && is_open && !IsProvenByThem(*view.peer)) {
    reasons.push_back(RightReason(remote, view.right));
  }
  if (view.right == PushRight::kYes) AddHoldReasons(name, reasons);
  if (remote.push_failure.has_value() && !view.is_equal) {
    reasons.push_back(remote.push_failure->reason);
  }
  return view;
}

// By the target of who pushes here, and the own part under that selection.
bool PairImpl::IsProvenByThem(Peer& peer) {
  Selection* const selection = SelectionOf(peer, peer.state.selection);
  return selection != nullptr && selection->PartOf(*running_).hash() == peer.state.target &&
         selection->status().ok();
}

std::uint32_t PairImpl::PendingOf(const Remote& remote, const View& view) const {
  std::uint64_t pending = 0;
  const RevisionId agreed = remote.record.agreed.has_value() ? remote.record.agreed->revision : 0;
  if (!view.is_equal && revision_ > agreed) {
    const auto& own = remote.own_revisions;
    pending = revision_ - agreed -
              static_cast<std::uint64_t>(
                  std::distance(own.upper_bound(agreed), own.upper_bound(revision_)));
  }
  for (const auto& [cause, count] : held_.revisions) {
    pending = std::max<std::uint64_t>(pending, count);
  }
  return static_cast<std::uint32_t>(pending);
}

SyncState PairImpl::StateOf(Remote& remote, const View& view) {
  if (!settings_.is_enabled) return SyncState::kDisabled;
  if (!view.is_fresh) return SyncState::kConnecting;
  if (remote.is_pushing) return SyncState::kPushing;
  for (const Reason& reason : view.reasons) {
    // Those that a decision makes have states of their own.
    const bool is_of_decision =
        reason.code == ReasonCode::kDiverged || reason.code == ReasonCode::kNotBaselined ||
        reason.code == ReasonCode::kSyncDirection || reason.code == ReasonCode::kLoop ||
        reason.code == ReasonCode::kCentralManagerHeld;
    if (!is_of_decision && BlocksOf(reason) == Blocks::kPush) return SyncState::kBlocked;
  }
  if (!view.is_part_current) return SyncState::kConnecting;
  if (view.is_equal || (view.right != PushRight::kYes && IsProvenByThem(*view.peer))) {
    // What the one of them holds back that would not push anyway is of no matter.
    const bool waits =
        view.right == PushRight::kYes ? !held_.categories.empty() : view.peer->state.held != 0;
    return waits ? SyncState::kPending : SyncState::kInSync;
  }
  for (const Reason& reason : view.reasons) {
    if (reason.code == ReasonCode::kNotBaselined) return SyncState::kNotBaselined;
    if (reason.code == ReasonCode::kDiverged) return SyncState::kDiverged;
  }
  return SyncState::kPending;
}

}  // namespace configsync
