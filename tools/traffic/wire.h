// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

// What the two ends of lockstep-traffic say to each other. Both always run on one machine, so the
// fields are in host order.

#pragma once

#include <cstddef>
#include <cstdint>
#include <type_traits>

namespace traffic {

inline constexpr std::uint32_t kTcpMagic = 0x4c54'0001;
inline constexpr std::uint32_t kUdpMagic = 0x4c55'0001;

// First bytes of a TCP stream from the client. The pattern goes on behind it at offset
// sizeof(TcpHello); the server's stream is pattern from offset 0 and as long as what it received.
struct TcpHello {
  std::uint64_t flow_id;
  std::uint32_t magic;
  std::uint32_t reserved;  // Zero.
};
static_assert(sizeof(TcpHello) == 16);
static_assert(std::has_unique_object_representations_v<TcpHello>);

// Every datagram starts with this; the rest is pattern at offset sequence * kDatagramStride.
// The server echoes it with its own pattern and the source address it saw: a NAT binding that
// changed shows up here although the echo still arrives.
struct DatagramHeader {
  std::uint64_t flow_id;
  std::uint64_t sequence;  // 0, 1, 2, … per flow.
  std::uint32_t magic;
  std::uint32_t source_address;  // Zero from the client; network order, as seen by the server.
  std::uint16_t source_port;     // Likewise.
  std::uint16_t bytes;           // Of the whole datagram: a cut datagram is a corrupt one.
  std::uint32_t corrupt_bytes;   // Zero from the client; what the server found wrong in this one.
};
static_assert(sizeof(DatagramHeader) == 32);
static_assert(std::has_unique_object_representations_v<DatagramHeader>);

inline constexpr std::uint64_t kDatagramStride = 2048;  // Datagrams of one flow never share bytes.

}  // namespace traffic
