// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

// Inputs and the turn. role_conditions.cc says when each event holds.

#include "statesync/role/role_machine.h"

#include <algorithm>
#include <array>
#include <bit>
#include <limits>
#include <utility>

#include "statesync/ensure.h"
#include "statesync/sim_hooks.h"

namespace statesync {
namespace {

// A step that changes the state looks again at once; the longest chain is three (suspended →
// standby → active, and one more that finds nothing).
constexpr int kRoundsMax = 4;

// By state, one bit per event that does something in it: the others need not be looked at.
constexpr auto kActingEvents = [] {
  std::array<std::uint32_t, kRoleStateCount> sets{};
  for (std::size_t s = 0; s < kRoleStateCount; ++s) {
    const auto state = static_cast<RoleState>(s);
    for (std::size_t e = 0; e < kRoleEventCount; ++e) {
      const RoleStep step = StepOf(state, static_cast<RoleEvent>(e));
      if (step != RoleStep{state, RoleAction::kNone}) sets[s] |= 1u << e;
    }
  }
  return sets;
}();

// Causes after which sessions of an active peer should have survived.
constexpr bool TookFromActive(TakeCause cause) {
  return cause == TakeCause::kSilence || cause == TakeCause::kProcessDeath ||
         cause == TakeCause::kNewBootId || cause == TakeCause::kPreempted;
}

}  // namespace

RoleMachine::RoleMachine(const RoleOptions& options, BootId boot_id, Instant now)
    : options_(options),
      boot_id_(boot_id),
      hold_until_(now + options.startup_hold),
      last_step_(now) {
  ENSURE(options.node < kNodesMax);
  ENSURE(options.missed_max > 0);
  ENSURE(options.fence_margin < detection_time());
}

// ---- Inputs
// --------------------------------------------------------------------------------------

void RoleMachine::OnStatement(Instant now, HeartbeatPath path, const Statement& statement) {
  if (!AcceptBoot(statement.node, statement.boot_id)) return;
  Hear(now, path);
  closed_.reset();  // A process that speaks is not dead, whatever closed its connection.
  const Role known_role = peer_.role;
  const Term known_term = peer_.term;
  peer_ = statement;
  peer_.role = known_role;
  peer_.term = known_term;
  peer_complete_ = true;
  AcceptRole(statement.role, statement.term);
}

void RoleMachine::OnHa2Frame(Instant heard, NodeIndex node, BootId boot_id, Role role, Term term) {
  if (!AcceptBoot(node, boot_id)) return;
  Hear(heard, HeartbeatPath::kHa2);
  // Beside a heartbeat, HA2 only says who is active: its other roles may lag behind HA1's.
  const bool heartbeat = (heard_[0].has_value() && heard - *heard_[0] <= detection_time()) ||
                         (heard_[1].has_value() && heard - *heard_[1] <= detection_time());
  if (role == Role::kActive || !heartbeat) AcceptRole(role, term);
}

void RoleMachine::OnPeerReplaced(Instant now, NodeIndex node, BootId boot_id) {
  if (AcceptBoot(node, boot_id)) Hear(now, HeartbeatPath::kHa2);
}

// True if the statement is of the peer's present run. A new run retires the one before for ever.
bool RoleMachine::AcceptBoot(NodeIndex node, BootId boot_id) {
  if (node == options_.node || boot_id == 0 || boot_id == boot_id_) return false;
  if (peer_known_ && boot_id == peer_.boot_id) return true;
  if (std::ranges::find(retired_boots_, boot_id) != retired_boots_.end()) return false;
  if (peer_known_) {
    retired_boots_[retired_next_] = peer_.boot_id;
    retired_next_ = (retired_next_ + 1) % retired_boots_.size();
    peer_replaced_ = true;
    replaced_active_ = peer_.role == Role::kActive;
  }
  heard_.fill(std::nullopt);
  closed_.reset();
  peer_known_ = true;
  peer_complete_ = false;
  peer_ = Statement{};
  peer_.node = node;
  peer_.boot_id = boot_id;
  if (std::exchange(peer_trails_, false)) trails_changed_ = true;
  return true;
}

void RoleMachine::Hear(Instant now, HeartbeatPath path) {
  std::optional<Instant>& heard = heard_[static_cast<std::size_t>(path)];
  heard = heard.has_value() ? std::max(*heard, now) : now;
}

// Statements of one run reach us by several paths, so an older one may come later. A role taken is
// always a higher term: what carries a lower term than we know of this run is old news.
void RoleMachine::AcceptRole(Role role, Term term) {
  if (term < peer_.term || term.value > kTermMax) return;
  peer_.role = role;
  peer_.term = term;
  highest_ = std::max(highest_, term);
  if (role == Role::kActive) replaced_active_ = false;
  const bool trails = RoleOf(state_) == Role::kActive && role == Role::kActive && term < taken_;
  if (trails != peer_trails_) {
    peer_trails_ = trails;
    trails_changed_ = true;
  }
}

void RoleMachine::OnLivenessClosed(Instant now) {
  if (!closed_.has_value()) closed_ = now;
}

void RoleMachine::SetLocal(Readiness readiness, bool functional) {
  readiness_ = readiness;
  was_synced_ = was_synced_ || readiness == Readiness::kSynced;
  functional_ = functional;
}

SwitchoverRefusal RoleMachine::RequestSwitchover(Instant now) {
  if (switchover_wanted_ || state_ == RoleState::kHandover) return SwitchoverRefusal::kUnderWay;
  if (state_ != RoleState::kActive) return SwitchoverRefusal::kNotActive;
  if (!PeerAlive(now)) return SwitchoverRefusal::kPeerAbsent;
  if (!PeerCanTake(now)) return SwitchoverRefusal::kPeerNotSynced;
  switchover_wanted_ = true;
  return SwitchoverRefusal::kNone;
}

void RoleMachine::OnBeatsSent(Instant sent) {
  if (Forwards(state_) && sent >= forward_until()) return;
  beats_sent_ = sent;
}

// ---- The turn
// ------------------------------------------------------------------------------------

RoleOutput RoleMachine::Step(Instant now) {
  RoleOutput output;
  output.from = state_;
  NoteStall(now, output);
  NoteTimedConditions(now);
  if (readiness_ == Readiness::kSynced) last_synced_ = now;
  for (int round = 0; round < kRoundsMax; ++round) {
    bool moved = false;
    for (std::uint32_t left = kActingEvents[Index(state_)]; left != 0 && !moved; left &= left - 1) {
      const auto event = static_cast<RoleEvent>(std::countr_zero(left));
      if (!Holds(now, event)) continue;
      const RoleStep step = StepOf(state_, event);
      if (step.action == RoleAction::kReject) {
        ++rejected_events_;
        continue;
      }
      if (step.action == RoleAction::kTake && !TermLeft()) {
        terms_exhausted_ = true;
        continue;
      }
      const RoleState before = state_;
      Apply(now, event, step, output);
      moved = state_ != before;
    }
    stalled_ = false;
    trails_changed_ = false;
    if (!moved) break;
  }
  last_step_ = now;
  return output;
}

// A gap between two steps is a time in which we neither heard nor spoke. Silence of the peer in it
// is ours. A fence that passed means the same to the peer, whatever our gaps were: it may be
// active.
void RoleMachine::NoteStall(Instant now, RoleOutput& output) {
  const Duration gap = now - last_step_;
  const bool fenced = Forwards(state_) && now >= forward_until();
  if (gap <= detection_time() && !fenced) return;
  stalled_ = true;
  ++stalls_;
  output.stalled = gap;
}

void RoleMachine::Apply(Instant now, RoleEvent event, RoleStep step, RoleOutput& output) {
  const RoleState before = state_;
  const Term term_before = term();
  switch (step.action) {
    case RoleAction::kTake:
    case RoleAction::kRetake:
      Take(now, event);
      output.announce = true;
      break;
    case RoleAction::kYield:
      switchover_wanted_ = false;
      break;
    case RoleAction::kMute:
      switchover_wanted_ = false;
      listen_until_ =
          now + options_.heartbeat_interval + Duration{options_.heartbeat_interval.ns / 2};
      for (std::optional<Instant>& heard : heard_) {
        if (heard.has_value()) heard = now;
      }
      break;
    case RoleAction::kForgive:
      hold_until_ = std::max(hold_until_, now + options_.startup_hold);
      for (std::optional<Instant>& heard : heard_) {
        if (heard.has_value()) heard = now;
      }
      break;
    case RoleAction::kUnmute:
      beats_sent_ = now;
      output.announce = true;  // An older active may have announced itself meanwhile.
      break;
    case RoleAction::kAnnounce:
      output.announce = true;
      break;
    case RoleAction::kAsk:
      switchover_wanted_ = false;
      handover_until_ = now + options_.handover_timeout;
      break;
    case RoleAction::kCancelAsk:
      handover_failed_ = suspend_wanted_;
      break;
    case RoleAction::kNone:
    case RoleAction::kJoin:
    case RoleAction::kReject:
      break;
  }
  state_ = step.next;
  if (state_ == RoleState::kSuspended || !suspend_wanted_) handover_failed_ = false;
  const bool changed = state_ != before || term() != term_before;
  output.changed = output.changed || changed;
  output.beat_now = output.beat_now || changed;
  output.event = event;
  output.action = step.action;
}

void RoleMachine::Take(Instant now, RoleEvent event) {
  // A renewal is not why this node became active.
  if (event != RoleEvent::kTermSpent) last_take_.cause = CauseOf(now, event);
  // Readiness falls together with the peer, often before its death is decided.
  const bool synced = last_synced_.has_value() && now - *last_synced_ <= detection_time() * 4;
  last_take_.unready = !synced && !was_active_ && TookFromActive(last_take_.cause);
  last_take_.peer_last_heard = LastHeard();
  last_take_.decided = now;
  taken_ = NextTerm(std::max(highest_, options_.term_floor), options_.node);
  if (SIM_BUG(take_lower_term)) taken_ = NextTerm(Term{}, options_.node);
  last_take_.term = taken_;
  highest_ = taken_;
  was_active_ = true;
  replaced_active_ = false;
  peer_trails_ = false;
  behind_since_.reset();
  better_since_.reset();
  beats_sent_ = now;  // output.beat_now: the caller sends before it does anything else.
}

// ---- State
// ---------------------------------------------------------------------------------------

Instant RoleMachine::forward_until() const {
  if (!Forwards(state_)) return Instant{};
  if (SIM_BUG(no_fence)) return {std::numeric_limits<std::int64_t>::max()};
  const bool stated = peer_.detection > options_.fence_margin;
  const Duration detection =
      stated ? std::min(peer_.detection, detection_time()) : detection_time();
  return beats_sent_ + detection - options_.fence_margin;
}

Statement RoleMachine::own_statement() const {
  Statement statement;
  statement.node = options_.node;
  statement.boot_id = boot_id_;
  statement.role = role();
  statement.term = term();
  statement.standing = Standing();
  statement.priority = options_.priority;
  statement.synced = readiness_ == Readiness::kSynced;
  statement.asks_takeover = state_ == RoleState::kHandover;
  statement.detection = detection_time();
  return statement;
}

}  // namespace statesync
