// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

// The hand-over of the tables' writer between the workers and the sync loop at a change of role
// (ARCHITECTURE.md, "One writer").
//
// Becoming active: the engine stops applying first, then `released_change` lets the workers write.
// Ceasing to be active: the engine begins to apply only when every worker has said that it acts on
// the new role. Until then it goes on publishing what they still change.
//
// Threads: the sync loop; workers and the ha thread meet it in SharedState only.

#pragma once

#include <cstdint>

#include "dataplane/core/shared_state.h"
#include "dataplane/dpdk/sync_stats.h"
#include "statesync/engine.h"

namespace dataplane {

class RoleHandover {
 public:
  RoleHandover(SharedState& shared, statesync::Engine& engine, SyncStats& stats,
               std::uint8_t worker_count)
      : shared_(shared), engine_(engine), stats_(stats), worker_count_(worker_count) {}

  // Looks at the role word. True if the engine was told of another one.
  bool Turn(statesync::Instant now) noexcept;

  // The word that the engine acts on.
  [[nodiscard]] RoleWord word() const noexcept { return word_; }

 private:
  [[nodiscard]] bool WorkersHaveSeen(std::uint32_t change) const noexcept;

  SharedState& shared_;
  statesync::Engine& engine_;
  SyncStats& stats_;
  const std::uint8_t worker_count_;
  RoleWord word_;
};

}  // namespace dataplane
