// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

// The node's interfaces and addresses: what is ours, under which MAC we speak, whom we answer.
//
// In active/passive mode virtual addresses, virtual MACs and NAT addresses belong to the active
// node; every port also has an own address and MAC, which it uses in any role.
//
// Threads: built once, then read by all workers.  Memory: Build() only.

#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "absl/status/statusor.h"
#include "dataplane/core/mac_address.h"
#include "dataplane/core/policy.h"

namespace dataplane {

inline constexpr std::size_t kInterfacesMax = 64;
inline constexpr std::size_t kVirtualPerInterfaceMax = 16;

struct VirtualAddressSpec {
  NetAddr addr = 0;
  std::uint8_t vrid = 0;  // 1–255.
};

// By port: an interface's index is its port's.
struct InterfaceSpec {
  bool enabled = true;  // False: the port has no interface in use; nothing else counts.
  std::uint8_t id = 0;  // Stable, 1–255.
  ZoneId zone = 0;
  std::uint16_t mtu = 1'500;  // Bytes of the IP packet.
  MacAddress own_mac;
  NetAddr own_addr = 0;
  std::uint8_t prefix_bits = 24;
  std::vector<VirtualAddressSpec> virtual_addresses;
};

enum class LocalKind : std::uint8_t { kNone, kOwn, kVirtual, kNat };

// An address this node answers for, on one interface.
struct LocalAddress {
  NetAddr addr = 0;
  MacAddress mac;  // Under which it is announced and answered.
  LocalKind kind = LocalKind::kNone;
  std::uint8_t interface = 0;  // Index, not id.
  friend bool operator==(const LocalAddress&, const LocalAddress&) = default;
};

class InterfaceMap final {
 public:
  // nat_addresses: of all pools; one inside an interface's prefix is answered by ARP there.
  // Errors: kInvalidArgument naming interface, value and limit.
  static absl::StatusOr<InterfaceMap> Build(std::span<const InterfaceSpec> interfaces,
                                            std::span<const NetAddr> nat_addresses);

  // What `addr` is to this node. Virtual and NAT addresses count only while `active`.
  // Cost: binary search.
  [[nodiscard]] LocalKind KindOf(NetAddr addr, bool active) const noexcept;
  // The address with its MAC, if this node answers for it on `interface`; null otherwise.
  [[nodiscard]] const LocalAddress* AnswersFor(std::uint8_t interface, NetAddr addr,
                                               bool active) const noexcept;
  // True if a frame to `mac` on `interface` is for this node (broadcast included).
  [[nodiscard]] bool AcceptsMac(std::uint8_t interface, const MacAddress& mac,
                                bool active) const noexcept;

  // MAC under which this node sends on `interface`: the first virtual one while active, else its
  // own.
  [[nodiscard]] MacAddress SourceMac(std::uint8_t interface, bool active) const noexcept;
  // Address under which this node asks (ARP) and complains (ICMP) on `interface`.
  [[nodiscard]] NetAddr SourceAddr(std::uint8_t interface, bool active) const noexcept;

  // Addresses to announce after a takeover: every virtual and NAT address with its interface and
  // MAC.
  [[nodiscard]] std::span<const LocalAddress> announced() const noexcept { return announced_; }
  [[nodiscard]] const InterfaceSpec& interface(std::uint8_t index) const noexcept;
  [[nodiscard]] bool enabled(std::uint8_t index) const noexcept { return interface(index).enabled; }
  [[nodiscard]] std::size_t size() const noexcept { return interfaces_.size(); }

 private:
  InterfaceMap() = default;
  struct ByAddress {
    NetAddr addr;
    LocalKind kind;
  };
  std::vector<InterfaceSpec> interfaces_;
  std::vector<ByAddress> by_address_;    // Sorted by addr.
  std::vector<LocalAddress> own_;        // [interface].
  std::vector<LocalAddress> announced_;  // Virtual, then NAT.
};

}  // namespace dataplane
