// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

#include "dataplane/core/arp.h"

#include <gtest/gtest.h>

#include "tests/unit/core/frames.h"

namespace dataplane {
namespace {

using testing::Bytes;

const MacAddress kMac{{2, 0, 0, 0, 0, 9}};

Bytes Request() {
  Bytes frame(kArpFramePadded);
  BuildArpRequest(kMac, testing::kClient, kBroadcastMac, testing::kServer, frame);
  return frame;
}

TEST(Arp, ARequestIsReadAsItWasBuilt) {
  ArpPacket arp;
  ASSERT_EQ(ParseArp(Request(), arp), DropReason::kNone);
  EXPECT_EQ(arp.operation, ArpOperation::kRequest);
  EXPECT_EQ(arp.sender_mac, kMac);
  EXPECT_EQ(arp.sender_addr, testing::kClient);
  EXPECT_EQ(arp.target_addr, testing::kServer);
  EXPECT_EQ(LoadMac(Request().data()), kBroadcastMac);
}

TEST(Arp, AReplyGoesToTheAskerFromTheAnswerer) {
  ArpPacket request;
  ASSERT_EQ(ParseArp(Request(), request), DropReason::kNone);
  Bytes frame(kArpFramePadded);
  BuildArpReply(VirtualMac(7), testing::kServer, request, frame);
  ArpPacket reply;
  ASSERT_EQ(ParseArp(frame, reply), DropReason::kNone);
  EXPECT_EQ(reply.operation, ArpOperation::kReply);
  EXPECT_EQ(LoadMac(frame.data()), kMac);
  EXPECT_EQ(reply.ethernet_source, VirtualMac(7));
  EXPECT_EQ(reply.sender_addr, testing::kServer);
  EXPECT_EQ(reply.target_addr, testing::kClient);
}

TEST(Arp, GratuitousNamesItselfTwiceFromTheVirtualMac) {
  Bytes frame(kArpFramePadded);
  BuildGratuitousArp(VirtualMac(7), testing::kServer, frame);
  ArpPacket arp;
  ASSERT_EQ(ParseArp(frame, arp), DropReason::kNone);
  EXPECT_EQ(LoadMac(frame.data()), kBroadcastMac);
  EXPECT_EQ(arp.ethernet_source, (MacAddress{{0, 0, 0x5e, 0, 1, 7}}));
  EXPECT_EQ(arp.sender_addr, arp.target_addr);
}

TEST(Arp, EveryWrongFieldIsMalformed) {
  ArpPacket arp;
  const Bytes good = Request();
  for (std::size_t bytes = 0; bytes < kArpFrameBytes; ++bytes) {
    EXPECT_EQ(ParseArp(std::span(good).first(bytes), arp), DropReason::kArpMalformed);
  }
  for (std::size_t at = 14; at < 22; ++at) {
    Bytes frame = Request();
    frame[at] ^= std::byte{0x80};
    EXPECT_EQ(ParseArp(frame, arp), DropReason::kArpMalformed) << at;
  }
  Bytes differing = Request();
  differing[27] ^= std::byte{1};
  EXPECT_EQ(ParseArp(differing, arp), DropReason::kArpMalformed);
  Bytes multicast = Request();
  multicast[6] |= std::byte{1};
  multicast[22] |= std::byte{1};
  EXPECT_EQ(ParseArp(multicast, arp), DropReason::kArpMalformed);
}

}  // namespace
}  // namespace dataplane
