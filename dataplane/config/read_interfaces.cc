// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

// Zones and interfaces: devices, own addresses, virtual addresses.

#include "dataplane/config/address.h"
#include "dataplane/config/device.h"
#include "dataplane/config/readers.h"

namespace dataplane {
namespace {

using statesync::NetAddr;

// DPDK holds 32 ports (RTE_MAX_ETHPORTS); one is HA2.
constexpr std::size_t kInterfacesMax = 31;
constexpr std::size_t kVirtualAddressesMax = 64;
constexpr std::uint8_t kPrefixLengthMax = 31;

// What interfaces may not share.
struct Taken {
  std::map<std::string, std::string> devices;  // Device name → path.
  std::map<std::string, std::string> kernel_ifaces;
  std::map<NetAddr, std::string> addresses;
};

void ReadDevice(Reading& reading, const std::string& path, const std::string& text, Taken& taken) {
  if (text.empty()) {
    reading.mistakes.Add(path, "missing: name a DPDK device, as net_af_packet0,iface=lan0");
    return;
  }
  std::string problem;
  const auto device = ParseDevice(text, problem);
  if (!device) {
    reading.mistakes.Add(path, text, problem);
    return;
  }
  const auto [first, is_new] = taken.devices.emplace(device->name, path);
  if (!is_new) {
    reading.mistakes.Add(path, text,
                         absl::StrCat("duplicate: ", first->second, " uses device ", device->name));
  }
  if (!device->kernel_iface.empty()) {
    const auto [user, is_free] = taken.kernel_ifaces.emplace(device->kernel_iface, path);
    if (!is_free) {
      reading.mistakes.Add(path, text,
                           absl::StrCat("duplicate: ", user->second, " uses kernel interface ",
                                        device->kernel_iface));
    }
  }
}

void ReadOwnAddress(Reading& reading, const std::string& path, const std::string& text,
                    InterfaceOptions& interface, Taken& taken) {
  if (text.empty()) {
    reading.mistakes.Add(path, "missing: give an address with prefix length, as 10.1.0.2/24");
    return;
  }
  const auto parsed = ParseAddressWithLength(text);
  if (!parsed) {
    reading.mistakes.Add(path, text, "is no address with prefix length; write it as 10.1.0.2/24");
    return;
  }
  const PrefixOptions prefix = PrefixOf(parsed->address, parsed->prefix_length);
  if (parsed->prefix_length == 0 || parsed->prefix_length > kPrefixLengthMax) {
    reading.mistakes.Add(path, text, absl::StrCat("prefix length must be 1 to ", kPrefixLengthMax));
    return;
  }
  if (!IsUnicast(parsed->address) || IsPrefixEdge(prefix, parsed->address)) {
    reading.mistakes.Add(
        path, text,
        "cannot be a host's address; take one inside the prefix, neither its first "
        "nor its last");
    return;
  }
  for (std::size_t i = 0; i < reading.options.interfaces.size(); ++i) {
    const InterfaceOptions& other = reading.options.interfaces[i];
    const PrefixOptions other_prefix = PrefixOf(other.address, other.prefix_length);
    if (other.prefix_length != 0 && Overlap(prefix, other_prefix)) {
      reading.mistakes.Add(
          path, text,
          absl::StrCat("overlaps ", FormatPrefix(other_prefix), " of ", Item("interfaces", i),
                       ".address; connected prefixes must be disjoint"));
      return;
    }
  }
  interface.address = parsed->address;
  interface.prefix_length = parsed->prefix_length;
  taken.addresses.emplace(parsed->address, path);
}

void ReadVirtualAddress(Reading& reading, const std::string& item,
                        const lockstep::node::VirtualAddress& source, InterfaceOptions& interface,
                        Taken& taken) {
  VirtualAddressOptions target;
  const std::string path = Field(item, "address");
  const NetAddr address = ReadHostAddress(reading.mistakes, path, source.address());
  const PrefixOptions prefix = PrefixOf(interface.address, interface.prefix_length);
  if (address != 0 && interface.prefix_length != 0) {
    if (!Contains(prefix, address)) {
      reading.mistakes.Add(
          path, source.address(),
          absl::StrCat("lies outside ", FormatPrefix(prefix), ", the prefix of its interface"));
    } else if (IsPrefixEdge(prefix, address)) {
      reading.mistakes.Add(path, source.address(),
                           absl::StrCat("is the first or last address of ", FormatPrefix(prefix)));
    } else if (const auto [first, is_new] = taken.addresses.emplace(address, path); !is_new) {
      reading.mistakes.Add(path, source.address(),
                           absl::StrCat("duplicate: ", first->second, " has this address"));
    } else {
      target.address = address;
    }
  }
  if (source.vrid() == 0) {
    reading.mistakes.Add(Field(item, "vrid"), "missing: give a virtual router id, 1 to 255");
  }
  target.vrid =
      Ranged<std::uint8_t>(reading.mistakes, Field(item, "vrid"), source.vrid(), 0, 1, 255);
  interface.virtual_addresses.push_back(target);
}

void ReadInterface(Reading& reading, std::size_t i, Register& names, Taken& taken) {
  const lockstep::node::Interface& source = reading.node.interfaces(static_cast<int>(i));
  const std::string item = Item("interfaces", i);
  InterfaceOptions target;
  target.id = static_cast<std::uint8_t>(names.AddId(item, source.id()));
  names.AddName(item, source.name(), /*is_required=*/true);
  target.name = source.name();
  target.device = source.device();
  ReadDevice(reading, Field(item, "device"), source.device(), taken);
  if (source.zone().empty()) {
    reading.mistakes.Add(Field(item, "zone"), "missing: name the zone of the interface");
  }
  target.zone_id =
      IdOfName(reading.mistakes, Field(item, "zone"), source.zone(), "zone", reading.zone_ids);
  ReadOwnAddress(reading, Field(item, "address"), source.address(), target, taken);
  target.mtu =
      Ranged<std::uint16_t>(reading.mistakes, Field(item, "mtu"), source.mtu(), 1500, 576, 9000);
  target.rx_descriptors = Ranged<std::uint16_t>(reading.mistakes, Field(item, "rx_descriptors"),
                                                source.rx_descriptors(), 1024, 64, 32'768);
  if ((target.rx_descriptors & (target.rx_descriptors - 1)) != 0) {
    reading.mistakes.Add(Field(item, "rx_descriptors"), source.rx_descriptors(),
                         "must be a power of two, 64 to 32768");
  }
  if (source.virtual_addresses_size() > static_cast<int>(kVirtualAddressesMax)) {
    reading.mistakes.Add(Field(item, "virtual_addresses"),
                         static_cast<std::uint64_t>(source.virtual_addresses_size()),
                         absl::StrCat("too many: at most ", kVirtualAddressesMax));
  }
  for (int v = 0; v < source.virtual_addresses_size(); ++v) {
    ReadVirtualAddress(reading, Item(item, "virtual_addresses", static_cast<std::size_t>(v)),
                       source.virtual_addresses(v), target, taken);
  }
  reading.options.interfaces.push_back(std::move(target));
}

}  // namespace

void ReadZones(Reading& reading) {
  Register names(reading.mistakes, "zone", 255);
  for (int i = 0; i < reading.node.zones_size(); ++i) {
    const lockstep::node::Zone& source = reading.node.zones(i);
    const std::string item = Item("zones", static_cast<std::size_t>(i));
    const auto id = static_cast<std::uint8_t>(names.AddId(item, source.id()));
    const bool has_name = names.AddName(item, source.name(), /*is_required=*/true);
    reading.options.zones.push_back({id, source.name()});
    if (has_name) {
      // A zone whose id is a mistake still exists for references: one mistake, one message.
      reading.zone_ids.emplace(source.name(), id);
    }
  }
}

void ReadInterfaces(Reading& reading) {
  const auto count = static_cast<std::size_t>(reading.node.interfaces_size());
  if (count == 0) {
    reading.mistakes.Add("interfaces", "missing: a firewall needs at least one");
  }
  if (count > kInterfacesMax) {
    reading.mistakes.Add("interfaces", count, absl::StrCat("too many: at most ", kInterfacesMax));
    return;
  }
  Register names(reading.mistakes, "interface", 255);
  Taken taken;
  for (std::size_t i = 0; i < count; ++i) {
    ReadInterface(reading, i, names, taken);
  }
}

}  // namespace dataplane
