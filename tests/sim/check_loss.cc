// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

// No loss: a sweep removes nothing that an earlier owner published and no worker has ended, unless
// the owner knows that it is complete (I5), or an operator takes its table for the truth.

#include "tests/sim/checkers.h"

namespace sim {

std::string CheckLoss(statesync::Instant now, const Ledger::Lost& lost, Node& owner) {
  if (TermOf(statesync::Version{lost.version}) == owner.term() || owner.Status(now).is_complete)
    return "";
  return "no loss: incarnation " + std::to_string(lost.incarnation) + " v" +
         std::to_string(lost.version >> 40) + '.' + std::to_string(lost.version & 0xff'ffff'ffff) +
         " was swept from node " + std::to_string(lost.node) + " for an owner that is not complete";
}

}  // namespace sim
