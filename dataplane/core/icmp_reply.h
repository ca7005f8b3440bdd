// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

// ICMP packets that this node makes: echo replies, time exceeded, fragmentation needed.
//
// Threads: values only.  Memory: none.  Rate limits are the caller's (token_bucket.h).

#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "dataplane/core/mac_address.h"
#include "dataplane/core/packet.h"

namespace dataplane {

enum class IcmpError : std::uint8_t {
  kNone = 0,
  kTimeExceeded,         // Type 11, code 0.
  kFragmentationNeeded,  // Type 3, code 4, with the next hop's MTU (RFC 1191).
};

// Largest frame BuildIcmpError writes: as much of the packet as fits 576 bytes (RFC 1812 §4.3.2.3).
inline constexpr std::size_t kIcmpErrorFrameMax = kEthernetBytes + 576;

// Writes an error about `packet` to its sender, as a full frame. The Ethernet target is the frame's
// Ethernet source. Returns its bytes, or 0 if none may be sent (RFC 1812 §4.3.2.7: about an ICMP
// error, to or from an address that names no single host).
//
//   source_mac, source_addr  of the interface the packet came in by
//   mtu                      bytes, for kFragmentationNeeded
//   out                      at least kIcmpErrorFrameMax; must not overlap the packet
[[nodiscard]] std::size_t BuildIcmpError(const PacketView& packet, IcmpError error,
                                         const MacAddress& source_mac, NetAddr source_addr,
                                         std::uint16_t mtu, std::span<std::byte> out) noexcept;

// Turns an echo request to this node into its reply, in place: MACs and addresses swapped, TTL 64.
// REQUIRES: packet.kind == kEchoRequest.
void MakeEchoReply(PacketView& packet) noexcept;

}  // namespace dataplane
