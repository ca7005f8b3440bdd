// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

// Options back to a node file: the canonical form. Every value with a default is written out.

#include <google/protobuf/text_format.h>

#include "dataplane/config/address.h"
#include "dataplane/config/node_file.h"
#include "proto/node.pb.h"

namespace dataplane {
namespace {

using lockstep::node::Node;

template <typename Object>
std::string NameOf(const std::vector<Object>& objects, std::uint8_t id) {
  for (const Object& object : objects) {
    if (id != 0 && object.id == id) {
      return object.name;
    }
  }
  return {};
}

void FillInterfaces(const Options& options, Node& node) {
  for (const InterfaceOptions& source : options.interfaces) {
    lockstep::node::Interface& target = *node.add_interfaces();
    target.set_id(source.id);
    target.set_name(source.name);
    target.set_device(source.device);
    target.set_zone(NameOf(options.zones, source.zone_id));
    target.set_address(FormatPrefix({source.address, source.prefix_length}));
    for (const VirtualAddressOptions& virtual_source : source.virtual_addresses) {
      lockstep::node::VirtualAddress& virtual_target = *target.add_virtual_addresses();
      virtual_target.set_address(FormatAddress(virtual_source.address));
      virtual_target.set_vrid(virtual_source.vrid);
    }
    target.set_mtu(source.mtu);
    target.set_rx_descriptors(source.rx_descriptors);
  }
  for (const RouteOptions& source : options.routes) {
    lockstep::node::Route& target = *node.add_routes();
    target.set_prefix(FormatPrefix(source.prefix));
    target.set_next_hop(FormatAddress(source.next_hop));
  }
}

lockstep::node::Fallback FallbackOf(bool drop) {
  return drop ? lockstep::node::DROP : lockstep::node::RELEASE;
}

void FillRule(const Options& options, const RuleOptions& source, lockstep::node::Rule& target) {
  target.set_id(source.id);
  target.set_name(source.name);
  target.set_from_zone(NameOf(options.zones, source.from_zone_id));
  target.set_to_zone(NameOf(options.zones, source.to_zone_id));
  for (const PrefixOptions& prefix : source.sources) {
    target.add_source(FormatPrefix(prefix));
  }
  for (const PrefixOptions& prefix : source.destinations) {
    target.add_destination(FormatPrefix(prefix));
  }
  if (source.protocols != kRuleAnyProtocol) {
    if ((source.protocols & kRuleTcp) != 0) {
      target.add_protocols("tcp");
    }
    if ((source.protocols & kRuleUdp) != 0) {
      target.add_protocols("udp");
    }
    if ((source.protocols & kRuleIcmp) != 0) {
      target.add_protocols("icmp");
    }
  }
  for (const PortRangeOptions& range : source.destination_ports) {
    target.add_destination_ports(FormatPortRange(range));
  }
  target.set_action(source.permit ? lockstep::node::PERMIT : lockstep::node::DENY);
  target.set_source_nat(NameOf(options.nat_pools, source.nat_pool_id));
  target.set_replicate_icmp(source.replicate_icmp);
  if (source.commit.enabled) {
    lockstep::node::CommitBeforeForward& commit = *target.mutable_commit_before_forward();
    commit.set_deadline_us(source.commit.deadline_us);
    commit.set_on_deadline(FallbackOf(source.commit.drop_on_deadline));
    commit.set_without_peer(FallbackOf(source.commit.drop_without_peer));
  }
}

void FillPolicy(const Options& options, Node& node) {
  for (const RuleOptions& rule : options.rules) {
    FillRule(options, rule, *node.add_rules());
  }
  for (const NatPoolOptions& source : options.nat_pools) {
    lockstep::node::NatPool& target = *node.add_nat_pools();
    target.set_id(source.id);
    target.set_name(source.name);
    for (const statesync::NetAddr address : source.addresses) {
      target.add_addresses(FormatAddress(address));
    }
    target.set_port_min(source.port_min);
    target.set_port_max(source.port_max);
  }
}

void FillTimeouts(const TimeoutOptions& source, lockstep::node::Timeouts& target) {
  target.set_tcp_syn_s(source.tcp_syn_s);
  target.set_tcp_established_s(source.tcp_established_s);
  target.set_tcp_fin_s(source.tcp_fin_s);
  target.set_tcp_time_wait_s(source.tcp_time_wait_s);
  target.set_tcp_closed_s(source.tcp_closed_s);
  target.set_udp_single_s(source.udp_single_s);
  target.set_udp_multiple_s(source.udp_multiple_s);
  target.set_icmp_s(source.icmp_s);
  target.set_arp_s(source.arp_s);
  target.set_takeover_grace_s(source.takeover_grace_s);
}

template <typename Target>
void FillHa2Link(const Ha2Options& source, Target& target) {
  target.set_device(source.device);
  target.set_local_address(FormatAddress(source.local_address));
  target.set_peer_address(FormatAddress(source.peer_address));
  target.set_udp_port(source.udp_port);
  target.set_mtu(source.mtu);
  target.set_xdp_guard(source.xdp_guard);
}

void FillHa(const HaOptions& source, lockstep::node::Ha& target) {
  target.set_enabled(source.enabled);
  target.set_pair_secret_file(source.pair_secret_file);
  target.set_state_sync(source.state_sync);
  for (const Ha1PathOptions& path : source.ha1) {
    lockstep::node::Ha1Path& ha1 = *target.add_ha1();
    ha1.set_local_address(FormatAddress(path.local_address));
    ha1.set_peer_address(FormatAddress(path.peer_address));
    ha1.set_udp_port(path.udp_port);
    ha1.set_tcp_port(path.tcp_port);
  }
  if (!source.ha2.device.empty()) {
    lockstep::node::Ha2& ha2 = *target.mutable_ha2();
    FillHa2Link(source.ha2, ha2);
    ha2.set_streams(source.ha2.streams);
    ha2.set_rekey_after_packets(source.ha2.rekey_after_packets);
    ha2.set_rekey_after_s(source.ha2.rekey_after_s);
  }
  if (!source.ha2_second.device.empty()) {
    FillHa2Link(source.ha2_second, *target.mutable_ha2_second());
  }
  target.set_heartbeat_ms(source.heartbeat_ms);
  target.set_heartbeat_misses(source.heartbeat_misses);
  target.set_startup_hold_ms(source.startup_hold_ms);
  target.set_preempt(source.preempt);
}

void FillRuntime(const RuntimeOptions& source, lockstep::node::Runtime& target) {
  target.set_workers(source.workers);
  target.set_worker_cpus(FormatCpuSet(source.worker_cpus));
  target.set_sync_own_core(source.sync_own_core);
  target.set_spin(source.spin);
  target.set_memory_mb(source.memory_mb);
  target.set_no_huge(source.no_huge);
  target.set_file_prefix(source.file_prefix);
  for (const std::string& argument : source.eal_args) {
    target.add_eal_args(argument);
  }
}

}  // namespace

std::string PrintConfig(const Options& options) {
  Node node;
  node.set_name(options.name);
  node.set_index(options.index);
  node.set_priority(options.priority);
  node.set_runtime_dir(options.runtime_dir);
  for (const ZoneOptions& source : options.zones) {
    lockstep::node::Zone& target = *node.add_zones();
    target.set_id(source.id);
    target.set_name(source.name);
  }
  FillInterfaces(options, node);
  FillPolicy(options, node);
  FillTimeouts(options.timeouts, *node.mutable_timeouts());
  node.mutable_tables()->set_sessions(options.tables.sessions);
  node.mutable_tables()->set_neighbours(options.tables.neighbours);
  node.mutable_tables()->set_memory_mb(options.tables.memory_mb);
  node.mutable_tables()->set_peer_sessions(options.tables.peer_sessions);
  FillHa(options.ha, *node.mutable_ha());
  FillRuntime(options.runtime, *node.mutable_runtime());
  if (options.debug.enabled) {
    node.mutable_debug()->set_enabled(true);
    node.mutable_debug()->set_ha2_key_file(options.debug.ha2_key_file);
  }

  std::string text;
  google::protobuf::TextFormat::Printer printer;
  printer.PrintToString(node, &text);
  return text;
}

}  // namespace dataplane
