// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

// Who owns the tables, and what goes wrong: a simple takeover driver in place of the role machine,
// and faults at random moments; see world.h.

#include <algorithm>

#include "tests/sim/world.h"

namespace sim {

using statesync::Duration;
using statesync::Millis;
using statesync::NextTerm;
using statesync::Readiness;
using statesync::Role;

void World::Activate(int index) {
  highest_term_ = NextTerm(highest_term_, static_cast<statesync::NodeIndex>(index));
  no_resurrection_.OnRoleChange();
  node(index).SetRole(now_, Role::kActive, highest_term_);
  Wake(index, now_);
}

void World::MakeStandby(int index) {
  no_resurrection_.OnRoleChange();
  node(index).SetRole(now_, Role::kStandby, highest_term_);
  Wake(index, now_);
}

void World::Switchover() {
  const int owner = Owner();
  if (owner < 0 || !IsSynced() || node(owner).IsPaused(now_) || node(1 - owner).IsPaused(now_)) {
    return;
  }
  MakeStandby(owner);
  Activate(1 - owner);
}

// Two owners: the older one yields once it runs again. No owner that runs: a node takes over, but
// not while a paused owner may come back with more than this node can prove to hold.
void World::CheckRoles() {
  bool runs[2];
  for (int i = 0; i < 2; ++i) runs[i] = node(i).is_up() && !node(i).IsPaused(now_);
  if (node(0).IsActive() && node(1).IsActive()) {
    const int older = node(0).term() < node(1).term() ? 0 : 1;
    if (runs[older]) MakeStandby(older);
    return;
  }
  const int owner = Owner();
  if (owner >= 0 && runs[owner]) return;
  int candidate = -1;
  for (int i = 0; i < 2; ++i) {
    if (!runs[i] || node(i).IsActive()) continue;
    const bool is_proven = Status(i).readiness == Readiness::kSynced;
    if (owner >= 0 && !is_proven) continue;
    // Of two that restarted the one that ran longer knows more.
    if (candidate < 0 || node(i).boot_id() < node(candidate).boot_id()) candidate = i;
  }
  if (candidate >= 0) {
    Activate(candidate);
  } else {
    At(now_ + Millis(10), [this] { CheckRoles(); });
  }
}

// ---- Faults
// --------------------------------------------------------------------------------------

void World::Repeat(Duration mean, std::function<void()> move) {
  if (mean.ns == 0) return;
  const Duration wait{chance_.Between(mean.ns / 10, 2 * mean.ns)};
  At(now_ + wait, [this, mean, move] {
    if (faults_run_) move();
    Repeat(mean, move);
  });
}

void World::ArmFaults() {
  const FaultOptions& f = options_.faults;
  const auto either = [this] { return static_cast<int>(chance_.Below(2)); };
  Repeat(f.cut_every, [this] {
    Cut(true);
    At(now_ + Duration{chance_.Between(1, options_.faults.cut_length.ns)}, [this] { Cut(false); });
  });
  Repeat(f.one_way_cut_every, [this, either] {
    const int from = either();
    CutOneWay(from, true);
    At(now_ + Duration{chance_.Between(1, options_.faults.cut_length.ns)},
       [this, from] { CutOneWay(from, false); });
  });
  Repeat(f.crash_every, [this, either] {
    const int victim = either();
    Crash(victim);
    At(now_ + Duration{chance_.Between(1, options_.faults.down_length.ns)},
       [this, victim] { Boot(victim); });
  });
  Repeat(f.pause_every, [this, either] {
    const int victim = either();
    if (!node(victim).is_up() || node(victim).IsPaused(now_)) return;
    Pause(victim, Duration{chance_.Between(1, options_.faults.pause_length.ns)});
  });
  Repeat(f.switch_every, [this] { Switchover(); });
  Repeat(f.resync_every, [this] {
    const int owner = Owner();
    if (owner < 0 || !node(1 - owner).is_up()) return;
    node(1 - owner).engine().RequestBulk(now_);
    Wake(1 - owner, now_);
  });
}

}  // namespace sim
