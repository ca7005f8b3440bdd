// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

// Builds the frames that the guard's tests send: a correct HA2 frame by default, each field can
// lie.
//
// Threads: values only.  Memory: one vector per frame.

#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "dataplane/bpf/guard.h"

namespace dataplane {

inline constexpr std::uint32_t kOwn = 0x0a000001;    // 10.0.0.1
inline constexpr std::uint32_t kPeer = 0x0a000002;   // 10.0.0.2
inline constexpr std::uint32_t kOther = 0x0a000003;  // 10.0.0.3
inline constexpr std::uint16_t kHa2Port = 4799;
inline constexpr std::uint16_t kSourceFirst = 49'152;
inline constexpr std::uint16_t kSourceLast = 49'167;

// What the guard of kOwn is told.
inline constexpr GuardConfig kConfig = {.own_ipv4 = kOwn,
                                        .peer_ipv4 = kPeer,
                                        .port = kHa2Port,
                                        .source_port_first = kSourceFirst,
                                        .source_port_last = kSourceLast};

inline constexpr std::size_t kHeaderBytes = 14 + 20 + 8;  // Ethernet, IPv4, UDP.

// Fields of one frame, host byte order. Lengths that are not given are correct.
struct FrameFields {
  std::uint16_t ether_type = 0x0800;
  std::uint8_t version = 4;
  std::uint8_t header_words = 5;  // Of IPv4; above 5 adds options.
  std::optional<std::uint16_t> ip_bytes = std::nullopt;
  std::uint16_t fragment = 0;  // Flags and offset.
  std::uint8_t protocol = 17;
  std::uint32_t source = kPeer;
  std::uint32_t destination = kOwn;
  std::uint16_t source_port = kSourceFirst;
  std::uint16_t destination_port = kHa2Port;
  std::optional<std::uint16_t> udp_bytes = std::nullopt;
  std::size_t payload_bytes = 100;
  std::size_t padding_bytes = 0;  // Behind the packet, as Ethernet pads short frames.
};

// The frame's bytes.
[[nodiscard]] std::vector<std::uint8_t> BuildFrame(const FrameFields& fields);

}  // namespace dataplane
