// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

#include "dataplane/dpdk/forwarding_tables.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "statesync/ensure.h"

namespace dataplane {
namespace {

Timeouts TimeoutsOf(const TimeoutOptions& options) {
  return {.tcp_syn_s = options.tcp_syn_s,
          .tcp_established_s = options.tcp_established_s,
          .tcp_fin_s = options.tcp_fin_s,
          .tcp_time_wait_s = options.tcp_time_wait_s,
          .tcp_closed_s = options.tcp_closed_s,
          .udp_single_s = options.udp_single_s,
          .udp_multiple_s = options.udp_multiple_s,
          .icmp_s = options.icmp_s,
          .takeover_grace_s = options.takeover_grace_s};
}

std::vector<Ipv4Prefix> PrefixesOf(const std::vector<PrefixOptions>& options) {
  std::vector<Ipv4Prefix> prefixes;
  for (const PrefixOptions& prefix : options) prefixes.push_back({prefix.address, prefix.length});
  return prefixes;
}

std::int16_t PoolIndexOf(const ForwardingOptions& options, std::uint8_t pool_id) {
  if (pool_id == 0) return kNoNatPool;
  for (std::size_t i = 0; i < options.nat_pools.size(); ++i) {
    if (options.nat_pools[i].id == pool_id) return static_cast<std::int16_t>(i);
  }
  ENSURE(false && "a rule's NAT pool was checked to exist");
  return kNoNatPool;
}

RuleSpec RuleSpecOf(const ForwardingOptions& options, const RuleOptions& rule) {
  RuleSpec spec{.id = rule.id,
                .from_zone = rule.from_zone_id,
                .to_zone = rule.to_zone_id,
                .sources = PrefixesOf(rule.sources),
                .targets = PrefixesOf(rule.destinations),
                .protocols = {},
                .target_ports = {},
                .permit = rule.permit,
                .nat_pool = PoolIndexOf(options, rule.nat_pool_id),
                .replicate_icmp = rule.replicate_icmp,
                .commit = {.enabled = rule.commit.enabled,
                           .drop_on_deadline = rule.commit.drop_on_deadline,
                           .drop_without_peer = rule.commit.drop_without_peer,
                           .deadline_us = rule.commit.deadline_us}};
  if ((rule.protocols & kRuleTcp) != 0) spec.protocols.push_back(kProtocolTcp);
  if ((rule.protocols & kRuleUdp) != 0) spec.protocols.push_back(kProtocolUdp);
  if ((rule.protocols & kRuleIcmp) != 0) spec.protocols.push_back(kProtocolIcmp);
  for (const PortRangeOptions& range : rule.destination_ports) {
    spec.target_ports.push_back({range.first, range.last});
  }
  return spec;
}

absl::Status BuildPolicy(const ForwardingOptions& options, statesync::NodeIndex node,
                         ForwardingTables& tables) {
  std::vector<RuleSpec> rules;
  for (const RuleOptions& rule : options.rules) rules.push_back(RuleSpecOf(options, rule));
  absl::StatusOr<std::unique_ptr<const RuleSet>> built = RuleSet::Build(rules);
  if (!built.ok()) return built.status();
  tables.rules = *std::move(built);

  std::vector<NatPoolSpec> pools;
  for (const NatPoolOptions& pool : options.nat_pools) {
    NatPoolSpec spec{.addresses = {}, .port_min = pool.port_min, .port_max = pool.port_max};
    for (const NatAddressOptions& address : pool.addresses)
      spec.addresses.push_back(address.address);
    pools.push_back(std::move(spec));
  }
  absl::StatusOr<NatPools> nat = NatPools::Build(pools, node);
  if (!nat.ok()) return nat.status();
  tables.nat.emplace(*std::move(nat));
  tables.nat_addresses.Init(options.nat_addresses);
  return absl::OkStatus();
}

InterfaceSpec SpecOf(const InterfaceOptions& interface, const MacAddress& own_mac) {
  InterfaceSpec spec{.id = interface.id,
                     .zone = interface.zone_id,
                     .mtu = interface.mtu,
                     .own_mac = own_mac,
                     .own_addr = interface.address,
                     .prefix_bits = interface.prefix_length,
                     .virtual_addresses = {}};
  for (const VirtualAddressOptions& address : interface.virtual_addresses) {
    spec.virtual_addresses.push_back({address.address, address.vrid});
  }
  return spec;
}

absl::StatusOr<InterfaceMap> BuildInterfaces(const ForwardingOptions& options,
                                             std::span<const MacAddress> own_macs) {
  std::vector<InterfaceSpec> specs(own_macs.size(), InterfaceSpec{.enabled = false});
  for (std::size_t i = 0; i < own_macs.size(); ++i) specs[i].own_mac = own_macs[i];
  for (const InterfaceOptions& interface : options.interfaces) {
    ENSURE(interface.port < own_macs.size());
    if (interface.disabled) continue;
    specs[interface.port] = SpecOf(interface, own_macs[interface.port]);
  }
  std::vector<NetAddr> nat_addresses;
  for (const NetAddr address : options.nat_addresses) {
    if (address != 0) nat_addresses.push_back(address);
  }
  return InterfaceMap::Build(specs, nat_addresses);
}

const InterfaceOptions& InterfaceOf(const ForwardingOptions& options, std::uint8_t id) {
  const auto found = std::ranges::find(options.interfaces, id, &InterfaceOptions::id);
  ENSURE(found != options.interfaces.end() && "a route's interface was checked to exist");
  return *found;
}

// Nothing that the FIB is made of differs.
bool HasSameFib(const ForwardingOptions& a, const ForwardingOptions& b) {
  return a.routes == b.routes &&
         std::ranges::equal(a.interfaces, b.interfaces, [](const auto& x, const auto& y) {
           return x.id == y.id && x.port == y.port && x.zone_id == y.zone_id && x.mtu == y.mtu &&
                  x.disabled == y.disabled && x.address == y.address &&
                  x.prefix_length == y.prefix_length;
         });
}

std::vector<FibRoute> RoutesOf(const ForwardingOptions& options) {
  std::vector<FibRoute> routes;
  for (const InterfaceOptions& interface : options.interfaces) {
    if (interface.disabled) continue;
    routes.push_back(
        {.prefix = {interface.address & MaskOf(interface.prefix_length), interface.prefix_length},
         .next_hop = 0,
         .interface = interface.port});
  }
  for (const RouteOptions& route : options.routes) {
    const InterfaceOptions& way = InterfaceOf(options, route.interface_id);
    if (way.disabled) continue;
    routes.push_back({.prefix = {route.prefix.address, route.prefix.length},
                      .next_hop = route.next_hop,
                      .interface = way.port});
  }
  return routes;
}

}  // namespace

absl::StatusOr<std::unique_ptr<ForwardingTables>> ForwardingTables::Build(
    const ForwardingOptions& options, const PortFacts& ports, const ForwardingTables* before) {
  auto tables = std::make_unique<ForwardingTables>();
  tables->options = options;
  tables->timeouts = TimeoutsOf(options.timeouts);
  absl::Status status = BuildPolicy(options, ports.node, *tables);
  if (!status.ok()) return status;
  absl::StatusOr<InterfaceMap> map = BuildInterfaces(options, ports.own_macs);
  if (!map.ok()) return map.status();
  tables->interfaces.emplace(*std::move(map));
  if (before != nullptr) {
    tables->announces_others =
        !std::ranges::equal(before->interfaces->announced(), tables->interfaces->announced());
    if (HasSameFib(before->options, options)) {
      tables->fib = before->fib;
      return tables;
    }
    tables->reaches_others = true;
  }
  absl::StatusOr<std::unique_ptr<Fib>> fib = Fib::Build(RoutesOf(options), *tables->interfaces);
  if (!fib.ok()) return fib.status();
  tables->fib = *std::move(fib);
  return tables;
}

}  // namespace dataplane
