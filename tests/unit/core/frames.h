// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

// Frames for tests: built from fields, with right checksums computed byte by byte.
//
// The checksum here is written in the plainest way on purpose: it judges dataplane/core/checksum.

#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "dataplane/core/byte_order.h"
#include "dataplane/core/packet.h"

namespace dataplane::testing {

using Bytes = std::vector<std::byte>;

inline const NetAddr kClient = MakeAddr(10, 1, 0, 10);
inline const NetAddr kServer = MakeAddr(10, 2, 0, 20);
inline const NetAddr kNatAddr = MakeAddr(10, 2, 0, 100);
inline constexpr std::uint16_t kClientPort = 40'000;
inline constexpr std::uint16_t kServerPort = 443;

// RFC 1071 read literally: 16-bit big-endian words, end-around carry.
inline std::uint16_t PlainChecksum(std::span<const std::byte> bytes, std::uint32_t sum = 0) {
  for (std::size_t i = 0; i < bytes.size(); i += 2) {
    sum += std::to_integer<std::uint32_t>(bytes[i]) << 8;
    if (i + 1 < bytes.size()) sum += std::to_integer<std::uint32_t>(bytes[i + 1]);
    while (sum > 0xffff) sum = (sum & 0xffff) + (sum >> 16);
  }
  return static_cast<std::uint16_t>(~sum & 0xffff);
}

inline std::uint32_t PlainPseudoSum(const Bytes& frame, std::size_t transport_bytes) {
  std::uint32_t sum = 0;
  for (std::size_t i = 26; i < 34; i += 2) sum += LoadHost16(&frame[i]);
  sum += LoadByte(&frame[23]) + static_cast<std::uint32_t>(transport_bytes);
  return sum;
}

struct Ip {
  NetAddr source = kClient;
  NetAddr target = kServer;
  std::uint8_t protocol = kProtocolTcp;
  std::uint8_t ttl = 64;
  std::uint16_t fragment = 0x4000;  // Don't fragment.
  Bytes options;
};

inline void FixIpChecksum(Bytes& frame) {
  const std::size_t bytes = std::size_t{LoadByte(&frame[14]) & 0x0fu} * 4;
  StoreHost16(&frame[24], 0);
  StoreHost16(&frame[24], PlainChecksum(std::span(frame).subspan(14, bytes)));
}

inline Bytes IpFrame(const Ip& ip, const Bytes& transport) {
  const std::size_t header = 20 + ip.options.size();
  Bytes frame(14 + header);
  for (std::size_t i = 0; i < 6; ++i) {
    frame[i] = std::byte{static_cast<std::uint8_t>(0x02 + i)};
    frame[6 + i] = std::byte{static_cast<std::uint8_t>(0x22 + i)};
  }
  StoreHost16(&frame[12], 0x0800);
  StoreByte(&frame[14], static_cast<std::uint8_t>(0x40 | (header / 4)));
  StoreHost16(&frame[16], static_cast<std::uint16_t>(header + transport.size()));
  StoreHost16(&frame[18], 0x1234);
  StoreHost16(&frame[20], ip.fragment);
  StoreByte(&frame[22], ip.ttl);
  StoreByte(&frame[23], ip.protocol);
  StoreNet32(&frame[26], ip.source);
  StoreNet32(&frame[30], ip.target);
  for (std::size_t i = 0; i < ip.options.size(); ++i) frame[34 + i] = ip.options[i];
  FixIpChecksum(frame);
  frame.insert(frame.end(), transport.begin(), transport.end());
  return frame;
}

// Sets the transport checksum of a frame without IP options.
inline void FixTransportChecksum(Bytes& frame, std::size_t offset, bool pseudo) {
  const std::size_t bytes = frame.size() - 34;
  StoreHost16(&frame[34 + offset], 0);
  StoreHost16(&frame[34 + offset], PlainChecksum(std::span(frame).subspan(34),
                                                 pseudo ? PlainPseudoSum(frame, bytes) : 0));
}

struct Tcp {
  std::uint16_t source_port = kClientPort;
  std::uint16_t target_port = kServerPort;
  std::uint32_t seq = 1'000;
  std::uint32_t ack = 0;
  std::uint8_t flags = kTcpSyn;
  std::uint16_t window = 64'240;
  Bytes options;  // A multiple of 4 bytes.
  std::size_t payload_bytes = 0;
};

inline Bytes TcpFrame(const Tcp& tcp, Ip ip = {}) {
  const std::size_t header = 20 + tcp.options.size();
  Bytes segment(header + tcp.payload_bytes);
  StoreHost16(&segment[0], tcp.source_port);
  StoreHost16(&segment[2], tcp.target_port);
  StoreHost32(&segment[4], tcp.seq);
  StoreHost32(&segment[8], tcp.ack);
  StoreByte(&segment[12], static_cast<std::uint8_t>(header / 4 * 16));
  StoreByte(&segment[13], tcp.flags);
  StoreHost16(&segment[14], tcp.window);
  for (std::size_t i = 0; i < tcp.options.size(); ++i) segment[20 + i] = tcp.options[i];
  for (std::size_t i = header; i < segment.size(); ++i) {
    segment[i] = std::byte{static_cast<std::uint8_t>(i * 7)};
  }
  ip.protocol = kProtocolTcp;
  Bytes frame = IpFrame(ip, segment);
  if (ip.options.empty()) FixTransportChecksum(frame, 16, true);
  return frame;
}

inline Bytes UdpFrame(std::uint16_t source_port, std::uint16_t target_port,
                      std::size_t payload_bytes, Ip ip = {}) {
  Bytes datagram(8 + payload_bytes);
  StoreHost16(&datagram[0], source_port);
  StoreHost16(&datagram[2], target_port);
  StoreHost16(&datagram[4], static_cast<std::uint16_t>(datagram.size()));
  for (std::size_t i = 8; i < datagram.size(); ++i) {
    datagram[i] = std::byte{static_cast<std::uint8_t>(i * 5)};
  }
  ip.protocol = kProtocolUdp;
  Bytes frame = IpFrame(ip, datagram);
  FixTransportChecksum(frame, 6, true);
  return frame;
}

inline Bytes EchoFrame(bool request, std::uint16_t id, Ip ip = {}) {
  Bytes echo(24);
  StoreByte(&echo[0], request ? 8 : 0);
  StoreHost16(&echo[4], id);
  StoreHost16(&echo[6], 1);
  ip.protocol = kProtocolIcmp;
  Bytes frame = IpFrame(ip, echo);
  FixTransportChecksum(frame, 2, false);
  return frame;
}

// An ICMP error of `from` about `inner` (a frame as above), to the inner packet's sender. Quotes
// `quoted` bytes of the inner packet at most.
inline Bytes ErrorFrame(NetAddr from, const Bytes& inner, std::uint8_t type, std::uint8_t code,
                        std::size_t quoted = 28) {
  Bytes error(8);
  StoreByte(&error[0], type);
  StoreByte(&error[1], code);
  const std::size_t end = 14 + quoted < inner.size() ? 14 + quoted : inner.size();
  error.insert(error.end(), inner.begin() + 14, inner.begin() + static_cast<std::ptrdiff_t>(end));
  Bytes frame = IpFrame(
      {.source = from, .target = LoadNet32(&inner[26]), .protocol = kProtocolIcmp, .options = {}},
      error);
  FixTransportChecksum(frame, 2, false);
  return frame;
}

inline Bytes MssOption(std::uint16_t mss) {
  Bytes option(4);
  StoreByte(&option[0], 2);
  StoreByte(&option[1], 4);
  StoreHost16(&option[2], mss);
  return option;
}

// NOP and window scale.
inline Bytes ScaleOption(std::uint8_t scale) {
  return {std::byte{1}, std::byte{3}, std::byte{3}, std::byte{scale}};
}

// xorshift64*: a seed replays a run on every machine.
class Random {
 public:
  explicit Random(std::uint64_t seed) : state_(seed | 1) {}
  std::uint32_t Next() {
    state_ ^= state_ >> 12;
    state_ ^= state_ << 25;
    state_ ^= state_ >> 27;
    return static_cast<std::uint32_t>((state_ * 0x2545f4914f6cdd1dull) >> 32);
  }
  std::uint32_t Below(std::uint32_t n) { return Next() % n; }

 private:
  std::uint64_t state_;
};

// Both checksums of a frame without IP options, judged by the plain sum.
inline bool ChecksumsAreRight(const Bytes& frame) {
  if (PlainChecksum(std::span(frame).subspan(14, 20)) != 0) return false;
  const std::size_t total = LoadHost16(&frame[16]);
  const auto transport = std::span(frame).subspan(34, total - 20);
  const std::uint8_t protocol = LoadByte(&frame[23]);
  if (protocol == kProtocolIcmp) return PlainChecksum(transport) == 0;
  if (protocol == kProtocolUdp && LoadNet16(&frame[40]) == 0) return true;
  return PlainChecksum(transport, PlainPseudoSum(frame, transport.size())) == 0;
}

}  // namespace dataplane::testing
