// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

// What goes wrong, at random moments; see world.h.

#include <algorithm>

#include "tests/sim/world.h"

namespace sim {

using statesync::Duration;

void World::ArmFaults() {
  for (std::size_t f = 0; f < kFaultCount; ++f) Arm(static_cast<Fault>(f));
}

void World::Arm(Fault fault) {
  const Duration mean = MeanOf(fault);
  if (mean.ns == 0) return;
  At(now_ + Duration{chance_.Between(mean.ns / 10, 2 * mean.ns)}, EventKind::kFault,
     static_cast<std::uint32_t>(fault), 0);
}

Duration World::MeanOf(Fault fault) const {
  const FaultOptions& f = options_.faults;
  switch (fault) {
    case Fault::kCut:
      return f.cut_every;
    case Fault::kOneWayCut:
      return f.one_way_cut_every;
    case Fault::kLinkCut:
      return f.link_cut_every;
    case Fault::kHa1Cut:
      return f.ha1_cut_every;
    case Fault::kAllPathsCut:
      return f.all_paths_cut_every;
    case Fault::kCrash:
      return f.crash_every;
    case Fault::kPause:
      return f.pause_every;
    case Fault::kMtu:
      return f.mtu_every;
    case Fault::kSwitch:
      return f.switch_every;
    case Fault::kResync:
      return f.resync_every;
  }
  return {};
}

Duration World::LengthOf(Fault fault) const {
  const FaultOptions& f = options_.faults;
  if (fault == Fault::kCrash) return f.down_length;
  if (fault == Fault::kPause) return f.pause_length;
  if (fault == Fault::kMtu) return f.mtu_length;
  return f.cut_length;
}

void World::Begin(Fault fault) {
  Arm(fault);
  if (!faults_run_) return;
  const int either = static_cast<int>(chance_.Below(2));
  const auto which = static_cast<std::uint32_t>(chance_.Below(2));
  const Duration length{chance_.Between(1, std::max<std::int64_t>(LengthOf(fault).ns, 1))};
  switch (fault) {
    case Fault::kCut:
      Cut(true);
      break;
    case Fault::kOneWayCut:
      CutOneWay(either, true);
      break;
    case Fault::kLinkCut:
      CutLink(which, true);
      break;
    case Fault::kHa1Cut:
      CutHa1(which, true);
      break;
    case Fault::kAllPathsCut:
      // `which` says whether one direction or both.
      for (int from = 0; from < 2; ++from) {
        if (which == 1 && from != either) continue;
        CutOneWay(from, true);
        for (Link& path : ha1_[static_cast<std::size_t>(from)]) path.SetCut(true);
      }
      break;
    case Fault::kCrash:
      Crash(either);
      break;
    case Fault::kPause:
      if (node(either).Runs(now_)) Pause(either, length);
      return;
    case Fault::kMtu:
      SetMtu(options_.small_mtu_bytes);
      break;
    case Fault::kSwitch:
      Switchover();
      return;
    case Fault::kResync: {
      const int owner = Owner();
      if (owner < 0 || !node(1 - owner).Runs(now_)) return;
      resynced_boot_ = node(1 - owner).boot_id();
      node(1 - owner).engine().RequestBulk(node(1 - owner).Local(now_));
      Kick(1 - owner);
      return;
    }
  }
  At(now_ + length, EventKind::kFaultEnd, static_cast<std::uint32_t>(fault) | which << 8, either);
}

void World::End(Fault fault, int node, std::uint32_t which) {
  switch (fault) {
    case Fault::kCut:
      Cut(false);
      break;
    case Fault::kOneWayCut:
      CutOneWay(node, false);
      break;
    case Fault::kLinkCut:
      CutLink(which, false);
      break;
    case Fault::kHa1Cut:
      CutHa1(which, false);
      break;
    case Fault::kAllPathsCut:
      Cut(false);
      CutHa1(0, false);
      CutHa1(1, false);
      break;
    case Fault::kCrash:
      Boot(node);
      break;
    case Fault::kMtu:
      SetMtu(0);
      break;
    case Fault::kPause:
    case Fault::kSwitch:
    case Fault::kResync:
      break;
  }
}

// Everything works again, with the delays that the links have.
void World::Heal() {
  Cut(false);
  CutHa1(0, false);
  CutHa1(1, false);
  SetMtu(0);
  const auto clean = [](const LinkFaults& faults) {
    LinkFaults still;
    still.delay_min = faults.delay_min;
    still.delay_max = faults.delay_max;
    return still;
  };
  SetLinkFaults(clean(options_.link));
  for (auto& links : ha1_) {
    for (Link& path : links) path.SetFaults(clean(options_.ha1));
  }
  for (int i = 0; i < 2; ++i) Boot(i);
}

}  // namespace sim
