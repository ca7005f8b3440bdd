// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

#include "configsync/follow/translate.h"

#include <array>
#include <string>

#include "configsync/follow/check_addresses.h"
#include "configsync/follow/forwarding_limits.h"
#include "configsync/follow/reader.h"
#include "configsync/follow/translate_rules.h"

namespace configsync {
namespace {

using lockstep::forwarding::Forwarding;

void CheckCount(const SchemaNode* list, std::size_t count, std::size_t count_max,
                std::string_view remedy, Problems& problems) {
  if (count > count_max) {
    problems.Add({"DATAPLANE_LIMIT", list->path, std::to_string(count),
                  "too many: the dataplane takes at most " + std::to_string(count_max),
                  std::string(remedy)});
  }
}

void AddZones(const Tree& tree, Forwarding& forwarding, Problems& problems) {
  const SchemaNode* const zones = SchemaAt(&tree.schema(), {"zones"});
  const SchemaNode* const list = SchemaAt(zones, {"zone"});
  const SchemaNode* const id = SchemaAt(list, {"id"});
  ForEachEntry(NodeAt(tree.root(), zones), list, [&](const Node& entry) {
    auto& zone = *forwarding.add_zones();
    zone.set_id(NumberOf(&entry, id));
    zone.set_name(std::string(entry.key(0)));
  });
  CheckCount(list, static_cast<std::size_t>(forwarding.zones_size()), kZonesMax,
             "merge zones that have the same rules", problems);
}

class Interfaces {
 public:
  explicit Interfaces(const SchemaNode& root)
      : list_(SchemaAt(&root, {"interfaces", "interface"})),
        virtual_list_(SchemaAt(list_, {"virtual-address"})),
        id_(SchemaAt(list_, {"id"})),
        port_(SchemaAt(list_, {"port"})),
        zone_(SchemaAt(list_, {"zone"})),
        address_(SchemaAt(list_, {"address"})),
        mtu_(SchemaAt(list_, {"mtu"})),
        enabled_(SchemaAt(list_, {"enabled"})),
        virtual_address_(SchemaAt(virtual_list_, {"address"})),
        vrid_(SchemaAt(virtual_list_, {"vrid"})) {}

  void Add(const Tree& tree, Forwarding& forwarding, Problems& problems) const {
    const SchemaNode* const schema = SchemaAt(&tree.schema(), {"interfaces"});
    ForEachEntry(NodeAt(tree.root(), schema), list_, [&](const Node& entry) {
      if (!TextOf(&entry, address_).empty()) {  // Without one it is not used.
        AddOne(entry, *forwarding.add_interfaces(), problems);
      }
    });
    CheckCount(list_, static_cast<std::size_t>(forwarding.interfaces_size()), kInterfacesMax,
               "remove interfaces that are not used", problems);
  }

 private:
  void AddOne(const Node& entry, lockstep::forwarding::Interface& interface,
              Problems& problems) const {
    interface.set_id(NumberOf(&entry, id_));
    interface.set_name(std::string(entry.key(0)));
    interface.set_port(std::string(TextOf(&entry, port_)));
    interface.set_zone(std::string(TextOf(&entry, zone_)));
    interface.set_address(std::string(TextOf(&entry, address_)));
    interface.set_mtu(NumberOf(&entry, mtu_));
    interface.set_disabled(!FlagOf(&entry, enabled_));
    ForEachEntry(&entry, virtual_list_, [&](const Node& virtual_entry) {
      auto& target = *interface.add_virtual_addresses();
      target.set_address(std::string(TextOf(&virtual_entry, virtual_address_)));
      target.set_vrid(NumberOf(&virtual_entry, vrid_));
    });
    if (static_cast<std::size_t>(interface.virtual_addresses_size()) > kVirtualAddressesMax) {
      problems.Add(
          {"DATAPLANE_LIMIT",
           PathText({{list_->parent, {}}, {list_, {interface.name()}}, {virtual_list_, {}}}),
           std::to_string(interface.virtual_addresses_size()),
           "too many: an interface takes at most " + std::to_string(kVirtualAddressesMax),
           "give the addresses to further interfaces"});
    }
  }

