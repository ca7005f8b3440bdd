// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

// The role machine as data: every (state, event) names the next state and what to do. RoleMachine
// derives the events from what it knows and obeys this table. ROLES.md has the prose.
//
// Threads: constants only.

#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "statesync/types.h"

namespace statesync {

enum class RoleState : std::uint8_t {
  kInit,  // Just started: owns nothing, listens for the peer.
  kStandby,
  kActive,
  kHandover,       // Active, and has asked the peer to take over; forwards until the peer does.
  kListening,      // Active, but stood still: forwards nothing until it has listened (I6).
  kSuspended,      // By the operator.
  kNonfunctional,  // A monitor failed.
};
inline constexpr std::size_t kRoleStateCount = 7;

// All conditions hold "now": an event is raised at every step while its condition is true, except
// the ones marked once. Order is priority: the first event whose cell does something wins.
enum class RoleEvent : std::uint8_t {
  kStalled,         // Once: our own loop stood still longer than the detection time.
  kMonitorFailed,   // This node cannot forward.
  kPeerLeads,       // The peer lives and is active; if we are too, its term is higher.
  kSuspendAsked,    // The operator wants this node suspended and nothing speaks for waiting.
  kCleared,         // Neither suspended nor failed.
  kPeerAsks,        // The active peer asks us to take over, and we are synced.
  kPeerAbsent,      // No path has heard the peer for the detection time, or it died, or never came.
  kElected,         // The peer lives, nobody is active, and we are the better one.
  kOutvoted,        // The peer lives, nobody is active, and it is the better one.
  kPreemptDue,      // Preemption is on, and we have been the better one for the hold time.
  kHandoverWanted,  // Switchover or suspension, and the peer is ready to take over.
  kHandoverExpired,  // The peer did not take over in time, or can no longer.
  kListenOver,       // One interval has passed since the loop runs again.
  kPeerTrails,  // Once: an active peer with a lower term appeared beside us, or ceased to be one.
  kTermBehind,  // The peer is not active but knows a higher term than the one we are active with.
  kTermSpent,   // The versions of the term we are active with are nearly used up.
};
inline constexpr std::size_t kRoleEventCount = 16;

enum class RoleAction : std::uint8_t {
  kNone,
  kReject,     // Cannot happen; counted, nothing changes.
  kJoin,       // Become standby: release the tables, pull from the active.
  kTake,       // Take the next term, flip the role word, announce the addresses.
  kRetake,     // Stay active under a term higher than any known.
  kYield,      // Stop forwarding at once; adopt the higher term.
  kMute,       // Stop forwarding at once, keep the role, start to listen.
  kUnmute,     // Forward again under the same term.
  kAnnounce,   // Announce the addresses again.
  kAsk,        // Ask the peer to take over.
  kCancelAsk,  // No longer ask; go on as before.
  kForgive,    // Silence was our own: every path gets a new detection time.
};
inline constexpr std::size_t kRoleActionCount = 12;

struct RoleStep {
  RoleState next = RoleState::kInit;
  RoleAction action = RoleAction::kNone;
  friend constexpr bool operator==(RoleStep, RoleStep) = default;
};

[[nodiscard]] constexpr std::size_t Index(RoleState state) {
  return static_cast<std::size_t>(state);
}
[[nodiscard]] constexpr std::size_t Index(RoleEvent event) {
  return static_cast<std::size_t>(event);
}

using RoleRow = std::array<RoleStep, kRoleEventCount>;

// clang-format off
inline constexpr auto kRoleSteps = [] {
  using S = RoleState;
  using A = RoleAction;
  return std::array<RoleRow, kRoleStateCount>{{
    // kInit: only hearing the peer, or its absence for the start-up hold, leads out.
    {{{S::kInit, A::kForgive},           // kStalled
      {S::kNonfunctional, A::kNone},     // kMonitorFailed
      {S::kStandby, A::kJoin},           // kPeerLeads
      {S::kSuspended, A::kNone},         // kSuspendAsked
      {S::kInit, A::kNone},              // kCleared
      {S::kInit, A::kReject},            // kPeerAsks: a node in init is never synced
      {S::kActive, A::kTake},            // kPeerAbsent
      {S::kActive, A::kTake},            // kElected
      {S::kStandby, A::kJoin},           // kOutvoted
      {S::kInit, A::kReject},            // kPreemptDue
      {S::kInit, A::kReject},            // kHandoverWanted
      {S::kInit, A::kReject},            // kHandoverExpired
      {S::kInit, A::kReject},            // kListenOver
      {S::kInit, A::kReject},            // kPeerTrails
      {S::kInit, A::kReject},            // kTermBehind
      {S::kInit, A::kReject}}},          // kTermSpent
    // kStandby
    {{{S::kStandby, A::kForgive},        // kStalled
      {S::kNonfunctional, A::kNone},     // kMonitorFailed
      {S::kStandby, A::kNone},           // kPeerLeads
      {S::kSuspended, A::kNone},         // kSuspendAsked
      {S::kStandby, A::kNone},           // kCleared
      {S::kActive, A::kTake},            // kPeerAsks
      {S::kActive, A::kTake},            // kPeerAbsent
      {S::kActive, A::kTake},            // kElected
      {S::kStandby, A::kNone},           // kOutvoted
      {S::kActive, A::kTake},            // kPreemptDue
      {S::kStandby, A::kReject},         // kHandoverWanted
      {S::kStandby, A::kReject},         // kHandoverExpired
      {S::kStandby, A::kReject},         // kListenOver
      {S::kStandby, A::kReject},         // kPeerTrails
      {S::kStandby, A::kReject},         // kTermBehind
      {S::kStandby, A::kReject}}},       // kTermSpent
    // kActive
    {{{S::kListening, A::kMute},         // kStalled
      {S::kNonfunctional, A::kYield},    // kMonitorFailed
      {S::kStandby, A::kYield},          // kPeerLeads
      {S::kSuspended, A::kYield},        // kSuspendAsked
      {S::kActive, A::kNone},            // kCleared
      {S::kActive, A::kReject},          // kPeerAsks: an active peer leads or trails
      {S::kActive, A::kNone},            // kPeerAbsent
      {S::kActive, A::kNone},            // kElected
      {S::kActive, A::kNone},            // kOutvoted: no preemption by being better
      {S::kActive, A::kReject},          // kPreemptDue
      {S::kHandover, A::kAsk},           // kHandoverWanted
      {S::kActive, A::kReject},          // kHandoverExpired
      {S::kActive, A::kReject},          // kListenOver
      {S::kActive, A::kAnnounce},        // kPeerTrails
      {S::kActive, A::kRetake},          // kTermBehind
      {S::kActive, A::kRetake}}},        // kTermSpent
    // kHandover
    {{{S::kListening, A::kMute},         // kStalled
      {S::kNonfunctional, A::kYield},    // kMonitorFailed
      {S::kStandby, A::kYield},          // kPeerLeads: the peer took over, as asked
      {S::kSuspended, A::kYield},        // kSuspendAsked
      {S::kHandover, A::kNone},          // kCleared
      {S::kHandover, A::kReject},        // kPeerAsks
      {S::kActive, A::kCancelAsk},       // kPeerAbsent
      {S::kHandover, A::kNone},          // kElected
      {S::kHandover, A::kNone},          // kOutvoted
      {S::kHandover, A::kReject},        // kPreemptDue
      {S::kHandover, A::kNone},          // kHandoverWanted
      {S::kActive, A::kCancelAsk},       // kHandoverExpired
      {S::kHandover, A::kReject},        // kListenOver
      {S::kHandover, A::kAnnounce},      // kPeerTrails
      {S::kHandover, A::kNone},          // kTermBehind: the peer is about to take a higher one
      {S::kHandover, A::kNone}}},        // kTermSpent
    // kListening
    {{{S::kListening, A::kMute},         // kStalled
      {S::kNonfunctional, A::kYield},    // kMonitorFailed
      {S::kStandby, A::kYield},          // kPeerLeads: it took over while we stood still
      {S::kSuspended, A::kYield},        // kSuspendAsked
      {S::kListening, A::kNone},         // kCleared
      {S::kListening, A::kReject},       // kPeerAsks
      {S::kListening, A::kNone},         // kPeerAbsent: not before we have listened
      {S::kListening, A::kNone},         // kElected
      {S::kListening, A::kNone},         // kOutvoted
      {S::kListening, A::kReject},       // kPreemptDue
      {S::kListening, A::kReject},       // kHandoverWanted
      {S::kListening, A::kReject},       // kHandoverExpired
      {S::kActive, A::kUnmute},          // kListenOver
      {S::kListening, A::kNone},         // kPeerTrails
      {S::kListening, A::kNone},         // kTermBehind
      {S::kListening, A::kNone}}},       // kTermSpent
    // kSuspended: leaves only when the operator says so.
    {{{S::kSuspended, A::kForgive},      // kStalled
      {S::kSuspended, A::kNone},         // kMonitorFailed
      {S::kSuspended, A::kNone},         // kPeerLeads
      {S::kSuspended, A::kNone},         // kSuspendAsked
      {S::kStandby, A::kJoin},           // kCleared
      {S::kSuspended, A::kNone},         // kPeerAsks
      {S::kSuspended, A::kNone},         // kPeerAbsent
      {S::kSuspended, A::kNone},         // kElected
      {S::kSuspended, A::kNone},         // kOutvoted
      {S::kSuspended, A::kNone},         // kPreemptDue
      {S::kSuspended, A::kReject},       // kHandoverWanted
      {S::kSuspended, A::kReject},       // kHandoverExpired
      {S::kSuspended, A::kReject},       // kListenOver
      {S::kSuspended, A::kReject},       // kPeerTrails
      {S::kSuspended, A::kReject},       // kTermBehind
      {S::kSuspended, A::kReject}}},     // kTermSpent
    // kNonfunctional: leaves when the monitors recover.
    {{{S::kNonfunctional, A::kForgive},  // kStalled
      {S::kNonfunctional, A::kNone},     // kMonitorFailed
      {S::kNonfunctional, A::kNone},     // kPeerLeads
      {S::kSuspended, A::kNone},         // kSuspendAsked
      {S::kStandby, A::kJoin},           // kCleared
      {S::kNonfunctional, A::kNone},     // kPeerAsks
      {S::kNonfunctional, A::kNone},     // kPeerAbsent
      {S::kNonfunctional, A::kNone},     // kElected
      {S::kNonfunctional, A::kNone},     // kOutvoted
      {S::kNonfunctional, A::kNone},     // kPreemptDue
      {S::kNonfunctional, A::kReject},   // kHandoverWanted
      {S::kNonfunctional, A::kReject},   // kHandoverExpired
      {S::kNonfunctional, A::kReject},   // kListenOver
      {S::kNonfunctional, A::kReject},   // kPeerTrails
      {S::kNonfunctional, A::kReject},   // kTermBehind
      {S::kNonfunctional, A::kReject}}}, // kTermSpent
  }};
}();
// clang-format on

[[nodiscard]] constexpr RoleStep StepOf(RoleState state, RoleEvent event) {
  return kRoleSteps[Index(state)][Index(event)];
}

[[nodiscard]] constexpr Role RoleOf(RoleState state) {
  constexpr std::array<Role, kRoleStateCount> kRoles{
      Role::kInit,   Role::kStandby,   Role::kActive,       Role::kActive,
      Role::kActive, Role::kSuspended, Role::kNonfunctional};
  return kRoles[Index(state)];
}

// Only these forward. kListening has the active role but is mute.
[[nodiscard]] constexpr bool Forwards(RoleState state) {
  return state == RoleState::kActive || state == RoleState::kHandover;
}

[[nodiscard]] std::string_view NameOf(RoleState state) noexcept;
[[nodiscard]] std::string_view NameOf(RoleEvent event) noexcept;
[[nodiscard]] std::string_view NameOf(RoleAction action) noexcept;
[[nodiscard]] std::string_view NameOf(Role role) noexcept;

// ---- What the table must say, whatever is changed in it
// -------------------------------------------

namespace role_proofs {

// Calls `rule(state, event, step)` for every cell; true if all are true.
template <typename Rule>
constexpr bool EveryCell(Rule rule) {
  for (std::size_t s = 0; s < kRoleStateCount; ++s) {
    for (std::size_t e = 0; e < kRoleEventCount; ++e) {
      const auto state = static_cast<RoleState>(s);
      const auto event = static_cast<RoleEvent>(e);
      if (!rule(state, event, StepOf(state, event))) return false;
    }
  }
  return true;
}

// A node begins to forward only by taking a term, or after it has listened.
static_assert(EveryCell([](RoleState state, RoleEvent, RoleStep step) {
  return Forwards(state) || !Forwards(step.next) || step.action == RoleAction::kTake ||
         step.action == RoleAction::kUnmute;
}));
// A node that ceases to forward says so to its workers.
static_assert(EveryCell([](RoleState state, RoleEvent, RoleStep step) {
  return !Forwards(state) || Forwards(step.next) || step.action == RoleAction::kYield ||
         step.action == RoleAction::kMute;
}));
// Whoever is active gives way to a higher term, and whoever stood still is mute.
static_assert(std::ranges::all_of(kRoleSteps, [](const RoleRow& row) {
  return RoleOf(row[Index(RoleEvent::kPeerLeads)].next) != Role::kActive &&
         !Forwards(row[Index(RoleEvent::kStalled)].next);
}));
// What cannot happen changes nothing.
static_assert(EveryCell([](RoleState state, RoleEvent, RoleStep step) {
  return step.action != RoleAction::kReject || step.next == state;
}));
// A suspended node or one with failed monitors never becomes active directly.
static_assert(EveryCell([](RoleState state, RoleEvent, RoleStep step) {
  return (state != RoleState::kSuspended && state != RoleState::kNonfunctional) ||
         RoleOf(step.next) != Role::kActive;
}));

}  // namespace role_proofs
}  // namespace statesync
