// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

// The ha thread of a simulated node: the real role machine, heartbeats, and the term on a disk that
// survives crashes. It turns every quarter of the heartbeat interval.

#pragma once

#include <cstdint>
#include <optional>

#include "statesync/engine_status.h"
#include "statesync/role/role_machine.h"
#include "statesync/role/term_mark.h"
#include "statesync/types.h"

namespace sim {

inline constexpr statesync::Duration kHaTick = statesync::Micros(2'500);

class HaNode {
 public:
  explicit HaNode(statesync::NodeIndex index) : index_(index) {}

  void Boot(statesync::Instant local, statesync::BootId boot_id);
  void Crash() { machine_.reset(); }
  // What arrived on HA1. A late beat of an earlier run (boot ids grow here) cannot echo this node's
  // challenge, so it is not believed.
  [[nodiscard]] bool IsBelieved(const statesync::Statement& statement) const {
    return statement.boot_id >= machine_->peer().boot_id;
  }
  void OnBeat(statesync::Instant local, statesync::HeartbeatPath path,
              const statesync::Statement& statement) {
    if (IsBelieved(statement)) machine_->OnStatement(local, path, statement);
  }
  void OnLivenessClosed(statesync::Instant local) { machine_->OnLivenessClosed(local); }

  struct Turned {
    bool is_role_changed = false;
    bool sends_beats = false;
  };
  // `status`: of the engine, as the sync loop left it. `peer_boot`: with which HA2 has a session.
  Turned Turn(statesync::Instant local, const statesync::EngineStatus& status,
              statesync::BootId peer_boot);

  [[nodiscard]] bool is_up() const { return machine_.has_value(); }
  [[nodiscard]] statesync::RoleMachine& machine() { return *machine_; }
  [[nodiscard]] bool MayForward(statesync::Instant local) const {
    return is_up() && local < machine_->forward_until();
  }

 private:
  void ReadHa2(statesync::Instant local, const statesync::EngineStatus& status,
               statesync::BootId peer_boot);

  statesync::NodeIndex index_;
  std::optional<statesync::RoleMachine> machine_;
  statesync::Instant next_beat_;
  statesync::Term persisted_;  // Survives crashes.
  statesync::BootId ha2_boot_ = 0;
  statesync::Instant ha2_heard_;
};

}  // namespace sim
