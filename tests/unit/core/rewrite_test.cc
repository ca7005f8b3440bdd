// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

#include "dataplane/core/rewrite.h"

#include <gtest/gtest.h>

#include "tests/unit/core/frames.h"

namespace dataplane {
namespace {

using testing::Bytes;

PacketView ParsedView(Bytes& frame) {
  PacketView view;
  EXPECT_EQ(Parse(frame, {}, view), DropReason::kNone);
  return view;
}

Endpoint RandomEndpoint(testing::Random& random) {
  return {MakeAddr(10, static_cast<std::uint8_t>(random.Below(255)),
                   static_cast<std::uint8_t>(random.Below(255)), 7),
          HostToNet(static_cast<std::uint16_t>(1 + random.Below(65'535)))};
}

Bytes RandomFrame(testing::Random& random) {
  const auto a = static_cast<std::uint16_t>(1 + random.Below(65'535));
  const auto b = static_cast<std::uint16_t>(1 + random.Below(65'535));
  switch (random.Below(3)) {
    case 0:
      return testing::TcpFrame({.source_port = a,
                                .target_port = b,
                                .seq = random.Next(),
                                .flags = kTcpAck,
                                .options = {},
                                .payload_bytes = random.Below(1'460)});
    case 1:
      return testing::UdpFrame(a, b, random.Below(1'400));
    default:
      return testing::EchoFrame(true, a);
  }
}

TEST(Rewrite, TtlGoesDownAndTheHeaderStaysRight) {
  for (int ttl = 2; ttl < 256; ++ttl) {
    Bytes frame = testing::TcpFrame({}, {.ttl = static_cast<std::uint8_t>(ttl), .options = {}});
    PacketView view = ParsedView(frame);
    DecrementTtl(view);
    EXPECT_EQ(LoadByte(&frame[22]), ttl - 1);
    EXPECT_TRUE(testing::ChecksumsAreRight(frame));
  }
}

TEST(Rewrite, EveryRewriteKeepsBothChecksumsRight) {
  testing::Random random(3);
  for (int run = 0; run < 5'000; ++run) {
    Bytes frame = RandomFrame(random);
    PacketView view = ParsedView(frame);
    const Endpoint to = RandomEndpoint(random);
    RewriteSource(view, to);
    EXPECT_EQ(LoadNet32(&frame[26]), to.addr);
    ASSERT_TRUE(testing::ChecksumsAreRight(frame));
    if (view.kind != PacketKind::kEchoRequest) RewriteTarget(view, RandomEndpoint(random));
    ASSERT_TRUE(testing::ChecksumsAreRight(frame));
  }
}

TEST(Rewrite, ThereAndBackIsIdentity) {
  testing::Random random(4);
  for (int run = 0; run < 5'000; ++run) {
    const Bytes original = RandomFrame(random);
    Bytes frame = original;
    PacketView view = ParsedView(frame);
    const Endpoint from{view.key.source_addr, view.key.source_port};
    RewriteSource(view, RandomEndpoint(random));
    ASSERT_NE(frame, original);
    RewriteSource(view, from);
    ASSERT_EQ(frame, original);
  }
}

TEST(Rewrite, AnErrorInThePacketStaysVisible) {
  Bytes frame = testing::TcpFrame({.payload_bytes = 20});
  frame.back() ^= std::byte{0x10};
  PacketView view = ParsedView(frame);
  RewriteSource(view, {testing::kNatAddr, HostToNet(std::uint16_t{2'000})});
  EXPECT_FALSE(testing::ChecksumsAreRight(frame));
}

TEST(Rewrite, UdpChecksumOfZeroStaysZero) {
  Bytes frame = testing::UdpFrame(1'000, 53, 10);
  StoreNet16(&frame[40], 0);
  PacketView view = ParsedView(frame);
  RewriteSource(view, {testing::kNatAddr, HostToNet(std::uint16_t{2'000})});
  EXPECT_EQ(LoadNet16(&frame[40]), 0);
}

TEST(Rewrite, AComputedUdpChecksumNeverBecomesZero) {
  testing::Random random(5);
  int ones = 0;
  for (int run = 0; run < 300'000 && ones == 0; ++run) {
    Bytes frame = testing::UdpFrame(1'000, 53, 2);
    PacketView view = ParsedView(frame);
    RewriteSource(view, RandomEndpoint(random));
    ASSERT_NE(LoadNet16(&frame[40]), 0);
    ones += LoadNet16(&frame[40]) == 0xffff ? 1 : 0;
  }
  EXPECT_GT(ones, 0) << "the case under test did not come up";
}

// An error on its way back to a NATed client: outer target and inner source are translated, and
// what the client then sees quotes exactly what it sent.
TEST(Rewrite, ErrorToAClientQuotesWhatTheClientSent) {
  for (const std::size_t quoted : {std::size_t{28}, std::size_t{48}, std::size_t{500}}) {
    const Bytes sent = testing::TcpFrame({.flags = kTcpAck, .payload_bytes = 200});
    Bytes translated = sent;
    PacketView view = ParsedView(translated);
    RewriteSource(view, {testing::kNatAddr, HostToNet(std::uint16_t{2'000})});
    Bytes error = testing::ErrorFrame(MakeAddr(10, 9, 9, 9), translated, 3, 1, quoted);
    PacketView error_view = ParsedView(error);
    RewriteErrorTarget(error_view, {testing::kClient, HostToNet(testing::kClientPort)});
    EXPECT_EQ(error, testing::ErrorFrame(MakeAddr(10, 9, 9, 9), sent, 3, 1, quoted)) << quoted;
    EXPECT_TRUE(testing::ChecksumsAreRight(error));
  }
}

TEST(Rewrite, ErrorFromAClientQuotesWhatTheServerSent) {
  const Bytes sent = testing::UdpFrame(
      53, 2'000, 40, {.source = testing::kServer, .target = testing::kNatAddr, .options = {}});
  Bytes translated = sent;
  PacketView view = ParsedView(translated);
  RewriteTarget(view, {testing::kClient, HostToNet(testing::kClientPort)});
  Bytes error = testing::ErrorFrame(testing::kClient, translated, 3, 3);
  PacketView error_view = ParsedView(error);
  RewriteErrorSource(error_view, {testing::kNatAddr, HostToNet(std::uint16_t{2'000})});
  EXPECT_EQ(error, testing::ErrorFrame(testing::kNatAddr, sent, 3, 3));
}

TEST(Rewrite, ErrorAboutAnEchoTranslatesItsId) {
  const Bytes sent = testing::EchoFrame(true, 77);
  Bytes translated = sent;
  PacketView view = ParsedView(translated);
  RewriteSource(view, {testing::kNatAddr, HostToNet(std::uint16_t{2'000})});
  EXPECT_EQ(LoadHost16(&translated[38]), 2'000);
  Bytes error = testing::ErrorFrame(MakeAddr(10, 9, 9, 9), translated, 11, 0);
  PacketView error_view = ParsedView(error);
  RewriteErrorTarget(error_view, {testing::kClient, HostToNet(std::uint16_t{77})});
  EXPECT_EQ(error, testing::ErrorFrame(MakeAddr(10, 9, 9, 9), sent, 11, 0));
}

}  // namespace
}  // namespace dataplane
