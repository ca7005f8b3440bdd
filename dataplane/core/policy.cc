// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

#include "dataplane/core/policy.h"

#include "absl/strings/str_cat.h"
#include "dataplane/core/byte_order.h"

namespace dataplane {
namespace {

constexpr std::uint32_t ProtocolBit(std::uint8_t protocol) {
  switch (protocol) {
    case kProtocolTcp:
      return 1;
    case kProtocolUdp:
      return 2;
    case kProtocolIcmp:
      return 4;
    default:
      return 0;
  }
}

}  // namespace

NetAddr MaskOf(std::uint8_t bits) noexcept {
  return bits == 0 ? 0 : HostToNet(std::uint32_t{0xffff'ffffu << (32 - bits)});
}

bool Contains(const Ipv4Prefix& prefix, NetAddr addr) noexcept {
  return ((prefix.addr ^ addr) & MaskOf(prefix.bits)) == 0;
}

absl::Status RuleSet::Check(const RuleSpec& spec) {
  const std::string object = absl::StrCat("rule ", spec.id, ": ");
  if (spec.id == 0) return absl::InvalidArgumentError("rule 0: ids are 1 to 65535");
  for (const std::vector<Ipv4Prefix>* list : {&spec.sources, &spec.targets}) {
    for (const Ipv4Prefix& prefix : *list) {
      if (prefix.bits > 32) {
        return absl::InvalidArgumentError(
            absl::StrCat(object, "prefix length ", prefix.bits, ", at most 32 is allowed"));
      }
    }
  }
  for (const std::uint8_t protocol : spec.protocols) {
    if (ProtocolBit(protocol) == 0) {
      return absl::InvalidArgumentError(
          absl::StrCat(object, "protocol ", protocol, ", allowed are 1 (icmp), 6 (tcp), 17 (udp)"));
    }
    if (protocol == kProtocolIcmp && !spec.target_ports.empty()) {
      return absl::InvalidArgumentError(
          absl::StrCat(object, "destination ports with icmp; use a rule of its own"));
    }
  }
  for (const PortRange& range : spec.target_ports) {
    if (range.first > range.last) {
      return absl::InvalidArgumentError(absl::StrCat(object, "port range ", range.first, "-",
                                                     range.last, " begins after its end"));
    }
  }
  return absl::OkStatus();
}

void RuleSet::Append(const RuleSpec& spec) {
  const auto add_prefixes = [this](const std::vector<Ipv4Prefix>& from) {
    const Slice slice{static_cast<std::uint32_t>(prefixes_.size()),
                      static_cast<std::uint32_t>(from.size())};
    for (const Ipv4Prefix& prefix : from) {
      const NetAddr mask = MaskOf(prefix.bits);
      prefixes_.push_back({prefix.addr & mask, mask});
    }
    return slice;
  };
  Rule rule;
  rule.sources = add_prefixes(spec.sources);
  rule.targets = add_prefixes(spec.targets);
  rule.ports = {static_cast<std::uint32_t>(ports_.size()),
                static_cast<std::uint32_t>(spec.target_ports.size())};
  ports_.insert(ports_.end(), spec.target_ports.begin(), spec.target_ports.end());
  for (const std::uint8_t protocol : spec.protocols) rule.protocols |= ProtocolBit(protocol);
  if (!spec.target_ports.empty() && rule.protocols == 0) {
    rule.protocols = ProtocolBit(kProtocolTcp) | ProtocolBit(kProtocolUdp);
  }
  rule.id = spec.id;
  rule.nat_pool = spec.nat_pool;
  rule.from_zone = spec.from_zone;
  rule.to_zone = spec.to_zone;
  rule.permit = spec.permit;
  rule.replicate_icmp = spec.replicate_icmp;
  rule.commit = spec.commit;
  rules_.push_back(rule);
}

absl::StatusOr<std::unique_ptr<const RuleSet>> RuleSet::Build(std::span<const RuleSpec> rules) {
  if (rules.size() > kRulesMax) {
    return absl::InvalidArgumentError(
        absl::StrCat("rules: ", rules.size(), ", at most ", kRulesMax, " are allowed"));
  }
  std::unique_ptr<RuleSet> set(new RuleSet);
  std::vector<bool> seen(65'536);
  for (const RuleSpec& spec : rules) {
    if (const absl::Status status = Check(spec); !status.ok()) return status;
    if (seen[spec.id]) {
      return absl::InvalidArgumentError(absl::StrCat("rule ", spec.id, ": the id is used twice"));
    }
    seen[spec.id] = true;
    set->Append(spec);
  }
  return std::unique_ptr<const RuleSet>(std::move(set));
}

bool RuleSet::PrefixMatches(Slice slice, NetAddr addr) const noexcept {
  if (slice.count == 0) return true;
  for (std::uint32_t i = slice.first; i < slice.first + slice.count; ++i) {
    if ((addr & prefixes_[i].mask) == prefixes_[i].addr) return true;
  }
  return false;
}

bool RuleSet::PortMatches(Slice slice, std::uint16_t port) const noexcept {
  if (slice.count == 0) return true;
  for (std::uint32_t i = slice.first; i < slice.first + slice.count; ++i) {
    if (ports_[i].first <= port && port <= ports_[i].last) return true;
  }
  return false;
}

PolicyVerdict RuleSet::Match(ZoneId from, ZoneId to, const FlowKey& key) const noexcept {
  const std::uint32_t protocol = ProtocolBit(key.protocol);
  const std::uint16_t port = NetToHost(key.target_port);
  for (const Rule& rule : rules_) {
    if (rule.from_zone != 0 && rule.from_zone != from) continue;
    if (rule.to_zone != 0 && rule.to_zone != to) continue;
    if (rule.protocols != 0 && (rule.protocols & protocol) == 0) continue;
    if (!PortMatches(rule.ports, port)) continue;
    if (!PrefixMatches(rule.sources, key.source_addr)) continue;
    if (!PrefixMatches(rule.targets, key.target_addr)) continue;
    return {.permit = rule.permit,
            .replicate_icmp = rule.replicate_icmp,
            .rule = rule.id,
            .nat_pool = rule.nat_pool,
            .commit = rule.commit};
  }
  return {};
}

}  // namespace dataplane
