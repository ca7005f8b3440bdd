// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

// One role machine, its peer played by hand. Virtual time in steps of a millisecond.

#pragma once

#include <vector>

#include <gtest/gtest.h>

#include "statesync/role/role_machine.h"

namespace statesync::testing {

inline constexpr BootId kOwnBoot = 100;
inline constexpr BootId kPeerBoot = 200;

class RoleMachineTest : public ::testing::Test {
 protected:
  explicit RoleMachineTest(const RoleOptions& options = {}) : machine_(options, kOwnBoot, now_) {
    peer_.node = 1;
    peer_.boot_id = kPeerBoot;
    peer_.role = Role::kInit;
    peer_.priority = 100;
  }

  // Runs for `duration`; while `peer_speaks_` the peer's statement comes every 10 ms on HA1.
  void Run(Duration duration) {
    const Instant end = now_ + duration;
    while (now_ < end) {
      now_ = now_ + Millis(1);
      if (peer_speaks_ && now_.ns / 1'000'000 % 10 == 0) Hear();
      if (ha2_speaks_ && now_.ns / 1'000'000 % 10 == 5) {
        machine_.OnHa2Frame(now_, peer_.node, peer_.boot_id, peer_.role, peer_.term);
      }
      StepOnce();
    }
  }
  void Hear() { machine_.OnStatement(now_, HeartbeatPath::kHa1, peer_); }
  void StepOnce() {
    const RoleOutput output = machine_.Step(now_);
    if (output.beat_now || now_ - beat_ >= Millis(10)) {
      beat_ = now_;
      machine_.OnBeatsSent(now_);
    }
    announced_ += output.announce ? 1 : 0;
    if (output.changed) changes_.push_back(machine_.state());
  }
  bool MayForward() const { return now_ < machine_.forward_until(); }

  // A standby of an active peer with the highest term 17 (round 2, node 1), synced.
  void BecomeStandby(Readiness readiness = Readiness::kSynced) {
    peer_.role = Role::kActive;
    peer_.term = MakeTerm(2, 1);
    peer_.standing = 2;
    peer_speaks_ = true;
    machine_.SetLocal(readiness, true);
    Run(Millis(50));
    ASSERT_EQ(machine_.state(), RoleState::kStandby);
  }
  // Active, with a synced standby beside us.
  void BecomeActive() {
    Run(Millis(1'100));
    ASSERT_EQ(machine_.state(), RoleState::kActive);
    peer_.role = Role::kStandby;
    peer_.synced = true;
    peer_.term = machine_.term();
    peer_speaks_ = true;
    Run(Millis(50));
    ASSERT_EQ(machine_.state(), RoleState::kActive);
  }

  Instant now_{Seconds(5).ns};
  Instant beat_{};
  RoleMachine machine_;
  Statement peer_;
  bool peer_speaks_ = false;
  bool ha2_speaks_ = false;
  int announced_ = 0;
  std::vector<RoleState> changes_;
};

}  // namespace statesync::testing
