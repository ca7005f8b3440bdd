// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

// Between the role machine and the rest of the process: feeds it with what the sync loop and
// control put into SharedState, and writes role word, fence, announcements and milestones back.
//
// Threads: the ha thread.  Memory: none of its own but log lines. No sockets here.

#pragma once

#include <atomic>
#include <cstdint>
#include <optional>
#include <utility>

#include "dataplane/core/shared_state.h"
#include "dataplane/ha/ha_thread.h"
#include "statesync/role/role_machine.h"
#include "statesync/types.h"

namespace dataplane {

class RoleDriver {
 public:
  RoleDriver(const HaThreadOptions& options, SharedState& shared, statesync::Instant now);

  [[nodiscard]] statesync::RoleMachine& machine() { return machine_; }
  [[nodiscard]] const statesync::RoleMachine& machine() const { return machine_; }

  // Reads HA2's facts and requests, steps the machine, publishes the outcome. Call after everything
  // received on HA1 was put into the machine. Returns true if heartbeats must be sent at once.
  bool Turn(statesync::Instant now, bool functional, bool suspended);

  // Heartbeats were sent; `sent` was read before the send. Moves the fence.
  void OnBeatsSent(statesync::Instant sent);

  // At the end: this node forwards nothing from here on.
  void Retire();

  // Why the last switchover request had no effect; kNone after a success. For any thread.
  [[nodiscard]] statesync::SwitchoverRefusal last_refusal() const {
    return last_refusal_.load(std::memory_order_relaxed);
  }

 private:
  void ReadHa2(statesync::Instant now);
  void ReadSwitches();
  void ReadRequests(statesync::Instant now);
  void Publish(statesync::Instant now, const statesync::RoleOutput& output);
  void PublishTake();
  void PublishFence();
  void RepeatAnnouncements(statesync::Instant now);
  void Log(const statesync::RoleOutput& output) const;

  const HaThreadOptions& options_;
  SharedState& shared_;
  statesync::RoleMachine machine_;
  statesync::BootId ha2_boot_ = 0;
  std::int64_t ha2_heard_ns_ = 0;
  // What HA2's facts said when a new run was proven; gone as soon as they say something else.
  std::optional<std::pair<statesync::Role, statesync::Term>> dead_run_;
  std::uint32_t switchovers_seen_ = 0;
  std::uint32_t change_ = 0;
  std::int64_t take_published_ns_ = 0;  // TakeRecord::decided of the take that was published last.
  int announcements_left_ = 0;
  statesync::Instant next_announcement_{};
  std::atomic<statesync::SwitchoverRefusal> last_refusal_{statesync::SwitchoverRefusal::kNone};
};

}  // namespace dataplane
