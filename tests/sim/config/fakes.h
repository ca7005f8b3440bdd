// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

// Time that stands still, and a dataplane that may refuse, be away or die in the middle.

#pragma once

#include <atomic>
#include <cstdint>
#include <mutex>
#include <optional>
#include <string>
#include <utility>

#include "configsync/engine/clock.h"
#include "configsync/engine/dataplane.h"

namespace configsync {

class StillClock final : public Clock {
 public:
  std::int64_t BootMs() override { return boot_ms; }
  std::int64_t WallMs() override { return wall_ms; }
  std::int64_t ThreadCpuUs() override { return 0; }
  void Pass(std::int64_t ms) {
    boot_ms += ms;
    wall_ms += ms;
  }
  std::atomic<std::int64_t> boot_ms = 1'000;
  std::atomic<std::int64_t> wall_ms = 1'700'000'000'000;
};

class FakeDataplane final : public Dataplane {
 public:
  SessionEffect Plan(const Tree& tree, Problems& problems) override {
    ++plans;
    planned = tree;
    if (refuses_plan) {
      problems.Add({.code = "REFUSED",
                    .path = "/policy",
                    .value = {},
                    .text = "the dataplane cannot do this",
                    .remedy = "do something else"});
    }
    SessionEffect effect;
    effect.known = !is_away;
    effect.kept = 7;
    effect.ended = 2;
    return effect;
  }
  FollowStatus Follow(RevisionId revision, const Tree& tree) override {
    const std::lock_guard lock(mutex_);
    wanted = {revision, tree};
    if (is_away) {
      now.state = FollowState::kUnreachable;
    } else if (refuses_follow) {
      now.state = FollowState::kRefused;
      now.text = "no memory";
    } else {
      runs = {revision, tree};
      now.state = FollowState::kFollowing;
      now.revision = revision;
    }
    return now;
  }
  FollowStatus status() const override {
    const std::lock_guard lock(mutex_);
    return now;
  }

  bool refuses_plan = false;
  bool refuses_follow = false;
  bool is_away = false;
  int plans = 0;
  FollowStatus now;
  std::optional<Tree> planned;
  std::optional<std::pair<RevisionId, Tree>> wanted, runs;

 private:
  mutable std::mutex mutex_;  // Of who follows and who asks; tests look when nobody does.
};

}  // namespace configsync
