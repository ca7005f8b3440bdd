// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

// Policy between zones: ordered rules, the first match decides, no match denies.
//
// A RuleSet is built once and never changes; a new policy is a new RuleSet, swapped as a whole.
//
// Threads: any number of readers.  Memory: Build() allocates, matching does not.

#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "absl/status/statusor.h"
#include "dataplane/core/commit_rule.h"
#include "dataplane/core/packet.h"

namespace dataplane {

using ZoneId = std::uint8_t;  // 1–255; 0 means any.

struct Ipv4Prefix {
  NetAddr addr = 0;
  std::uint8_t bits = 0;  // 0–32.
  friend constexpr bool operator==(const Ipv4Prefix&, const Ipv4Prefix&) = default;
};

// Network-order mask of a prefix length.
[[nodiscard]] NetAddr MaskOf(std::uint8_t bits) noexcept;
[[nodiscard]] bool Contains(const Ipv4Prefix& prefix, NetAddr addr) noexcept;

struct PortRange {
  std::uint16_t first = 0;  // Host order, both inclusive.
  std::uint16_t last = 0xffff;
  friend constexpr bool operator==(const PortRange&, const PortRange&) = default;
};

inline constexpr std::int16_t kNoNatPool = -1;

// One rule as an operator writes it. Empty lists and zone 0 match anything.
struct RuleSpec {
  std::uint16_t id = 0;  // Stable, 1–65535.
  ZoneId from_zone = 0;
  ZoneId to_zone = 0;
  std::vector<Ipv4Prefix> sources;
  std::vector<Ipv4Prefix> targets;
  std::vector<std::uint8_t> protocols;  // kProtocolTcp, kProtocolUdp, kProtocolIcmp.
  std::vector<PortRange> target_ports;  // A rule with ports matches only TCP and UDP.
  bool permit = false;
  std::int16_t nat_pool = kNoNatPool;  // Index into the NatPools of the same revision.
  bool replicate_icmp = false;
  CommitRule commit = {};
};

struct PolicyVerdict {
  bool permit = false;
  bool replicate_icmp = false;
  std::uint16_t rule = 0;  // 0: no rule matched.
  std::int16_t nat_pool = kNoNatPool;
  CommitRule commit;
};

inline constexpr std::size_t kRulesMax = 65'535;

class RuleSet final {
 public:
  // Errors: kInvalidArgument naming the rule's id, the value and its limit.
  static absl::StatusOr<std::unique_ptr<const RuleSet>> Build(std::span<const RuleSpec> rules);

  // First rule that matches a new session's first packet. An ICMP key has no ports.
  // Cost: O(rules before the match); flat arrays, no allocation.
  [[nodiscard]] PolicyVerdict Match(ZoneId from, ZoneId to, const FlowKey& key) const noexcept;

  [[nodiscard]] std::size_t size() const noexcept { return rules_.size(); }

 private:
  struct Prefix {
    NetAddr addr;
    NetAddr mask;
  };
  struct Slice {  // Part of one of the arrays below; empty: any.
    std::uint32_t first = 0;
    std::uint32_t count = 0;
  };
  struct Rule {
    Slice sources;
    Slice targets;
    Slice ports;
    std::uint32_t protocols = 0;  // Bits of ProtocolBit; 0: any.
    std::uint16_t id = 0;
    std::int16_t nat_pool = kNoNatPool;
    ZoneId from_zone = 0;
    ZoneId to_zone = 0;
    bool permit = false;
    bool replicate_icmp = false;
    CommitRule commit;
  };

  RuleSet() = default;
  static absl::Status Check(const RuleSpec& spec);
  void Append(const RuleSpec& spec);
  [[nodiscard]] bool PrefixMatches(Slice slice, NetAddr addr) const noexcept;
  [[nodiscard]] bool PortMatches(Slice slice, std::uint16_t port) const noexcept;

  std::vector<Rule> rules_;
  std::vector<Prefix> prefixes_;
  std::vector<PortRange> ports_;
};

}  // namespace dataplane
