// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

// What waits: categories of running as they were.

#include "tests/unit/configsync/select/select_fixture.h"

namespace configsync {
namespace {

const std::vector<std::string> kOnApply = {"dhcp", "firewall", "nat", "virtual-addresses"};

void ExpectValid(const Tree& tree) {
  Problems problems;
  OurSchema().Judge(tree, problems);
  EXPECT_TRUE(problems.empty()) << TextOf(problems);
}

TEST(Held, F18_NodesOfTheCategoriesAreAsTheyWere) {
  const Tree held = FullTree();
  const Tree running = Without(
      With(held, {SetTo("/policy/rule[name='four']/action", "permit"),
                  SetTo("/interfaces/interface[name='lan']/mtu", "1400"),
                  SetTo("/interfaces/interface[name='lan']/virtual-address[vrid='11']/address",
                        "10.1.0.9"),
                  SetTo("/users/user[name='eve']")}),
      "/policy/rule[name='three']");
  const Tree target = WithHeld(running, kOnApply, held);
  EXPECT_EQ(target, With(held, {SetTo("/interfaces/interface[name='lan']/mtu", "1400"),
                                SetTo("/users/user[name='eve']")}));
  ExpectValid(target);
  EXPECT_EQ(WithHeld(running, {}, held), running);
  EXPECT_EQ(WithHeld(running, CategoriesOf(OurSchema().root()), held), held);
  EXPECT_EQ(WithHeld(held, kOnApply, held), held);
}

TEST(Held, F18_AnEntryThatLosesWhatIsHeldKeepsTheRest) {
  const Tree held = FullTree();
  const Edit mtu = SetTo("/interfaces/interface[name='wan']/mtu", "1400");
  const Tree running =
      With(held, {mtu, SetTo("/interfaces/interface[name='wan']/virtual-address[vrid='12']/address",
                             "10.2.0.1")});
  EXPECT_EQ(WithHeld(running, {"virtual-addresses"}, held), With(held, {mtu}));
}

TEST(Held, F18_AnEntryThatIsHeldItselfTakesTheRestAlong) {
  const Tree held = FullTree();
  const Tree running = With(
      held,
      {SetTo("/interfaces/interface[name='new']/mtu", "1400"),
       SetTo("/interfaces/interface[name='new']/virtual-address[vrid='12']/address", "10.4.0.1")});
  EXPECT_EQ(WithHeld(running, {"interfaces"}, held), held);
}

TEST(Held, ADependencyOfWhatIsNotHeldIsAsInRunning) {
  const Tree held = FullTree();
  const Tree running = With(held, {SetTo("/objects/address[name='new']/prefix", "10.0.0.50/32"),
                                   SetTo("/objects/address[name='other']/prefix", "10.0.0.51/32"),
                                   SetTo("/objects/address-group[name='fresh']/member[.='new']"),
                                   SetTo("/policy/rule[name='one']/destination[.='fresh']")});
  const Tree target = WithHeld(running, {"objects"}, held);
  EXPECT_TRUE(Has(target, "/policy/rule[name='one']/destination[.='fresh']"));
  EXPECT_TRUE(Has(target, "/objects/address-group[name='fresh']"));
  EXPECT_TRUE(Has(target, "/objects/address[name='new']/prefix"));
  EXPECT_FALSE(Has(target, "/objects/address[name='other']"));
  ExpectValid(target);
}

TEST(Held, WhatAHeldNodeRefersToStays) {
  const Tree held = FullTree();
  Tree running = With(held, {SetTo("/objects/address[name='web2']/prefix", "10.0.0.60/32"),
                             SetTo("/policy/rule[name='two']/destination[.='web2']")});
  for (const char* path :
       {"/policy/rule[name='two']/destination[.='web']",
        "/objects/address-group[name='servers']/member[.='web']",
        "/objects/address-group[name='all']/member[.='web']", "/objects/address[name='web']"}) {
    running = Without(running, path);
  }
  ExpectValid(running);
  const Tree target = WithHeld(running, kOnApply, held);
  EXPECT_TRUE(Has(target, "/policy/rule[name='two']/destination[.='web']"));
  EXPECT_TRUE(Has(target, "/objects/address[name='web']/prefix"));
  EXPECT_FALSE(Has(target, "/objects/address-group[name='servers']/member[.='web']"));
  ExpectValid(target);
}

TEST(Held, AnEntryThatWasDeletedStaysWithWhatIsHeldOfIt) {
  const Tree held = FullTree();
  const Tree running =
      Without(held, "/interfaces/interface[name='lan']/virtual-address[vrid='10']");
  const Tree target = WithHeld(running, kOnApply, held);
  EXPECT_EQ(target, held);
}

}  // namespace
}  // namespace configsync
