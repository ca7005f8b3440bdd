// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

// How long a session of each state lives without a packet, and when it is to be looked at again.
//
// Times are this node's monotonic seconds; they never travel (PROTOCOL.md §7).
// Threads: values only.

#pragma once

#include <cstdint>

#include "statesync/table/session_entry.h"

namespace dataplane {

// Seconds, 1 to kTimeoutMax.
struct Timeouts {
  std::uint32_t tcp_syn_s = 30;
  std::uint32_t tcp_established_s = 3'600;
  std::uint32_t tcp_fin_s = 60;
  std::uint32_t tcp_time_wait_s = 30;
  std::uint32_t tcp_closed_s = 10;
  std::uint32_t udp_single_s = 30;
  std::uint32_t udp_multiple_s = 120;
  std::uint32_t icmp_s = 10;
  std::uint32_t takeover_grace_s = 60;
};
inline constexpr std::uint32_t kTimeoutMax = 32'000;  // The table keeps the check time in 16 bits.

// REQUIRES: state is a number of SessionState other than kNone.
[[nodiscard]] std::uint32_t TimeoutOf(statesync::SessionState state,
                                      const Timeouts& timeouts) noexcept;

// The second at which a session ends if no further packet comes.
//
//   takeover_s  when this node last became active; 0 if it was from the start. A session that has
//   not
//               been seen since then lives at least takeover_grace_s longer: its packets went to
//               the peer.
[[nodiscard]] std::uint32_t ExpiresAt(statesync::SessionState state, std::uint32_t last_seen_s,
                                      std::uint32_t takeover_s, const Timeouts& timeouts) noexcept;

}  // namespace dataplane
