// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

// Static routes: each next hop lies on a connected prefix and is nobody of this node.

#include <algorithm>

#include "dataplane/config/address.h"
#include "dataplane/config/readers.h"

namespace dataplane {
namespace {

using statesync::NetAddr;

constexpr std::size_t kRoutesMax = 65'536;

// Interface on whose connected prefix `address` lies; null if there is none. A disabled one counts:
// its routes come back with it.
const InterfaceOptions* InterfaceOf(const ForwardingOptions& options, NetAddr address) {
  for (const InterfaceOptions& interface : options.interfaces) {
    if (interface.prefix_length != 0 &&
        Contains(PrefixOf(interface.address, interface.prefix_length), address)) {
      return &interface;
    }
  }
  return nullptr;
}

// An interface whose address is a mistake: what lies on its prefix is not known.
bool IsAnyPrefixUnknown(const ForwardingOptions& options) {
  return std::any_of(options.interfaces.begin(), options.interfaces.end(),
                     [](const InterfaceOptions& i) { return i.prefix_length == 0; });
}

bool IsOfThisNode(const InterfaceOptions& interface, NetAddr address) {
  if (interface.address == address) {
    return true;
  }
  for (const VirtualAddressOptions& virtual_address : interface.virtual_addresses) {
    if (virtual_address.address == address) {
      return true;
    }
  }
  return false;
}

void ReadPrefix(ForwardingReading& reading, const std::string& path, const std::string& text,
                RouteOptions& route, std::map<std::string, std::string>& taken) {
  const auto parsed = ParseAddressWithLength(text);
  if (!parsed) {
    reading.mistakes.Add(path, text,
                         "is no prefix; write it as 10.0.0.0/8, or 0.0.0.0/0 for default");
    return;
  }
  route.prefix = PrefixOf(parsed->address, parsed->prefix_length);
  if (route.prefix.address != parsed->address) {
    reading.mistakes.Add(
        path, text, absl::StrCat("has bits behind its length; write ", FormatPrefix(route.prefix)));
    return;
  }
  const auto [first, is_new] = taken.emplace(FormatPrefix(route.prefix), path);
  if (!is_new) {
    reading.mistakes.Add(path, text,
                         absl::StrCat("duplicate: ", first->second, " is the same prefix"));
    return;
  }
  for (std::size_t i = 0; i < reading.options.interfaces.size(); ++i) {
    const InterfaceOptions& interface = reading.options.interfaces[i];
    if (interface.prefix_length != 0 &&
        PrefixOf(interface.address, interface.prefix_length) == route.prefix) {
      reading.mistakes.Add(
          path, text,
          absl::StrCat("is the connected prefix of ", Item("interfaces", i), "; remove the route"));
    }
  }
}

void ReadNextHop(ForwardingReading& reading, const std::string& path, const std::string& text,
                 RouteOptions& route) {
  if (text.empty()) {
    reading.mistakes.Add(path, "missing: a route needs a next hop on a connected prefix");
    return;
  }
  const NetAddr address = ReadHostAddress(reading.mistakes, path, text);
  if (address == 0) {
    return;
  }
  const InterfaceOptions* interface = InterfaceOf(reading.options, address);
  if (interface == nullptr && IsAnyPrefixUnknown(reading.options)) {
    return;  // The interface's own message comes first; this would only repeat it.
  }
  if (interface == nullptr) {
    std::string connected;
    for (const InterfaceOptions& known : reading.options.interfaces) {
      if (known.prefix_length != 0) {
        absl::StrAppend(&connected, connected.empty() ? "" : ", ",
                        FormatPrefix(PrefixOf(known.address, known.prefix_length)));
      }
    }
    reading.mistakes.Add(path, text,
                         absl::StrCat("not reachable: lies on no connected prefix; connected: ",
                                      connected.empty() ? "none" : connected));
    return;
  }
  if (IsOfThisNode(*interface, address)) {
    reading.mistakes.Add(
        path, text, absl::StrCat("is an address of this node (interface ", interface->name, ")"));
    return;
  }
  if (IsPrefixEdge(PrefixOf(interface->address, interface->prefix_length), address)) {
    reading.mistakes.Add(path, text, "is the first or last address of its connected prefix");
    return;
  }
  route.next_hop = address;
  route.interface_id = interface->id;
}

}  // namespace

void ReadRoutes(ForwardingReading& reading) {
  const auto count = static_cast<std::size_t>(reading.source.routes_size());
  if (count > kRoutesMax) {
    reading.mistakes.Add("routes", count, absl::StrCat("too many: at most ", kRoutesMax));
    return;
  }
  std::map<std::string, std::string> taken;
  for (std::size_t i = 0; i < count; ++i) {
    const lockstep::forwarding::Route& source = reading.source.routes(static_cast<int>(i));
    const std::string item = Item("routes", i);
    RouteOptions target;
    ReadPrefix(reading, Field(item, "prefix"), source.prefix(), target, taken);
    ReadNextHop(reading, Field(item, "next_hop"), source.next_hop(), target);
    reading.options.routes.push_back(target);
  }
}

}  // namespace dataplane
