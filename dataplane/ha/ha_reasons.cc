// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

#include "dataplane/ha/ha_reasons.h"

#include <array>

#include "statesync/ensure.h"

namespace dataplane {

std::string_view SentenceOf(HaReason reason) noexcept {
  static constexpr std::array<std::string_view, kHaReasonCount> kSentences{
      "ha1-silent: no heartbeat of the peer on HA1; check the link, the addresses, and that both "
      "nodes have the same pair secret",
      "ha1-backup-silent: no heartbeat of the peer on the HA1 backup; check the link and the "
      "addresses",
      "ha2-silent: no authentic frame of the peer on HA2; check the link and the pair secret",
      "liveness-down: no TCP connection to the peer on HA1, so its death is found by silence only; "
      "check that port and addresses are not filtered",
      "not-real-time: the ha thread has no real-time priority and may be late on a busy machine; "
      "run "
      "as root or with CAP_SYS_NICE",
      "carrier-down: a critical interface has no carrier; check its cable and its other end",
      "detection-differs: the peer's heartbeat interval or count differs; make them equal in both "
      "node files",
      "took-over-unready: this node took over before it was synced, sessions of the peer may be "
      "lost",
      "term-not-written: the term file cannot be written; see that its disk is neither full nor "
      "read-only before this node restarts",
      "terms-exhausted: no term is left, this node cannot take over; stop both nodes, remove both "
      "term files and start again",
      "keys-exhausted: the peer answers no rekey and the keys of HA2 have sealed all they may, so "
      "nothing is replicated; see that hellos pass on HA2, or restart the standby",
      "ha2-link-silent: the nodes do not hear each other on the first HA2 link (ha.ha2), the "
      "second one carries everything; check the link",
      "ha2-link-silent: the nodes do not hear each other on the second HA2 link (ha.ha2_second), "
      "the first one carries everything; check the link",
      "peer-table-larger: the peer's session table has more slots than this node has room to know, "
      "so some of its sessions are refused here; set tables.peer_sessions to its tables.sessions",
      "failover-disabled: whatever fails, no node takes over by itself; a commanded switchover "
      "works; "
      "enable ha failover in the configuration"};
  ENSURE(reason < HaReason::kCount);
  return kSentences[static_cast<std::size_t>(reason)];
}

std::vector<std::string> SentencesOf(HaReasonBits bits) {
  std::vector<std::string> sentences;
  for (std::size_t i = 0; i < kHaReasonCount; ++i) {
    const auto reason = static_cast<HaReason>(i);
    if ((bits & BitOf(reason)) != 0) sentences.emplace_back(SentenceOf(reason));
  }
  return sentences;
}

}  // namespace dataplane
