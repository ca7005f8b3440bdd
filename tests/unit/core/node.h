// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

// A node for tests: two interfaces, a table, a policy, and one call that passes a frame through.

#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <vector>

#include "dataplane/core/forward.h"
#include "tests/unit/core/frames.h"

namespace dataplane::testing {

inline constexpr ZoneId kInside = 1;
inline constexpr ZoneId kOutside = 2;
inline const NetAddr kInsideOwn = MakeAddr(10, 1, 0, 2);
inline const NetAddr kInsideVirtual = MakeAddr(10, 1, 0, 1);
inline const NetAddr kOutsideOwn = MakeAddr(10, 2, 0, 2);
inline const NetAddr kOutsideVirtual = MakeAddr(10, 2, 0, 1);
inline constexpr MacAddress kInsideOwnMac{{2, 0, 0, 0, 1, 1}};
inline constexpr MacAddress kOutsideOwnMac{{2, 0, 0, 0, 1, 2}};

inline InterfaceMap TwoInterfaces() {
  const std::vector<InterfaceSpec> specs = {{.id = 1,
                                             .zone = kInside,
                                             .own_mac = kInsideOwnMac,
                                             .own_addr = kInsideOwn,
                                             .virtual_addresses = {{kInsideVirtual, 1}}},
                                            {.id = 2,
                                             .zone = kOutside,
                                             .own_mac = kOutsideOwnMac,
                                             .own_addr = kOutsideOwn,
                                             .virtual_addresses = {{kOutsideVirtual, 2}}}};
  absl::StatusOr<InterfaceMap> map = InterfaceMap::Build(specs, std::span(&kNatAddr, 1));
  EXPECT_TRUE(map.ok()) << map.status();
  return *std::move(map);
}

// Rules: TCP 443 and 80 and UDP 53 in the clear, everything to 8443 and UDP 5353 and ping through
// NAT.
inline std::vector<RuleSpec> DefaultRules() {
  return {{.id = 1,
           .from_zone = kInside,
           .to_zone = kOutside,
           .protocols = {kProtocolTcp, kProtocolUdp},
           .target_ports = {{443, 443}, {80, 80}, {53, 53}},
           .permit = true},
          {.id = 2,
           .from_zone = kInside,
           .to_zone = kOutside,
           .target_ports = {{8'443, 8'443}, {5'353, 5'353}},
           .permit = true,
           .nat_pool = 0},
          {.id = 3,
           .from_zone = kInside,
           .to_zone = kOutside,
           .protocols = {kProtocolIcmp},
           .permit = true,
           .nat_pool = 0}};
}

class Node {
 public:
  explicit Node(NatPoolSpec pool = {.addresses = {kNatAddr}}, std::uint32_t capacity = 65'536,
                statesync::NodeIndex index = 0)
      : interfaces_(TwoInterfaces()), nat_addresses_(pool.addresses) {
    statesync::SessionTableOptions options;
    options.capacity = capacity;
    options.nat_addresses = nat_addresses_;
    auto table = statesync::SessionTable::Create(options);
    EXPECT_TRUE(table.ok()) << table.status();
    table_ = std::move(*table);
    auto rules = RuleSet::Build(DefaultRules());
    EXPECT_TRUE(rules.ok()) << rules.status();
    rules_ = std::move(*rules);
    auto nat = NatPools::Build(std::span(&pool, 1), index);
    EXPECT_TRUE(nat.ok()) << nat.status();
    nat_ = std::make_unique<NatPools>(*std::move(nat));
    context = {.table = table_.get(),
               .rules = rules_.get(),
               .nat = nat_.get(),
               .timeouts = &timeouts,
               .counters = &counters,
               .now_ns = 1'000'000'000'000,
               .now_s = 1'000,
               .term = statesync::MakeTerm(1, index)};
  }

  // Passes a frame through Parse, lookup, route and ProcessPacket as a worker does; marks dirty
  // ones.
  ForwardResult Pass(Bytes& frame, ZoneId from) {
    const DropReason reason = Parse(frame, {}, view);
    if (reason != DropReason::kNone) return {.action = PacketAction::kDrop, .reason = reason};
    if (view.kind == PacketKind::kArp) return {};  // A worker answers it elsewhere.
    ForwardInput input{.from_zone = from,
                       .local = interfaces_.KindOf(view.target_addr, true),
                       .lookup = table_->Lookup(view.key)};
    input.route = RouteOf(RouteAddr(view, input.lookup, *table_));
    const ForwardResult result = ProcessPacket(context, input, view);
    table_->MarkDirtyBatch(0, std::span(result.dirty).first(result.dirty_count), result.change);
    return result;
  }
  ForwardResult FromInside(Bytes& frame) { return Pass(frame, kInside); }
  ForwardResult FromOutside(Bytes& frame) { return Pass(frame, kOutside); }

  Route RouteOf(NetAddr addr) const {
    if (Contains({kInsideOwn, 24}, addr)) {
      return {.found = true, .interface = 0, .zone = kInside, .mtu = 1'500, .next_hop = addr};
    }
    if (Contains({kOutsideOwn, 24}, addr)) {
      return {
          .found = true, .interface = 1, .zone = kOutside, .mtu = mtu_outside, .next_hop = addr};
    }
    return {};
  }

  [[nodiscard]] statesync::SessionTable& table() { return *table_; }
  // The only session whose client-side key is `key`.
  [[nodiscard]] statesync::SessionEntry& Find(const FlowKey& key) {
    const statesync::LookupResult found = table_->Lookup(key);
    EXPECT_NE(found.slot, statesync::kNoSlot);
    return table_->entry({statesync::SessionTable::ShardOf(key), found.slot});
  }

  Timeouts timeouts;
  Counters counters;
  ForwardContext context;
  PacketView view;
  std::uint16_t mtu_outside = 1'500;

 private:
  InterfaceMap interfaces_;
  std::vector<NetAddr> nat_addresses_;
  std::unique_ptr<statesync::SessionTable> table_;
  std::unique_ptr<const RuleSet> rules_;
  std::unique_ptr<NatPools> nat_;
};

}  // namespace dataplane::testing
