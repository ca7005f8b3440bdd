// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

#include "dataplane/core/interface.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "statesync/ensure.h"

namespace dataplane {
namespace {

absl::Status Check(const InterfaceSpec& spec) {
  if (!spec.enabled) return absl::OkStatus();
  const std::string object = absl::StrCat("interface ", spec.id, ": ");
  if (spec.id == 0) return absl::InvalidArgumentError("interface 0: ids are 1 to 255");
  if (spec.zone == 0) return absl::InvalidArgumentError(absl::StrCat(object, "has no zone"));
  if (spec.prefix_bits > 32) {
    return absl::InvalidArgumentError(
        absl::StrCat(object, "prefix length ", spec.prefix_bits, ", at most 32 is allowed"));
  }
  if (spec.virtual_addresses.size() > kVirtualPerInterfaceMax) {
    return absl::InvalidArgumentError(absl::StrCat(object, spec.virtual_addresses.size(),
                                                   " virtual addresses, at most ",
                                                   kVirtualPerInterfaceMax, " are allowed"));
  }
  for (const VirtualAddressSpec& address : spec.virtual_addresses) {
    if (address.vrid == 0) {
      return absl::InvalidArgumentError(absl::StrCat(object, "vrid 0; vrids are 1 to 255"));
    }
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<InterfaceMap> InterfaceMap::Build(std::span<const InterfaceSpec> interfaces,
                                                 std::span<const NetAddr> nat_addresses) {
  if (interfaces.size() > kInterfacesMax) {
    return absl::InvalidArgumentError(absl::StrCat("interfaces: ", interfaces.size(), ", at most ",
                                                   kInterfacesMax, " are allowed"));
  }
  InterfaceMap map;
  for (const InterfaceSpec& spec : interfaces) {
    if (const absl::Status status = Check(spec); !status.ok()) return status;
    const auto index = static_cast<std::uint8_t>(map.interfaces_.size());
    map.interfaces_.push_back(spec);
    if (!spec.enabled) {
      map.own_.push_back({});
      continue;
    }
    map.own_.push_back({spec.own_addr, spec.own_mac, LocalKind::kOwn, index});
    map.by_address_.push_back({spec.own_addr, LocalKind::kOwn});
    for (const VirtualAddressSpec& address : spec.virtual_addresses) {
      map.announced_.push_back(
          {address.addr, VirtualMac(address.vrid), LocalKind::kVirtual, index});
      map.by_address_.push_back({address.addr, LocalKind::kVirtual});
    }
  }
  for (const NetAddr addr : nat_addresses) {
    map.by_address_.push_back({addr, LocalKind::kNat});
    for (std::size_t i = 0; i < map.interfaces_.size(); ++i) {
      const InterfaceSpec& spec = map.interfaces_[i];
      if (!spec.enabled || !Contains({spec.own_addr, spec.prefix_bits}, addr)) continue;
      const auto index = static_cast<std::uint8_t>(i);
      map.announced_.push_back({addr, map.SourceMac(index, true), LocalKind::kNat, index});
    }
  }
  std::ranges::sort(map.by_address_, {}, &ByAddress::addr);
  const auto twice = std::ranges::adjacent_find(map.by_address_, {}, &ByAddress::addr);
  if (twice != map.by_address_.end()) {
    return absl::InvalidArgumentError(
        "interfaces: one address is used twice among own, virtual and NAT addresses");
  }
  return map;
}

LocalKind InterfaceMap::KindOf(NetAddr addr, bool active) const noexcept {
  const auto found = std::ranges::lower_bound(by_address_, addr, {}, &ByAddress::addr);
  if (found == by_address_.end() || found->addr != addr) return LocalKind::kNone;
  return active || found->kind == LocalKind::kOwn ? found->kind : LocalKind::kNone;
}

const LocalAddress* InterfaceMap::AnswersFor(std::uint8_t interface, NetAddr addr,
                                             bool active) const noexcept {
  ENSURE(interface < own_.size());
  if (!interfaces_[interface].enabled) return nullptr;
  if (own_[interface].addr == addr) return &own_[interface];
  if (!active) return nullptr;
  for (const LocalAddress& address : announced_) {
    if (address.interface == interface && address.addr == addr) return &address;
  }
  return nullptr;
}

bool InterfaceMap::AcceptsMac(std::uint8_t interface, const MacAddress& mac,
                              bool active) const noexcept {
  ENSURE(interface < interfaces_.size());
  const InterfaceSpec& spec = interfaces_[interface];
  if (!spec.enabled) return false;
  if (mac == spec.own_mac || mac == kBroadcastMac) return true;
  if (!active) return false;
  return std::ranges::any_of(spec.virtual_addresses, [&mac](const VirtualAddressSpec& address) {
    return VirtualMac(address.vrid) == mac;
  });
}

MacAddress InterfaceMap::SourceMac(std::uint8_t interface, bool active) const noexcept {
  ENSURE(interface < interfaces_.size());
  const InterfaceSpec& spec = interfaces_[interface];
  return active && !spec.virtual_addresses.empty() ? VirtualMac(spec.virtual_addresses[0].vrid)
                                                   : spec.own_mac;
}

NetAddr InterfaceMap::SourceAddr(std::uint8_t interface, bool active) const noexcept {
  ENSURE(interface < interfaces_.size());
  const InterfaceSpec& spec = interfaces_[interface];
  return active && !spec.virtual_addresses.empty() ? spec.virtual_addresses[0].addr : spec.own_addr;
}

const InterfaceSpec& InterfaceMap::interface(std::uint8_t index) const noexcept {
  ENSURE(index < interfaces_.size());
  return interfaces_[index];
}

}  // namespace dataplane
