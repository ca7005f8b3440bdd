// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

// Ethernet, IPv4 and UDP around HA2's datagrams.

#include <gtest/gtest.h>

#include <array>
#include <functional>
#include <vector>

#include "dataplane/core/byte_order.h"
#include "dataplane/core/checksum.h"
#include "dataplane/dpdk/ha2_frame.h"

namespace dataplane {
namespace {

constexpr std::uint16_t kPayload = 100;

Ha2Link NodeA() {
  Ha2Link link;
  link.own_mac = {{2, 0, 0, 0, 0, 1}};
  link.peer_mac = {{2, 0, 0, 0, 0, 2}};
  link.own_addr = MakeAddr(10, 9, 2, 1);
  link.peer_addr = MakeAddr(10, 9, 2, 2);
  link.port = 4'799;
  link.streams = 16;
  return link;
}
Ha2Link NodeB() {
  Ha2Link link = NodeA();
  std::swap(link.own_mac, link.peer_mac);
  std::swap(link.own_addr, link.peer_addr);
  return link;
}

std::vector<std::byte> FrameOfA(std::uint16_t stream = 0) {
  std::vector<std::byte> frame(kHa2HeaderBytes + kPayload, std::byte{0xee});
  WriteHa2Header(NodeA(), NodeA().peer_mac, stream, kPayload,
                 std::span(frame).first<kHa2HeaderBytes>());
  return frame;
}

void FixChecksum(std::vector<std::byte>& frame) {
  StoreNet16(&frame[24], 0);
  StoreNet16(&frame[24], Checksum(std::span(frame).subspan(14, 20)));
}

TEST(Ha2Frame, ThePeerReadsWhatWasWritten) {
  for (const std::uint16_t stream : std::to_array<std::uint16_t>({0, 1, 15})) {
    Ha2Datagram datagram;
    ASSERT_EQ(CheckHa2Frame(NodeB(), FrameOfA(stream), datagram), Ha2Refusal::kNone);
    EXPECT_EQ(datagram.offset, kHa2HeaderBytes);
    EXPECT_EQ(datagram.bytes, kPayload);
    EXPECT_EQ(datagram.source_mac, NodeA().own_mac);
  }
}

TEST(Ha2Frame, OnlySourcePortsOfTheStreamsAreThePeers) {
  for (const std::uint8_t streams : std::to_array<std::uint8_t>({1, 4, 16})) {
    Ha2Link link = NodeB();
    link.streams = streams;
    Ha2Datagram datagram;
    const auto last = static_cast<std::uint16_t>(streams - 1);
    EXPECT_EQ(CheckHa2Frame(link, FrameOfA(last), datagram), Ha2Refusal::kNone);
    EXPECT_EQ(CheckHa2Frame(link, FrameOfA(streams), datagram), Ha2Refusal::kOtherSourcePort);
    EXPECT_EQ(CheckHa2Frame(link, FrameOfA(0xffff), datagram), Ha2Refusal::kOtherSourcePort);
  }
  Ha2Link top = NodeB();
  top.port = 65'535;  // One past it is not zero.
  std::vector<std::byte> frame = FrameOfA();
  StoreHost16(&frame[36], 65'535);
  StoreHost16(&frame[34], 0);
  Ha2Datagram datagram;
  EXPECT_EQ(CheckHa2Frame(top, frame, datagram), Ha2Refusal::kOtherSourcePort);
}

TEST(Ha2Frame, EthernetPaddingIsNotPayload) {
  std::vector<std::byte> frame = FrameOfA();
  frame.resize(frame.size() + 18);
  Ha2Datagram datagram;
  ASSERT_EQ(CheckHa2Frame(NodeB(), frame, datagram), Ha2Refusal::kNone);
  EXPECT_EQ(datagram.bytes, kPayload);
}

TEST(Ha2Frame, EveryTruncationIsRefused) {
  const std::vector<std::byte> whole = FrameOfA();
  for (std::size_t bytes = 0; bytes < whole.size(); ++bytes) {
    const std::vector<std::byte> frame(whole.begin(),
                                       whole.begin() + static_cast<std::ptrdiff_t>(bytes));
    Ha2Datagram datagram;
    EXPECT_EQ(CheckHa2Frame(NodeB(), frame, datagram), Ha2Refusal::kTruncated) << bytes;
  }
}

struct Case {
  const char* name;
  std::function<void(std::vector<std::byte>&)> change;
  Ha2Refusal refusal;
};

class Ha2FrameRefusal : public testing::TestWithParam<Case> {};

TEST_P(Ha2FrameRefusal, HasItsReason) {
  std::vector<std::byte> frame = FrameOfA();
  GetParam().change(frame);
  Ha2Datagram datagram;
  EXPECT_EQ(NameOf(CheckHa2Frame(NodeB(), frame, datagram)), NameOf(GetParam().refusal));
}

using Bytes = std::vector<std::byte>;

// An IPv4 field, with the header's checksum made right again.
template <typename Change>
std::function<void(Bytes&)> Ip(Change change) {
  return [change](Bytes& frame) {
    change(frame);
    FixChecksum(frame);
  };
}

INSTANTIATE_TEST_SUITE_P(
    All, Ha2FrameRefusal,
    testing::Values(
        Case{"Arp", [](Bytes& f) { StoreHost16(&f[12], 0x0806); }, Ha2Refusal::kNotIpv4},
        Case{"Ipv6Version", Ip([](Bytes& f) { StoreByte(&f[14], 0x65); }), Ha2Refusal::kBadHeader},
        Case{"ShortHeader", Ip([](Bytes& f) { StoreByte(&f[14], 0x44); }), Ha2Refusal::kBadHeader},
        Case{"Options", Ip([](Bytes& f) { StoreByte(&f[14], 0x46); }), Ha2Refusal::kOptions},
        Case{"Checksum", [](Bytes& f) { f[25] ^= std::byte{1}; }, Ha2Refusal::kBadHeader},
        Case{"LengthPastEnd", Ip([](Bytes& f) { StoreHost16(&f[16], 129); }),
             Ha2Refusal::kTruncated},
        Case{"LengthTooSmall", Ip([](Bytes& f) { StoreHost16(&f[16], 27); }),
             Ha2Refusal::kBadHeader},
        Case{"FirstFragment", Ip([](Bytes& f) { StoreHost16(&f[20], 0x2000); }),
             Ha2Refusal::kFragment},
        Case{"LaterFragment", Ip([](Bytes& f) { StoreHost16(&f[20], 1); }), Ha2Refusal::kFragment},
        Case{"Tcp", Ip([](Bytes& f) { StoreByte(&f[23], 6); }), Ha2Refusal::kNotUdp},
        Case{"OtherPeer", Ip([](Bytes& f) { StoreByte(&f[29], 9); }), Ha2Refusal::kOtherPeer},
        Case{"OtherAddress", Ip([](Bytes& f) { StoreByte(&f[33], 9); }), Ha2Refusal::kOtherAddress},
        Case{"OtherPort", [](Bytes& f) { StoreHost16(&f[36], 4'800); }, Ha2Refusal::kOtherPort},
        Case{"SourcePortBelow", [](Bytes& f) { StoreHost16(&f[34], 4'798); },
             Ha2Refusal::kOtherSourcePort},
        Case{"SourcePortAbove", [](Bytes& f) { StoreHost16(&f[34], 4'799 + 16); },
             Ha2Refusal::kOtherSourcePort},
        Case{"UdpLength", [](Bytes& f) { StoreHost16(&f[38], kPayload + 9); },
             Ha2Refusal::kBadHeader}),
    [](const auto& test) { return test.param.name; });

}  // namespace
}  // namespace dataplane
