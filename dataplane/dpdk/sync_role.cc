// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

#include "dataplane/dpdk/sync_role.h"

namespace dataplane {

bool RoleHandover::WorkersHaveSeen(std::uint32_t change) const noexcept {
  for (std::uint8_t worker = 0; worker < worker_count_; ++worker) {
    if (shared_.workers[worker].seen_change.load(std::memory_order_acquire) < change) return false;
  }
  return true;
}

bool RoleHandover::Turn(statesync::Instant now) noexcept {
  const RoleWord next{shared_.role.word.load(std::memory_order_acquire)};
  if (next.bits == word_.bits) return false;
  const bool becomes_active = next.role() == statesync::Role::kActive;
  const bool was_active = word_.role() == statesync::Role::kActive;
  if (was_active && !becomes_active && !WorkersHaveSeen(next.change())) {
    stats_.Count(SyncEvent::handovers_waited);
    return false;
  }
  word_ = next;
  engine_.OnRole(now, next.role(), next.term());
  if (becomes_active) {
    shared_.sync.released_change.store(next.change(), std::memory_order_release);
  }
  return true;
}

}  // namespace dataplane
