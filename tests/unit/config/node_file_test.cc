// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

// Each mistake that an operator can make in a node file gets one line with field, value and remedy.

#include "dataplane/config/node_file.h"

#include <arpa/inet.h>
#include <gtest/gtest.h>

#include <vector>

#include "absl/strings/str_split.h"
#include "tests/unit/config/node_text.h"

namespace dataplane {
namespace {

std::string MessageOf(const std::string& text) {
  const auto options = ParseNodeText(text, "node");
  return options.ok() ? "ok" : std::string(options.status().message());
}

TEST(NodeFile, GoodFileIsAccepted) { EXPECT_EQ(MessageOf(kGoodNode), "ok"); }

struct MistakeCase {
  const char* what;
  const char* from;  // Replaced in kGoodNode …
  const char* to;    // … by this.
  const char* line;  // The only line of the message.
};

const MistakeCase kMistakes[] = {
    // Syntax.
    {"parse error", "index: 0", "index: }", "node:2:8: Expected integer, got: }"},
    {"unknown field", "index: 0", "indx: 0",
     "node:2:5: Message type \"lockstep.node.Node\" has no field named \"indx\"."},
    // Identity.
    {"name", "name: \"a\"", "name: \"A node\"",
     "node:1: name: \"A node\": must be 1 to 32 characters of [a-z0-9-]"},
    {"index too large", "index: 0", "index: 2",
     "node:2: index: 2: must be 0 or 1, and the peer's the other one"},
    {"index missing with HA", "index: 0", "",
     "node: index: missing: HA needs 0 on one node and 1 on the other"},
    {"priority", "index: 0", "index: 0 priority: 256", "node:2: priority: 256: must be 1 to 255"},
    {"configd_user with a colon", "index: 0", "index: 0 configd_user: \"a:b\"",
     "node:2: configd_user: \"a:b\": must be the name of a user, at most 32 characters"},
    {"runtime_dir relative", "index: 0", "index: 0 runtime_dir: \"run\"",
     "node:2: runtime_dir: \"run\": must be an absolute path"},
    // Zones and interfaces.
    {"duplicate zone id", "zones { id: 2", "zones { id: 1",
     "node:4: forwarding.zones[1].id: 1: duplicate: zones[0] has this id; zone ids must be unique"},
    {"duplicate zone name", "id: 2 name: \"wan\" }",
     "id: 2 name: \"wan\" } zones { id: 3 name: \"lan\" }",
     "node:4: forwarding.zones[2].name: \"lan\": duplicate: zones[0] has this name; zone names "
     "must be "
     "unique"},
    {"zone id zero", "zones { id: 2", "zones { id: 0",
     "node:4: forwarding.zones[1].id: missing: give the zone a stable id, 1 to 255"},
    {"duplicate interface id", "interfaces { id: 2", "interfaces { id: 1",
     "node:7: forwarding.interfaces[1].id: 1: duplicate: interfaces[0] has this id; interface ids "
     "must be "
     "unique"},
    {"unknown zone of interface", " zone: \"wan\"", " zone: \"dmz\"",
     "node:7: forwarding.interfaces[1].zone: \"dmz\": unknown zone; known: lan, wan"},
    {"no such port", "\"net_af_packet1,iface=wan0\"", "\"eth7\"",
     "node:2: ports[1].device: \"eth7\": no such port; write a PCI address as 0000:03:00.0, "
     "or "
     "a driver, a number and arguments as net_af_packet0,iface=lan0"},
    {"iface missing", "\"net_af_packet1,iface=wan0\"", "\"net_af_packet1\"",
     "node:2: ports[1].device: \"net_af_packet1\": net_af_packet needs iface=NAME, the name "
     "of "
     "a kernel interface (1 to 15 characters)"},
    {"device used twice", "net_af_packet1,iface=wan0", "net_af_packet0,iface=wan0",
     "node:2: ports[1].device: \"net_af_packet0,iface=wan0\": duplicate: ports[0].device "
     "uses device net_af_packet0"},
    {"kernel interface used twice", "net_af_packet1,iface=wan0", "net_af_packet1,iface=lan0",
     "node:2: ports[1].device: \"net_af_packet1,iface=lan0\": duplicate: ports[0].device "
     "uses kernel interface lan0"},
    {"address without length", "address: \"10.2.0.2/24\"", "address: \"10.2.0.2\"",
     "node:8: forwarding.interfaces[1].address: \"10.2.0.2\": is no address with prefix length; "
     "write it as "
     "10.1.0.2/24"},
    {"address is broadcast", "address: \"10.1.0.2/24\"", "address: \"10.1.0.255/24\"",
     "node:6: forwarding.interfaces[0].address: \"10.1.0.255/24\": cannot be a host's address; "
     "take one "
     "inside "
     "the prefix, neither its first nor its last"},
    {"connected prefixes overlap", "address: \"10.2.0.2/24\"", "address: \"10.1.0.3/16\"",
     "node:8: forwarding.interfaces[1].address: \"10.1.0.3/16\": overlaps 10.1.0.0/24 of "
     "interfaces[0].address; connected prefixes must be disjoint"},
    {"virtual address outside", "address: \"10.2.0.1\"", "address: \"10.3.0.1\"",
     "node:8: forwarding.interfaces[1].virtual_addresses[0].address: \"10.3.0.1\": lies outside "
     "10.2.0.0/24, "
     "the prefix of its interface"},
    {"virtual address is own", "address: \"10.2.0.1\"", "address: \"10.2.0.2\"",
     "node:8: forwarding.interfaces[1].virtual_addresses[0].address: \"10.2.0.2\": duplicate: "
     "interfaces[1].address has this address"},
    {"vrid", "vrid: 2", "vrid: 256",
     "node:8: forwarding.interfaces[1].virtual_addresses[0].vrid: 256: must be 1 to 255"},
    {"vrid missing", "vrid: 2", "",
     "node:8: forwarding.interfaces[1].virtual_addresses[0].vrid: missing: give a virtual router "
     "id, 1 to "
     "255"},
    {"mtu beyond its port", "port: \"p1\"", "port: \"p1\" mtu: 1501",
     "node:7: forwarding.interfaces[1].mtu: 1501: must be 576 to 1500"},
    {"descriptors", "index: 0 ports {", "index: 0 ports { rx_descriptors: 1000",
     "node:2: ports[1].rx_descriptors: 1000: must be a power of two, 64 to 32768"},
    {"frame MTU", "index: 0 ports {", "index: 0 ports { frame_mtu: 9001",
     "node:2: ports[1].frame_mtu: 9001: must be 576 to 9000"},
    {"port name twice", "ports { name: \"p1\"",
     "ports { name: \"p0\" device: \"net_null7\" } ports { name: \"p1\"",
     "node:2: ports[1].name: \"p0\": duplicate: ports[0] has this name; port names must be unique"},
    {"unknown port", "port: \"p1\"", "port: \"p2\"",
     "node:7: forwarding.interfaces[1].port: \"p2\": the node file has no such port; known: p0, "
     "p1"},
    {"port used twice", "port: \"p1\"", "port: \"p0\"",
     "node:7: forwarding.interfaces[1].port: \"p0\": duplicate: interfaces[0].port uses this port"},
    {"port missing", "port: \"p1\"", "",
     "node:7: forwarding.interfaces[1].port: missing: name a port of the node file; known: p0, p1"},
    // Of the form before there was Forwarding.
    {"rules outside", "forwarding {", "rules { id: 1 } forwarding {",
     "node:3:7: Message type \"lockstep.node.Node\" has no field named \"rules\". It moved to "
     "forwarding { rules … }; see docs/example-node.textproto."},
    {"device of an interface", "port: \"p1\"", "device: \"net_null0\"",
     "node:7:50: Message type \"lockstep.forwarding.Interface\" has no field named \"device\". It "
     "moved to ports { name device rx_descriptors frame_mtu }; an interface names its port; see "
     "docs/example-node.textproto."},
    // Debugging.
    {"key file without the switch", "ha {", "debug { ha2_key_file: \"/tmp/keys\" }\nha {",
     "node:12: debug.ha2_key_file: \"/tmp/keys\": would write the keys of HA2; that needs "
     "debug.enabled, on a test bench"},
    {"key file without a folder", "ha {", "debug { enabled: true ha2_key_file: \"keys\" }\nha {",
     "node:12: debug.ha2_key_file: \"keys\": must be an absolute path"},
    // Routes.
    {"route without next hop", "next_hop: \"10.2.0.254\"", "",
     "node:9: forwarding.routes[0].next_hop: missing: a route needs a next hop on a connected "
     "prefix"},
    {"next hop unreachable", "next_hop: \"10.2.0.254\"", "next_hop: \"10.7.0.1\"",
     "node:9: forwarding.routes[0].next_hop: \"10.7.0.1\": not reachable: lies on no connected "
     "prefix; "
     "connected: 10.1.0.0/24, 10.2.0.0/24"},
    {"next hop is this node", "next_hop: \"10.2.0.254\"", "next_hop: \"10.2.0.1\"",
     "node:9: forwarding.routes[0].next_hop: \"10.2.0.1\": is an address of this node (interface "
     "wan)"},
    {"prefix with host bits", "prefix: \"0.0.0.0/0\"", "prefix: \"10.7.0.1/16\"",
     "node:9: forwarding.routes[0].prefix: \"10.7.0.1/16\": has bits behind its length; write "
     "10.7.0.0/16"},
    {"prefix is connected", "prefix: \"0.0.0.0/0\"", "prefix: \"10.1.0.0/24\"",
     "node:9: forwarding.routes[0].prefix: \"10.1.0.0/24\": is the connected prefix of "
     "interfaces[0]; remove "
     "the route"},
    {"duplicate prefix", "routes {",
     "routes { prefix: \"0.0.0.0/0\" next_hop: \"10.2.0.253\" }\nroutes {",
     "node:10: forwarding.routes[1].prefix: \"0.0.0.0/0\": duplicate: routes[0].prefix is the same "
     "prefix"},
    // Rules.
    {"rule without action", "action: PERMIT", "",
     "node:10: forwarding.rules[0].action: missing: PERMIT or DENY"},
    {"duplicate rule id", "rules {", "rules { id: 10 action: DENY }\nrules {",
     "node:11: forwarding.rules[1].id: 10: duplicate: rules[0] has this id; rule ids must be "
     "unique"},
    {"rule id too large", "rules { id: 10", "rules { id: 65536",
     "node:10: forwarding.rules[0].id: 65536: must be 1 to 65535"},
    {"unknown zone of rule", "to_zone: \"wan\"", "to_zone: \"internet\"",
     "node:10: forwarding.rules[0].to_zone: \"internet\": unknown zone; known: lan, wan"},
    {"unknown pool", "source_nat: \"pool\"", "source_nat: \"pond\"",
     "node:10: forwarding.rules[0].source_nat: \"pond\": unknown NAT pool; known: pool"},
    {"deny with NAT", "action: PERMIT", "action: DENY",
     "node:10: forwarding.rules[0].source_nat: \"pool\": a rule that denies cannot translate; "
     "remove it"},
    {"unknown protocol", "action: PERMIT", "protocols: \"sctp\" action: PERMIT",
     "node:10: forwarding.rules[0].protocols[0]: \"sctp\": unknown protocol; known: tcp, udp, "
     "icmp"},
    {"ports without protocol", "action: PERMIT", "destination_ports: \"80\" action: PERMIT",
     "node:10: forwarding.rules[0].destination_ports: only tcp and udp have ports: set protocols "
     "to \"tcp\", "
     "\"udp\" or both"},
    {"port range backwards", "action: PERMIT",
     "protocols: \"tcp\" destination_ports: \"90-80\" action: PERMIT",
     "node:10: forwarding.rules[0].destination_ports[0]: \"90-80\": is no port or range; write 443 "
     "or "
     "8000-8999, 1 to 65535"},
    {"rule prefix", "action: PERMIT", "source: \"10.1.0.0/33\" action: PERMIT",
     "node:10: forwarding.rules[0].source[0]: \"10.1.0.0/33\": is no prefix; write it as "
     "10.1.0.0/24 or "
     "10.1.0.7"},
    {"commit in a rule that denies", "action: PERMIT source_nat: \"pool\"",
     "commit_before_forward {} action: DENY",
     "node:10: forwarding.rules[0].commit_before_forward: a rule that denies forwards nothing; "
     "remove it"},
    {"commit of icmp that stays here", "action: PERMIT",
     "commit_before_forward {} protocols: \"icmp\" action: PERMIT",
     "node:10: forwarding.rules[0].commit_before_forward: the peer holds ICMP sessions only with "
     "replicate_icmp: true; set it, or remove this"},
    {"commit deadline too short", "action: PERMIT",
     "commit_before_forward { deadline_us: 99 } action: PERMIT",
     "node:10: forwarding.rules[0].commit_before_forward.deadline_us: 99: must be 100 to 1000000"},
    {"commit deadline too long", "action: PERMIT",
     "commit_before_forward { deadline_us: 1000001 } action: PERMIT",
     "node:10: forwarding.rules[0].commit_before_forward.deadline_us: 1000001: must be 100 to "
     "1000000"},
    {"commit fallback is no number of one", "action: PERMIT",
     "commit_before_forward { on_deadline: 7 } action: PERMIT",
     "node:10: forwarding.rules[0].commit_before_forward.on_deadline: 7: must be RELEASE or DROP"},
    {"commit without a peer",
     "source_nat: \"pool\" }\nnat_pools { id: 1 name: \"pool\" addresses { id: 1 "
     "address: \"10.2.0.100\" } } }\nha {\n  enabled: true",
     "source_nat: \"pool\" commit_before_forward {} }\nnat_pools { id: 1 name: \"pool\" "
     "addresses { id: 1 address: \"10.2.0.100\" } } }\nha {\n  enabled: false",
     "node:10: forwarding.rules[0].commit_before_forward: without ha there is no peer to wait for; "
     "remove it, "
     "or enable ha"},
    // NAT.
    {"empty pool", "addresses { id: 1 address: \"10.2.0.100\" }", "",
     "node:11: forwarding.nat_pools[0].addresses: empty NAT pool: give at least one address"},
    {"pool address is own", "\"10.2.0.100\"", "\"10.2.0.2\"",
     "node:11: forwarding.nat_pools[0].addresses[0].address: \"10.2.0.2\": overlaps "
     "interfaces[1].address; a NAT "
     "address must be of its own"},
    {"pool address is virtual", "\"10.2.0.100\"", "\"10.2.0.1\"",
     "node:11: forwarding.nat_pools[0].addresses[0].address: \"10.2.0.1\": overlaps "
     "interfaces[1].virtual_addresses[0]; a NAT address must be of its own"},
    {"address id twice", "addresses { id: 1 address: \"10.2.0.100\" }",
     "addresses { id: 1 address: \"10.2.0.100\" } addresses { id: 1 address: \"10.2.0.101\" }",
     "node:11: forwarding.nat_pools[0].addresses[1].id: 1: duplicate: nat_pools[0].addresses[0] "
     "has "
     "this id; ids of NAT addresses are unique over all pools"},
    {"address id missing", "addresses { id: 1", "addresses {",
     "node:11: forwarding.nat_pools[0].addresses[0].id: missing: give the address a stable id, 1 "
     "to "
     "255, of its own"},
    {"pool address twice", "addresses { id: 1 address: \"10.2.0.100\" }",
     "addresses { id: 1 address: \"10.2.0.100\" } addresses { id: 2 address: \"10.2.0.100\" }",
     "node:11: forwarding.nat_pools[0].addresses[1].address: \"10.2.0.100\": duplicate: "
     "nat_pools[0].addresses[0].address is "
     "this address"},
    {"pool ports too few", " addresses {", " port_min: 1024 port_max: 2046 addresses {",
     "node:11: forwarding.nat_pools[0].port_max: 2046: with port_min 1024 leaves fewer than 1024 "
     "ports; each "
     "node owns half of them"},
    // Sizes.
    {"timeout", "routes {", "timeouts { udp_single_s: 40000 }\nroutes {",
     "node:9: forwarding.timeouts.udp_single_s: 40000: must be 1 to 32000"},
    {"sessions", "ha {", "tables { sessions: 255 }\nha {",
     "node:12: tables.sessions: 255: must be 256 to 16000000"},
    {"sessions of the peer", "ha {", "tables { peer_sessions: 255 }\nha {",
     "node:12: tables.peer_sessions: 255: must be 256 to 16000000"},
    {"tables over memory", "ha {", "tables { sessions: 16000000 }\nha {",
     "node:12: tables.sessions: 16000000: tables would take 1466 MB, tables.memory_mb allows 1024; "
     "lower sessions or raise memory_mb"},
    // HA.
    {"HA without secret", "pair_secret_file: \"/etc/lockstep/secret\"", "",
     "node:12: ha.pair_secret_file: missing: HA needs a pair secret; make one with `lockstepctl "
     "pair-secret new FILE` and copy it to both nodes"},
    {"state_sync not said", "state_sync: true", "",
     "node:12: ha.state_sync: missing: say true or false; without it a takeover loses every "
     "session"},
    {"HA without HA1", "ha1 { local_address: \"10.9.1.1\" peer_address: \"10.9.1.2\" }", "",
     "node:12: ha.ha1: missing: HA needs at least one control path"},
    {"peer is local", "peer_address: \"10.9.1.2\"", "peer_address: \"10.9.1.1\"",
     "node:14: ha.ha1[0].peer_address: \"10.9.1.1\": is local_address; give the peer's own"},
    {"HA1 ports equal", "peer_address: \"10.9.1.2\"", "peer_address: \"10.9.1.2\" tcp_port: 4790",
     "node:14: ha.ha1[0].tcp_port: 4790: is udp_port; take two ports, so that filters can tell "
     "them "
     "apart"},
    {"backup on the same link", "ha2 {",
     "ha1 { local_address: \"10.9.1.1\" peer_address: \"10.9.2.2\" }\n  ha2 {",
     "node:15: ha.ha1[1].local_address: \"10.9.1.1\": duplicate: ha.ha1[0] has this address; the "
     "backup needs another link"},
    {"HA2 port of a LAN", "net_af_xdp0,iface=ha2", "net_af_xdp0,iface=wan0",
     "node:15: ha.ha2.device: \"net_af_xdp0,iface=wan0\": duplicate: ports[1].device is the "
     "same port; HA2 needs one of its own"},
    {"AF_XDP MTU", "peer_address: \"10.9.3.2\"", "peer_address: \"10.9.3.2\" mtu: 3401",
     "node:15: ha.ha2.mtu: 3401: AF_XDP carries at most 3400"},
    {"HA2 address of a LAN", "local_address: \"10.9.3.1\"", "local_address: \"10.2.0.2\"",
     "node:8: forwarding.interfaces[1].address: \"10.2.0.2/24\": is the local address of ha.ha2; "
     "HA "
     "links have addresses of their own"},
    {"streams", "peer_address: \"10.9.3.2\"", "peer_address: \"10.9.3.2\" streams: 17",
     "node:15: ha.ha2.streams: 17: must be 1 to 16"},
    {"ports of streams", "peer_address: \"10.9.3.2\"",
     "peer_address: \"10.9.3.2\" udp_port: 65533 streams: 4",
     "node:15: ha.ha2.udp_port: 65533: must be at most 65532: 4 streams use as many source ports "
     "from it"},
    {"second link on the same port", "ha1 {",
     "ha2_second { device: \"net_af_packet7,iface=ha2\" local_address: \"10.9.4.1\" "
     "peer_address: \"10.9.4.2\" } ha1 {",
     "node:14: ha.ha2_second.device: \"net_af_packet7,iface=ha2\": duplicate: ha.ha2.device is the "
     "same port; the second link needs one of its own"},
    {"second link with the same address", "ha1 {",
     "ha2_second { device: \"net_af_packet7,iface=ha3\" local_address: \"10.9.3.1\" "
     "peer_address: \"10.9.4.2\" } ha1 {",
     "node:14: ha.ha2_second.local_address: \"10.9.3.1\": duplicate: ha.ha2 has this address"},
    {"second link without device", "ha1 {",
     "ha2_second { local_address: \"10.9.4.1\" peer_address: \"10.9.4.2\" } ha1 {",
     "node:14: ha.ha2_second.device: missing: name a DPDK device, as net_af_xdp0,iface=ha2"},
    {"MTU of the second link", "ha1 {",
     "ha2_second { device: \"net_af_packet7,iface=ha3\" local_address: \"10.9.4.1\" "
     "peer_address: \"10.9.4.2\" mtu: 1279 } ha1 {",
     "node:14: ha.ha2_second.mtu: 1279: must be 1280 to 9000"},
    {"rekey by count too often", "peer_address: \"10.9.3.2\"",
     "peer_address: \"10.9.3.2\" rekey_after_packets: 65535",
     "node:15: ha.ha2.rekey_after_packets: 65535: must be 65536 to 268435456"},
    {"rekey by count too late", "peer_address: \"10.9.3.2\"",
     "peer_address: \"10.9.3.2\" rekey_after_packets: 268435457",
     "node:15: ha.ha2.rekey_after_packets: 268435457: must be 65536 to 268435456"},
    {"rekey by time too often", "peer_address: \"10.9.3.2\"",
     "peer_address: \"10.9.3.2\" rekey_after_s: 9",
     "node:15: ha.ha2.rekey_after_s: 9: must be 10 to 86400"},
    {"rekey by time too late", "peer_address: \"10.9.3.2\"",
     "peer_address: \"10.9.3.2\" rekey_after_s: 86401",
     "node:15: ha.ha2.rekey_after_s: 86401: must be 10 to 86400"},
    {"heartbeat", "state_sync: true", "state_sync: true heartbeat_misses: 1",
     "node:13: ha.heartbeat_misses: 1: must be 2 to 20"},
    // Runtime.
    {"workers", "ha {", "runtime { workers: 17 }\nha {",
     "node:12: runtime.workers: 17: must be 1 to 16"},
    {"cpus", "ha {", "runtime { worker_cpus: \"1-0\" }\nha {",
     "node:12: runtime.worker_cpus: \"1-0\": is no CPU set; write 0-1 or 0,2-3, ascending, below "
     "1024"},
    {"EAL argument of ours", "ha {", "runtime { eal_args: \"--lcores=0\" }\nha {",
     "node:12: runtime.eal_args[0]: \"--lcores=0\": use runtime.worker_cpus"},
    {"unprintable", "ha {", "runtime { eal_args: \"a\\nb\" }\nha {",
     "node:12: runtime.eal_args[0]: \"a\\nb\": must be at most 1024 printable ASCII characters"},
};

class NodeFileMistake : public testing::TestWithParam<MistakeCase> {};

TEST_P(NodeFileMistake, GetsOneLine) {
  const MistakeCase& mistake = GetParam();
  const std::string text = NodeWith(mistake.from, mistake.to);
  ASSERT_NE(text, kGoodNode) << mistake.what << ": the pattern is not in the good file";
  EXPECT_EQ(MessageOf(text), mistake.line) << mistake.what;
}

INSTANTIATE_TEST_SUITE_P(All, NodeFileMistake, testing::ValuesIn(kMistakes),
                         [](const testing::TestParamInfo<MistakeCase>& row) {
                           std::string name;
                           for (const char* c = row.param.what; *c != '\0'; ++c) {
                             name += (*c == ' ' || *c == '_') ? '_' : *c;
                           }
                           return name;
                         });

TEST(NodeFile, AllMistakesAreReportedAtOnce) {
  std::string text = NodeWith("index: 0", "index: 5");
  text = absl::StrReplaceAll(text, {{"vrid: 2", "vrid: 300"}, {"action: PERMIT", ""}});
  const std::vector<std::string> lines = absl::StrSplit(MessageOf(text), '\n');
  EXPECT_EQ(lines.size(), 3u) << MessageOf(text);
}

TEST(NodeFile, HaMistakesDoNotMatterWhileHaIsOff) {
  EXPECT_EQ(MessageOf("name: \"a\" ports { name: \"p\" device: \"net_null0\" }\n"
                      "forwarding { zones { id: 1 name: \"z\" }\n"
                      "interfaces { id: 1 name: \"i\" zone: \"z\" port: \"p\"\n"
                      "address: \"10.0.0.1/8\" } }"),
            "ok");
}

TEST(NodeFile, NonsenseWithManyMistakesStaysShort) {
  std::string text = "name: \"a\" ports { name: \"p\" device: \"net_null0\" } forwarding {\n";
  for (int i = 0; i < 1000; ++i) {
    text += "zones { }\n";
  }
  text += "}\n";
  const std::vector<std::string> lines = absl::StrSplit(MessageOf(text), '\n');
  EXPECT_EQ(lines.size(), 201u);
  EXPECT_EQ(lines.back(), "node: 1800 more mistakes");
}

TEST(NodeFile, AddressesAreInNetworkByteOrder) {
  const auto options = ParseNodeText(kGoodNode, "node");
  ASSERT_TRUE(options.ok());
  EXPECT_EQ(options->forwarding.interfaces[0].address, inet_addr("10.1.0.2"));
  EXPECT_EQ(options->forwarding.routes[0].interface_id, 2);
}

TEST(NodeFile, DefaultsAreFilledIn) {
  const auto options = ParseNodeText(kGoodNode, "node");
  ASSERT_TRUE(options.ok());
  EXPECT_EQ(options->runtime_dir, "/run/lockstep/a");
  EXPECT_EQ(options->priority, 100);
  EXPECT_EQ(options->runtime.file_prefix, "a");
  EXPECT_EQ(options->ha.ha1[0].tcp_port, 4791);
  EXPECT_EQ(options->forwarding.timeouts.tcp_established_s, 3600);
}

TEST(NodeFile, WithoutForwardingNothingIsForwardedToBeginWith) {
  const auto options =
      ParseNodeText("name: \"a\" ports { name: \"p\" device: \"net_null0\" }", "node");
  ASSERT_TRUE(options.ok()) << options.status();
  EXPECT_FALSE(options->has_forwarding);
  EXPECT_TRUE(options->forwarding.interfaces.empty());
  EXPECT_EQ(PrintConfig(*options).find("forwarding"), std::string::npos);
}

TEST(NodeFile, MissingFileIsNamed) {
  const auto options = LoadNodeFile("/nonexistent/node.textproto");
  ASSERT_FALSE(options.ok());
  EXPECT_EQ(options.status().message(),
            "/nonexistent/node.textproto: cannot be read: No such file or directory");
}

TEST(NodeFile, FolderInsteadOfAFileIsNamed) {
  const auto options = LoadNodeFile("/");
  ASSERT_FALSE(options.ok());
  EXPECT_NE(options.status().message().find("cannot be read"), std::string::npos);
}

TEST(NodeFile, MissingPortIsNoticedBeforeItStarts) {
  auto options = ParseNodeText(NodeWith("net_af_packet1,iface=wan0", "0000:ff:1f.7"), "node");
  ASSERT_TRUE(options.ok()) << options.status();
  options->ports[0].device = "net_af_packet0,iface=no-such-if";
  options->ha.ha2.device = "net_null0";
  EXPECT_EQ(CheckMachine(*options).message(),
            "ports[0].device: \"net_af_packet0,iface=no-such-if\": no such port: kernel "
            "interface no-such-if does not exist here; see `ip link`\n"
            "ports[1].device: \"0000:ff:1f.7\": no such port: PCI device 0000:ff:1f.7 does not "
            "exist here; see `lspci`");
}

}  // namespace
}  // namespace dataplane
