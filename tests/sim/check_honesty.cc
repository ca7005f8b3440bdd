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
      receiver.Status(now).readiness != statesync::Readiness::kSynced ||
      owner.Status(now).peer_readiness != statesync::Readiness::kSynced) {
    return "";
  }
  std::uint64_t differences = 0;
  std::string example;
  const auto differs = [&](const std::string& key, std::uint64_t ours, std::uint64_t theirs) {
    if (differences++ == 0) {
      example = key + " owner v" + std::to_string(ours >> 40) + "." +
                std::to_string(ours & 0xff'ffff'ffff) + " receiver v" +
                std::to_string(theirs >> 40) + "." + std::to_string(theirs & 0xff'ffff'ffff);
    }
  };
  for (const auto& [key, row] : owner_rows) {
    const auto found = receiver_rows.find(key);
    if (found == receiver_rows.end()) {
      differs(key, row.version, 0);
    } else if (found->second.version != row.version) {
      differs(key, row.version, found->second.version);
    }
  }
  for (const auto& [key, row] : receiver_rows) {
    if (!owner_rows.contains(key)) differs(key, 0, row.version);
  }
  const std::uint64_t exposed = owner.Status(now).exposure.changes;
  if (differences <= exposed) return "";
  return "honesty: synced with " + std::to_string(differences) + " differences, exposure says " +
         std::to_string(exposed) + "; " + example;
}

}  // namespace sim
