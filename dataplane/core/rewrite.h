// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

// Changes of a forwarded packet: TTL, source NAT there and back, also inside ICMP errors.
//
// Checksums follow incrementally (RFC 1624 equation 3), so an error that was in the packet stays
// visible to its receiver. A UDP checksum of zero (none) stays zero.
//
// Threads: values only.

#pragma once

#include <cstdint>

#include "dataplane/core/packet.h"

namespace dataplane {

struct Endpoint {
  NetAddr addr = 0;
  NetPort port = 0;  // TCP or UDP port, or the id of an ICMP echo.
  friend constexpr bool operator==(const Endpoint&, const Endpoint&) = default;
};

// Lowers the TTL by one. REQUIRES: ttl > 1.
void DecrementTtl(PacketView& packet) noexcept;

// Replaces the source (or target) of a TCP, UDP or echo packet; `packet.key` keeps the old one.
void RewriteSource(PacketView& packet, const Endpoint& to) noexcept;
void RewriteTarget(PacketView& packet, const Endpoint& to) noexcept;

// ICMP error of a NATed session: the outer address and the same endpoint of the inner packet, which
// travelled the other way. REQUIRES: kind kIcmpError.
// From the client's side: outer source and inner target become the NAT endpoint.
void RewriteErrorSource(PacketView& packet, const Endpoint& to) noexcept;
// From the server's side: outer target and inner source become the client's endpoint.
void RewriteErrorTarget(PacketView& packet, const Endpoint& to) noexcept;

}  // namespace dataplane
