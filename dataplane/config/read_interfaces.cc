// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

// Zones and interfaces: ports, own addresses, virtual addresses.

#include <algorithm>

#include "dataplane/config/address.h"
#include "dataplane/config/readers.h"

namespace dataplane {
namespace {

using statesync::NetAddr;

constexpr std::size_t kInterfacesMax = 31;  // As many as ports.
constexpr std::size_t kVirtualAddressesMax = 16;
constexpr std::uint8_t kPrefixLengthMax = 31;

// What interfaces may not share.
struct Taken {
  std::map<std::uint8_t, std::string> ports;  // Position → path.
  std::map<NetAddr, std::string> addresses;
};

// Null if there is none of that name.
const PortOptions* PortOf(const Options& node, const std::string& name) {
  for (const PortOptions& port : node.ports) {
    if (port.name == name) return &port;
  }
  return nullptr;
}

void ReadPort(ForwardingReading& reading, const std::string& path, const std::string& name,
              InterfaceOptions& interface, Taken& taken) {
  std::string known;
  for (const PortOptions& port : reading.node.ports) {
    absl::StrAppend(&known, known.empty() ? "" : ", ", port.name);
  }
  if (name.empty()) {
    reading.mistakes.Add(path,
                         absl::StrCat("missing: name a port of the node file; known: ", known));
    return;
  }
  const PortOptions* const port = PortOf(reading.node, name);
  if (port == nullptr) {
    reading.mistakes.Add(path, name,
                         absl::StrCat("the node file has no such port; known: ", known));
    return;
  }
  interface.port = static_cast<std::uint8_t>(port - reading.node.ports.data());
  const auto [first, is_new] = taken.ports.emplace(interface.port, path);
  if (!is_new) {
    reading.mistakes.Add(path, name, absl::StrCat("duplicate: ", first->second, " uses this port"));
  }
}

// 576 to what the port was opened for. A port that is not known limits nothing.
void ReadMtu(ForwardingReading& reading, const std::string& item,
             const lockstep::forwarding::Interface& source, InterfaceOptions& interface) {
  const PortOptions* const port = PortOf(reading.node, source.port());
  const std::uint16_t most = port == nullptr ? std::uint16_t{9000} : port->frame_mtu;
  const std::uint16_t standard = std::min(most, std::uint16_t{1500});
  interface.mtu = Ranged<std::uint16_t>(reading.mistakes, Field(item, "mtu"), source.mtu(),
                                        standard, 576, most);
}

// Whose link has this address; null if none.
const char* LinkWith(const HaOptions& ha, NetAddr address) {
  for (const Ha1PathOptions& path : ha.ha1) {
    if (path.local_address == address) return "ha.ha1";
  }
  if (ha.ha2.local_address == address) return "ha.ha2";
  return ha.ha2_second.local_address == address ? "ha.ha2_second" : nullptr;
}

void ReadOwnAddress(ForwardingReading& reading, const std::string& path, const std::string& text,
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
  if (const char* const link = LinkWith(reading.node.ha, parsed->address); link != nullptr) {
    reading.mistakes.Add(
        path, text,
        absl::StrCat("is the local address of ", link, "; HA links have addresses of their own"));
    return;
  }
  interface.address = parsed->address;
  interface.prefix_length = parsed->prefix_length;
  taken.addresses.emplace(parsed->address, path);
}

void ReadVirtualAddress(ForwardingReading& reading, const std::string& item,
                        const lockstep::forwarding::VirtualAddress& source,
                        InterfaceOptions& interface, Taken& taken) {
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

void ReadInterface(ForwardingReading& reading, std::size_t i, Register& names, Taken& taken) {
  const lockstep::forwarding::Interface& source = reading.source.interfaces(static_cast<int>(i));
  const std::string item = Item("interfaces", i);
  InterfaceOptions target;
  target.id = static_cast<std::uint8_t>(names.AddId(item, source.id()));
  names.AddName(item, source.name(), /*is_required=*/true);
  target.name = source.name();
  target.disabled = source.disabled();
  ReadPort(reading, Field(item, "port"), source.port(), target, taken);
  if (source.zone().empty()) {
    reading.mistakes.Add(Field(item, "zone"), "missing: name the zone of the interface");
  }
  target.zone_id =
      IdOfName(reading.mistakes, Field(item, "zone"), source.zone(), "zone", reading.zone_ids);
  ReadOwnAddress(reading, Field(item, "address"), source.address(), target, taken);
  ReadMtu(reading, item, source, target);
  if (source.virtual_addresses_size() > static_cast<int>(kVirtualAddressesMax)) {
    reading.mistakes.Add(Field(item, "virtual_addresses"),
                         static_cast<std::uint64_t>(source.virtual_addresses_size()),
                         absl::StrCat("too many: at most ", kVirtualAddressesMax));
    reading.options.interfaces.push_back(std::move(target));
    return;
  }
  for (int v = 0; v < source.virtual_addresses_size(); ++v) {
    ReadVirtualAddress(reading, Item(item, "virtual_addresses", static_cast<std::size_t>(v)),
                       source.virtual_addresses(v), target, taken);
  }
  reading.options.interfaces.push_back(std::move(target));
}

}  // namespace

void ReadZones(ForwardingReading& reading) {
  Register names(reading.mistakes, "zone", 255);
  for (int i = 0; i < reading.source.zones_size(); ++i) {
    const lockstep::forwarding::Zone& source = reading.source.zones(i);
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

void ReadInterfaces(ForwardingReading& reading) {
  const auto count = static_cast<std::size_t>(reading.source.interfaces_size());
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
