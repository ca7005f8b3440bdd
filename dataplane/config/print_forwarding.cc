// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

#include "dataplane/config/print_forwarding.h"

#include "dataplane/config/address.h"

namespace dataplane {
namespace {

using lockstep::forwarding::Forwarding;

template <typename Object>
std::string NameOf(const std::vector<Object>& objects, std::uint8_t id) {
  for (const Object& object : objects) {
    if (id != 0 && object.id == id) {
      return object.name;
    }
  }
  return {};
}

void FillInterfaces(const Options& node, const ForwardingOptions& options, Forwarding& message) {
  for (const InterfaceOptions& source : options.interfaces) {
    lockstep::forwarding::Interface& target = *message.add_interfaces();
    target.set_id(source.id);
    target.set_name(source.name);
    target.set_port(node.ports[source.port].name);
    target.set_zone(NameOf(options.zones, source.zone_id));
    target.set_address(FormatPrefix({source.address, source.prefix_length}));
    for (const VirtualAddressOptions& virtual_source : source.virtual_addresses) {
      lockstep::forwarding::VirtualAddress& virtual_target = *target.add_virtual_addresses();
      virtual_target.set_address(FormatAddress(virtual_source.address));
      virtual_target.set_vrid(virtual_source.vrid);
    }
    target.set_mtu(source.mtu);
    target.set_disabled(source.disabled);
  }
  for (const RouteOptions& source : options.routes) {
    lockstep::forwarding::Route& target = *message.add_routes();
    target.set_prefix(FormatPrefix(source.prefix));
    target.set_next_hop(FormatAddress(source.next_hop));
  }
}

lockstep::forwarding::Fallback FallbackOf(bool drop) {
  return drop ? lockstep::forwarding::DROP : lockstep::forwarding::RELEASE;
}

void FillRule(const ForwardingOptions& options, const RuleOptions& source,
              lockstep::forwarding::Rule& target) {
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
  target.set_action(source.permit ? lockstep::forwarding::PERMIT : lockstep::forwarding::DENY);
  target.set_source_nat(NameOf(options.nat_pools, source.nat_pool_id));
  target.set_replicate_icmp(source.replicate_icmp);
  if (source.commit.enabled) {
    lockstep::forwarding::CommitBeforeForward& commit = *target.mutable_commit_before_forward();
    commit.set_deadline_us(source.commit.deadline_us);
    commit.set_on_deadline(FallbackOf(source.commit.drop_on_deadline));
    commit.set_without_peer(FallbackOf(source.commit.drop_without_peer));
  }
}

void FillPolicy(const ForwardingOptions& options, Forwarding& message) {
  for (const RuleOptions& rule : options.rules) {
    FillRule(options, rule, *message.add_rules());
  }
  for (const NatPoolOptions& source : options.nat_pools) {
    lockstep::forwarding::NatPool& target = *message.add_nat_pools();
    target.set_id(source.id);
    target.set_name(source.name);
    for (const NatAddressOptions& address : source.addresses) {
      lockstep::forwarding::NatAddress& nat = *target.add_addresses();
      nat.set_id(address.id);
      nat.set_address(FormatAddress(address.address));
    }
    target.set_port_min(source.port_min);
    target.set_port_max(source.port_max);
  }
}

void FillTimeouts(const TimeoutOptions& source, lockstep::forwarding::Timeouts& target) {
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

}  // namespace

void FillForwarding(const Options& node, Forwarding& message) {
  const ForwardingOptions& options = node.forwarding;
  for (const ZoneOptions& source : options.zones) {
    lockstep::forwarding::Zone& target = *message.add_zones();
    target.set_id(source.id);
    target.set_name(source.name);
  }
  FillInterfaces(node, options, message);
  FillPolicy(options, message);
  FillTimeouts(options.timeouts, *message.mutable_timeouts());
  message.mutable_ha()->set_failover(options.ha.failover);
  message.mutable_ha()->set_state_sync(options.ha.state_sync);
  message.mutable_ha()->set_preempt(options.ha.preempt);
  message.mutable_ha()->set_priority(options.ha.priority);
}

}  // namespace dataplane
