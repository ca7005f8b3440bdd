// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

#include "tests/sim/ha_node.h"

namespace sim {

using statesync::Instant;

void HaNode::Boot(Instant local, statesync::BootId boot_id) {
  statesync::RoleOptions options;
  options.node = index_;
  options.term_floor = persisted_;
  machine_.emplace(options, boot_id, local);
  next_beat_ = local;
  ha2_boot_ = 0;
  ha2_heard_ = {};
}

HaNode::Turned HaNode::Turn(Instant local, const statesync::EngineStatus& status,
                            statesync::BootId peer_boot) {
  ReadHa2(local, status, peer_boot);
  machine_->SetLocal(status.readiness, true);
  const statesync::RoleOutput output = machine_->Step(local);
  Turned turned;
  turned.is_role_changed = output.changed;
  if (output.beat_now || next_beat_ <= local) {
    machine_->OnBeatsSent(local);
    turned.sends_beats = true;
    const statesync::Duration interval = statesync::Millis(10);
    next_beat_ = next_beat_ + interval <= local ? local + interval : next_beat_ + interval;
  }
  statesync::TermMark mark(persisted_);
  if (const auto wanted = mark.WriteWanted(machine_->highest_term())) persisted_ = *wanted;
  return turned;
}

// As the role driver does it: a new boot id is news at once, role and term with the next frame.
void HaNode::ReadHa2(Instant local, const statesync::EngineStatus& status,
                     statesync::BootId peer_boot) {
  if (peer_boot == 0) return;
  if (peer_boot != ha2_boot_) {
    ha2_boot_ = peer_boot;
    ha2_heard_ = status.last_heard;
    machine_->OnPeerReplaced(local, static_cast<statesync::NodeIndex>(1 - index_), peer_boot);
    return;
  }
  if (status.last_heard <= ha2_heard_) return;
  ha2_heard_ = status.last_heard;
  machine_->OnHa2Frame(ha2_heard_, static_cast<statesync::NodeIndex>(1 - index_), peer_boot,
                       status.peer_role, status.peer_term);
}

}  // namespace sim
