// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

// One owner: at no instant two nodes forward, except in the windows that ROLES.md names: until a
// statement that the other one leads has arrived, and only if the older owner's own heartbeats left
// in time and were lost on every path, or the younger was asked or elected.

#include "tests/sim/checkers.h"

namespace sim {
namespace {

using statesync::Duration;
using statesync::Instant;
using statesync::Millis;
using statesync::TakeCause;

constexpr Duration kDetection = Millis(30);
// A statement that arrived is looked at by the next turn of the ha thread; clocks drift.
constexpr Duration kTurn = kHaTick + statesync::Micros(100);
// A fence counts from the heartbeat that left last.
constexpr Duration kFence = kDetection;

}  // namespace

void OneOwner::OnHeard(Instant now, int listener, const statesync::Statement& statement,
                       statesync::Term own_term, bool owns) {
  heard_[Index(listener)] = now;
  Instant& since = knows_since_[Index(listener)];
  const bool leads =
      owns && statement.role == statesync::Role::kActive && statement.term > own_term;
  if (!leads || since.ns == 0) since = leads ? now : Instant{};
}

void OneOwner::OnRole(Instant now, int node, bool has_taken) {
  knows_since_[Index(node)] = {};
  if (!has_taken) return;
  took_[Index(node)] = now;
  heard_at_take_[Index(node)] = heard_[Index(node)];
}

std::string OneOwner::Check(Instant now, std::array<Node*, 2> nodes) {
  for (std::size_t i = 0; i < 2; ++i) {
    if (nodes[i]->Forwards(now) && now - sent_[i] > kFence) {
      return "one owner: node " + std::to_string(i) + " forwards " +
             std::to_string((now - sent_[i]).ns / 1'000) + " us after its last heartbeat";
    }
  }
  if (!nodes[0]->Forwards(now) || !nodes[1]->Forwards(now)) return "";
  statesync::RoleMachine& first = nodes[0]->ha().machine();
  statesync::RoleMachine& second = nodes[1]->ha().machine();
  const std::size_t older = first.term() < second.term() ? 0 : 1;
  const std::size_t younger = 1 - older;
  if (knows_since_[older].ns != 0 && now - knows_since_[older] > kTurn &&
      nodes[older]->paused_until() + kTurn < now) {
    return "one owner: node " + std::to_string(older) + " forwards " +
           std::to_string((now - knows_since_[older]).ns / 1'000) +
           " us after it heard of a higher term";
  }
  const TakeCause cause = nodes[younger]->ha().machine().last_take().cause;
  if (cause == TakeCause::kSilence) {
    const Duration silence = took_[younger] - heard_at_take_[younger];
    if (silence + Millis(1) >= kDetection) return "";
    return "one owner: node " + std::to_string(younger) + " took over after a silence of " +
           std::to_string(silence.ns / 1'000) + " us";
  }
  return "";
}

}  // namespace sim
