// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

#include "dataplane/core/timeouts.h"

#include <algorithm>

namespace dataplane {

using statesync::SessionState;

std::uint32_t TimeoutOf(SessionState state, const Timeouts& timeouts) noexcept {
  switch (state) {
    case SessionState::kTcpSynSent:
    case SessionState::kTcpSynReceived:
      return timeouts.tcp_syn_s;
    case SessionState::kTcpEstablished:
      return timeouts.tcp_established_s;
    case SessionState::kTcpFinWait:
    case SessionState::kTcpClosing:
      return timeouts.tcp_fin_s;
    case SessionState::kTcpTimeWait:
      return timeouts.tcp_time_wait_s;
    case SessionState::kTcpClosed:
      return timeouts.tcp_closed_s;
    case SessionState::kUdpSingle:
      return timeouts.udp_single_s;
    case SessionState::kUdpMultiple:
      return timeouts.udp_multiple_s;
    case SessionState::kIcmpEcho:
      return timeouts.icmp_s;
    case SessionState::kNone:
      break;
  }
  return timeouts.tcp_closed_s;  // A number from a newer peer: keep it no longer than a closed one.
}

std::uint32_t ExpiresAt(SessionState state, std::uint32_t last_seen_s, std::uint32_t takeover_s,
                        const Timeouts& timeouts) noexcept {
  const std::uint32_t expires = last_seen_s + TimeoutOf(state, timeouts);
  if (takeover_s == 0 || last_seen_s >= takeover_s) return expires;
  return std::max(expires, takeover_s + timeouts.takeover_grace_s);
}

}  // namespace dataplane
