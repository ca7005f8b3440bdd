// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

#include "dataplane/core/icmp_reply.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "tests/unit/core/frames.h"

namespace dataplane {
namespace {

using testing::Bytes;

const MacAddress kOwnMac{{2, 0, 0, 0, 0, 1}};
const NetAddr kOwnAddr = MakeAddr(10, 1, 0, 1);

PacketView ParsedView(Bytes& frame) {
  PacketView view;
  EXPECT_EQ(Parse(frame, {}, view), DropReason::kNone);
  return view;
}

Bytes BuiltError(Bytes& about, IcmpError error, std::uint16_t mtu = 0) {
  Bytes out(kIcmpErrorFrameMax);
  out.resize(BuildIcmpError(ParsedView(about), error, kOwnMac, kOwnAddr, mtu, out));
  return out;
}

TEST(IcmpReply, TimeExceededQuotesThePacketAndGoesToItsSender) {
  Bytes frame = testing::UdpFrame(1'000, 33'434, 40, {.ttl = 1, .options = {}});
  Bytes error = BuiltError(frame, IcmpError::kTimeExceeded);
  ASSERT_TRUE(testing::ChecksumsAreRight(error));
  EXPECT_EQ(LoadMac(&error[0]), LoadMac(&frame[6]));
  EXPECT_EQ(LoadMac(&error[6]), kOwnMac);
  EXPECT_EQ(LoadNet32(&error[26]), kOwnAddr);
  EXPECT_EQ(LoadNet32(&error[30]), testing::kClient);
  EXPECT_EQ(LoadByte(&error[34]), 11);
  EXPECT_TRUE(std::equal(frame.begin() + 14, frame.end(), error.begin() + 42, error.end()));
  const PacketView view = ParsedView(error);  // Our own parser takes it.
  EXPECT_EQ(view.kind, PacketKind::kIcmpError);
  EXPECT_EQ(view.key.target_port, HostToNet(std::uint16_t{1'000}));
}

TEST(IcmpReply, FragmentationNeededCarriesTheMtuAndAtMost576Bytes) {
  Bytes frame = testing::TcpFrame({.flags = kTcpAck, .payload_bytes = 1'460});
  const Bytes error = BuiltError(frame, IcmpError::kFragmentationNeeded, 1'400);
  ASSERT_TRUE(testing::ChecksumsAreRight(error));
  EXPECT_EQ(error.size(), kIcmpErrorFrameMax);
  EXPECT_EQ(LoadByte(&error[34]), 3);
  EXPECT_EQ(LoadByte(&error[35]), 4);
  EXPECT_EQ(LoadHost16(&error[40]), 1'400);
}

TEST(IcmpReply, NoErrorAboutAnErrorOrABroadcast) {
  Bytes error = testing::ErrorFrame(MakeAddr(10, 9, 9, 9), testing::TcpFrame({}), 11, 0);
  EXPECT_EQ(BuiltError(error, IcmpError::kTimeExceeded).size(), 0u);
  Bytes broadcast = testing::UdpFrame(1, 2, 3);
  StoreMac(broadcast.data(), kBroadcastMac);
  EXPECT_EQ(BuiltError(broadcast, IcmpError::kTimeExceeded).size(), 0u);
}

TEST(IcmpReply, EchoReplyIsTheRequestTurnedAround) {
  Bytes frame = testing::EchoFrame(true, 9, {.ttl = 3, .options = {}});
  const Bytes request = frame;
  PacketView view = ParsedView(frame);
  MakeEchoReply(view);
  ASSERT_TRUE(testing::ChecksumsAreRight(frame));
  EXPECT_EQ(LoadMac(&frame[0]), LoadMac(&request[6]));
  EXPECT_EQ(LoadMac(&frame[6]), LoadMac(&request[0]));
  EXPECT_EQ(LoadNet32(&frame[26]), testing::kServer);
  EXPECT_EQ(LoadNet32(&frame[30]), testing::kClient);
  EXPECT_EQ(LoadByte(&frame[22]), 64);
  EXPECT_EQ(LoadByte(&frame[34]), 0);
  EXPECT_TRUE(std::equal(frame.begin() + 38, frame.end(), request.begin() + 38));
}

}  // namespace
}  // namespace dataplane
