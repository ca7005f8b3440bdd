// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

// One received frame: parsed once, then carried through the worker's passes as a value.
//
// Threads: values only.  Memory: none; PacketView points into the caller's frame.
// Never reads outside the frame, whatever its length and bytes are.

#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "dataplane/core/drop_reason.h"
#include "statesync/table/session_entry.h"

namespace dataplane {

using statesync::FlowKey;
using statesync::NetAddr;
using statesync::NetPort;

inline constexpr std::size_t kEthernetBytes = 14;
inline constexpr std::size_t kIpv4BytesMin = 20;
inline constexpr std::size_t kFrameBytesMax = 9'000 + kEthernetBytes;

inline constexpr std::uint8_t kProtocolIcmp = 1;
inline constexpr std::uint8_t kProtocolTcp = 6;
inline constexpr std::uint8_t kProtocolUdp = 17;

inline constexpr std::uint8_t kTcpFin = 0x01;
inline constexpr std::uint8_t kTcpSyn = 0x02;
inline constexpr std::uint8_t kTcpRst = 0x04;
inline constexpr std::uint8_t kTcpPsh = 0x08;
inline constexpr std::uint8_t kTcpAck = 0x10;
inline constexpr std::uint8_t kTcpUrg = 0x20;

inline constexpr std::uint8_t kNoWindowScale = 0xff;

enum class PacketKind : std::uint8_t {
  kArp,  // `arp.h` reads the rest of the frame.
  kTcp,
  kUdp,
  kEchoRequest,
  kEchoReply,
  kIcmpError,  // Destination unreachable, time exceeded, parameter problem; carries an inner
               // packet.
};

// What the tracker reads of a TCP header. Host byte order.
struct TcpSegment {
  std::uint32_t seq = 0;
  std::uint32_t ack = 0;
  std::uint16_t window = 0;  // As in the header, unscaled.
  std::uint16_t payload_bytes = 0;
  std::uint16_t mss = 0;                // Option of a SYN; 0: absent.
  std::uint8_t flags = 0;               // kTcpFin … kTcpUrg.
  std::uint8_t scale = kNoWindowScale;  // Option of a SYN, at most 14 (RFC 7323 §2.3).
};

struct PacketView {
  std::byte* frame = nullptr;
  std::uint16_t frame_bytes = 0;       // Without padding: Ethernet header + IPv4 total length.
  std::uint16_t ip_bytes = 0;          // IPv4 total length; 0 for ARP.
  std::uint16_t transport_offset = 0;  // From the frame's first byte.
  std::uint16_t inner_offset = 0;  // kIcmpError: inner IPv4 header, from the frame's first byte.
  std::uint16_t inner_transport_offset = 0;
  PacketKind kind = PacketKind::kArp;
  std::uint8_t ttl = 0;
  bool dont_fragment = false;
  bool transport_checksum_good = false;  // The NIC says so.
  NetAddr source_addr = 0;               // Of the outer header.
  NetAddr target_addr = 0;
  // Finds the session, and its shard. For kIcmpError: the inner packet's key reversed, that is the
  // key of a packet of that session travelling the same way as the error.
  FlowKey key;
  TcpSegment tcp;  // kTcp only.

  [[nodiscard]] std::byte* ip() const { return frame + kEthernetBytes; }
  [[nodiscard]] std::byte* transport() const { return frame + transport_offset; }
  [[nodiscard]] std::size_t transport_bytes() const {
    return frame_bytes - std::size_t{transport_offset};
  }
};

// What the NIC has already checked.
struct ParseHints {
  bool ip_checksum_good = false;
  bool transport_checksum_good = false;
};

// Reads one frame. kNone: `view` is complete. Otherwise the frame is to be dropped and counted
// under the reason; `view` is then unspecified, except that `frame` is set.
//
//   frame  the whole frame in one piece, without FCS; Ethernet padding allowed
//
// Cost: reads at most the headers; ICMP is checksummed over its whole length.
// Source: RFC 791, 792, 768, 9293; RFC 1812 §5.2.2 for the checks of a router.
[[nodiscard]] DropReason Parse(std::span<std::byte> frame, ParseHints hints,
                               PacketView& view) noexcept;

// True if the TCP or UDP checksum is right (or the NIC said so, or UDP sent none).
// REQUIRES: a parsed view of kind kTcp or kUdp.
[[nodiscard]] bool TransportChecksumIsGood(const PacketView& view) noexcept;

}  // namespace dataplane
