// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

// Honesty of readiness and exposure; see checkers.h.

#include "tests/sim/checkers.h"

namespace sim {

std::string CheckHonesty(statesync::Instant now, Node& owner, Node& receiver,
                         const std::map<std::string, Row>& owner_rows,
                         const std::map<std::string, Row>& receiver_rows) {
  if (!owner.is_connected() || !receiver.is_connected() ||
      owner.peer_boot_id() != receiver.boot_id() || receiver.peer_boot_id() != owner.boot_id() ||
      receiver.Status(now).readiness != statesync::Readiness::kSynced) {
    return "";
  }
  std::uint64_t differences = 0;
  for (const auto& [key, row] : owner_rows) {
    const auto found = receiver_rows.find(key);
    differences += found == receiver_rows.end() || found->second.version != row.version ? 1 : 0;
  }
  for (const auto& [key, row] : receiver_rows) differences += owner_rows.contains(key) ? 0 : 1;
  const std::uint64_t exposed = owner.Status(now).exposure.changes;
  if (differences <= exposed) return "";
  return "honesty: synced with " + std::to_string(differences) + " differences, exposure says " +
         std::to_string(exposed);
}

}  // namespace sim
