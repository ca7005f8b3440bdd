// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

// Honesty: when both nodes call the receiver synced it lacks no more than what the owner says is
// exposed; what counts as confirmed is there; and no frame is counted that was not opened.

#include "tests/sim/checkers.h"

namespace sim {
namespace {

using statesync::EngineCounters;
using statesync::Readiness;

// Every numbered or control frame that was opened is counted at most once.
std::string CheckCounters(Node& node, const EngineCounters& c) {
  const std::uint64_t counted = c.frames_received + c.control_frames_received + c.frames_duplicate +
                                c.frames_outside_window + c.frames_stale_epoch +
                                c.frames_stale_term + c.frames_unwanted;
  if (counted > node.frames_opened()) {
    return "honesty: node " + std::to_string(node.index()) + " counts " + std::to_string(counted) +
           " frames of " + std::to_string(node.frames_opened()) + " opened";
  }
  if (c.frames_sent + c.control_frames_sent != node.frames_made()) {
    return "honesty: node " + std::to_string(node.index()) + " counts " +
           std::to_string(c.frames_sent + c.control_frames_sent) + " frames sent, made " +
           std::to_string(node.frames_made());
  }
  return "";
}

}  // namespace

std::string CheckHonesty(statesync::Instant now, Node& owner, Node& receiver,
                         const Ledger& ledger) {
  const statesync::EngineStatus& theirs = receiver.Status(now);
  if (std::string text = CheckCounters(receiver, theirs.counters); !text.empty()) return text;
  const bool receiver_says_synced = theirs.readiness == Readiness::kSynced;
  const statesync::EngineStatus& ours = owner.Status(now);
  if (std::string text = CheckCounters(owner, ours.counters); !text.empty()) return text;
  if (!owner.is_connected() || !receiver.is_connected() ||
      owner.peer_boot_id() != receiver.boot_id() || receiver.peer_boot_id() != owner.boot_id()) {
    return "";
  }
  if (theirs.counters.records_refused == 0) {
    const auto confirmed = std::span(ours.confirmed_counter).first(ours.stream_count);
    std::string text = ledger.FindUnconfirmed(owner.index(), owner.term(), confirmed);
    if (!text.empty()) return "honesty: " + text;
  }
  if (!receiver_says_synced || ours.peer_readiness != Readiness::kSynced ||
      ledger.differences() <= ours.exposure.changes) {
    return "";
  }
  return "honesty: synced with " + std::to_string(ledger.differences()) +
         " differences, exposure says " + std::to_string(ours.exposure.changes) + "; " +
         ledger.Example();
}

}  // namespace sim
