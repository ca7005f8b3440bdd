// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

// The dataplane as the commit engine sees it. follow/ implements it over control.proto; tests and
// the simulator implement it in memory.
//
// Following is level-triggered: the engine says which revision is to run, and the follower brings
// the dataplane there, now or when it is back, however often either restarts.

#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "configsync/schema/problem.h"
#include "configsync/tree/revision_id.h"
#include "configsync/tree/tree.h"

namespace configsync {

// What a revision would do to live sessions.
struct SessionEffect {
  bool known = false;  // False: no dataplane answers.
  std::uint64_t kept = 0;
  std::uint64_t ended = 0;
  std::vector<std::string> ended_examples;  // At most ten, as in `lockstepctl sessions`.
};

enum class FollowState : std::uint8_t {
  kUnreachable,  // No dataplane answers; it forwards by what it has.
  kApplying,
  kFollowing,  // It runs the revision.
  kRefused,    // It said why in `text`; it runs the revision before.
};

struct FollowStatus {
  FollowState state = FollowState::kUnreachable;
  RevisionId revision = 0;  // That the dataplane runs; 0: none of ours.
  std::string text;
};

class Dataplane {
 public:
  virtual ~Dataplane() = default;

  // Asks for a verdict on `tree` without changing anything, with a deadline of some seconds.
  // Problems that the dataplane finds are added. An unreachable dataplane is no problem: the effect
  // stays unknown.
  virtual SessionEffect Plan(const Tree& tree, Problems& problems) = 0;

  // From now on `tree` is to run. Returns when it does, was refused, or after the deadline; goes on
  // trying by itself.
  virtual FollowStatus Follow(RevisionId revision, const Tree& tree) = 0;

  [[nodiscard]] virtual FollowStatus status() const = 0;
};

}  // namespace configsync
