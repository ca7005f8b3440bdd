// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

// The canonical form parses to the same options, and prints as itself.

#include <gtest/gtest.h>

#include "dataplane/config/node_file.h"
#include "tests/unit/config/node_text.h"

namespace dataplane {
namespace {

TEST(RoundTrip, CanonicalFormParsesToEqualOptions) {
  const auto first = ParseNodeText(kGoodNode, "node");
  ASSERT_TRUE(first.ok()) << first.status();
  const std::string canonical = PrintConfig(*first);
  const auto second = ParseNodeText(canonical, "canonical");
  ASSERT_TRUE(second.ok()) << second.status() << "\n" << canonical;
  EXPECT_EQ(*second, *first) << canonical;
  EXPECT_EQ(PrintConfig(*second), canonical);
}

// Every field that has a default, set to something else.
TEST(RoundTrip, NothingIsLost) {
  const std::string text = NodeWith(
      "nat_pools { id: 1",
      "rules { id: 30 source: \"10.1.0.7\" destination: \"10.2.0.0/16\" protocols: \"udp\"\n"
      "  protocols: \"tcp\" destination_ports: \"53\" destination_ports: \"8000-8001\" action: "
      "DENY }\n"
      "rules { id: 20 protocols: \"icmp\" action: PERMIT replicate_icmp: true\n"
      "  commit_before_forward { deadline_us: 900 on_deadline: DROP without_peer: DROP } }\n"
      "rules { id: 21 action: PERMIT commit_before_forward {} }\n"
      "nat_pools { id: 2 name: \"b\" addresses { id: 9 address: \"10.2.0.7\" } port_min: 5000 "
      "port_max: 9000 }\n"
      "timeouts { tcp_syn_s: 1 tcp_established_s: 2 tcp_fin_s: 3 tcp_time_wait_s: 4 tcp_closed_s: "
      "5\n"
      "  udp_single_s: 6 udp_multiple_s: 7 icmp_s: 8 arp_s: 9 takeover_grace_s: 10 }\n"
      "ha { failover: false state_sync: false preempt: false priority: 9 }\n"
      "interfaces { id: 3 name: \"off\" zone: \"lan\" port: \"p2\" address: \"10.3.0.2/24\"\n"
      "  mtu: 600 disabled: true }\n"
      "nat_pools { id: 1");
  const std::string whole = absl::StrReplaceAll(
      text, {{"ha {\n",
              "priority: 7 runtime_dir: \"/tmp/a\" configd_user: \"lockstep-configd\"\n"
              "ports { name: \"p2\" device: \"net_null3\" rx_descriptors: 512 frame_mtu: 1400 }\n"
              "debug { enabled: true ha2_key_file: \"/tmp/keys\" }\n"
              "tables { sessions: 300 neighbours: 20 memory_mb: 77 peer_sessions: 400 }\n"
              "runtime { workers: 3 worker_cpus: \"0,2-5,9\" sync_own_core: true spin: true "
              "memory_mb: 99\n"
              "  no_huge: true file_prefix: \"p\" eal_args: \"--vdev=net_null7\" }\n"
              "ha { preempt: true heartbeat_ms: 5 heartbeat_misses: 4 startup_hold_ms: 1\n"}});
  const auto first = ParseNodeText(
      absl::StrReplaceAll(whole, {{"peer_address: \"10.9.3.2\"",
                                   "peer_address: \"10.9.3.2\" mtu: 1400 udp_port: 5000 streams: 3 "
                                   "rekey_after_packets: 70000 rekey_after_s: 11 }\n"
                                   "ha2_second { device: \"net_af_xdp1,iface=ha3\" udp_port: 5001 "
                                   "mtu: 1300 xdp_guard: \"/g.o\" local_address: \"10.9.4.1\" "
                                   "peer_address: \"10.9.4.2\""}}),
      "node");
  ASSERT_TRUE(first.ok()) << first.status();
  const auto second = ParseNodeText(PrintConfig(*first), "canonical");
  ASSERT_TRUE(second.ok()) << second.status();
  EXPECT_EQ(*second, *first) << PrintConfig(*first);
  EXPECT_EQ(first->forwarding.rules[1].protocols, kRuleTcp | kRuleUdp);
  EXPECT_EQ(first->forwarding.rules[2].commit, (CommitOptions{.enabled = true,
                                                              .deadline_us = 900,
                                                              .drop_on_deadline = true,
                                                              .drop_without_peer = true}));
  EXPECT_EQ(first->forwarding.rules[3].commit, (CommitOptions{.enabled = true}));
  EXPECT_TRUE(first->ha.preempt);
  EXPECT_EQ(first->runtime.worker_cpus.size(), 6u);
  EXPECT_EQ(first->ha.ha2.streams, 3u);
  EXPECT_EQ(first->ha.ha2_second.streams, 3u);
  EXPECT_EQ(first->ha.ha2_second.mtu, 1'300u);
  EXPECT_EQ(first->ha.ha2.rekey_after_packets, 70'000u);
  EXPECT_EQ(first->ha.ha2.rekey_after_s, 11u);
}

}  // namespace
}  // namespace dataplane
