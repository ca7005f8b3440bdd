// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

// NAT pools and the ordered rules.

#include <algorithm>

#include "dataplane/config/address.h"
#include "dataplane/config/node_file.h"
#include "dataplane/config/readers.h"

namespace dataplane {
namespace {

using statesync::NetAddr;

constexpr std::size_t kRulesMax = 65'535;
constexpr std::size_t kPrefixesPerRuleMax = 1024;
constexpr std::size_t kPortRangesPerRuleMax = 256;
constexpr std::size_t kNatAddressesMax = 255;  // A record carries the position in one byte.

// What NAT addresses may not share.
struct Taken {
  std::map<NetAddr, std::string> addresses;
  std::map<std::uint64_t, std::string> ids;
};

// 0 after a mistake.
std::uint8_t ReadNatAddressId(ForwardingReading& reading, const std::string& item, std::uint64_t id,
                              Taken& taken) {
  const std::string path = Field(item, "id");
  if (id == 0) {
    reading.mistakes.Add(path, "missing: give the address a stable id, 1 to 255, of its own");
    return 0;
  }
  if (id > kNatAddressesMax) {
    reading.mistakes.Add(path, id, absl::StrCat("must be 1 to ", kNatAddressesMax));
    return 0;
  }
  const auto [first, is_new] = taken.ids.emplace(id, item);
  if (!is_new) {
    reading.mistakes.Add(path, id,
                         absl::StrCat("duplicate: ", first->second,
                                      " has this id; ids of NAT addresses are unique over all "
                                      "pools"));
    return 0;
  }
  return static_cast<std::uint8_t>(id);
}

// Who has an address already; null if nobody. NAT replies arrive at a pool's address, so it cannot
// be one that the node answers for itself.
std::string OwnerOfAddress(const ForwardingOptions& options, NetAddr address) {
  for (std::size_t i = 0; i < options.interfaces.size(); ++i) {
    const InterfaceOptions& interface = options.interfaces[i];
    if (interface.address == address) {
      return Field(Item("interfaces", i), "address");
    }
    for (std::size_t v = 0; v < interface.virtual_addresses.size(); ++v) {
      if (interface.virtual_addresses[v].address == address) {
        return Item(Item("interfaces", i), "virtual_addresses", v);
      }
    }
  }
  return {};
}

void ReadPoolAddresses(ForwardingReading& reading, const std::string& item,
                       const lockstep::forwarding::NatPool& source, NatPoolOptions& target,
                       Taken& taken) {
  if (source.addresses_size() == 0) {
    reading.mistakes.Add(Field(item, "addresses"), "empty NAT pool: give at least one address");
  }
  if (source.addresses_size() > static_cast<int>(kNatAddressesMax)) {
    reading.mistakes.Add(Field(item, "addresses"),
                         static_cast<std::uint64_t>(source.addresses_size()),
                         absl::StrCat("too many: at most ", kNatAddressesMax, " over all pools"));
    return;
  }
  for (int a = 0; a < source.addresses_size(); ++a) {
    const std::string of_list = Item(item, "addresses", static_cast<std::size_t>(a));
    const std::string& text = source.addresses(a).address();
    const std::string path = Field(of_list, "address");
    const std::uint8_t id = ReadNatAddressId(reading, of_list, source.addresses(a).id(), taken);
    const NetAddr address = ReadHostAddress(reading.mistakes, path, text);
    if (address == 0) {
      continue;
    }
    const auto [first, is_new] = taken.addresses.emplace(address, path);
    if (!is_new) {
      reading.mistakes.Add(path, text,
                           absl::StrCat("duplicate: ", first->second, " is this address"));
      continue;
    }
    const std::string owner = OwnerOfAddress(reading.options, address);
    if (!owner.empty()) {
      reading.mistakes.Add(path, text,
                           absl::StrCat("overlaps ", owner, "; a NAT address must be of its own"));
      continue;
    }
    target.addresses.push_back({id, address});
  }
}

void ReadPoolPorts(ForwardingReading& reading, const std::string& item,
                   const lockstep::forwarding::NatPool& source, NatPoolOptions& target) {
  target.port_min = Ranged<std::uint16_t>(reading.mistakes, Field(item, "port_min"),
                                          source.port_min(), 1024, 1, 65'535);
  target.port_max = Ranged<std::uint16_t>(reading.mistakes, Field(item, "port_max"),
                                          source.port_max(), 65'535, 1, 65'535);
  if (std::uint32_t{target.port_max} + 1 < target.port_min + kNatPortsMin) {
    reading.mistakes.Add(Field(item, "port_max"), target.port_max,
                         absl::StrCat("with port_min ", target.port_min, " leaves fewer than ",
                                      kNatPortsMin, " ports; each node owns half of them"));
  }
}

// Fills ForwardingOptions::nat_addresses.
void ListNatAddresses(ForwardingReading& reading) {
  std::vector<NetAddr>& all = reading.options.nat_addresses;
  for (const NatPoolOptions& pool : reading.options.nat_pools) {
    for (const NatAddressOptions& address : pool.addresses) {
      if (address.id == 0) continue;  // A mistake.
      all.resize(std::max<std::size_t>(all.size(), address.id));
      all[address.id - 1u] = address.address;
    }
  }
}

std::vector<PrefixOptions> ReadPrefixes(
    ForwardingReading& reading, const std::string& item, std::string_view field,
    const google::protobuf::RepeatedPtrField<std::string>& source) {
  std::vector<PrefixOptions> target;
  if (source.size() > static_cast<int>(kPrefixesPerRuleMax)) {
    reading.mistakes.Add(Field(item, field), static_cast<std::uint64_t>(source.size()),
                         absl::StrCat("too many prefixes: at most ", kPrefixesPerRuleMax));
    return target;
  }
  for (int i = 0; i < source.size(); ++i) {
    const std::string path = Item(item, field, static_cast<std::size_t>(i));
    const bool is_host = source[i].find('/') == std::string::npos;
    const auto parsed = ParseAddressWithLength(is_host ? source[i] + "/32" : source[i]);
    if (!parsed) {
      reading.mistakes.Add(path, source[i], "is no prefix; write it as 10.1.0.0/24 or 10.1.0.7");
      continue;
    }
    const PrefixOptions prefix = PrefixOf(parsed->address, parsed->prefix_length);
    if (prefix.address != parsed->address) {
      reading.mistakes.Add(
          path, source[i],
          absl::StrCat("has bits behind its length; write ", FormatPrefix(prefix)));
      continue;
    }
    target.push_back(prefix);
  }
  return target;
}

std::uint8_t ReadProtocols(ForwardingReading& reading, const std::string& item,
                           const lockstep::forwarding::Rule& source) {
  std::uint8_t protocols = 0;
  for (int i = 0; i < source.protocols_size(); ++i) {
    const std::string& name = source.protocols(i);
    if (name == "tcp") {
      protocols |= kRuleTcp;
    } else if (name == "udp") {
      protocols |= kRuleUdp;
    } else if (name == "icmp") {
      protocols |= kRuleIcmp;
    } else {
      reading.mistakes.Add(Item(item, "protocols", static_cast<std::size_t>(i)), name,
                           "unknown protocol; known: tcp, udp, icmp");
    }
  }
  if (protocols == 0 && source.protocols_size() > 0) {
    return kRuleTcp | kRuleUdp;  // After a mistake: whatever does not lead to another one.
  }
  return protocols == 0 ? kRuleAnyProtocol : protocols;
}

void ReadPorts(ForwardingReading& reading, const std::string& item,
               const lockstep::forwarding::Rule& source, RuleOptions& target) {
  if (source.destination_ports_size() == 0) {
    return;
  }
  const std::string list = Field(item, "destination_ports");
  if (source.destination_ports_size() > static_cast<int>(kPortRangesPerRuleMax)) {
    reading.mistakes.Add(list, static_cast<std::uint64_t>(source.destination_ports_size()),
                         absl::StrCat("too many ranges: at most ", kPortRangesPerRuleMax));
    return;
  }
  if ((target.protocols & kRuleIcmp) != 0) {
    reading.mistakes.Add(list,
                         "only tcp and udp have ports: set protocols to \"tcp\", \"udp\" or both");
  }
  for (int i = 0; i < source.destination_ports_size(); ++i) {
    const auto range = ParsePortRange(source.destination_ports(i));
    if (!range) {
      reading.mistakes.Add(Item(item, "destination_ports", static_cast<std::size_t>(i)),
                           source.destination_ports(i),
                           "is no port or range; write 443 or 8000-8999, 1 to 65535");
      continue;
    }
    target.destination_ports.push_back(*range);
  }
}

void ReadAction(ForwardingReading& reading, const std::string& item,
                const lockstep::forwarding::Rule& source, RuleOptions& target) {
  if (source.action() == lockstep::forwarding::ACTION_UNSPECIFIED) {
    reading.mistakes.Add(Field(item, "action"), "missing: PERMIT or DENY");
  } else if (!lockstep::forwarding::Action_IsValid(source.action())) {
    reading.mistakes.Add(Field(item, "action"), static_cast<std::uint64_t>(source.action()),
                         "must be PERMIT or DENY");
  }
  target.permit = source.action() == lockstep::forwarding::PERMIT;
  target.nat_pool_id = IdOfName(reading.mistakes, Field(item, "source_nat"), source.source_nat(),
                                "NAT pool", reading.pool_ids);
  if (source.action() == lockstep::forwarding::DENY && !source.source_nat().empty()) {
    reading.mistakes.Add(Field(item, "source_nat"), source.source_nat(),
                         "a rule that denies cannot translate; remove it");
  }
  target.replicate_icmp = source.replicate_icmp();
}

// True if `value` says to drop.
bool ReadFallback(ForwardingReading& reading, const std::string& path,
                  lockstep::forwarding::Fallback value) {
  if (!lockstep::forwarding::Fallback_IsValid(value)) {
    reading.mistakes.Add(path, static_cast<std::uint64_t>(value), "must be RELEASE or DROP");
  }
  return value == lockstep::forwarding::DROP;
}

void ReadCommit(ForwardingReading& reading, const std::string& item,
                const lockstep::forwarding::Rule& source, RuleOptions& target) {
  if (!source.has_commit_before_forward()) {
    return;
  }
  const std::string path = Field(item, "commit_before_forward");
  const lockstep::forwarding::CommitBeforeForward& commit = source.commit_before_forward();
  if (source.action() == lockstep::forwarding::DENY) {
    reading.mistakes.Add(path, "a rule that denies forwards nothing; remove it");
  }
  if (target.protocols == kRuleIcmp && !target.replicate_icmp) {
    reading.mistakes.Add(path,
                         "the peer holds ICMP sessions only with replicate_icmp: true; set it, or "
                         "remove this");
  }
  if (!reading.node.ha.enabled) {
    reading.mistakes.Add(path, "without ha there is no peer to wait for; remove it, or enable ha");
  }
  target.commit.enabled = true;
  target.commit.deadline_us = Ranged<std::uint32_t>(reading.mistakes, Field(path, "deadline_us"),
                                                    commit.deadline_us(), 0, 100, 1'000'000);
  target.commit.drop_on_deadline =
      ReadFallback(reading, Field(path, "on_deadline"), commit.on_deadline());
  target.commit.drop_without_peer =
      ReadFallback(reading, Field(path, "without_peer"), commit.without_peer());
}

}  // namespace

void ReadNatPools(ForwardingReading& reading) {
  Register names(reading.mistakes, "NAT pool", 255);
  Taken taken;
  for (int i = 0; i < reading.source.nat_pools_size(); ++i) {
    const lockstep::forwarding::NatPool& source = reading.source.nat_pools(i);
    const std::string item = Item("nat_pools", static_cast<std::size_t>(i));
    NatPoolOptions target;
    target.id = static_cast<std::uint8_t>(names.AddId(item, source.id()));
    target.name = source.name();
    if (names.AddName(item, source.name(), /*is_required=*/true)) {
      reading.pool_ids.emplace(source.name(), target.id);
    }
    ReadPoolAddresses(reading, item, source, target, taken);
    ReadPoolPorts(reading, item, source, target);
    reading.options.nat_pools.push_back(std::move(target));
  }
  ListNatAddresses(reading);
}

void ReadRules(ForwardingReading& reading) {
  const auto count = static_cast<std::size_t>(reading.source.rules_size());
  if (count > kRulesMax) {
    reading.mistakes.Add("rules", count, absl::StrCat("too many: at most ", kRulesMax));
    return;
  }
  Register names(reading.mistakes, "rule", 65'535);
  for (std::size_t i = 0; i < count; ++i) {
    const lockstep::forwarding::Rule& source = reading.source.rules(static_cast<int>(i));
    const std::string item = Item("rules", i);
    RuleOptions target;
    target.id = names.AddId(item, source.id());
    names.AddName(item, source.name(), /*is_required=*/false);
    target.name = source.name();
    target.from_zone_id = IdOfName(reading.mistakes, Field(item, "from_zone"), source.from_zone(),
                                   "zone", reading.zone_ids);
    target.to_zone_id = IdOfName(reading.mistakes, Field(item, "to_zone"), source.to_zone(), "zone",
                                 reading.zone_ids);
    target.sources = ReadPrefixes(reading, item, "source", source.source());
    target.destinations = ReadPrefixes(reading, item, "destination", source.destination());
    target.protocols = ReadProtocols(reading, item, source);
    ReadPorts(reading, item, source, target);
    ReadAction(reading, item, source, target);
    ReadCommit(reading, item, source, target);
    reading.options.rules.push_back(std::move(target));
  }
}

}  // namespace dataplane
