// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

// Conditions of active/active: two switches, and the address of each object.

#include "tests/unit/configsync/select/select_fixture.h"

namespace configsync {
namespace {

Tree ActiveActive() { return With(FullTree(), {SetTo("/ha/mode", "active-active")}); }

TEST(Conditions, F112_VirtualRoutersTravelIfTheirSwitchIsOn) {
  constexpr char kRouter[] = "/virtual-routers/virtual-router[name='vr1']";
  EXPECT_TRUE(Has(PartFor(FullTree()), kRouter));
  EXPECT_FALSE(Has(PartFor(ActiveActive()), kRouter));
  const Tree on = With(ActiveActive(), {SetTo("/ha/active-active/virtual-router-sync", "true")});
  EXPECT_TRUE(Has(PartFor(on), kRouter));
  // Off: they may differ, and the parts are equal all the same.
  const Tree other = With(ActiveActive(), {SetTo("/virtual-routers/virtual-router[name='vr2']")});
  EXPECT_EQ(PartFor(other), PartFor(ActiveActive()));
  EXPECT_FALSE(PartFor(With(other, {SetTo("/ha/active-active/virtual-router-sync", "true")})) ==
               PartFor(on));
}

TEST(Conditions, F113_QualityOfServiceTravelsIfItsSwitchIsOn) {
  constexpr char kProfile[] = "/qos/profile[name='gold']";
  EXPECT_TRUE(Has(PartFor(FullTree()), kProfile));
  EXPECT_FALSE(Has(PartFor(ActiveActive()), kProfile));
  EXPECT_TRUE(
      Has(PartFor(With(ActiveActive(), {SetTo("/ha/active-active/qos-sync", "true")})), kProfile));
  EXPECT_FALSE(
      Has(PartFor(With(ActiveActive(), {SetTo("/ha/active-active/virtual-router-sync", "true")})),
          kProfile));
}

struct Object {
  const char* floating;
  const char* own;
  const char* address;  // Leaf that says which it is.
};

// In active/passive both travel; in active/active the one whose address is the pair's.
void ExpectByAddress(const Object& object) {
  const Tree passive = PartFor(FullTree());
  EXPECT_TRUE(Has(passive, object.floating) && Has(passive, object.own));
  const Tree active = PartFor(ActiveActive());
  EXPECT_TRUE(Has(active, object.floating)) << object.floating;
  EXPECT_FALSE(Has(active, object.own)) << object.own;
  // Each object for itself: another address, another class.
  const Tree flipped = PartFor(With(ActiveActive(), {SetTo(object.address, "10.1.0.77")}));
  EXPECT_FALSE(Has(flipped, object.floating)) << object.floating;
  // And another virtual address of the pair.
  const Tree added = PartFor(With(
      ActiveActive(), {SetTo(object.address, "10.1.0.77"),
                       SetTo("/interfaces/interface[name='lan']/virtual-address[vrid='11']/address",
                             "10.1.0.77")}));
  EXPECT_TRUE(Has(added, object.floating)) << object.floating;
}

TEST(Conditions, F114_ATunnelTravelsIfItsGatewayHasAFloatingAddress) {
  ExpectByAddress({"/vpn/ipsec-tunnel[name='t-float']", "/vpn/ipsec-tunnel[name='t-own']",
                   "/vpn/ike-gateway[name='float']/local-address"});
}

TEST(Conditions, F115_AGatewayTravelsIfItsAddressIsFloating) {
  ExpectByAddress({"/vpn/ike-gateway[name='float']", "/vpn/ike-gateway[name='own']",
                   "/vpn/ike-gateway[name='float']/local-address"});
}

TEST(Conditions, F116_APortalTravelsIfItsAddressIsFloating) {
  ExpectByAddress({"/vpn/remote-access/portal[name='p-float']",
                   "/vpn/remote-access/portal[name='p-own']",
                   "/vpn/remote-access/portal[name='p-float']/local-address"});
}

TEST(Conditions, F117_ARemoteAccessGatewayTravelsIfItsAddressIsFloating) {
  ExpectByAddress({"/vpn/remote-access/gateway[name='g-float']",
                   "/vpn/remote-access/gateway[name='g-own']",
                   "/vpn/remote-access/gateway[name='g-float']/local-address"});
}

// One object, kept up from tree to tree: others that float are other answers.
TEST(Conditions, F114_ASelectionSeesAFlipOfTheCondition) {
  SelectionMaker maker("b");
  const Tree before = ActiveActive();
  Selection selection(maker.SpecFor(before, before, {}), OurSchema().root());
  EXPECT_TRUE(Has(selection.PartOf(before), "/vpn/ipsec-tunnel[name='t-float']"));
  const Tree after =
      With(before, {SetTo("/vpn/ike-gateway[name='float']/local-address", "10.7.7.7")});
  const Tree part = selection.PartOf(after);
  EXPECT_FALSE(Has(part, "/vpn/ipsec-tunnel[name='t-float']"));
  EXPECT_FALSE(Has(part, "/vpn/ike-gateway[name='float']"));
  EXPECT_TRUE(Has(part, "/vpn/remote-access/portal[name='p-float']"));
}

// The receiver judges by what came with the selection, not by addresses of its own.
TEST(Conditions, F114_TheReceiverAgreesOnAnEmptyNode) {
  const Tree tree = With(ActiveActive(), MapEdits({"include /vpn/ipsec-tunnel"}));
  SelectionMaker maker("b");
  const SelectionSpec spec = maker.SpecFor(tree, tree, {});
  Selection sender(spec, OurSchema().root());
  const Tree part = sender.PartOf(tree);
  EXPECT_TRUE(Has(part, "/vpn/ipsec-tunnel[name='t-float']"));
  EXPECT_TRUE(Has(part, "/vpn/ike-gateway[name='float']"));
  Selection receiver(*DecodeSpec(Encode(spec)), OurSchema().root());
  EXPECT_EQ(receiver.PartOf(part), part);
}

TEST(Conditions, F120_TheModeDecidesWhatIsUnique) {
  const Tree passive = PartFor(FullTree());
  const Tree active = PartFor(ActiveActive());
  for (const char* path : {"/services/telemetry", "/interfaces/loopback[name='lo']/address",
                           "/interfaces/tunnel[name='tun']/address"}) {
    EXPECT_TRUE(Has(passive, path)) << path;
    EXPECT_FALSE(Has(active, path)) << path;
  }
  EXPECT_TRUE(Has(active, "/interfaces/loopback[name='lo']/zone"));
}

}  // namespace
}  // namespace configsync
