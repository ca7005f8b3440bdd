// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

// A TCP conversation for tests: builds segments of both sides and passes them by the tracker.

#pragma once

#include <array>

#include "dataplane/core/tcp_tracker.h"

namespace dataplane::testing {

inline constexpr auto kFromClient = Direction::kFromClient;
inline constexpr auto kFromServer = Direction::kFromServer;
inline constexpr std::uint8_t kSynAck = kTcpSyn | kTcpAck;
inline constexpr std::uint8_t kFinAck = kTcpFin | kTcpAck;

// Both sides' next sequence number, and what each has received.
struct Talk {
  TcpTrack track;
  std::array<std::uint32_t, 2> next{1'000, 9'000};  // By Direction of the sender.
  std::array<std::uint16_t, 2> window{502, 501};
  std::array<std::uint8_t, 2> scale{7, 7};
  TcpOutcome last;

  [[nodiscard]] TcpSegment Segment(Direction from, std::uint8_t flags,
                                   std::uint16_t payload_bytes = 0) const {
    const auto own = static_cast<std::size_t>(from);
    return {.seq = next[own],
            .ack = (flags & kTcpAck) != 0 ? next[1 - own] : 0,
            .window = window[own],
            .payload_bytes = payload_bytes,
            .flags = flags};
  }
  TcpOutcome Pass(Direction from, const TcpSegment& segment) {
    last = TrackTcp(track, from, segment);
    return last;
  }
  // Sends the next segment of `from`; its number advances as in a real sender.
  TcpOutcome Send(Direction from, std::uint8_t flags, std::uint16_t payload_bytes = 0) {
    TcpSegment segment = Segment(from, flags, payload_bytes);
    if ((flags & kTcpSyn) != 0) {
      segment.scale = scale[static_cast<std::size_t>(from)];
      segment.window = 64'240;
    }
    const std::uint32_t taken = payload_bytes + ((flags & (kTcpSyn | kTcpFin)) != 0 ? 1u : 0u);
    next[static_cast<std::size_t>(from)] += taken;
    return Pass(from, segment);
  }
  void Handshake() {
    Send(kFromClient, kTcpSyn);
    Send(kFromServer, kSynAck);
    Send(kFromClient, kTcpAck);
  }
  // What a standby knows of the session: state, scales, edges in units of 256 bytes that lag.
  void TakeOver(std::uint32_t lag = 0) {
    TcpTrack held;
    held.state = track.state;
    held.scales = track.scales;
    constexpr std::uint32_t rounding = statesync::kEdgeRoundingMax;
    for (std::size_t i = 0; i < 2; ++i) {
      held.edge[i] = (track.edge[i] - lag + rounding) & ~rounding;
    }
    held.flags = statesync::kSessionReanchorClient | statesync::kSessionReanchorServer;
    track = held;
  }
};

inline Talk Established() {
  Talk talk;
  talk.Handshake();
  return talk;
}

}  // namespace dataplane::testing
