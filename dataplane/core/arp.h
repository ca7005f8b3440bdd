// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

// ARP packets: read and built (RFC 826; RFC 5227 §3 for gratuitous ones).
//
// Threads: values only.  Memory: none.

#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "dataplane/core/mac_address.h"
#include "dataplane/core/packet.h"

namespace dataplane {

inline constexpr std::size_t kArpFrameBytes = 42;  // What is meaningful.
inline constexpr std::size_t kArpFramePadded =
    60;  // What is built: the Ethernet minimum without FCS.

enum class ArpOperation : std::uint8_t { kRequest = 1, kReply = 2 };

struct ArpPacket {
  ArpOperation operation = ArpOperation::kRequest;
  MacAddress ethernet_source;
  MacAddress sender_mac;
  NetAddr sender_addr = 0;
  NetAddr target_addr = 0;
};

// Reads a frame whose kind is kArp. Errors: kArpMalformed (sizes, types, a sender MAC that is
// multicast or differs from the Ethernet source).
[[nodiscard]] DropReason ParseArp(std::span<const std::byte> frame, ArpPacket& arp) noexcept;

// Builders write kArpFramePadded bytes. REQUIRES: out.size() >= kArpFramePadded.
// Who has `target`? Broadcast, or to `target_mac` when a known neighbour is probed.
void BuildArpRequest(const MacAddress& own_mac, NetAddr own_addr, const MacAddress& target_mac,
                     NetAddr target, std::span<std::byte> out) noexcept;
// `own_addr` is at `own_mac`, to the asker.
void BuildArpReply(const MacAddress& own_mac, NetAddr own_addr, const ArpPacket& request,
                   std::span<std::byte> out) noexcept;
// `addr` is at `mac`, to everybody, from `mac`: moves bridges and neighbours at once.
void BuildGratuitousArp(const MacAddress& mac, NetAddr addr, std::span<std::byte> out) noexcept;

}  // namespace dataplane