  const SchemaNode *list_, *virtual_list_, *id_, *port_, *zone_, *address_, *mtu_, *enabled_,
      *virtual_address_, *vrid_;
};

void AddRoutes(const Tree& tree, Forwarding& forwarding, Problems& problems) {
  const SchemaNode* const routes = SchemaAt(&tree.schema(), {"routing", "static"});
  const SchemaNode* const list = SchemaAt(routes, {"route"});
  const SchemaNode* const next_hop = SchemaAt(list, {"next-hop"});
  const SchemaNode* const enabled = SchemaAt(list, {"enabled"});
  ForEachEntry(NodeAt(tree.root(), routes), list, [&](const Node& entry) {
    if (enabled != nullptr && !FlagOf(&entry, enabled)) {
      return;
    }
    auto& route = *forwarding.add_routes();
    route.set_prefix(std::string(entry.key(0)));
    route.set_next_hop(std::string(TextOf(&entry, next_hop)));
  });
  CheckCount(list, static_cast<std::size_t>(forwarding.routes_size()), kRoutesMax,
             "summarise routes to shorter prefixes", problems);
}

void AddNatPools(const Tree& tree, Forwarding& forwarding, Problems& problems) {
  const SchemaNode* const nat = SchemaAt(&tree.schema(), {"nat"});
  const SchemaNode* const list = SchemaAt(nat, {"pool"});
  const SchemaNode* const id = SchemaAt(list, {"id"});
  const SchemaNode* const port_min = SchemaAt(list, {"port-min"});
  const SchemaNode* const port_max = SchemaAt(list, {"port-max"});
  const SchemaNode* const addresses = SchemaAt(list, {"address"});
  const SchemaNode* const address_id = SchemaAt(addresses, {"id"});
  std::size_t address_count = 0;
  ForEachEntry(NodeAt(tree.root(), nat), list, [&](const Node& entry) {
    auto& pool = *forwarding.add_nat_pools();
    pool.set_id(NumberOf(&entry, id));
    pool.set_name(std::string(entry.key(0)));
    pool.set_port_min(NumberOf(&entry, port_min));
    pool.set_port_max(NumberOf(&entry, port_max));
    ForEachEntry(&entry, addresses, [&](const Node& address_entry) {
      auto& address = *pool.add_addresses();
      address.set_id(NumberOf(&address_entry, address_id));
      address.set_address(std::string(address_entry.key(0)));
    });
    address_count += static_cast<std::size_t>(pool.addresses_size());
  });
  CheckCount(list, static_cast<std::size_t>(forwarding.nat_pools_size()), kNatPoolsMax,
             "merge pools", problems);
  CheckCount(addresses, address_count, kNatAddressesMax,
             "use fewer addresses: each has some sixty thousand ports a remote endpoint", problems);
}

void AddTimeouts(const Tree& tree, Forwarding& forwarding) {
  using lockstep::forwarding::Timeouts;
  struct Field {
    std::string_view name;
    void (Timeouts::*set)(std::uint32_t);
  };
  static constexpr std::array<Field, 10> kFields{{
      {"tcp-syn", &Timeouts::set_tcp_syn_s},
      {"tcp-established", &Timeouts::set_tcp_established_s},
      {"tcp-fin", &Timeouts::set_tcp_fin_s},
      {"tcp-time-wait", &Timeouts::set_tcp_time_wait_s},
      {"tcp-closed", &Timeouts::set_tcp_closed_s},
      {"udp-single", &Timeouts::set_udp_single_s},
      {"udp-multiple", &Timeouts::set_udp_multiple_s},
      {"icmp", &Timeouts::set_icmp_s},
      {"arp", &Timeouts::set_arp_s},
      {"takeover-grace", &Timeouts::set_takeover_grace_s},
  }};
  const SchemaNode* const schema = SchemaAt(&tree.schema(), {"system", "timeouts"});
  const Node* const timeouts = NodeAt(tree.root(), schema);
  for (const Field& field : kFields) {
    (forwarding.mutable_timeouts()->*field.set)(NumberOf(timeouts, SchemaAt(schema, {field.name})));
  }
}

// A switch that is neither configured nor has a default keeps what the node file says.
void AddHaSwitches(const Tree& tree, Forwarding& forwarding) {
  const SchemaNode* const failover = SchemaAt(&tree.schema(), {"ha", "failover"});
  const SchemaNode* const state_sync = SchemaAt(&tree.schema(), {"ha", "state-synchronization"});
  const Node* const node = NodeAt(tree.root(), failover);
  lockstep::forwarding::HaSwitches& switches = *forwarding.mutable_ha();
  const auto flag = [](const Node* parent, const SchemaNode* leaf, const auto& set) {
    if (const std::string_view text = TextOf(parent, leaf); !text.empty()) {
      set(text == "true");
    }
  };
  flag(node, SchemaAt(failover, {"enabled"}), [&](bool on) { switches.set_failover(on); });
  flag(node, SchemaAt(failover, {"preempt"}), [&](bool on) { switches.set_preempt(on); });
  flag(NodeAt(tree.root(), state_sync), SchemaAt(state_sync, {"enabled"}),
       [&](bool on) { switches.set_state_sync(on); });
  if (const std::uint32_t priority = NumberOf(node, SchemaAt(failover, {"priority"}));
      priority != 0) {
    switches.set_priority(priority);
  }
}

}  // namespace

Forwarding Translate(const Tree& tree, Problems& problems) {
  Forwarding forwarding;
  AddZones(tree, forwarding, problems);
  Interfaces(tree.schema()).Add(tree, forwarding, problems);
  AddRoutes(tree, forwarding, problems);
  AddNatPools(tree, forwarding, problems);
  AddRules(tree, forwarding, problems);
  CheckAddresses(forwarding, tree.schema(), problems);
  AddTimeouts(tree, forwarding);
  AddHaSwitches(tree, forwarding);
  if (const std::size_t bytes = forwarding.ByteSizeLong(); bytes > kForwardingBytesMax) {
    problems.Add({"DATAPLANE_LIMIT", "", std::to_string(bytes),
                  "bytes are too many for the dataplane: it takes at most " +
                      std::to_string(kForwardingBytesMax),
                  "use shorter rules: groups are written out in each rule that names them"});
  }
  return forwarding;
}

}  // namespace configsync
