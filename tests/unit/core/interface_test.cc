// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

#include "dataplane/core/interface.h"

#include <gtest/gtest.h>

#include "tests/unit/core/node.h"

namespace dataplane {
namespace {

using testing::kInsideOwn;
using testing::kInsideOwnMac;
using testing::kInsideVirtual;
using testing::kNatAddr;

TEST(Interface, VirtualAndNatAddressesCountOnlyWhileActive) {
  const InterfaceMap map = testing::TwoInterfaces();
  EXPECT_EQ(map.KindOf(kInsideOwn, false), LocalKind::kOwn);
  EXPECT_EQ(map.KindOf(kInsideVirtual, true), LocalKind::kVirtual);
  EXPECT_EQ(map.KindOf(kInsideVirtual, false), LocalKind::kNone);
  EXPECT_EQ(map.KindOf(kNatAddr, true), LocalKind::kNat);
  EXPECT_EQ(map.KindOf(kNatAddr, false), LocalKind::kNone);
  EXPECT_EQ(map.KindOf(MakeAddr(10, 1, 0, 99), true), LocalKind::kNone);
}

TEST(Interface, AnAddressIsAnsweredOnItsOwnInterfaceOnly) {
  const InterfaceMap map = testing::TwoInterfaces();
  ASSERT_NE(map.AnswersFor(0, kInsideVirtual, true), nullptr);
  EXPECT_EQ(map.AnswersFor(0, kInsideVirtual, true)->mac, VirtualMac(1));
  EXPECT_EQ(map.AnswersFor(1, kInsideVirtual, true), nullptr);
  EXPECT_EQ(map.AnswersFor(0, kInsideVirtual, false), nullptr);
  ASSERT_NE(map.AnswersFor(1, kNatAddr, true), nullptr);
  EXPECT_EQ(map.AnswersFor(1, kNatAddr, true)->mac, VirtualMac(2));
  EXPECT_EQ(map.AnswersFor(0, kNatAddr, true), nullptr);
}

TEST(Interface, TheVirtualMacBelongsToTheActive) {
  const InterfaceMap map = testing::TwoInterfaces();
  EXPECT_TRUE(map.AcceptsMac(0, VirtualMac(1), true));
  EXPECT_FALSE(map.AcceptsMac(0, VirtualMac(1), false));
  EXPECT_FALSE(map.AcceptsMac(0, VirtualMac(2), true));
  EXPECT_TRUE(map.AcceptsMac(0, kInsideOwnMac, false));
  EXPECT_TRUE(map.AcceptsMac(0, kBroadcastMac, false));
  EXPECT_FALSE(map.AcceptsMac(0, MacAddress{{2, 9, 9, 9, 9, 9}}, true));
  EXPECT_EQ(map.SourceMac(0, true), VirtualMac(1));
  EXPECT_EQ(map.SourceMac(0, false), kInsideOwnMac);
  EXPECT_EQ(map.SourceAddr(0, true), kInsideVirtual);
  EXPECT_EQ(map.SourceAddr(0, false), kInsideOwn);
}

TEST(Interface, EverythingThatMovesIsAnnounced) {
  const InterfaceMap map = testing::TwoInterfaces();
  ASSERT_EQ(map.announced().size(), 3u);
  EXPECT_EQ(map.announced()[0].addr, kInsideVirtual);
  EXPECT_EQ(map.announced()[2].addr, kNatAddr);
  EXPECT_EQ(map.announced()[2].interface, 1);
}

TEST(Interface, PortThatNoInterfaceUsesIsNobody) {
  const std::vector<InterfaceSpec> specs{
      {.enabled = false, .own_mac = {{2, 0, 0, 0, 9, 9}}},
      {.id = 1, .zone = 1, .own_mac = {{2, 0, 0, 0, 9, 8}}, .own_addr = kInsideOwn}};
  const absl::StatusOr<InterfaceMap> map = InterfaceMap::Build(specs, {});
  ASSERT_TRUE(map.ok()) << map.status();
  EXPECT_FALSE(map->enabled(0));
  EXPECT_TRUE(map->enabled(1));
  EXPECT_EQ(map->AnswersFor(0, 0, true), nullptr);
  EXPECT_FALSE(map->AcceptsMac(0, kBroadcastMac, true));
  EXPECT_FALSE(map->AcceptsMac(0, specs[0].own_mac, true));
  EXPECT_EQ(map->KindOf(0, true), LocalKind::kNone);
  EXPECT_EQ(map->KindOf(kInsideOwn, true), LocalKind::kOwn);
}

TEST(Interface, MistakesAreRefused) {
  InterfaceSpec good{.id = 1, .zone = 1, .own_addr = kInsideOwn};
  InterfaceSpec bad = good;
  bad.id = 0;
  EXPECT_FALSE(InterfaceMap::Build(std::span(&bad, 1), {}).ok());
  bad = good;
  bad.zone = 0;
  EXPECT_FALSE(InterfaceMap::Build(std::span(&bad, 1), {}).ok());
  bad = good;
  bad.prefix_bits = 33;
  EXPECT_FALSE(InterfaceMap::Build(std::span(&bad, 1), {}).ok());
  bad = good;
  bad.virtual_addresses = {{kInsideVirtual, 0}};
  EXPECT_FALSE(InterfaceMap::Build(std::span(&bad, 1), {}).ok());
  bad = good;
  bad.virtual_addresses = {{kInsideOwn, 4}};
  EXPECT_FALSE(InterfaceMap::Build(std::span(&bad, 1), {}).ok());
}

}  // namespace
}  // namespace dataplane
