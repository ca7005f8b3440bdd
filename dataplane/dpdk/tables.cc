// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

#include "dataplane/dpdk/tables.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
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

std::int16_t PoolIndexOf(const Options& options, std::uint8_t pool_id) {
  if (pool_id == 0) return kNoNatPool;
  for (std::size_t i = 0; i < options.nat_pools.size(); ++i) {
    if (options.nat_pools[i].id == pool_id) return static_cast<std::int16_t>(i);
  }
  ENSURE(false && "a rule's NAT pool was checked to exist");
  return kNoNatPool;
}

RuleSpec RuleSpecOf(const Options& options, const RuleOptions& rule) {
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

absl::Status BuildPolicy(const Options& options, Tables& tables) {
  std::vector<RuleSpec> rules;
  for (const RuleOptions& rule : options.rules) rules.push_back(RuleSpecOf(options, rule));
  absl::StatusOr<std::unique_ptr<const RuleSet>> built = RuleSet::Build(rules);
  if (!built.ok()) return built.status();
  tables.rules = *std::move(built);

  std::vector<NatPoolSpec> pools;
  for (const NatPoolOptions& pool : options.nat_pools) {
    pools.push_back({pool.addresses, pool.port_min, pool.port_max});
  }
  absl::StatusOr<NatPools> nat = NatPools::Build(pools, options.index);
  if (!nat.ok()) return nat.status();
  tables.nat.emplace(*std::move(nat));
  return absl::OkStatus();
}

absl::StatusOr<InterfaceMap> BuildInterfaces(const Options& options,
                                             std::span<const MacAddress> own_macs) {
  ENSURE(own_macs.size() == options.interfaces.size());
  std::vector<InterfaceSpec> specs;
  for (std::size_t i = 0; i < own_macs.size(); ++i) {
    const InterfaceOptions& interface = options.interfaces[i];
    InterfaceSpec spec{.id = interface.id,
                       .zone = interface.zone_id,
                       .mtu = interface.mtu,
                       .own_mac = own_macs[i],
                       .own_addr = interface.address,
                       .prefix_bits = interface.prefix_length,
                       .virtual_addresses = {}};
    for (const VirtualAddressOptions& address : interface.virtual_addresses) {
      spec.virtual_addresses.push_back({address.address, address.vrid});
    }
    specs.push_back(std::move(spec));
  }
  return InterfaceMap::Build(specs, options.nat_addresses);
}

std::vector<FibRoute> RoutesOf(const Options& options) {
  std::vector<FibRoute> routes;
  for (std::size_t i = 0; i < options.interfaces.size(); ++i) {
    const InterfaceOptions& interface = options.interfaces[i];
    routes.push_back(
        {.prefix = {interface.address & MaskOf(interface.prefix_length), interface.prefix_length},
         .next_hop = 0,
         .interface = static_cast<std::uint8_t>(i)});
  }
  for (const RouteOptions& route : options.routes) {
    routes.push_back({.prefix = {route.prefix.address, route.prefix.length},
                      .next_hop = route.next_hop,
                      .interface = InterfaceIndexOf(options, route.interface_id)});
  }
  return routes;
}

}  // namespace

std::uint8_t InterfaceIndexOf(const Options& options, std::uint8_t interface_id) {
  for (std::size_t i = 0; i < options.interfaces.size(); ++i) {
    if (options.interfaces[i].id == interface_id) return static_cast<std::uint8_t>(i);
  }
  ENSURE(false && "a route's interface was checked to exist");
  return 0;
}

absl::StatusOr<std::unique_ptr<Tables>> Tables::Create(const Options& options,
                                                       const TableKeys& keys) {
  auto tables = std::make_unique<Tables>();
  statesync::SessionTableOptions table_options;
  table_options.capacity = options.tables.sessions;
  table_options.worker_count = options.runtime.workers;
  table_options.index_seed = keys.index_seed;
  std::copy_n(keys.digest_key, 2, table_options.digest_key);
  table_options.nat_addresses = options.nat_addresses;
  absl::StatusOr<std::size_t> bytes = statesync::SessionTable::BytesNeeded(table_options);
  if (bytes.ok()) {
    absl::StatusOr<std::unique_ptr<TableMemory>> memory =
        TableMemory::Map(*bytes, !options.runtime.no_huge);
    if (!memory.ok()) return memory.status();
    tables->session_memory = *std::move(memory);
    table_options.arena = tables->session_memory->bytes();
  }
  absl::StatusOr<std::unique_ptr<statesync::SessionTable>> sessions =
      statesync::SessionTable::Create(table_options);
  if (!sessions.ok()) {
    return absl::Status(sessions.status().code(),
                        absl::StrCat("tables.sessions: ", sessions.status().message()));
  }
  tables->sessions = *std::move(sessions);
  return tables;
}

absl::Status Tables::Complete(const Options& options, std::span<const MacAddress> own_macs) {
  timeouts = TimeoutsOf(options.timeouts);
  if (absl::Status status = BuildPolicy(options, *this); !status.ok()) return status;
  absl::StatusOr<InterfaceMap> map = BuildInterfaces(options, own_macs);
  if (!map.ok()) return map.status();
  interfaces.emplace(*std::move(map));
  absl::StatusOr<std::unique_ptr<NeighbourTable>> neighbour_table =
      NeighbourTable::Create(options.tables.neighbours, options.timeouts.arp_s);
  if (!neighbour_table.ok()) return neighbour_table.status();
  neighbours = *std::move(neighbour_table);
  absl::StatusOr<std::unique_ptr<Fib>> routes = Fib::Build(RoutesOf(options), *interfaces);
  if (!routes.ok()) return routes.status();
  fib = *std::move(routes);
  return absl::OkStatus();
}

}  // namespace dataplane
