// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

#include "dataplane/core/rewrite.h"

#include "dataplane/core/byte_order.h"
#include "dataplane/core/checksum.h"
#include "statesync/ensure.h"

namespace dataplane {
namespace {

constexpr std::size_t kIpChecksumOffset = 10;
constexpr std::size_t kSourceAddrOffset = 12;
constexpr std::size_t kTargetAddrOffset = 16;
constexpr std::size_t kTcpChecksumOffset = 16;
constexpr std::size_t kUdpChecksumOffset = 6;
constexpr std::size_t kIcmpChecksumOffset = 2;
constexpr std::size_t kEchoIdOffset = 4;

// Replaces 16 bits at `at`, with the checksum at `checksum` following.
void Replace16(std::byte* at, std::uint16_t to, std::byte* checksum) {
  StoreNet16(checksum, ChecksumUpdate16(LoadNet16(checksum), LoadNet16(at), to));
  StoreNet16(at, to);
}

// Replaces an address in an IPv4 header; returns the old one.
NetAddr ReplaceAddr(std::byte* ip, std::size_t offset, NetAddr to) {
  const NetAddr from = LoadNet32(ip + offset);
  StoreNet16(ip + kIpChecksumOffset, ChecksumUpdate32(LoadNet16(ip + kIpChecksumOffset), from, to));
  StoreNet32(ip + offset, to);
  return from;
}

// Where a transport header keeps its checksum, and whether that covers the addresses.
struct TransportChecksum {
  std::size_t offset;
  bool pseudo_header;
};
TransportChecksum ChecksumOf(std::uint8_t protocol) {
  switch (protocol) {
    case kProtocolTcp:
      return {kTcpChecksumOffset, true};
    case kProtocolUdp:
      return {kUdpChecksumOffset, true};
    default:
      return {kIcmpChecksumOffset, false};
  }
}

// Replaces one endpoint of an IPv4 packet. `bytes` of the transport header are there: an ICMP error
// quotes as little as 8, which holds the ports but not TCP's checksum.
void RewriteEndpoint(std::byte* ip, std::byte* transport, std::size_t bytes, std::uint8_t protocol,
                     bool source, const Endpoint& to) {
  const NetAddr old_addr = ReplaceAddr(ip, source ? kSourceAddrOffset : kTargetAddrOffset, to.addr);
  const std::size_t port_offset = protocol == kProtocolIcmp ? kEchoIdOffset : (source ? 0u : 2u);
  const auto [offset, pseudo_header] = ChecksumOf(protocol);
  const NetPort old_port = LoadNet16(transport + port_offset);
  StoreNet16(transport + port_offset, to.port);
  if (bytes < offset + 2) return;
  std::uint16_t checksum = LoadNet16(transport + offset);
  if (protocol == kProtocolUdp && checksum == 0) return;  // The sender computed none.
  if (pseudo_header) checksum = ChecksumUpdate32(checksum, old_addr, to.addr);
  checksum = ChecksumUpdate16(checksum, old_port, to.port);
  if (protocol == kProtocolUdp && checksum == 0) checksum = 0xffff;  // Zero would mean none.
  StoreNet16(transport + offset, checksum);
}

// The same inside an ICMP error, whose own checksum covers what is quoted.
void RewriteInner(PacketView& packet, bool source, const Endpoint& to) {
  std::byte* inner = packet.frame + packet.inner_offset;
  std::byte* transport = packet.frame + packet.inner_transport_offset;
  const std::span<std::byte> quoted(inner, packet.frame_bytes - std::size_t{packet.inner_offset});
  const std::uint64_t before = ChecksumPartial(quoted);
  RewriteEndpoint(inner, transport, packet.frame_bytes - std::size_t{packet.inner_transport_offset},
                  LoadByte(inner + 9), source, to);
  const std::uint64_t after = ChecksumPartial(quoted);
  // RFC 1624 over the whole quotation: its folded sum changed from one word to another.
  std::byte* checksum = packet.transport() + kIcmpChecksumOffset;
  const auto from = static_cast<std::uint16_t>(~ChecksumFinish(before));
  const auto sum = static_cast<std::uint16_t>(~ChecksumFinish(after));
  StoreNet16(checksum, ChecksumUpdate16(LoadNet16(checksum), from, sum));
}

}  // namespace

void DecrementTtl(PacketView& packet) noexcept {
  ENSURE(packet.ttl > 1);
  std::byte* word = packet.ip() + 8;  // TTL and protocol share a checksum word.
  --packet.ttl;
  const auto to = static_cast<std::uint16_t>((LoadNet16(word) & 0xff00) | packet.ttl);
  Replace16(word, to, packet.ip() + kIpChecksumOffset);
}

void RewriteSource(PacketView& packet, const Endpoint& to) noexcept {
  RewriteEndpoint(packet.ip(), packet.transport(), packet.transport_bytes(), packet.key.protocol,
                  true, to);
  packet.source_addr = to.addr;
}

void RewriteTarget(PacketView& packet, const Endpoint& to) noexcept {
  RewriteEndpoint(packet.ip(), packet.transport(), packet.transport_bytes(), packet.key.protocol,
                  false, to);
  packet.target_addr = to.addr;
}

void RewriteErrorSource(PacketView& packet, const Endpoint& to) noexcept {
  ENSURE(packet.kind == PacketKind::kIcmpError);
  ReplaceAddr(packet.ip(), kSourceAddrOffset, to.addr);
  packet.source_addr = to.addr;
  RewriteInner(packet, false, to);
}

void RewriteErrorTarget(PacketView& packet, const Endpoint& to) noexcept {
  ENSURE(packet.kind == PacketKind::kIcmpError);
  ReplaceAddr(packet.ip(), kTargetAddrOffset, to.addr);
  packet.target_addr = to.addr;
  RewriteInner(packet, true, to);
}

}  // namespace dataplane
