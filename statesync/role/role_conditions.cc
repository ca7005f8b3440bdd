// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

// When each event of the role table holds.

#include <algorithm>

#include "statesync/ensure.h"
#include "statesync/role/role_machine.h"
#include "statesync/sim_hooks.h"

namespace statesync {

bool RoleMachine::Holds(Instant now, RoleEvent event) const {
  const bool active = RoleOf(state_) == Role::kActive;
  const auto is_peer_active = [&] { return peer_.role == Role::kActive && PeerAlive(now); };
  switch (event) {
    case RoleEvent::kStalled:
      return stalled_;
    case RoleEvent::kMonitorFailed:
      return !functional_ && (options_.failover || !active);
    case RoleEvent::kPeerLeads:
      if (active && SIM_BUG(ignore_higher_term)) return false;
      return (!active || peer_.term > taken_) && is_peer_active();
    case RoleEvent::kSuspendAsked:
      return suspend_wanted_ && (!active || handover_failed_ || !PeerCanTake(now));
    case RoleEvent::kCleared:
      return functional_ && !suspend_wanted_;
    case RoleEvent::kPeerAsks:
      return !active && peer_.asks_takeover && readiness_ == Readiness::kSynced && is_peer_active();
    case RoleEvent::kPeerAbsent:
      return PeerAbsent(now) && MayTakeAlone();
    case RoleEvent::kElected:
      return ElectionDecidable(now) && BetterThanPeer() && MayTakeAlone();
    case RoleEvent::kOutvoted:
      return ElectionDecidable(now) && !BetterThanPeer();
    case RoleEvent::kPreemptDue:
      return better_since_.has_value() && now - *better_since_ >= options_.preempt_hold;
    case RoleEvent::kHandoverWanted:
      return active && state_ != RoleState::kListening && PeerCanTake(now) && !handover_failed_ &&
             (switchover_wanted_ || suspend_wanted_);
    case RoleEvent::kHandoverExpired:
      return state_ == RoleState::kHandover && (now >= handover_until_ || !PeerCanTake(now));
    case RoleEvent::kListenOver:
      return state_ == RoleState::kListening && now >= listen_until_;
    case RoleEvent::kPeerTrails:
      return trails_changed_ && active;
    case RoleEvent::kTermBehind:
      return active && behind_since_.has_value() && now - *behind_since_ >= detection_time() &&
             TermLeft();
    case RoleEvent::kTermSpent:
      return active && spent_ == taken_ && TermLeft();
  }
  ENSURE(false);
  return false;
}

// Conditions that must have lasted before they become events.
void RoleMachine::NoteTimedConditions(Instant now) {
  const auto note = [now](bool holds, std::optional<Instant>& since) {
    if (!holds) since.reset();
    if (holds && !since.has_value()) since = now;
  };
  note(options_.preempt && options_.failover && state_ == RoleState::kStandby &&
           readiness_ == Readiness::kSynced && peer_complete_ && PeerAlive(now) &&
           options_.priority > peer_.priority,
       better_since_);
  // Held for the detection time, because a peer that is about to say "active" states its new term
  // on one path earlier than its new role on another.
  note(RoleOf(state_) == Role::kActive && peer_.role != Role::kActive && PeerAlive(now) &&
           peer_.term > taken_,
       behind_since_);
}

// With failover disabled a standby waits for a command. Only a node that just started may become
// active by itself: else nobody would after a power cut.
bool RoleMachine::MayTakeAlone() const {
  return options_.failover || state_ != RoleState::kStandby;
}

bool RoleMachine::PeerAlive(Instant now) const {
  if (!peer_known_ || DiedByClose(now)) return false;
  return std::ranges::any_of(heard_, [&](const std::optional<Instant>& heard) {
    const Duration patience = SIM_BUG(hasty_takeover) ? Millis(8) : detection_time();
    return heard.has_value() && now - *heard <= patience;
  });
}

// Closed alone is not dead: anybody can forge a reset. Closed, and one interval of silence on every
// path, is: a forged reset together with a cut of HA2 is still refuted by the next HA1 heartbeat.
bool RoleMachine::DiedByClose(Instant now) const {
  if (!closed_.has_value()) return false;
  const Duration slack{options_.heartbeat_interval.ns / 4};
  return now - LastHeard() > std::max(options_.heartbeat_interval, options_.ha2_interval) + slack;
}

bool RoleMachine::PeerAbsent(Instant now) const {
  if (state_ == RoleState::kInit && now < hold_until_) return false;
  return !PeerAlive(now);
}

// Nobody is active and the peer said enough to compare. A peer heard on HA2 only never states its
// priority: after the start-up hold the index decides.
bool RoleMachine::ElectionDecidable(Instant now) const {
  if (!PeerAlive(now) || peer_.role == Role::kActive) return false;
  return peer_complete_ || now >= hold_until_;
}

bool RoleMachine::BetterThanPeer() const {
  const bool eligible = peer_.role == Role::kInit || peer_.role == Role::kStandby;
  if (!eligible) return true;
  if (!peer_complete_) {
    // A run that just replaced another owns nothing; of any other nothing is known.
    return (peer_replaced_ && Standing() > 0) || options_.node < peer_.node;
  }
  // With failover disabled what a node holds makes no difference: the default one is the default.
  if (options_.failover && Standing() != peer_.standing) return Standing() > peer_.standing;
  if (options_.priority != peer_.priority) return options_.priority > peer_.priority;
  return options_.node < peer_.node;
}

bool RoleMachine::PeerCanTake(Instant now) const {
  return PeerAlive(now) && peer_complete_ && peer_.role == Role::kStandby && peer_.synced;
}

Instant RoleMachine::LastHeard() const {
  Instant last{};
  for (const std::optional<Instant>& heard : heard_) {
    if (heard.has_value()) last = std::max(last, *heard);
  }
  return last;
}

std::uint8_t RoleMachine::Standing() const {
  if (was_active_ || was_synced_) return 2;
  return readiness_ == Readiness::kNoPeer ? 0 : 1;
}

bool RoleMachine::TermLeft() const {
  return NextTerm(std::max(highest_, options_.term_floor), options_.node).value <= kTermMax;
}

TakeCause RoleMachine::CauseOf(Instant now, RoleEvent event) const {
  if (event == RoleEvent::kPeerAsks) return TakeCause::kPeerAsked;
  if (event == RoleEvent::kPreemptDue) return TakeCause::kPreempted;
  if (event == RoleEvent::kPeerAbsent) {
    if (!peer_known_) return TakeCause::kNoPeerAtStart;
    return DiedByClose(now) ? TakeCause::kProcessDeath : TakeCause::kSilence;
  }
  return replaced_active_ ? TakeCause::kNewBootId : TakeCause::kElected;
}

}  // namespace statesync
