// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

#include "dataplane/core/packet.h"

#include "dataplane/core/byte_order.h"
#include "dataplane/core/checksum.h"
#include "dataplane/core/tcp_tracker.h"

namespace dataplane {
namespace {

constexpr std::uint16_t kEtherIpv4 = 0x0800;
constexpr std::uint16_t kEtherArp = 0x0806;
constexpr std::uint16_t kEtherVlan = 0x8100;
constexpr std::uint16_t kEtherVlanOuter = 0x88a8;

constexpr std::size_t kTcpBytesMin = 20;
constexpr std::size_t kUdpBytes = 8;
constexpr std::size_t kIcmpBytes = 8;
constexpr std::size_t kInnerTransportBytes = 8;  // RFC 792: what every ICMP error quotes.

// Options of IPv4 and TCP share their frame: 0 ends, 1 is padding, others carry kind and length.
// Calls visit(kind, option) for each; returns `broken` at the first length that does not fit.
template <typename Visit>
DropReason WalkOptions(std::span<const std::byte> options, DropReason broken, Visit visit) {
  std::size_t at = 0;
  while (at < options.size()) {
    const std::uint8_t kind = LoadByte(&options[at]);
    if (kind == 0) break;
    if (kind == 1) {
      ++at;
      continue;
    }
    if (options.size() - at < 2) return broken;
    const std::size_t length = LoadByte(&options[at + 1]);
    if (length < 2 || length > options.size() - at) return broken;
    if (const DropReason reason = visit(kind, options.subspan(at, length));
        reason != DropReason::kNone) {
      return reason;
    }
    at += length;
  }
  return DropReason::kNone;
}

// RFC 1812 §5.3.7: an address that names no single host, this network, or this machine.
bool IsMartian(NetAddr addr) {
  const std::uint32_t top = NetToHost(addr) >> 24;
  return top == 0 || top == 127 || top >= 224;
}

DropReason ParseTcpOptions(std::span<const std::byte> options, TcpSegment& tcp) {
  const bool syn = (tcp.flags & kTcpSyn) != 0;
  return WalkOptions(options, DropReason::kTcpOptions,
                     [&](std::uint8_t kind, std::span<const std::byte> option) {
                       constexpr std::uint8_t kMss = 2;
                       constexpr std::uint8_t kScale = 3;
                       if (kind == kMss) {
                         if (option.size() != 4) return DropReason::kTcpOptions;
                         if (syn) tcp.mss = LoadHost16(&option[2]);
                       } else if (kind == kScale) {
                         if (option.size() != 3) return DropReason::kTcpOptions;
                         const std::uint8_t scale = LoadByte(&option[2]);
                         if (syn) tcp.scale = scale > kScaleMax ? kScaleMax : scale;
                       }
                       return DropReason::kNone;
                     });
}

DropReason ParseTcp(PacketView& view) {
  const std::size_t bytes = view.transport_bytes();
  if (bytes < kTcpBytesMin) return DropReason::kTcpTruncated;
  const std::byte* header = view.transport();
  const std::size_t header_bytes = std::size_t{LoadByte(header + 12)} >> 4 << 2;
  if (header_bytes < kTcpBytesMin || header_bytes > bytes) return DropReason::kTcpDataOffset;
  view.key.source_port = LoadNet16(header);
  view.key.target_port = LoadNet16(header + 2);
  if (view.key.source_port == 0 || view.key.target_port == 0) return DropReason::kPortZero;
  TcpSegment& tcp = view.tcp;
  tcp.seq = LoadHost32(header + 4);
  tcp.ack = LoadHost32(header + 8);
  tcp.flags = LoadByte(header + 13) & 0x3f;
  tcp.window = LoadHost16(header + 14);
  tcp.payload_bytes = static_cast<std::uint16_t>(bytes - header_bytes);
  tcp.mss = 0;
  tcp.scale = kNoWindowScale;
  if (!TcpFlagsAreValid(tcp.flags)) return DropReason::kTcpFlags;
  view.kind = PacketKind::kTcp;
  return ParseTcpOptions({header + kTcpBytesMin, header_bytes - kTcpBytesMin}, tcp);
}

DropReason ParseUdp(PacketView& view) {
  const std::size_t bytes = view.transport_bytes();
  if (bytes < kUdpBytes) return DropReason::kUdpTruncated;
  const std::byte* header = view.transport();
  const std::size_t length = LoadHost16(header + 4);
  if (length < kUdpBytes || length > bytes) return DropReason::kUdpLength;
  view.key.source_port = LoadNet16(header);
  view.key.target_port = LoadNet16(header + 2);
  // A source port of zero is allowed by RFC 768, but it could not be answered through NAT.
  if (view.key.source_port == 0 || view.key.target_port == 0) return DropReason::kPortZero;
  view.kind = PacketKind::kUdp;
  return DropReason::kNone;
}

// Ports of an echo in a key: the asker's side carries the id, the asked one's is zero.
constexpr std::uint8_t kIcmpEchoReply = 0;
constexpr std::uint8_t kIcmpUnreachable = 3;
constexpr std::uint8_t kIcmpEchoRequest = 8;
constexpr std::uint8_t kIcmpTimeExceeded = 11;
constexpr std::uint8_t kIcmpParameterProblem = 12;

// Reads the packet that an ICMP error quotes, and makes its reversed key the view's key.
DropReason ParseInner(PacketView& view) {
  const std::size_t inner_offset = std::size_t{view.transport_offset} + kIcmpBytes;
  const std::size_t bytes = view.frame_bytes - inner_offset;
  const std::byte* ip = view.frame + inner_offset;
  if (bytes < kIpv4BytesMin || LoadByte(ip) >> 4 != 4) return DropReason::kIcmpInner;
  const std::size_t header_bytes = std::size_t{LoadByte(ip) & 0x0fu} << 2;
  if (header_bytes < kIpv4BytesMin || bytes < header_bytes + kInnerTransportBytes) {
    return DropReason::kIcmpInner;
  }
  if ((LoadHost16(ip + 6) & 0x1fff) != 0) return DropReason::kIcmpInner;  // No ports in it.
  // The error goes to the sender of the quoted packet; anything else was made up.
  if (LoadNet32(ip + 12) != view.target_addr) return DropReason::kIcmpInner;

  FlowKey& key = view.key;
  key.source_addr = LoadNet32(ip + 16);
  key.target_addr = LoadNet32(ip + 12);
  key.protocol = LoadByte(ip + 9);
  const std::byte* transport = ip + header_bytes;
  if (key.protocol == kProtocolTcp || key.protocol == kProtocolUdp) {
    key.source_port = LoadNet16(transport + 2);
    key.target_port = LoadNet16(transport);
  } else if (key.protocol == kProtocolIcmp) {
    const std::uint8_t type = LoadByte(transport);
    if (type != kIcmpEchoRequest && type != kIcmpEchoReply) return DropReason::kIcmpInner;
    const NetPort id = LoadNet16(transport + 4);
    key.source_port = type == kIcmpEchoRequest ? NetPort{0} : id;
    key.target_port = type == kIcmpEchoRequest ? id : NetPort{0};
  } else {
    return DropReason::kIcmpInner;
  }
  view.inner_offset = static_cast<std::uint16_t>(inner_offset);
  view.inner_transport_offset = static_cast<std::uint16_t>(inner_offset + header_bytes);
  view.kind = PacketKind::kIcmpError;
  return DropReason::kNone;
}

DropReason ParseIcmp(PacketView& view) {
  const std::size_t bytes = view.transport_bytes();
  if (bytes < kIcmpBytes) return DropReason::kIcmpTruncated;
  const std::byte* header = view.transport();
  if (Checksum({header, bytes}) != 0) return DropReason::kIcmpChecksum;
  const std::uint8_t type = LoadByte(header);
  if (type == kIcmpUnreachable || type == kIcmpTimeExceeded || type == kIcmpParameterProblem) {
    return ParseInner(view);
  }
  if ((type != kIcmpEchoRequest && type != kIcmpEchoReply) || LoadByte(header + 1) != 0) {
    return DropReason::kIcmpType;
  }
  const NetPort id = LoadNet16(header + 4);
  const bool asks = type == kIcmpEchoRequest;
  view.key.source_port = asks ? id : NetPort{0};
  view.key.target_port = asks ? NetPort{0} : id;
  view.kind = asks ? PacketKind::kEchoRequest : PacketKind::kEchoReply;
  return DropReason::kNone;
}

DropReason CheckIpv4Options(std::span<const std::byte> options) {
  return WalkOptions(
      options, DropReason::kIpOptions, [](std::uint8_t kind, std::span<const std::byte>) {
        constexpr std::uint8_t kLooseSourceRoute = 131;
        constexpr std::uint8_t kStrictSourceRoute = 137;
        return kind == kLooseSourceRoute || kind == kStrictSourceRoute ? DropReason::kIpSourceRoute
                                                                       : DropReason::kNone;
      });
}

DropReason ParseIpv4(std::span<std::byte> packet, ParseHints hints, PacketView& view) {
  if (packet.size() < kIpv4BytesMin) return DropReason::kIpTruncated;
  const std::byte* ip = packet.data();
  if (LoadByte(ip) >> 4 != 4) return DropReason::kIpVersion;
  const std::size_t header_bytes = std::size_t{LoadByte(ip) & 0x0fu} << 2;
  if (header_bytes < kIpv4BytesMin || header_bytes > packet.size()) {
    return DropReason::kIpHeaderLength;
  }
  const std::size_t total_bytes = LoadHost16(ip + 2);
  if (total_bytes < header_bytes || total_bytes > packet.size()) return DropReason::kIpTotalLength;
  if (!hints.ip_checksum_good && Checksum({ip, header_bytes}) != 0) return DropReason::kIpChecksum;
  if (header_bytes > kIpv4BytesMin) {
    const DropReason reason = CheckIpv4Options({ip + kIpv4BytesMin, header_bytes - kIpv4BytesMin});
    if (reason != DropReason::kNone) return reason;
  }

  view.source_addr = LoadNet32(ip + 12);
  view.target_addr = LoadNet32(ip + 16);
  if (IsMartian(view.source_addr) || view.source_addr == view.target_addr) {
    return DropReason::kIpSourceAddress;
  }
  if (IsMartian(view.target_addr)) return DropReason::kIpTargetAddress;
  const std::uint16_t fragment = LoadHost16(ip + 6);
  if ((fragment & 0x3fff) != 0) return DropReason::kIpFragment;  // More fragments, or an offset.

  view.dont_fragment = (fragment & 0x4000) != 0;
  view.ttl = LoadByte(ip + 8);
  view.ip_bytes = static_cast<std::uint16_t>(total_bytes);
  view.frame_bytes = static_cast<std::uint16_t>(kEthernetBytes + total_bytes);
  view.transport_offset = static_cast<std::uint16_t>(kEthernetBytes + header_bytes);
  view.transport_checksum_good = hints.transport_checksum_good;
  view.key.source_addr = view.source_addr;
  view.key.target_addr = view.target_addr;
  view.key.protocol = LoadByte(ip + 9);
  switch (view.key.protocol) {
    case kProtocolTcp:
      return ParseTcp(view);
    case kProtocolUdp:
      return ParseUdp(view);
    case kProtocolIcmp:
      return ParseIcmp(view);
    default:
      return DropReason::kIpProtocol;
  }
}

}  // namespace

DropReason Parse(std::span<std::byte> frame, ParseHints hints, PacketView& view) noexcept {
  view.frame = frame.data();
  if (frame.size() < kEthernetBytes) return DropReason::kFrameTooShort;
  if (frame.size() > kFrameBytesMax) return DropReason::kTooBig;
  switch (LoadHost16(&frame[12])) {
    case kEtherIpv4:
      return ParseIpv4(frame.subspan(kEthernetBytes), hints, view);
    case kEtherArp:
      view.kind = PacketKind::kArp;
      view.frame_bytes = static_cast<std::uint16_t>(frame.size());
      return DropReason::kNone;
    case kEtherVlan:
    case kEtherVlanOuter:
      return DropReason::kVlanTagged;
    default:
      return DropReason::kEtherType;
  }
}

bool TransportChecksumIsGood(const PacketView& view) noexcept {
  if (view.transport_checksum_good) return true;
  std::size_t bytes = view.transport_bytes();
  if (view.kind == PacketKind::kUdp) {
    if (LoadNet16(view.transport() + 6) == 0) return true;
    bytes = LoadHost16(view.transport() + 4);
  }
  const std::uint64_t pseudo = PseudoHeaderSum(
      view.source_addr, view.target_addr, view.key.protocol, static_cast<std::uint16_t>(bytes));
  return ChecksumFinish(ChecksumPartial({view.transport(), bytes}, pseudo)) == 0;
}

}  // namespace dataplane
