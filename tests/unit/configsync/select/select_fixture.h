// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

// What the tests of selections share: a configuration with something of everything, and short ways
// to make parts of it.

#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "configsync/schema/print_commands.h"
#include "configsync/schema/read_path.h"
#include "configsync/select/selection.h"
#include "tests/unit/configsync/schema/our_schema.h"

namespace configsync {

// A configuration that is valid, and refers to everything that can be referred to.
inline constexpr char kFull[] = R"({
  "zones": {"zone": [{"name":"inside","id":1,"packet-buffer-protection":true},
                     {"name":"outside","id":2},{"name":"dmz","id":3}]},
  "objects": {
    "address": [{"name":"web","prefix":"10.0.0.5/32"},{"name":"db","prefix":"10.0.0.6/32"},
                {"name":"spare","prefix":"10.0.0.7/32"}],
    "address-group": [{"name":"servers","member":["web","db"]},
                      {"name":"all","member":["web","db"]}],
    "service": [{"name":"https","protocol":"tcp","port":["443"]}]},
  "nat": {"pool": [{"name":"pool1","id":1,"address":[{"address":"192.0.2.9","id":1}]}]},
  "qos": {"class": [{"name":"voice"},{"name":"bulk"}],
          "profile": [{"name":"gold","bandwidth":1000000,"class":[{"name":"voice"}]}],
          "interface": [{"name":"wan","profile":"gold"}]},
  "routing": {"table": [{"name":"isp2","number":2,
                         "route":[{"prefix":"0.0.0.0/0","next-hop":"10.2.0.1"}]}]},
  "virtual-routers": {"virtual-router": [{"name":"vr1","interface":["lan"],
                                          "routing-table":"isp2"}]},
  "policy": {"rule": [
    {"name":"one","id":1,"from-zone":"inside","source":["all"],"action":"permit",
     "source-nat":"pool1","qos-class":"voice","routing-table":"isp2"},
    {"name":"two","id":2,"to-zone":"outside","destination":["web"],"action":"permit"},
    {"name":"three","id":3,"action":"deny"}]},
  "interfaces": {
    "interface": [
      {"name":"lan","id":1,"port":"p0","zone":"inside","address":"10.1.0.2/24",
       "virtual-address":[{"vrid":10,"address":"10.1.0.1"}]},
      {"name":"wan","id":2,"port":"p1","zone":"outside","address":"10.2.0.2/24"}],
    "loopback": [{"name":"lo","zone":"inside","address":["10.255.0.1"]}],
    "tunnel": [{"name":"tun","zone":"dmz","address":["10.3.0.1/30"]}]},
  "certificates": {
    "certificate": [{"name":"vpn",
      "certificate":"-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n"}],
    "device-certificate": [{"name":"mgmt","use":"management"}],
    "certificate-profile": [{"name":"prof","authority":["vpn"],"check-revocation":true}],
    "tls-service-profile": [{"name":"tls","certificate":"mgmt"}]},
  "users": {"group": [{"name":"staff"}],"user": [{"name":"ann","group":["staff"]}]},
  "vpn": {
    "ike-gateway": [
      {"name":"float","local-interface":"lan","local-address":"10.1.0.1","peer-address":"192.0.2.1",
       "certificate":"vpn","certificate-profile":"prof"},
      {"name":"own","local-interface":"wan","local-address":"10.2.0.2","peer-address":"192.0.2.2",
       "certificate":"vpn"}],
    "ipsec-tunnel": [{"name":"t-float","ike-gateway":"float","interface":"tun"},
                     {"name":"t-own","ike-gateway":"own"}],
    "remote-access": {
      "portal": [{"name":"p-float","local-interface":"lan","local-address":"10.1.0.1",
                  "certificate":"vpn","group":["staff"]},
                 {"name":"p-own","local-interface":"lan","local-address":"10.1.0.2",
                  "certificate":"vpn"}],
      "gateway": [{"name":"g-float","local-interface":"lan","local-address":"10.1.0.1",
                   "certificate":"vpn","client-prefix":"10.8.0.0/24","group":["staff"]},
                  {"name":"g-own","local-interface":"lan","certificate":"vpn",
                   "client-prefix":"10.9.0.0/24"}]}},
  "system": {"host-name":"fw-a"},
  "services": {"https":{"enabled":true},"telemetry":{"enabled":true}},
  "ha": {"mode":"active-passive","group-id":7,"virtual-host-name":"fw","failover":{"priority":200}}
})";

inline Path PathTo(std::string_view text) {
  Problems problems;
  const std::optional<Path> path = ParsePath(OurSchema(), text, problems);
  EXPECT_TRUE(path.has_value()) << text << "\n" << TextOf(problems);
  return path.value_or(Path{});
}

inline Edit SetTo(std::string_view text, std::string value = "") {
  return {EditOp::kSet, PathTo(text), std::move(value), {}};
}

inline Tree With(const Tree& tree, const std::vector<Edit>& edits) {
  const auto made = tree.Apply(edits);
  EXPECT_TRUE(made.ok()) << made.status();
  return made.ok() ? *made : tree;
}
inline Tree Without(const Tree& tree, std::string_view text) {
  return With(tree, {{EditOp::kDelete, PathTo(text), {}, {}}});
}

inline bool Has(const Tree& tree, std::string_view text) {
  return tree.Find(PathTo(text)) != nullptr;
}

inline const Tree& FullTree() {
  static const Tree tree = TreeOf(kFull);
  return tree;
}

inline SelectionSpec EverySpec(Mode mode = Mode::kActivePassive) {
  SelectionSpec spec;
  spec.mode = mode;
  spec.categories = CategoriesOf(OurSchema().root());
  return spec;
}

inline std::string SyncPath(const std::string& below) {
  return "/ha/configuration-synchronization" + below;
}

// A remote "b" whose map, named "m", has these rules: "include /policy".
inline std::vector<Edit> MapEdits(const std::vector<std::string>& rules,
                                  const std::string& remote = "b", const std::string& map = "m") {
  std::vector<Edit> edits = {SetTo(SyncPath("/remote[name='" + remote + "']/address"), "10.9.1.2"),
                             SetTo(SyncPath("/remote[name='" + remote + "']/map"), map),
                             SetTo(SyncPath("/map[name='" + map + "']"))};
  int number = 0;
  for (const std::string& rule : rules) {
    const std::string path =
        SyncPath("/map[name='" + map + "']/rule[number='" + std::to_string(number += 10) + "']");
    edits.push_back(SetTo(path + "/action", rule.substr(0, 7)));
    edits.push_back(SetTo(path + "/location", rule.substr(8)));
  }
  return edits;
}

inline std::vector<Edit> CategoriesOffBut(const std::vector<std::string>& on) {
  std::vector<Edit> edits = CategorySwitches(EmptyTree(), false);
  for (const std::string& name : on) {
    edits.push_back(SetTo(SyncPath("/category[name='" + name + "']/enabled"), "true"));
  }
  return edits;
}

// What travels to remote b.
inline Tree PartFor(const Tree& running, const Gates& gates = {}, const std::string& remote = "b") {
  SelectionMaker maker(remote);
  Selection selection(maker.SpecFor(running, running, gates), OurSchema().root());
  return selection.PartOf(running);
}

inline SelectionSpec SpecOf(const Tree& running, const Gates& gates = {},
                            const std::string& remote = "b") {
  SelectionMaker maker(remote);
  return maker.SpecFor(running, running, gates);
}

}  // namespace configsync
