// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

// Parts: what stays at home whatever is selected.

#include <random>

#include "tests/unit/configsync/schema/random_tree.h"
#include "tests/unit/configsync/select/random_spec.h"
#include "tests/unit/configsync/select/select_fixture.h"

namespace configsync {
namespace {

// Nodes of a part that must not be there: their class in this mode forbids it.
void CollectForbidden(const Node& node, std::size_t mode, std::string& found) {
  const SchemaNode& schema = node.schema();
  const bool is_leaf = node.role() == NodeRole::kLeaf || node.role() == NodeRole::kValue;
  const SyncClass sync = schema.sync[mode];
  if (is_leaf && !schema.is_key && sync != SyncClass::kShared && sync != SyncClass::kConditional) {
    found += schema.path + "\n";
  }
  for (const NodePtr& child : node.children()) CollectForbidden(*child, mode, found);
  node.VisitEntries([&](const Node& entry) {
    CollectForbidden(entry, mode, found);
    return true;
  });
}

std::string Forbidden(const Tree& part, Mode mode) {
  std::string found;
  CollectForbidden(part.root(), static_cast<std::size_t>(mode), found);
  return found;
}

TEST(Part, F25_AUniqueLeafNeverTravelsWhateverIsSelected) {
  const Tree tree = With(FullTree(), MapEdits({"include /", "include /interfaces/interface/address",
                                               "include /system/host-name"}));
  const Tree part = PartFor(tree);
  EXPECT_TRUE(Has(part, "/interfaces/interface[name='lan']/port"));
  EXPECT_FALSE(Has(part, "/interfaces/interface[name='lan']/address"));
  EXPECT_FALSE(Has(part, "/system/host-name"));
  EXPECT_FALSE(Has(part, "/zones/zone[name='inside']/packet-buffer-protection"));
  EXPECT_EQ(Forbidden(part, Mode::kActivePassive), "");
}

TEST(Part, F26_ANeverNodeNeverTravelsWhateverIsSelected) {
  const Tree tree =
      With(FullTree(), MapEdits({"include /ha", "include /ha/configuration-synchronization",
                                 "include /services/https"}));
  const Tree part = PartFor(tree);
  EXPECT_TRUE(Has(part, "/ha/group-id"));
  EXPECT_FALSE(Has(part, "/ha/configuration-synchronization"));
  EXPECT_FALSE(Has(part, "/ha/failover"));
  EXPECT_FALSE(Has(part, "/services/https"));
}

TEST(Part, F102_NamesOfDeviceCertificatesTravelWithoutTheirContents) {
  const Tree part = PartFor(FullTree());
  EXPECT_TRUE(Has(part, "/certificates/device-certificate[name='mgmt']"));
  EXPECT_FALSE(Has(part, "/certificates/device-certificate[name='mgmt']/use"));
}

TEST(Part, F25_F26_OfRandomConfigurationsAndSelectionsHasNothingThatIsForbidden) {
  for (std::uint32_t seed = 0; seed < 150; ++seed) {
    const Tree tree = RandomTree(seed, true).Make();
    RandomSpec random(seed, tree);
    for (int i = 0; i < 6; ++i) {
      const SelectionSpec spec = random.Next();
      ASSERT_EQ(*DecodeSpec(Encode(spec)), spec);
      Selection selection(spec, OurSchema().root());
      const Tree part = selection.PartOf(tree);
      ASSERT_TRUE(selection.status().ok());
      ASSERT_EQ(Forbidden(part, spec.mode), "") << "seed " << seed << "\n" << Encode(spec);
      ASSERT_EQ(Selection(spec, OurSchema().root()).PartOf(part), part) << "seed " << seed << "\n"
                                                                        << Encode(spec);
    }
  }
}

TEST(Part, ThePastChangesNothing) {
  for (std::uint32_t seed = 0; seed < 60; ++seed) {
    const Tree a = RandomTree(seed, true).Make();
    RandomSpec random(seed, a);
    const SelectionSpec spec = random.Next();
    Selection selection(spec, OurSchema().root());
    for (std::uint32_t i = 0; i < 5; ++i) {
      const Tree tree = i % 2 == 0 ? a : RandomTree(seed + 1'000 + i, true).Make();
      ASSERT_EQ(selection.PartOf(tree), Selection(spec, OurSchema().root()).PartOf(tree))
          << "seed " << seed << "\n"
          << Encode(spec);
    }
  }
}

TEST(Part, F31_AChangeOutsideOfTheMapIsNoChangeOfThePart) {
  const Tree tree = With(FullTree(), MapEdits({"include /policy"}));
  const Tree changed = With(tree, {SetTo("/users/user[name='ann']/full-name", "Ann")});
  EXPECT_EQ(PartFor(tree), PartFor(changed));
  EXPECT_EQ(SpecOf(tree), SpecOf(changed));
  EXPECT_FALSE(PartFor(tree) ==
               PartFor(With(tree, {SetTo("/policy/rule[name='one']/description", "x")})));
}

TEST(Part, F27_AnIncludeInAnExcludeInAnIncludeTravels) {
  const Tree tree =
      With(FullTree(), MapEdits({"include /policy", "exclude /policy/rule",
                                 "include /policy/rule[name='one']", "exclude /zones"}));
  const Tree part = PartFor(tree);
  EXPECT_TRUE(Has(part, "/policy/rule[name='one']/action"));
  EXPECT_FALSE(Has(part, "/policy/rule[name='two']"));
  EXPECT_FALSE(Has(part, "/users"));
  const Tree other =
      PartFor(With(tree, {SetTo(SyncPath("/map[name='m']/rule[number='30']/action"), "exclude")}));
  EXPECT_FALSE(Has(other, "/policy/rule[name='one']"));
}

TEST(Part, F30_EachRemoteHasItsOwnMap) {
  Tree tree = With(FullTree(), MapEdits({"include /zones"}, "b", "zones-only"));
  tree = With(tree, MapEdits({"include /objects"}, "c", "objects-only"));
  const Tree for_b = PartFor(tree, {}, "b");
  const Tree for_c = PartFor(tree, {}, "c");
  EXPECT_TRUE(Has(for_b, "/zones"));
  EXPECT_FALSE(Has(for_b, "/objects"));
  EXPECT_TRUE(Has(for_c, "/objects"));
  EXPECT_FALSE(Has(for_c, "/zones"));
  EXPECT_TRUE(Has(PartFor(tree, {}, "unknown"), "/users"));
}

TEST(Part, F15_ACategoryThatIsOffStaysAtHomeAndTheOthersGo) {
  const struct {
    const char* category;
    const char* inside;
  } cases[] = {
      {"users", "/users/user[name='ann']"},
      {"firewall", "/policy/rule[name='one']"},
      {"interfaces", "/interfaces/loopback[name='lo']"},
      {"virtual-addresses", "/interfaces/interface[name='lan']/virtual-address[vrid='10']"},
      {"virtual-routers", "/virtual-routers/virtual-router[name='vr1']"},
      {"vpn", "/vpn/ipsec-tunnel[name='t-own']"},
      {"services", "/services/telemetry"}};
  // Remote access needs the users, whatever is switched.
  const Tree tree = Without(FullTree(), "/vpn/remote-access");
  const Tree all = PartFor(tree);
  for (const auto& c : cases) {
    EXPECT_TRUE(Has(all, c.inside)) << c.category;
    const Tree off = With(
        tree,
        {SetTo(SyncPath("/category[name='" + std::string(c.category) + "']/enabled"), "false")});
    const Tree part = PartFor(off);
    EXPECT_FALSE(Has(part, c.inside)) << c.category;
    for (const auto& other : cases) {
      if (std::string_view(other.category) != c.category) {
        EXPECT_TRUE(Has(part, other.inside)) << c.category << " " << other.category;
      }
    }
  }
}

TEST(Part, F19_AWithheldCategoryStaysAtHomeEvenIfOthersNeedIt) {
  const Tree tree = FullTree();
  const Gates gates{{"interfaces"}};
  const Tree part = PartFor(tree, gates);
  EXPECT_FALSE(Has(part, "/interfaces/interface[name='wan']"));
  EXPECT_FALSE(Has(part, "/interfaces/interface[name='lan']/port"));
  EXPECT_FALSE(Has(part, "/interfaces/tunnel"));
  EXPECT_TRUE(Has(part, "/interfaces/interface[name='lan']/virtual-address[vrid='10']/address"));
  EXPECT_TRUE(Has(part, "/vpn/ike-gateway[name='own']"));
  EXPECT_TRUE(SpecOf(tree, gates).dependencies.empty());
}

}  // namespace
}  // namespace configsync
