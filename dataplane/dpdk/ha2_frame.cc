// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

#include "dataplane/dpdk/ha2_frame.h"

#include <array>

#include "dataplane/core/byte_order.h"
#include "dataplane/core/checksum.h"

namespace dataplane {
namespace {

constexpr std::size_t kIpOffset = 14;
constexpr std::size_t kUdpOffset = kIpOffset + 20;
constexpr std::uint16_t kEtherTypeIpv4 = 0x0800;
constexpr std::uint8_t kUdp = 17;
constexpr std::uint8_t kNetworkControl =
    0xc0;  // DSCP CS6: replication goes before what it protects.
constexpr std::uint8_t kTimeToLive = 64;
constexpr std::uint16_t kDontFragment = 0x4000;
constexpr std::uint16_t kFragmentBits = 0x3fff;  // More fragments, and the offset.

}  // namespace

std::string_view NameOf(Ha2Refusal refusal) noexcept {
  constexpr std::array<std::string_view, kHa2RefusalCount> kNames = {
      "none",    "truncated",  "not-ipv4",      "bad-header", "options",          "fragment",
      "not-udp", "other-peer", "other-address", "other-port", "other-source-port"};
  return kNames[static_cast<std::size_t>(refusal)];
}

void WriteHa2Header(const Ha2Link& link, const MacAddress& to, std::uint16_t stream,
                    std::uint16_t bytes, std::span<std::byte, kHa2HeaderBytes> out) noexcept {
  std::byte* const frame = out.data();
  StoreMac(frame, to);
  StoreMac(frame + 6, link.own_mac);
  StoreHost16(frame + 12, kEtherTypeIpv4);

  std::byte* const ip = frame + kIpOffset;
  StoreByte(ip, 0x45);
  StoreByte(ip + 1, kNetworkControl);
  StoreHost16(ip + 2, static_cast<std::uint16_t>(bytes + kHa2IpUdpBytes));
  StoreHost16(ip + 4, 0);  // Identification means nothing in what is never fragmented (RFC 6864).
  StoreHost16(ip + 6, kDontFragment);
  StoreByte(ip + 8, kTimeToLive);
  StoreByte(ip + 9, kUdp);
  StoreNet16(ip + 10, 0);
  StoreNet32(ip + 12, link.own_addr);
  StoreNet32(ip + 16, link.peer_addr);
  StoreNet16(ip + 10, Checksum({ip, 20}));

  std::byte* const udp = frame + kUdpOffset;
  StoreHost16(udp, static_cast<std::uint16_t>(link.port + stream));
  StoreHost16(udp + 2, link.port);
  StoreHost16(udp + 4, static_cast<std::uint16_t>(bytes + 8));
  StoreHost16(udp + 6, 0);
}

Ha2Refusal CheckHa2Frame(const Ha2Link& link, std::span<const std::byte> frame,
                         Ha2Datagram& datagram) noexcept {
  if (frame.size() < kIpOffset) return Ha2Refusal::kTruncated;
  if (LoadHost16(&frame[12]) != kEtherTypeIpv4) return Ha2Refusal::kNotIpv4;
  if (frame.size() < kHa2HeaderBytes) return Ha2Refusal::kTruncated;

  const std::byte* const ip = &frame[kIpOffset];
  const std::uint8_t version_length = LoadByte(ip);
  if (version_length >> 4 != 4 || (version_length & 0x0f) < 5) return Ha2Refusal::kBadHeader;
  if ((version_length & 0x0f) > 5) return Ha2Refusal::kOptions;
  const std::size_t ip_bytes = LoadHost16(ip + 2);
  if (ip_bytes > frame.size() - kIpOffset) return Ha2Refusal::kTruncated;
  if (ip_bytes < kHa2IpUdpBytes || Checksum({ip, 20}) != 0) return Ha2Refusal::kBadHeader;
  if ((LoadHost16(ip + 6) & kFragmentBits) != 0) return Ha2Refusal::kFragment;
  if (LoadByte(ip + 9) != kUdp) return Ha2Refusal::kNotUdp;
  if (LoadNet32(ip + 12) != link.peer_addr) return Ha2Refusal::kOtherPeer;
  if (LoadNet32(ip + 16) != link.own_addr) return Ha2Refusal::kOtherAddress;

  const std::byte* const udp = &frame[kUdpOffset];
  if (LoadHost16(udp + 4) != ip_bytes - 20) return Ha2Refusal::kBadHeader;
  if (LoadHost16(udp + 2) != link.port) return Ha2Refusal::kOtherPort;
  const std::size_t source_port = LoadHost16(udp);
  if (source_port < link.port || source_port >= std::size_t{link.port} + link.streams) {
    return Ha2Refusal::kOtherSourcePort;
  }
  datagram.offset = kHa2HeaderBytes;
  datagram.bytes = static_cast<std::uint16_t>(ip_bytes - kHa2IpUdpBytes);
  datagram.source_mac = LoadMac(&frame[6]);
  return Ha2Refusal::kNone;
}

}  // namespace dataplane
