// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

// libFuzzer target: arbitrary frames through the whole decision of the dataplane.
//
// Input: one byte of options, then frames, each behind two bytes of length. Parse, ParseArp, the
// tracker, NAT, rewriting and ICMP replies all see them, in one node whose table lives for the
// whole run, so that sessions of earlier inputs are met by later ones. Bits of the options byte
// repair checksums (else nearly nothing gets past the first check) and take over.

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <vector>

#include "dataplane/core/arp.h"
#include "dataplane/core/neighbour.h"
#include "tests/unit/core/node.h"

namespace dataplane {
namespace {

using testing::Bytes;

constexpr std::uint8_t kRepairChecksums = 0x01;
constexpr std::uint8_t kTakeOver = 0x02;

void RepairChecksums(Bytes& frame) {
  if (frame.size() < 34 || LoadHost16(&frame[12]) != 0x0800) return;
  if ((LoadByte(&frame[14]) & 0x0f) != 5) return;
  StoreHost16(&frame[16], static_cast<std::uint16_t>(frame.size() - 14));
  testing::FixIpChecksum(frame);
  const std::uint8_t protocol = LoadByte(&frame[23]);
  if (protocol == kProtocolTcp && frame.size() >= 54)
    testing::FixTransportChecksum(frame, 16, true);
  if (protocol == kProtocolIcmp && frame.size() >= 42) {
    testing::FixTransportChecksum(frame, 2, false);
  }
}

struct World {
  testing::Node node;
  InterfaceMap interfaces = testing::TwoInterfaces();
  std::unique_ptr<NeighbourTable> neighbours = *NeighbourTable::Create(256, 600);
  std::uint32_t round = 1;
};

void PassFrame(World& world, Bytes frame, bool inside) {
  ArpPacket arp;
  if (ParseArp(frame, arp) == DropReason::kNone) {
    (void)world.neighbours->OnArp(inside ? 0 : 1, arp, world.interfaces, true,
                                  world.node.context.now_ns, world.node.counters);
  }
  testing::Node& node = world.node;
  const ForwardResult result = node.Pass(frame, inside ? testing::kInside : testing::kOutside);
  if (result.action != PacketAction::kIcmpError) return;
  Bytes out(kIcmpErrorFrameMax);
  (void)BuildIcmpError(node.view, result.error, testing::kInsideOwnMac, testing::kInsideOwn,
                       result.mtu, out);
}

// Runs one input; see the top of the file.
void Run(const std::uint8_t* data, std::size_t size) {
  static World world;
  if (size == 0) return;
  const std::uint8_t options = data[0];
  std::size_t at = 1;
  if ((options & kTakeOver) != 0) {
    world.node.context.term = statesync::MakeTerm(++world.round, 0);
  }
  world.node.context.now_ns += 1'000'000;
  while (size - at >= 2) {
    const std::size_t asked = static_cast<std::size_t>(data[at]) << 8 | data[at + 1];
    at += 2;
    const std::size_t bytes = std::min(asked & 0x7fff, size - at);
    Bytes frame(bytes);
    if (bytes > 0) std::memcpy(frame.data(), data + at, bytes);
    at += bytes;
    if ((options & kRepairChecksums) != 0) RepairChecksums(frame);
    PassFrame(world, std::move(frame), (asked & 0x8000) == 0);
  }
}

}  // namespace
}  // namespace dataplane

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  dataplane::Run(data, size);
  return 0;
}
