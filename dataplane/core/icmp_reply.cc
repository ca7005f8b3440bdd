// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

#include "dataplane/core/icmp_reply.h"

#include <algorithm>
#include <cstring>

#include "dataplane/core/byte_order.h"
#include "dataplane/core/checksum.h"
#include "statesync/ensure.h"

namespace dataplane {
namespace {

constexpr std::uint8_t kOwnTtl = 64;
constexpr std::size_t kIcmpBytes = 8;
constexpr std::size_t kQuoteBytesMax = 576 - kIpv4BytesMin - kIcmpBytes;

void WriteIpv4Header(std::byte* ip, std::uint16_t total_bytes, NetAddr source, NetAddr target) {
  std::memset(ip, 0, kIpv4BytesMin);
  StoreByte(ip, 0x45);
  StoreByte(ip + 1, 0xc0);  // Internetwork control (RFC 1812 §4.3.2.5).
  StoreHost16(ip + 2, total_bytes);
  StoreByte(ip + 8, kOwnTtl);
  StoreByte(ip + 9, kProtocolIcmp);
  StoreNet32(ip + 12, source);
  StoreNet32(ip + 16, target);
  StoreNet16(ip + 10, Checksum({ip, kIpv4BytesMin}));
}

}  // namespace

std::size_t BuildIcmpError(const PacketView& packet, IcmpError error, const MacAddress& source_mac,
                           NetAddr source_addr, std::uint16_t mtu,
                           std::span<std::byte> out) noexcept {
  ENSURE(out.size() >= kIcmpErrorFrameMax);
  const MacAddress ethernet_source = LoadMac(packet.frame + 6);
  if (error == IcmpError::kNone || packet.kind == PacketKind::kIcmpError ||
      packet.kind == PacketKind::kArp || ethernet_source.IsMulticast() ||
      LoadMac(packet.frame).IsMulticast()) {
    return 0;
  }
  const std::size_t quote_bytes = std::min<std::size_t>(packet.ip_bytes, kQuoteBytesMax);
  const std::size_t icmp_bytes = kIcmpBytes + quote_bytes;

  std::byte* frame = out.data();
  StoreMac(frame, ethernet_source);
  StoreMac(frame + 6, source_mac);
  StoreHost16(frame + 12, 0x0800);
  WriteIpv4Header(frame + kEthernetBytes, static_cast<std::uint16_t>(kIpv4BytesMin + icmp_bytes),
                  source_addr, packet.source_addr);

  std::byte* icmp = frame + kEthernetBytes + kIpv4BytesMin;
  std::memset(icmp, 0, kIcmpBytes);
  if (error == IcmpError::kTimeExceeded) {
    StoreByte(icmp, 11);
  } else {
    StoreByte(icmp, 3);
    StoreByte(icmp + 1, 4);
    StoreHost16(icmp + 6, mtu);
  }
  std::memcpy(icmp + kIcmpBytes, packet.ip(), quote_bytes);
  StoreNet16(icmp + 2, Checksum({icmp, icmp_bytes}));
  return kEthernetBytes + kIpv4BytesMin + icmp_bytes;
}

void MakeEchoReply(PacketView& packet) noexcept {
  ENSURE(packet.kind == PacketKind::kEchoRequest);
  const MacAddress asker = LoadMac(packet.frame + 6);
  StoreMac(packet.frame + 6, LoadMac(packet.frame));
  StoreMac(packet.frame, asker);

  std::byte* ip = packet.ip();
  StoreNet32(ip + 12, packet.target_addr);  // Swapped words leave the header's sum as it was.
  StoreNet32(ip + 16, packet.source_addr);
  std::swap(packet.source_addr, packet.target_addr);
  const std::uint16_t old_word = LoadNet16(ip + 8);
  StoreByte(ip + 8, kOwnTtl);
  StoreNet16(ip + 10, ChecksumUpdate16(LoadNet16(ip + 10), old_word, LoadNet16(ip + 8)));
  packet.ttl = kOwnTtl;

  std::byte* icmp = packet.transport();
  const std::uint16_t old_type = LoadNet16(icmp);
  StoreByte(icmp, 0);
  StoreNet16(icmp + 2, ChecksumUpdate16(LoadNet16(icmp + 2), old_type, LoadNet16(icmp)));
  packet.kind = PacketKind::kEchoReply;
}

}  // namespace dataplane
