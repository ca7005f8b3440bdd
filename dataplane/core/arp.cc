// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

#include "dataplane/core/arp.h"

#include <cstring>

#include "dataplane/core/byte_order.h"
#include "statesync/ensure.h"

namespace dataplane {
namespace {

constexpr std::uint16_t kEtherArp = 0x0806;
constexpr std::uint16_t kHardwareEthernet = 1;
constexpr std::uint16_t kProtocolIpv4 = 0x0800;

// Offsets in an ARP packet for IPv4 over Ethernet, from the frame's first byte.
constexpr std::size_t kHardwareType = 14;
constexpr std::size_t kProtocolType = 16;
constexpr std::size_t kLengths = 18;
constexpr std::size_t kOperation = 20;
constexpr std::size_t kSenderMac = 22;
constexpr std::size_t kSenderAddr = 28;
constexpr std::size_t kTargetMac = 32;
constexpr std::size_t kTargetAddr = 38;
static_assert(kTargetAddr + 4 == kArpFrameBytes);

struct ArpFields {
  MacAddress ethernet_target;
  ArpOperation operation;
  MacAddress sender_mac;
  NetAddr sender_addr;
  MacAddress target_mac;
  NetAddr target_addr;
};

void Build(const ArpFields& fields, std::span<std::byte> out) {
  ENSURE(out.size() >= kArpFramePadded);
  std::byte* frame = out.data();
  std::memset(frame, 0, kArpFramePadded);
  StoreMac(frame, fields.ethernet_target);
  StoreMac(frame + 6, fields.sender_mac);
  StoreHost16(frame + 12, kEtherArp);
  StoreHost16(frame + kHardwareType, kHardwareEthernet);
  StoreHost16(frame + kProtocolType, kProtocolIpv4);
  StoreHost16(frame + kLengths, 0x0604);
  StoreHost16(frame + kOperation, static_cast<std::uint16_t>(fields.operation));
  StoreMac(frame + kSenderMac, fields.sender_mac);
  StoreNet32(frame + kSenderAddr, fields.sender_addr);
  StoreMac(frame + kTargetMac, fields.target_mac);
  StoreNet32(frame + kTargetAddr, fields.target_addr);
}

}  // namespace

DropReason ParseArp(std::span<const std::byte> frame, ArpPacket& arp) noexcept {
  if (frame.size() < kArpFrameBytes) return DropReason::kArpMalformed;
  const std::byte* bytes = frame.data();
  const std::uint16_t operation = LoadHost16(bytes + kOperation);
  if (LoadHost16(bytes + kHardwareType) != kHardwareEthernet ||
      LoadHost16(bytes + kProtocolType) != kProtocolIpv4 ||
      LoadHost16(bytes + kLengths) != 0x0604 || (operation != 1 && operation != 2)) {
    return DropReason::kArpMalformed;
  }
  arp.operation = static_cast<ArpOperation>(operation);
  arp.ethernet_source = LoadMac(bytes + 6);
  arp.sender_mac = LoadMac(bytes + kSenderMac);
  arp.sender_addr = LoadNet32(bytes + kSenderAddr);
  arp.target_addr = LoadNet32(bytes + kTargetAddr);
  if (arp.sender_mac.IsMulticast() || arp.sender_mac == MacAddress{} ||
      arp.sender_mac != arp.ethernet_source) {
    return DropReason::kArpMalformed;
  }
  return DropReason::kNone;
}

void BuildArpRequest(const MacAddress& own_mac, NetAddr own_addr, const MacAddress& target_mac,
                     NetAddr target, std::span<std::byte> out) noexcept {
  Build({.ethernet_target = target_mac,
         .operation = ArpOperation::kRequest,
         .sender_mac = own_mac,
         .sender_addr = own_addr,
         .target_mac = {},
         .target_addr = target},
        out);
}

void BuildArpReply(const MacAddress& own_mac, NetAddr own_addr, const ArpPacket& request,
                   std::span<std::byte> out) noexcept {
  Build({.ethernet_target = request.sender_mac,
         .operation = ArpOperation::kReply,
         .sender_mac = own_mac,
         .sender_addr = own_addr,
         .target_mac = request.sender_mac,
         .target_addr = request.sender_addr},
        out);
}

void BuildGratuitousArp(const MacAddress& mac, NetAddr addr, std::span<std::byte> out) noexcept {
  // A request, not a reply: RFC 5227 §3 says that more stations take it.
  Build({.ethernet_target = kBroadcastMac,
         .operation = ArpOperation::kRequest,
         .sender_mac = mac,
         .sender_addr = addr,
         .target_mac = {},
         .target_addr = addr},
        out);
}

}  // namespace dataplane
