// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

// Keeps the dataplane at the running revision, whatever either process has been through.
//
// Level-triggered: the follower asks the dataplane what it runs, and gives it the whole revision if
// that is another one. It keeps no memory of what it sent before; a restart, a lost answer or a
// dataplane that died half-way look the same to it.
//
//   every poll_interval, and at once after Follow():
//     no answer                        unreachable  ask again, after longer and longer pauses
//     it runs the revision             following
//     it runs another one              applying     apply; a refusal waits for another revision or
//                                      refused      another run of the dataplane, or refusal_pause
//
// A node file may hold a forwarding of its own. A configuration without any interface does not take
// it away: an operator who installs configd on a node in service would lose the node by it.
//
// Threads: thread-safe; one thread of its own until destruction.  Memory: the revision in force as
// the dataplane's message, and one more while it is planned.

#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <string>

#include "configsync/engine/dataplane.h"

namespace configsync {

struct FollowerOptions {
  std::string socket;  // Of the dataplane's control service.
  std::chrono::milliseconds poll_interval{200};
  std::chrono::milliseconds pause_min{50};  // After a failure; doubled up to pause_max.
  std::chrono::milliseconds pause_max{1'000};
  std::chrono::milliseconds refusal_pause{10'000};
  std::chrono::milliseconds get_deadline{2'000};
  std::chrono::milliseconds plan_deadline{5'000};
  std::chrono::milliseconds apply_deadline{10'000};
  std::chrono::milliseconds follow_deadline{5'000};  // Of Follow(): what the engine waits at most.
  // Told each change of the status, on the follower's thread.
  std::function<void(const FollowStatus&)> on_change = [](const FollowStatus&) {};
};

class Follower final : public Dataplane {
 public:
  explicit Follower(FollowerOptions options);
  // Ends a call that runs; the dataplane keeps what it has.
  ~Follower() override;

  // Waits plan_deadline at most.
  SessionEffect Plan(const Tree& tree, Problems& problems) override;
  // Waits follow_deadline at most; a dataplane that is not there is not waited for.
  FollowStatus Follow(RevisionId revision, const Tree& tree) override;
  [[nodiscard]] FollowStatus status() const override;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace configsync
