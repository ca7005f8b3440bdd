// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

// N19: why something travels, or not. One case for each answer, in both modes.

#include "tests/unit/configsync/select/select_fixture.h"

namespace configsync {
namespace {

std::string Text(const Tree& tree, std::string_view path, const Gates& gates = {}) {
  std::string text;
  for (const auto& answer : Explain(tree, "b", PathTo(path), gates).answers) {
    text += (answer.mode == Mode::kActivePassive ? "passive " : "active ") +
            std::string(answer.travels ? "yes " : "no ") + answer.decided_by + ": " + answer.text +
            "\n";
  }
  return text;
}

TEST(Explain, N19_TheClassIsNamedWithItsModule) {
  EXPECT_EQ(Text(FullTree(), "/interfaces/interface[name='lan']/address"),
            "passive no class: class unique, of /interfaces/interface/address in module "
            "lockstep-interfaces: each node keeps its own\n"
            "active no class: class unique, of /interfaces/interface/address in module "
            "lockstep-interfaces: each node keeps its own\n");
  EXPECT_EQ(Text(FullTree(), "/services/telemetry/enabled"),
            "passive yes class: class shared, of /services/telemetry in module lockstep-services; "
            "category services is on\n"
            "active no class: class unique, of /services in module lockstep-services: each node "
            "keeps its own\n");
  EXPECT_TRUE(Text(FullTree(), SyncPath("/enabled"))
                  .starts_with("passive no class: class never, of /ha in module lockstep-ha: it "
                               "never travels, whatever a map includes\n"));
  EXPECT_TRUE(Text(FullTree(), "/certificates/device-certificate[name='mgmt']/use")
                  .starts_with("passive no class: class presence-name"));
  EXPECT_TRUE(Text(FullTree(), "/certificates/device-certificate[name='mgmt']/name")
                  .starts_with("passive yes class: class presence-name"));
  EXPECT_NE(Text(FullTree(), "/ha").find("some of what is below travels"), std::string::npos);
}

TEST(Explain, N19_ACategoryThatIsOffDecides) {
  const Tree tree = With(FullTree(), {SetTo(SyncPath("/category[name='users']/enabled"), "false")});
  EXPECT_TRUE(Text(With(tree, CategoriesOffBut({"firewall"})), "/users/user[name='ann']")
                  .starts_with("passive no category: category users is switched off\n"));
}

TEST(Explain, N19_TheRuleOfTheMapIsNumbered) {
  const Tree tree =
      With(FullTree(), MapEdits({"include /policy", "exclude /policy/rule[name='two']"}));
  EXPECT_TRUE(Text(tree, "/policy/rule[name='two']/action")
                  .starts_with("passive no map: map m, rule 20: exclude "
                               "/policy/rule[name='two']\nactive no map: "));
  EXPECT_TRUE(Text(tree, "/policy/rule[name='one']/action")
                  .starts_with("passive yes map: map m, rule 10: include /policy\n"));
  EXPECT_TRUE(Text(tree, "/dhcp").starts_with("passive no map: no rule of map m speaks of it\n"));
}

TEST(Explain, N19_ADependencyIsNamedByItsEdge) {
  const Tree tree = With(FullTree(), MapEdits({"include /policy/rule[name='two']"}));
  EXPECT_TRUE(Text(tree, "/objects/address[name='web']/prefix")
                  .starts_with("passive yes dependency: /objects/address[name='web'] is needed: "
                               "leafref from /policy/rule[name='two']/destination[.='web']; "
                               "without that: no rule of map m speaks of it\n"))
      << Text(tree, "/objects/address[name='web']/prefix");
  const Tree access = With(FullTree(), MapEdits({"include /vpn/remote-access"}));
  EXPECT_TRUE(Text(access, "/users/user[name='ann']")
                  .starts_with("passive yes dependency: /users is needed: ls:depends of "
                               "/vpn/remote-access"))
      << Text(access, "/users/user[name='ann']");
}

TEST(Explain, N19_AConditionIsNamedInItsMode) {
  const Tree tree = FullTree();
  EXPECT_EQ(Text(tree, "/vpn/ike-gateway[name='own']/lifetime"),
            "passive yes class: class shared, of /vpn in module lockstep-vpn; category vpn is on\n"
            "active no condition: the object's local address is no virtual address of the pair, so "
            "each node keeps its own: class conditional, of /vpn in module lockstep-vpn\n");
  EXPECT_NE(Text(tree, "/vpn/ike-gateway[name='float']")
                .find("active yes condition: the object's local address is a virtual address of "
                      "the pair"),
            std::string::npos)
      << Text(tree, "/vpn/ike-gateway[name='float']");
  EXPECT_NE(Text(tree, "/qos/class[name='voice']")
                .find("active no condition: /ha/active-active/qos-sync is false"),
            std::string::npos);
  // The mode in force comes first.
  EXPECT_TRUE(
      Text(With(tree, {SetTo("/ha/mode", "active-active")}), "/zones").starts_with("active "));
}

TEST(Explain, N19_HardwareThatDiffersDecides) {
  EXPECT_TRUE(Text(FullTree(), "/interfaces/interface[name='lan']/mtu", {{"interfaces"}})
                  .starts_with("passive no hardware: category interfaces is withheld"));
}

// What is explained is what happens.
TEST(Explain, N19_AgreesWithThePartEverywhere) {
  for (const std::vector<Edit>& edits :
       {std::vector<Edit>{}, MapEdits({"include /policy/rule[name='one']", "include /vpn"}),
        CategoriesOffBut({"firewall", "vpn"})}) {
    const Tree tree = With(FullTree(), edits);
    const Tree part = PartFor(tree);
    for (const char* path :
         {"/policy/rule[name='one']/action", "/policy/rule[name='two']/action",
          "/objects/address[name='db']/prefix", "/objects/address[name='spare']/prefix",
          "/zones/zone[name='inside']/id", "/zones/zone[name='dmz']/id",
          "/vpn/ike-gateway[name='own']/peer-address", "/users/user[name='ann']/group[.='staff']",
          "/interfaces/interface[name='wan']/port", "/interfaces/interface[name='wan']/address",
          "/system/host-name", "/ha/group-id", "/certificates/certificate[name='vpn']/certificate",
          "/services/https/enabled", "/interfaces/loopback[name='lo']/zone"}) {
      EXPECT_EQ(Explain(tree, "b", PathTo(path), {}).answers[0].travels, Has(part, path))
          << path << "\n"
          << Text(tree, path);
    }
  }
}

}  // namespace
}  // namespace configsync
