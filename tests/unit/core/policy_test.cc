// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

#include "dataplane/core/policy.h"

#include <gtest/gtest.h>

#include "tests/unit/core/frames.h"

namespace dataplane {
namespace {

constexpr ZoneId kInside = 1;
constexpr ZoneId kOutside = 2;

FlowKey Key(std::uint8_t protocol, std::uint16_t port, NetAddr source = testing::kClient,
            NetAddr target = testing::kServer) {
  return {.source_addr = source,
          .target_addr = target,
          .source_port = HostToNet(testing::kClientPort),
          .target_port = HostToNet(port),
          .protocol = protocol};
}

std::unique_ptr<const RuleSet> Built(const std::vector<RuleSpec>& rules) {
  absl::StatusOr<std::unique_ptr<const RuleSet>> built = RuleSet::Build(rules);
  EXPECT_TRUE(built.ok()) << built.status();
  return std::move(*built);
}

TEST(Policy, NothingMatchesAnEmptySet) {
  const PolicyVerdict verdict = Built({})->Match(kInside, kOutside, Key(kProtocolTcp, 443));
  EXPECT_FALSE(verdict.permit);
  EXPECT_EQ(verdict.rule, 0);
}

TEST(Policy, FirstMatchDecides) {
  const auto rules = Built({{.id = 10, .target_ports = {{22, 22}}, .permit = false},
                            {.id = 20, .permit = true},
                            {.id = 30, .permit = false}});
  EXPECT_FALSE(rules->Match(kInside, kOutside, Key(kProtocolTcp, 22)).permit);
  EXPECT_EQ(rules->Match(kInside, kOutside, Key(kProtocolTcp, 22)).rule, 10);
  EXPECT_TRUE(rules->Match(kInside, kOutside, Key(kProtocolTcp, 23)).permit);
  EXPECT_EQ(rules->Match(kInside, kOutside, Key(kProtocolTcp, 23)).rule, 20);
}

TEST(Policy, EachConditionExcludesAlone) {
  const RuleSpec rule{.id = 1,
                      .from_zone = kInside,
                      .to_zone = kOutside,
                      .sources = {{MakeAddr(10, 1, 0, 0), 24}},
                      .targets = {{MakeAddr(10, 2, 0, 20), 32}, {MakeAddr(10, 3, 0, 0), 16}},
                      .protocols = {kProtocolTcp},
                      .target_ports = {{443, 443}, {8'000, 8'010}},
                      .permit = true,
                      .nat_pool = 3};
  const auto rules = Built({rule});
  const auto permits = [&](ZoneId from, ZoneId to, const FlowKey& key) {
    return rules->Match(from, to, key).permit;
  };
  EXPECT_TRUE(permits(kInside, kOutside, Key(kProtocolTcp, 443)));
  EXPECT_EQ(rules->Match(kInside, kOutside, Key(kProtocolTcp, 443)).nat_pool, 3);
  EXPECT_TRUE(permits(kInside, kOutside, Key(kProtocolTcp, 8'000)));
  EXPECT_TRUE(permits(kInside, kOutside, Key(kProtocolTcp, 8'010)));
  EXPECT_TRUE(permits(kInside, kOutside,
                      Key(kProtocolTcp, 443, testing::kClient, MakeAddr(10, 3, 255, 1))));
  EXPECT_FALSE(permits(kOutside, kOutside, Key(kProtocolTcp, 443)));
  EXPECT_FALSE(permits(kInside, kInside, Key(kProtocolTcp, 443)));
  EXPECT_FALSE(permits(kInside, kOutside, Key(kProtocolUdp, 443)));
  EXPECT_FALSE(permits(kInside, kOutside, Key(kProtocolTcp, 8'011)));
  EXPECT_FALSE(permits(kInside, kOutside, Key(kProtocolTcp, 7'999)));
  EXPECT_FALSE(permits(kInside, kOutside, Key(kProtocolTcp, 443, MakeAddr(10, 1, 1, 10))));
  EXPECT_FALSE(
      permits(kInside, kOutside, Key(kProtocolTcp, 443, testing::kClient, MakeAddr(10, 2, 0, 21))));
}

TEST(Policy, ARuleWithPortsAndNoProtocolsDoesNotMatchIcmp) {
  const auto rules = Built({{.id = 1, .target_ports = {{0, 65'535}}, .permit = true}});
  EXPECT_TRUE(rules->Match(1, 2, Key(kProtocolUdp, 53)).permit);
  EXPECT_FALSE(rules->Match(1, 2, Key(kProtocolIcmp, 0)).permit);
}

TEST(Policy, HostBitsOfAPrefixAreIgnored) {
  const auto rules = Built({{.id = 1, .sources = {{MakeAddr(10, 1, 0, 77), 24}}, .permit = true}});
  EXPECT_TRUE(rules->Match(1, 2, Key(kProtocolTcp, 1)).permit);
}

TEST(Policy, MasksOfEveryLength) {
  for (int bits = 0; bits <= 32; ++bits) {
    const std::uint32_t mask = NetToHost(MaskOf(static_cast<std::uint8_t>(bits)));
    EXPECT_EQ(std::popcount(mask), bits);
    EXPECT_EQ(std::countl_one(mask), bits);
  }
}

TEST(Policy, MistakesAreNamedWithTheirRule) {
  const struct {
    RuleSpec rule;
    const char* text;
  } cases[] = {
      {{.id = 0}, "rule 0"},
      {{.id = 7, .sources = {{0, 33}}}, "rule 7: prefix length 33"},
      {{.id = 7, .protocols = {47}}, "rule 7: protocol 47"},
      {{.id = 7, .target_ports = {{9, 8}}}, "rule 7: port range 9-8"},
      {{.id = 7, .protocols = {kProtocolIcmp}, .target_ports = {{1, 2}}}, "rule 7: destination"},
  };
  for (const auto& c : cases) {
    const auto built = RuleSet::Build(std::span(&c.rule, 1));
    ASSERT_FALSE(built.ok()) << c.text;
    EXPECT_NE(built.status().message().find(c.text), std::string::npos) << built.status();
  }
  EXPECT_FALSE(RuleSet::Build(std::vector<RuleSpec>{{.id = 4}, {.id = 4}}).ok());
}

}  // namespace
}  // namespace dataplane
