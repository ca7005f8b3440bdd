// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

// Ethernet, IPv4 and UDP around a datagram of HA2: written in front of it, and checked in front of
// it.
//
// HA2 needs no ARP: a node answers to its configured address, and learns its peer's MAC from frames
// that proved themselves. The envelope itself is not authenticated and decides nothing. The UDP
// checksum is zero (RFC 768 allows it), as every datagram carries an HMAC or an AEAD tag. Stream s
// is sent from source port `port` + s, so that a NIC spreads streams over queues.
//
// Threads: values only.  Memory: none. Never reads outside the frame, whatever its bytes are.

#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include "dataplane/core/mac_address.h"
#include "statesync/table/session_entry.h"

namespace dataplane {

inline constexpr std::size_t kHa2IpUdpBytes = 20 + 8;  // Of the link's MTU.
inline constexpr std::size_t kHa2HeaderBytes = 14 + kHa2IpUdpBytes;

// The two ends of the link.
struct Ha2Link {
  MacAddress own_mac;
  MacAddress peer_mac = kBroadcastMac;  // Until an authenticated frame told another.
  statesync::NetAddr own_addr = 0;
  statesync::NetAddr peer_addr = 0;
  std::uint16_t port = 0;    // Host order; destination port of both directions.
  std::uint8_t streams = 1;  // Source ports `port` … `port` + streams − 1 are the peer's.
};

// Why a frame is not a datagram of the peer, in the order of the checks.
enum class Ha2Refusal : std::uint8_t {
  kNone,
  kTruncated,  // Shorter than its headers or than the lengths inside them.
  kNotIpv4,    // ARP, IPv6 and everything else that lives on a link.
  kBadHeader,  // IP version, header length, checksum or UDP length contradict each other.
  kOptions,    // HA2 never sends IPv4 options.
  kFragment,   // HA2 never fragments.
  kNotUdp,
  kOtherPeer,  // Source address is not the peer's.
  kOtherAddress,
  kOtherPort,
  kOtherSourcePort,
  kCount,
};
inline constexpr std::size_t kHa2RefusalCount = static_cast<std::size_t>(Ha2Refusal::kCount);

// Name as in statistics: lower case with dashes.
[[nodiscard]] std::string_view NameOf(Ha2Refusal refusal) noexcept;

// Where the datagram lies within its frame.
struct Ha2Datagram {
  std::uint16_t offset = 0;
  std::uint16_t bytes = 0;
  MacAddress source_mac;
};

// Writes the headers for a datagram of `bytes` that follows them.
//   to   destination MAC: the peer's, or broadcast for hellos
void WriteHa2Header(const Ha2Link& link, const MacAddress& to, std::uint16_t stream,
                    std::uint16_t bytes, std::span<std::byte, kHa2HeaderBytes> out) noexcept;

// kNone: `datagram` says where the UDP payload is. Nothing is authenticated by that.
//   frame  the whole frame in one piece, without FCS; Ethernet padding allowed
[[nodiscard]] Ha2Refusal CheckHa2Frame(const Ha2Link& link, std::span<const std::byte> frame,
                                       Ha2Datagram& datagram) noexcept;

}  // namespace dataplane
