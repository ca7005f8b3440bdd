// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

#include "configsync/follow/check_addresses.h"

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "configsync/follow/ipv4.h"
#include "configsync/follow/reader.h"
#include "configsync/schema/path.h"

namespace configsync {
namespace {

using lockstep::forwarding::Forwarding;
using lockstep::forwarding::Interface;
using lockstep::forwarding::Route;

class AddressCheck {
 public:
  AddressCheck(const SchemaNode& root, Problems& problems)
      : interfaces_(SchemaAt(&root, {"interfaces"})),
        routing_(SchemaAt(&root, {"routing"})),
        nat_(SchemaAt(&root, {"nat"})),
        problems_(problems) {}

  void AddInterface(const Interface& interface) {
    const std::optional<Ipv4Prefix> prefix = ParseIpv4Prefix(interface.address());
    if (!prefix) {
      is_any_prefix_unknown_ = true;
      return;
    }
    const Path path = Below(interfaces_, "interface", interface.name());
    if (prefix->IsEdge(prefix->address)) {
      is_any_prefix_unknown_ = true;
      AddEdge(Leaf(path, "address"), interface.address(), *prefix);
      return;
    }
    for (const Connected& other : connected_) {
      if (other.prefix.Overlaps(*prefix)) {
        is_any_prefix_unknown_ = true;
        problems_.Add({"PREFIXES_OVERLAP", Leaf(path, "address"), interface.address(),
                       "overlaps " + PrefixText(other.prefix) + " of " + PathText(other.path) +
                           "; connected prefixes must be disjoint",
                       "change one of the two addresses or lengths"});
        return;
      }
    }
    connected_.push_back({*prefix, path});
    own_.emplace(prefix->address, Leaf(path, "address"));
    for (const auto& source : interface.virtual_addresses()) {
      AddVirtualAddress(path, *prefix, source);
    }
  }

  // After all interfaces.
  void CheckRoute(const Route& route) {
    const Path path = Below(SchemaAt(routing_, {"static"}), "route", route.prefix());
    if (const auto prefix = ParseIpv4Prefix(route.prefix())) {
      for (const Connected& connected : connected_) {
        if (connected.prefix.length == prefix->length &&
            connected.prefix.first() == prefix->first()) {
          problems_.Add({"CONNECTED_PREFIX", PathText(path), route.prefix(),
                         "is the connected prefix of " + PathText(connected.path),
                         "remove the route: the interface leads there"});
        }
      }
    }
    if (const auto next_hop = ParseIpv4(route.next_hop())) {
      CheckNextHop(path, route.next_hop(), *next_hop);
    }
  }

  // After all interfaces.
  void CheckNatAddress(const std::string& pool, const std::string& text) {
    const std::optional<std::uint32_t> address = ParseIpv4(text);
    if (!address) {
      return;
    }
    Path path = Below(nat_, "pool", pool);
    path.push_back({SchemaAt(path.back().node, {"address"}), {text}});
    const auto [first, is_new] = nat_addresses_.emplace(*address, PathText(path));
    if (!is_new) {
      problems_.Add({"ADDRESS_TWICE", PathText(path), text, first->second + " is this address",
                     "remove one of the two: several rules may share a pool"});
    } else if (const auto owner = own_.find(*address); owner != own_.end()) {
      problems_.Add({"ADDRESS_TWICE", PathText(path), text,
                     owner->second + " has this address, and a NAT address must be of its own",
                     "take another address, whose packets are routed to this node"});
    }
  }

 private:
  struct Connected {
    Ipv4Prefix prefix;
    Path path;
  };

  // The entry of a list below containers.
  static Path Below(const SchemaNode* container, std::string_view list, const std::string& key) {
    Path path;
    path.push_back({SchemaAt(container, {list}), {key}});
    for (; container != nullptr && container->parent != nullptr; container = container->parent) {
      path.insert(path.begin(), PathStep{container, {}});
    }
    return path;
  }

  static std::string Leaf(Path path, std::string_view name) {
    path.push_back({SchemaAt(path.back().node, {name}), {}});
    return PathText(path);
  }

  void AddEdge(std::string path, const std::string& value, const Ipv4Prefix& prefix) {
    problems_.Add(
        {"PREFIX_EDGE", std::move(path), value,
         "is the first or last address of " + PrefixText(prefix) + ", which cannot be a host's",
         "take an address in between"});
  }

  void AddVirtualAddress(const Path& interface, const Ipv4Prefix& prefix,
                         const lockstep::forwarding::VirtualAddress& source) {
    const std::optional<std::uint32_t> address = ParseIpv4(source.address());
    if (!address) {
      return;
    }
    Path entry = interface;
    entry.push_back(
        {SchemaAt(interface.back().node, {"virtual-address"}), {std::to_string(source.vrid())}});
    const std::string path = Leaf(entry, "address");
    if (!prefix.Contains(*address)) {
      problems_.Add({"OUTSIDE_PREFIX", path, source.address(),
                     "lies outside " + PrefixText(prefix) + ", the prefix of its interface",
                     "take an address of the prefix, or change the interface's"});
    } else if (prefix.IsEdge(*address)) {
      AddEdge(path, source.address(), prefix);
    } else if (const auto [first, is_new] = own_.emplace(*address, path); !is_new) {
      problems_.Add({"ADDRESS_TWICE", path, source.address(), first->second + " has this address",
                     "take another address of the prefix"});
    }
  }

  void CheckNextHop(const Path& route, const std::string& text, std::uint32_t address) {
    const Connected* on = nullptr;
    for (const Connected& connected : connected_) {
      on = connected.prefix.Contains(address) ? &connected : on;
    }
    if (on == nullptr) {
      if (!is_any_prefix_unknown_) {  // Else the interface's own problem comes first.
        problems_.Add({"NEXT_HOP_UNREACHABLE", Leaf(route, "next-hop"), text,
                       "lies on no connected prefix; connected: " + ConnectedText(),
                       "give an interface an address of its prefix, or take another next hop"});
      }
    } else if (const auto owner = own_.find(address); owner != own_.end()) {
      problems_.Add({"NEXT_HOP_OWN", Leaf(route, "next-hop"), text,
                     "is an address of this node: " + owner->second,
                     "take the address of the next router"});
    } else if (on->prefix.IsEdge(address)) {
      AddEdge(Leaf(route, "next-hop"), text, on->prefix);
    }
  }

  [[nodiscard]] std::string ConnectedText() const {
    std::string text;
    for (const Connected& connected : connected_) {
      text += (text.empty() ? "" : ", ") + PrefixText(connected.prefix);
    }
    return text.empty() ? "none" : text;
  }

  const SchemaNode *interfaces_, *routing_, *nat_;
  Problems& problems_;
  std::vector<Connected> connected_;
  bool is_any_prefix_unknown_ = false;                  // For a mistake that was told.
  std::map<std::uint32_t, std::string> own_;            // This node's addresses → path.
  std::map<std::uint32_t, std::string> nat_addresses_;  // → path.
};

}  // namespace

void CheckAddresses(const Forwarding& forwarding, const SchemaNode& root, Problems& problems) {
  AddressCheck check(root, problems);
  for (const Interface& interface : forwarding.interfaces()) {
    check.AddInterface(interface);
  }
  for (const Route& route : forwarding.routes()) {
    check.CheckRoute(route);
  }
  for (const auto& pool : forwarding.nat_pools()) {
    for (const auto& address : pool.addresses()) {
      check.CheckNatAddress(pool.name(), address.address());
    }
  }
}

}  // namespace configsync
