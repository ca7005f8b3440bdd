// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

#include "dataplane/core/packet.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <memory>

#include "tests/unit/core/frames.h"

namespace dataplane {
namespace {

using testing::Bytes;

DropReason ParseBytes(Bytes frame, ParseHints hints = {}) {
  PacketView view;
  return Parse(frame, hints, view);
}

// Parses a heap copy of exactly the frame's size: the sanitizer sees one byte read too far.
DropReason ParseExact(std::span<const std::byte> bytes) {
  const std::unique_ptr<std::byte[]> copy(new std::byte[bytes.size()]);
  std::copy(bytes.begin(), bytes.end(), copy.get());
  PacketView view;
  const DropReason reason = Parse({copy.get(), bytes.size()}, {}, view);
  if (reason == DropReason::kNone && view.kind != PacketKind::kArp) {
    EXPECT_LE(view.frame_bytes, bytes.size());
    EXPECT_LE(view.transport_offset, view.frame_bytes);
    if (view.kind == PacketKind::kTcp || view.kind == PacketKind::kUdp) {
      (void)TransportChecksumIsGood(view);
    }
  }
  return reason;
}

TEST(Packet, TcpSynGivesKeyFlagsAndOptions) {
  Bytes options = testing::MssOption(1'460);
  const Bytes scale = testing::ScaleOption(7);
  options.insert(options.end(), scale.begin(), scale.end());
  Bytes frame = testing::TcpFrame({.seq = 0xfffffff0, .options = options});
  PacketView view;
  ASSERT_EQ(Parse(frame, {}, view), DropReason::kNone);
  EXPECT_EQ(view.kind, PacketKind::kTcp);
  EXPECT_EQ(view.key.source_addr, testing::kClient);
  EXPECT_EQ(view.key.target_addr, testing::kServer);
  EXPECT_EQ(view.key.source_port, HostToNet(testing::kClientPort));
  EXPECT_EQ(view.key.target_port, HostToNet(testing::kServerPort));
  EXPECT_EQ(view.key.protocol, kProtocolTcp);
  EXPECT_EQ(view.tcp.seq, 0xfffffff0u);
  EXPECT_EQ(view.tcp.mss, 1'460);
  EXPECT_EQ(view.tcp.scale, 7);
  EXPECT_EQ(view.ttl, 64);
  EXPECT_TRUE(view.dont_fragment);
  EXPECT_TRUE(TransportChecksumIsGood(view));
}

TEST(Packet, ScaleAboveFourteenIsTakenAsFourteen) {
  Bytes frame = testing::TcpFrame({.options = testing::ScaleOption(200)});
  PacketView view;
  ASSERT_EQ(Parse(frame, {}, view), DropReason::kNone);
  EXPECT_EQ(view.tcp.scale, 14);
}

TEST(Packet, OptionsOfASegmentWithoutSynTeachNothing) {
  Bytes frame = testing::TcpFrame({.flags = kTcpAck, .options = testing::ScaleOption(3)});
  PacketView view;
  ASSERT_EQ(Parse(frame, {}, view), DropReason::kNone);
  EXPECT_EQ(view.tcp.scale, kNoWindowScale);
}

TEST(Packet, EthernetPaddingIsNotPartOfThePacket) {
  Bytes frame = testing::TcpFrame({.flags = kTcpAck});
  const std::size_t bytes = frame.size();
  frame.resize(60);
  PacketView view;
  ASSERT_EQ(Parse(frame, {}, view), DropReason::kNone);
  EXPECT_EQ(view.frame_bytes, bytes);
  EXPECT_EQ(view.tcp.payload_bytes, 0);
}

TEST(Packet, UdpGivesItsPorts) {
  Bytes frame = testing::UdpFrame(5'000, 53, 11);
  PacketView view;
  ASSERT_EQ(Parse(frame, {}, view), DropReason::kNone);
  EXPECT_EQ(view.kind, PacketKind::kUdp);
  EXPECT_EQ(view.key.source_port, HostToNet(std::uint16_t{5'000}));
  EXPECT_TRUE(TransportChecksumIsGood(view));
}

TEST(Packet, EchoCarriesItsIdOnTheAskersSideOnly) {
  PacketView view;
  Bytes request = testing::EchoFrame(true, 77);
  ASSERT_EQ(Parse(request, {}, view), DropReason::kNone);
  EXPECT_EQ(view.kind, PacketKind::kEchoRequest);
  EXPECT_EQ(view.key.source_port, HostToNet(std::uint16_t{77}));
  EXPECT_EQ(view.key.target_port, 0);
  Bytes reply = testing::EchoFrame(false, 77);
  ASSERT_EQ(Parse(reply, {}, view), DropReason::kNone);
  EXPECT_EQ(view.kind, PacketKind::kEchoReply);
  EXPECT_EQ(view.key.source_port, 0);
  EXPECT_EQ(view.key.target_port, HostToNet(std::uint16_t{77}));
}

TEST(Packet, IcmpErrorHasTheKeyOfItsInnerPacketReversed) {
  const NetAddr router = MakeAddr(10, 9, 9, 9);
  const Bytes inner = testing::TcpFrame({.seq = 5});
  Bytes frame = testing::ErrorFrame(router, inner, 3, 4);
  PacketView view;
  ASSERT_EQ(Parse(frame, {}, view), DropReason::kNone);
  EXPECT_EQ(view.kind, PacketKind::kIcmpError);
  EXPECT_EQ(view.key.source_addr, testing::kServer);
  EXPECT_EQ(view.key.source_port, HostToNet(testing::kServerPort));
  EXPECT_EQ(view.key.target_addr, testing::kClient);
  EXPECT_EQ(view.key.target_port, HostToNet(testing::kClientPort));
  EXPECT_EQ(view.key.protocol, kProtocolTcp);
  EXPECT_EQ(view.source_addr, router);
  EXPECT_EQ(view.target_addr, testing::kClient);
}

TEST(Packet, ArpIsLeftToItsOwnReader) {
  Bytes frame(60);
  StoreHost16(&frame[12], 0x0806);
  PacketView view;
  EXPECT_EQ(Parse(frame, {}, view), DropReason::kNone);
  EXPECT_EQ(view.kind, PacketKind::kArp);
}

TEST(Packet, NicsWordReplacesTheHeaderChecksum) {
  Bytes frame = testing::TcpFrame({});
  StoreHost16(&frame[24], 0xdead);
  EXPECT_EQ(ParseBytes(frame), DropReason::kIpChecksum);
  EXPECT_EQ(ParseBytes(frame, {.ip_checksum_good = true}), DropReason::kNone);
}

TEST(Packet, WrongTransportChecksumIsSeen) {
  Bytes frame = testing::TcpFrame({.payload_bytes = 3});
  frame.back() ^= std::byte{1};
  PacketView view;
  ASSERT_EQ(Parse(frame, {}, view), DropReason::kNone);
  EXPECT_FALSE(TransportChecksumIsGood(view));
  view.transport_checksum_good = true;
  EXPECT_TRUE(TransportChecksumIsGood(view));
}

TEST(Packet, UdpWithoutChecksumIsRight) {
  Bytes frame = testing::UdpFrame(1, 2, 4);
  StoreHost16(&frame[40], 0);
  PacketView view;
  ASSERT_EQ(Parse(frame, {}, view), DropReason::kNone);
  EXPECT_TRUE(TransportChecksumIsGood(view));
}

struct BadFrame {
  const char* name;
  DropReason reason;
  std::function<Bytes()> make;
};

Bytes WithByte(Bytes frame, std::size_t at, std::uint8_t value) {
  frame[at] = std::byte{value};
  testing::FixIpChecksum(frame);
  return frame;
}
Bytes WithWord(Bytes frame, std::size_t at, std::uint16_t value) {
  StoreHost16(&frame[at], value);
  return frame;
}
Bytes TcpFlags(std::uint8_t flags) { return testing::TcpFrame({.flags = flags}); }
Bytes TcpOptions(Bytes options) { return testing::TcpFrame({.options = std::move(options)}); }
Bytes IpOptions(Bytes options) { return testing::TcpFrame({}, {.options = std::move(options)}); }
Bytes Raw(std::initializer_list<int> values) {
  Bytes bytes;
  for (const int value : values) bytes.push_back(std::byte{static_cast<std::uint8_t>(value)});
  return bytes;
}
Bytes From(NetAddr addr) { return testing::TcpFrame({}, {.source = addr, .options = {}}); }
Bytes To(NetAddr addr) { return testing::TcpFrame({}, {.target = addr, .options = {}}); }
Bytes Icmp(std::uint8_t type, std::uint8_t code) {
  Bytes frame = testing::EchoFrame(true, 1);
  StoreByte(&frame[34], type);
  StoreByte(&frame[35], code);
  testing::FixTransportChecksum(frame, 2, false);
  return frame;
}
Bytes BadInner(const std::function<void(Bytes&)>& change) {
  Bytes inner = testing::TcpFrame({});
  change(inner);
  return testing::ErrorFrame(MakeAddr(10, 9, 9, 9), inner, 11, 0);
}

std::vector<BadFrame> LinkAndIpDefects() {
  return {
      {"13 bytes", DropReason::kFrameTooShort, [] { return Bytes(13); }},
      {"above the largest frame", DropReason::kTooBig, [] { return Bytes(kFrameBytesMax + 1); }},
      {"VLAN", DropReason::kVlanTagged, [] { return WithWord(Bytes(60), 12, 0x8100); }},
      {"outer VLAN", DropReason::kVlanTagged, [] { return WithWord(Bytes(60), 12, 0x88a8); }},
      {"IPv6", DropReason::kEtherType, [] { return WithWord(Bytes(60), 12, 0x86dd); }},
      {"no IP header", DropReason::kIpTruncated, [] { return WithWord(Bytes(33), 12, 0x0800); }},
      {"version 6", DropReason::kIpVersion, [] { return WithByte(TcpFlags(kTcpSyn), 14, 0x65); }},
      {"header of 16", DropReason::kIpHeaderLength,
       [] { return WithWord(TcpFlags(kTcpSyn), 14, 0x4400); }},
      {"header beyond the frame", DropReason::kIpHeaderLength,
       [] { return WithWord(TcpFlags(kTcpSyn), 14, 0x4f00); }},
      {"total below the header", DropReason::kIpTotalLength,
       [] { return WithWord(TcpFlags(kTcpSyn), 16, 19); }},
      {"total beyond the frame", DropReason::kIpTotalLength,
       [] { return WithWord(TcpFlags(kTcpSyn), 16, 41); }},
      {"checksum", DropReason::kIpChecksum, [] { return WithWord(TcpFlags(kTcpSyn), 24, 1); }},
      {"loose source route", DropReason::kIpSourceRoute,
       [] {
         return IpOptions(Raw({131, 3, 4, 0}));
       }},
      {"strict source route", DropReason::kIpSourceRoute,
       [] {
         return IpOptions(Raw({1, 137, 3, 4}));
       }},
      {"IP option of length 1", DropReason::kIpOptions,
       [] {
         return IpOptions(Raw({7, 1, 0, 0}));
       }},
      {"IP option too long", DropReason::kIpOptions,
       [] {
         return IpOptions(Raw({7, 5, 0, 0}));
       }},
      {"IP option without length", DropReason::kIpOptions,
       [] {
         return IpOptions(Raw({1, 1, 1, 7}));
       }},
      {"from 0.0.0.0", DropReason::kIpSourceAddress, [] { return From(0); }},
      {"from loopback", DropReason::kIpSourceAddress, [] { return From(MakeAddr(127, 0, 0, 1)); }},
      {"from multicast", DropReason::kIpSourceAddress, [] { return From(MakeAddr(224, 0, 0, 1)); }},
      {"from itself", DropReason::kIpSourceAddress, [] { return From(testing::kServer); }},
      {"to broadcast", DropReason::kIpTargetAddress, [] { return To(0xffffffff); }},
      {"to multicast", DropReason::kIpTargetAddress, [] { return To(MakeAddr(239, 1, 1, 1)); }},
      {"to loopback", DropReason::kIpTargetAddress, [] { return To(MakeAddr(127, 0, 0, 1)); }},
      {"first fragment", DropReason::kIpFragment,
       [] { return testing::TcpFrame({}, {.fragment = 0x2000, .options = {}}); }},
      {"last fragment", DropReason::kIpFragment,
       [] { return testing::TcpFrame({}, {.fragment = 0x0001, .options = {}}); }},
      {"GRE", DropReason::kIpProtocol, [] { return WithByte(TcpFlags(kTcpSyn), 23, 47); }},
  };
}

std::vector<BadFrame> TcpDefects() {
  return {
      {"19 bytes of TCP", DropReason::kTcpTruncated,
       [] { return testing::IpFrame({.options = {}}, Bytes(19)); }},
      {"TCP offset 16", DropReason::kTcpDataOffset,
       [] { return WithByte(TcpFlags(kTcpSyn), 46, 0x40); }},
      {"TCP offset beyond", DropReason::kTcpDataOffset,
       [] { return WithByte(TcpFlags(kTcpSyn), 46, 0x60); }},
      {"MSS of 3 bytes", DropReason::kTcpOptions,
       [] {
         return TcpOptions(Raw({2, 3, 5, 0}));
       }},
      {"scale of 4 bytes", DropReason::kTcpOptions,
       [] {
         return TcpOptions(Raw({3, 4, 5, 0}));
       }},
      {"TCP option of length 0", DropReason::kTcpOptions,
       [] {
         return TcpOptions(Raw({8, 0, 0, 0}));
       }},
      {"TCP option too long", DropReason::kTcpOptions,
       [] {
         return TcpOptions(Raw({8, 10, 0, 0}));
       }},
      {"no flags", DropReason::kTcpFlags, [] { return TcpFlags(0); }},
      {"SYN and FIN", DropReason::kTcpFlags, [] { return TcpFlags(kTcpSyn | kTcpFin); }},
      {"SYN and RST", DropReason::kTcpFlags, [] { return TcpFlags(kTcpSyn | kTcpRst); }},
      {"FIN alone", DropReason::kTcpFlags, [] { return TcpFlags(kTcpFin); }},
      {"Christmas tree", DropReason::kTcpFlags, [] { return TcpFlags(0x3f); }},
      {"TCP port 0", DropReason::kPortZero,
       [] { return testing::TcpFrame({.source_port = 0, .options = {}}); }},
  };
}

std::vector<BadFrame> UdpAndIcmpDefects() {
  return {
      {"UDP port 0", DropReason::kPortZero, [] { return testing::UdpFrame(1, 0, 0); }},
      {"7 bytes of UDP", DropReason::kUdpTruncated,
       [] { return testing::IpFrame({.protocol = kProtocolUdp, .options = {}}, Bytes(7)); }},
      {"UDP length 7", DropReason::kUdpLength,
       [] { return WithWord(testing::UdpFrame(1, 2, 4), 38, 7); }},
      {"UDP length beyond", DropReason::kUdpLength,
       [] { return WithWord(testing::UdpFrame(1, 2, 4), 38, 13); }},
      {"7 bytes of ICMP", DropReason::kIcmpTruncated,
       [] { return testing::IpFrame({.protocol = kProtocolIcmp, .options = {}}, Bytes(7)); }},
      {"ICMP checksum", DropReason::kIcmpChecksum,
       [] { return WithWord(testing::EchoFrame(true, 1), 36, 1); }},
      {"redirect", DropReason::kIcmpType, [] { return Icmp(5, 0); }},
      {"echo with a code", DropReason::kIcmpType, [] { return Icmp(8, 1); }},
      {"27 bytes quoted", DropReason::kIcmpInner,
       [] { return testing::ErrorFrame(testing::kServer, testing::TcpFrame({}), 3, 1, 27); }},
      {"inner version", DropReason::kIcmpInner,
       [] { return BadInner([](Bytes& inner) { inner[14] = std::byte{0x65}; }); }},
      {"inner header length", DropReason::kIcmpInner,
       [] { return BadInner([](Bytes& inner) { inner[14] = std::byte{0x4f}; }); }},
      {"inner fragment", DropReason::kIcmpInner,
       [] { return BadInner([](Bytes& inner) { inner[21] = std::byte{1}; }); }},
      {"inner GRE", DropReason::kIcmpInner,
       [] { return BadInner([](Bytes& inner) { inner[23] = std::byte{47}; }); }},
  };
}

void ExpectReasons(const std::vector<BadFrame>& cases) {
  for (const BadFrame& bad : cases) {
    const Bytes frame = bad.make();
    EXPECT_EQ(ParseExact(frame), bad.reason) << bad.name << ": " << TextOf(ParseExact(frame)).name;
  }
}

TEST(Packet, EveryDefectHasItsReason) {
  ExpectReasons(LinkAndIpDefects());
  ExpectReasons(TcpDefects());
  ExpectReasons(UdpAndIcmpDefects());
}

TEST(Packet, AnErrorToAnotherThanTheInnerSenderIsRefused) {
  const Bytes inner = testing::TcpFrame({});
  Bytes frame = testing::ErrorFrame(MakeAddr(10, 9, 9, 9), inner, 3, 1);
  StoreNet32(&frame[30], MakeAddr(10, 1, 0, 11));
  testing::FixIpChecksum(frame);
  EXPECT_EQ(ParseBytes(frame), DropReason::kIcmpInner);
}

std::vector<Bytes> GoodFrames() {
  return {testing::TcpFrame({.options = testing::MssOption(1'400), .payload_bytes = 60}),
          testing::TcpFrame({.flags = kTcpAck}, {.options = Raw({1, 7, 3, 4})}),
          testing::UdpFrame(9, 10, 100),
          testing::EchoFrame(true, 3),
          testing::ErrorFrame(MakeAddr(10, 9, 9, 9), testing::TcpFrame({.payload_bytes = 40}), 3, 4,
                              60),
          testing::ErrorFrame(MakeAddr(10, 9, 9, 9), testing::EchoFrame(true, 3), 11, 0)};
}

// Every prefix is a truncated frame; the sanitizer watches the reads.
TEST(Packet, EveryPrefixOfAFrameIsRefusedWithoutReadingBeyondIt) {
  for (const Bytes& frame : GoodFrames()) {
    for (std::size_t bytes = 0; bytes < frame.size(); ++bytes) {
      EXPECT_NE(ParseExact(std::span(frame).first(bytes)), DropReason::kNone) << bytes;
    }
    EXPECT_EQ(ParseExact(frame), DropReason::kNone);
  }
}

TEST(Packet, EveryLengthUpToTheMtuOfZerosAndOnesIsRefused) {
  for (std::size_t bytes = 0; bytes <= 1'514; ++bytes) {
    EXPECT_NE(ParseExact(Bytes(bytes)), DropReason::kNone);
    EXPECT_NE(ParseExact(Bytes(bytes, std::byte{0xff})), DropReason::kNone);
  }
}

// Checksums are repaired after most mutations, so that the deeper parsers see them.
TEST(Packet, MutatedFramesNeverReadOutside) {
  testing::Random random(0x5eed);
  const std::vector<Bytes> frames = GoodFrames();
  std::size_t accepted = 0;
  for (int run = 0; run < 60'000; ++run) {
    Bytes frame = frames[random.Below(static_cast<std::uint32_t>(frames.size()))];
    const std::uint32_t changes = 1 + random.Below(4);
    for (std::uint32_t i = 0; i < changes; ++i) {
      const std::uint32_t at = 12 + random.Below(static_cast<std::uint32_t>(frame.size()) - 12);
      frame[at] = std::byte{static_cast<std::uint8_t>(random.Next())};
    }
    if (random.Below(4) != 0)
      frame.resize(14 + random.Below(static_cast<std::uint32_t>(frame.size()) - 13));
    if (frame.size() >= 34 && (LoadByte(&frame[14]) & 0x0f) == 5) {
      StoreHost16(&frame[16], static_cast<std::uint16_t>(frame.size() - 14));
      testing::FixIpChecksum(frame);
      if (frame.size() >= 42 && LoadByte(&frame[23]) == kProtocolIcmp) {
        testing::FixTransportChecksum(frame, 2, false);
      }
    }
    accepted += ParseExact(frame) == DropReason::kNone ? 1u : 0u;
  }
  EXPECT_GT(accepted, 1'000u);  // The mutations do not all die at the first check.
}

}  // namespace
}  // namespace dataplane
