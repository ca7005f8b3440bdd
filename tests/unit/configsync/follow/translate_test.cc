// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

#include "configsync/follow/translate.h"

#include <google/protobuf/text_format.h>
#include <google/protobuf/util/message_differencer.h>
#include <gtest/gtest.h>

#include <ctime>
#include <string>
#include <vector>

#include "configsync/follow/forwarding_limits.h"
#include "tests/unit/configsync/follow/tree_maker.h"

namespace configsync {
namespace {

using google::protobuf::TextFormat;
using lockstep::forwarding::Forwarding;

class TranslateTest : public testing::Test {
 protected:
  static void SetUpTestSuite() { maker_ = std::make_unique<TreeMaker>(); }
  static void TearDownTestSuite() { maker_.reset(); }

  static Forwarding Translated(const std::vector<std::string>& lines) {
    Problems problems;
    const Forwarding forwarding = Translate(maker_->Make(lines), problems);
    EXPECT_TRUE(problems.empty()) << problems.list.front().path << problems.list.front().text;
    return forwarding;
  }

  // The first problem, "CODE path value".
  static std::string ProblemOf(const std::vector<std::string>& lines) {
    Problems problems;
    (void)Translate(maker_->Make(lines), problems);
    if (problems.empty()) {
      return "none";
    }
    const Problem& first = problems.list.front();
    return first.code + " " + first.path + " " + first.value;
  }

  static std::string TextOf(const google::protobuf::Message& message) {
    TextFormat::Printer printer;
    printer.SetSingleLineMode(true);
    std::string text;
    printer.PrintToString(message, &text);
    return text;
  }

  // The only rule that comes out of these lines below /policy/rule[r].
  static std::string RuleOf(std::vector<std::string> lines) {
    lines.insert(lines.begin(), {"/policy/rule[r]/id 7", "/policy/rule[r]/action permit"});
    const Forwarding forwarding = Translated(lines);
    return forwarding.rules_size() == 1 ? TextOf(forwarding.rules(0)) : "no rule";
  }

  static std::unique_ptr<TreeMaker> maker_;
};

std::unique_ptr<TreeMaker> TranslateTest::maker_;

TEST_F(TranslateTest, AnEmptyConfigurationIsDefaults) {
  const Forwarding forwarding = Translated({});
  EXPECT_EQ(0, forwarding.zones_size() + forwarding.interfaces_size() + forwarding.rules_size());
  EXPECT_EQ(3600u, forwarding.timeouts().tcp_established_s());
  EXPECT_EQ(600u, forwarding.timeouts().arp_s());
  EXPECT_EQ(60u, forwarding.timeouts().takeover_grace_s());
  EXPECT_TRUE(forwarding.ha().failover());
  EXPECT_FALSE(forwarding.ha().has_preempt()) << "the node file's is kept";
  EXPECT_FALSE(forwarding.ha().has_priority());
  EXPECT_FALSE(forwarding.ha().has_state_sync());
}

TEST_F(TranslateTest, SaysEverythingThatTheDataplaneHas) {
  const Forwarding forwarding = Translated({
      "/zones/zone[in]/id 1",
      "/zones/zone[out]/id 2",
      "/interfaces/interface[lan]/id 1",
      "/interfaces/interface[lan]/port p1",
      "/interfaces/interface[lan]/zone in",
      "/interfaces/interface[lan]/address 10.1.0.2/24",
      "/interfaces/interface[lan]/virtual-address[3]/address 10.1.0.1",
      "/interfaces/interface[wan]/id 2",
      "/interfaces/interface[wan]/port p2",
      "/interfaces/interface[wan]/zone out",
      "/interfaces/interface[wan]/address 10.2.0.2/24",
      "/interfaces/interface[wan]/mtu 1400",
      "/interfaces/interface[wan]/enabled false",
      "/routing/static/route[0.0.0.0/0]/next-hop 10.2.0.254",
      "/nat/pool[outside]/id 4",
      "/nat/pool[outside]/address[10.2.0.50]/id 9",
      "/policy/rule[all]/id 11",
      "/policy/rule[all]/from-zone in",
      "/policy/rule[all]/to-zone out",
      "/policy/rule[all]/action permit",
      "/policy/rule[all]/source-nat outside",
      "/policy/rule[all]/commit-before-forward/on-deadline drop",
      "/system/timeouts/tcp-syn 5",
      "/ha/failover/enabled false",
      "/ha/failover/preempt true",
      "/ha/failover/priority 120",
      "/ha/state-synchronization/enabled true",
  });
  Forwarding expected;
  ASSERT_TRUE(TextFormat::ParseFromString(R"(
      zones { id: 1 name: "in" } zones { id: 2 name: "out" }
      interfaces { id: 1 name: "lan" port: "p1" zone: "in" address: "10.1.0.2/24" mtu: 1500
                   virtual_addresses { address: "10.1.0.1" vrid: 3 } }
      interfaces { id: 2 name: "wan" port: "p2" zone: "out" address: "10.2.0.2/24" mtu: 1400
                   disabled: true }
      routes { prefix: "0.0.0.0/0" next_hop: "10.2.0.254" }
      rules { id: 11 name: "all" from_zone: "in" to_zone: "out" action: PERMIT
              source_nat: "outside"
              commit_before_forward { on_deadline: DROP without_peer: RELEASE } }
      nat_pools { id: 4 name: "outside" addresses { id: 9 address: "10.2.0.50" }
                  port_min: 1024 port_max: 65535 }
      timeouts { tcp_syn_s: 5 tcp_established_s: 3600 tcp_fin_s: 60 tcp_time_wait_s: 30
                 tcp_closed_s: 10 udp_single_s: 30 udp_multiple_s: 120 icmp_s: 10 arp_s: 600
                 takeover_grace_s: 60 }
      ha { failover: false state_sync: true preempt: true priority: 120 })",
                                          &expected));
  EXPECT_TRUE(google::protobuf::util::MessageDifferencer::Equals(expected, forwarding))
      << TextOf(forwarding);
}

TEST_F(TranslateTest, NamesOfObjectsBecomePrefixes) {
  EXPECT_EQ(
      "id: 7 name: \"r\" source: \"192.0.2.1\" source: \"10.0.0.1/32\" source: \"10.0.0.2/32\" "
      "source: \"10.9.0.0/16\" action: PERMIT ",
      RuleOf({"/objects/address[a]/prefix 10.0.0.1/32", "/objects/address[b]/prefix 10.0.0.2/32",
              "/objects/address[net]/prefix 10.9.0.0/16", "/objects/address-group[g]/member a",
              "/objects/address-group[g]/member b", "/policy/rule[r]/source g",
              "/policy/rule[r]/source net", "/policy/rule[r]/source 192.0.2.1"}));
}

TEST_F(TranslateTest, ARuleOfAnEmptyGroupMatchesNothingAndIsLeftOut) {
  const std::vector<std::string> empty_group = {"/objects/address-group[g]/description empty",
                                                "/policy/rule[r]/destination g"};
  EXPECT_EQ("no rule", RuleOf(empty_group));
  std::vector<std::string> and_a_prefix = empty_group;
  and_a_prefix.push_back("/policy/rule[r]/destination 10.0.0.0/8");
  EXPECT_EQ("id: 7 name: \"r\" destination: \"10.0.0.0/8\" action: PERMIT ", RuleOf(and_a_prefix));
}

TEST_F(TranslateTest, ADisabledRuleIsLeftOut) {
  EXPECT_EQ("no rule", RuleOf({"/policy/rule[r]/enabled false"}));
}

TEST_F(TranslateTest, AnInterfaceWithoutAddressIsNotUsed) {
  EXPECT_EQ(0, Translated({"/interfaces/interface[lan]/port p1"}).interfaces_size());
}

TEST_F(TranslateTest, RulesKeepTheirOrder) {
  const Forwarding forwarding =
      Translated({"/policy/rule[z]/action permit", "/policy/rule[a]/action deny",
                  "/policy/rule[m]/action permit"});
  ASSERT_EQ(3, forwarding.rules_size());
  EXPECT_EQ("z", forwarding.rules(0).name());
  EXPECT_EQ("a", forwarding.rules(1).name());
  EXPECT_EQ(lockstep::forwarding::DENY, forwarding.rules(1).action());
  EXPECT_EQ("m", forwarding.rules(2).name());
}

TEST_F(TranslateTest, AServiceBringsItsProtocolAndPorts) {
  EXPECT_EQ(
      "id: 7 name: \"r\" protocols: \"tcp\" destination_ports: \"443\" "
      "destination_ports: \"80\" destination_ports: \"8080\" action: PERMIT ",
      RuleOf({"/objects/service[web]/protocol tcp", "/objects/service[web]/port 80",
              "/objects/service[web]/port 443", "/policy/rule[r]/protocol tcp",
              "/policy/rule[r]/destination-port web", "/policy/rule[r]/destination-port 8080"}));
}

TEST_F(TranslateTest, ServicesOfEqualPortsShareARule) {
  EXPECT_EQ(
      "id: 7 name: \"r\" protocols: \"tcp\" protocols: \"udp\" destination_ports: \"53\" "
      "action: PERMIT ",
      RuleOf({"/objects/service[dns]/protocol udp", "/objects/service[dns]/port 53",
              "/objects/service[dns-tcp]/protocol tcp", "/objects/service[dns-tcp]/port 53",
              "/policy/rule[r]/destination-port dns", "/policy/rule[r]/destination-port dns-tcp"}));
}

TEST_F(TranslateTest, PortsWithoutProtocolAreOfTcpAndUdp) {
  EXPECT_EQ(
      "id: 7 name: \"r\" protocols: \"tcp\" protocols: \"udp\" destination_ports: \"443\" "
      "action: PERMIT ",
      RuleOf({"/policy/rule[r]/destination-port 443"}));
}

TEST_F(TranslateTest, ARulesOwnPortsAreNotLostBesideAService) {
  EXPECT_EQ(
      "SERVICES_DIFFER /policy/rule[name='r']/destination-port udp",
      ProblemOf({"/objects/service[web]/protocol tcp", "/objects/service[web]/port 80",
                 "/policy/rule[r]/destination-port web", "/policy/rule[r]/destination-port 443"}));
}

TEST_F(TranslateTest, ARangeThatEndsBeforeItBeginsIsAProblem) {
  EXPECT_EQ("PORT_RANGE /policy/rule[name='r']/destination-port 90-80",
            ProblemOf({"/policy/rule[r]/destination-port 90-80"}));
  EXPECT_EQ("PORT_RANGE /policy/rule[name='r']/destination-port 1000-999",
            ProblemOf({"/policy/rule[r]/destination-port 1000-999"}));
  EXPECT_EQ("PORT_RANGE /objects/service[name='s']/port 9000-80",
            ProblemOf({"/objects/service[s]/protocol tcp", "/objects/service[s]/port 9000-80"}));
  EXPECT_EQ("none", ProblemOf({"/policy/rule[r]/destination-port 999-1000",
                               "/policy/rule[r]/destination-port 80-80"}));
}

// Whatever the modules let through must not fail at the dataplane.
TEST_F(TranslateTest, LimitsOfTheModulesAreTheDataplanes) {
  const SchemaNode& root = maker_->schema().root();
  const auto max_of = [&root](std::initializer_list<std::string_view> names) {
    const SchemaNode* node = &root;
    for (const std::string_view name : names) node = node->Child(name);
    return node->max_elements;
  };
  EXPECT_EQ(kZonesMax, max_of({"zones", "zone"}));
  EXPECT_EQ(kInterfacesMax, max_of({"interfaces", "interface"}));
  EXPECT_EQ(kVirtualAddressesMax, max_of({"interfaces", "interface", "virtual-address"}));
  EXPECT_EQ(kRoutesMax, max_of({"routing", "static", "route"}));
  EXPECT_EQ(kPrefixesPerRuleMax, max_of({"policy", "rule", "source"}));
  EXPECT_EQ(kPortsPerRuleMax, max_of({"policy", "rule", "destination-port"}));
  EXPECT_EQ(kNatPoolsMax, max_of({"nat", "pool"}));
}

TEST_F(TranslateTest, ServicesThatOneRuleCannotSayAreAProblem) {
  EXPECT_EQ(
      "SERVICES_DIFFER /policy/rule[name='r']/destination-port udp",
      ProblemOf({"/objects/service[dns]/protocol udp", "/objects/service[dns]/port 53",
                 "/objects/service[web]/protocol tcp", "/objects/service[web]/port 80",
                 "/policy/rule[r]/destination-port dns", "/policy/rule[r]/destination-port web"}));
}

TEST_F(TranslateTest, AServiceOfAnotherProtocolThanTheRuleIsAProblem) {
  EXPECT_EQ("SERVICE_PROTOCOL /policy/rule[name='r']/protocol udp",
            ProblemOf({"/objects/service[dns]/protocol udp", "/objects/service[dns]/port 53",
                       "/policy/rule[r]/protocol tcp", "/policy/rule[r]/destination-port dns"}));
}

TEST_F(TranslateTest, ANameThatLeadsNowhereIsAProblem) {
  EXPECT_EQ("UNKNOWN_REFERENCE /policy/rule[name='r']/source nobody",
            ProblemOf({"/policy/rule[r]/source nobody"}));
  EXPECT_EQ("UNKNOWN_REFERENCE /policy/rule[name='r']/destination-port nobody",
            ProblemOf({"/policy/rule[r]/destination-port nobody"}));
  EXPECT_EQ("UNKNOWN_REFERENCE /objects/address-group[name='g']/member nobody",
            ProblemOf({"/objects/address-group[g]/member nobody"}));
}

TEST_F(TranslateTest, MoreRulesThanTheDataplaneTakesAreAProblem) {
  std::vector<std::string> lines;
  for (int i = 0; i < 65'535; ++i) {
    lines.push_back("/policy/rule[r" + std::to_string(i) + "]/action permit");
  }
  EXPECT_EQ("none", ProblemOf(lines));
  lines.emplace_back("/policy/rule[off]/enabled false");
  EXPECT_EQ("none", ProblemOf(lines)) << "a disabled rule does not count";
  lines.emplace_back("/policy/rule[more]/action permit");
  EXPECT_EQ("DATAPLANE_LIMIT /policy/rule 65536", ProblemOf(lines));
}

TEST_F(TranslateTest, MorePrefixesThanARuleTakesAreAProblem) {
  std::vector<std::string> lines;
  for (int i = 0; i < 1'025; ++i) {
    const std::string name = "a" + std::to_string(i);
    lines.push_back("/objects/address[" + name + "]/prefix 10.0." + std::to_string(i / 256) + "." +
                    std::to_string(i % 256) + "/32");
    lines.push_back("/objects/address-group[g]/member " + name);
  }
  lines.emplace_back("/policy/rule[r]/source g");
  EXPECT_EQ("DATAPLANE_LIMIT /policy/rule[name='r']/source 1025", ProblemOf(lines));
}

TEST_F(TranslateTest, MoreNatAddressesThanTheDataplaneTakesAreAProblem) {
  std::vector<std::string> lines;
  for (int i = 0; i < 256; ++i) {
    lines.push_back("/nat/pool[p" + std::to_string(i % 2) + "]/address[10.0." +
                    std::to_string(i / 250) + "." + std::to_string(i % 250 + 1) + "]/id 1");
  }
  EXPECT_EQ("DATAPLANE_LIMIT /nat/pool/address 256", ProblemOf(lines));
}

TEST_F(TranslateTest, TenTimesTheRulesTakeAboutTenTimesAsLong) {
  const auto ticks_for = [&](int rules) {
    std::vector<std::string> lines;
    for (int i = 0; i < rules; ++i) {
      const std::string rule = "/policy/rule[r" + std::to_string(i) + "]/";
      lines.push_back(rule + "id " + std::to_string(i + 1));
      lines.push_back(rule + "action permit");
      lines.push_back(rule + "source 10." + std::to_string(i / 256) + "." +
                      std::to_string(i % 256) + ".0/24");
      lines.push_back(rule + "protocol tcp");
      lines.push_back(rule + "destination-port 443");
    }
    const Tree tree = maker_->Make(lines);
    const std::clock_t start = std::clock();  // Of the processor: others may use it, too.
    Problems problems;
    const Forwarding forwarding = Translate(tree, problems);
    EXPECT_EQ(rules, forwarding.rules_size());
    return static_cast<double>(std::clock() - start);
  };
  const double few = ticks_for(6'500);
  EXPECT_LT(ticks_for(65'000) / few, 40);  // Of the square it would be 100.
}

// ---- The way back ----

class RefusalTest : public TranslateTest {
 protected:
  // "path|value|text" of each line.
  static std::vector<std::string> Retold(const std::string& refusal) {
    Forwarding forwarding;
    EXPECT_TRUE(TextFormat::ParseFromString(R"(
        zones { name: "in" } zones { name: "out" }
        interfaces { name: "lan" virtual_addresses { vrid: 3 address: "10.1.0.1" } }
        routes { prefix: "10.0.0.0/8" }
        rules { name: "first" } rules { name: "second" }
        nat_pools { name: "pool" addresses { address: "10.2.0.50" } })",
                                            &forwarding));
    Problems problems;
    AddRefusal(refusal, forwarding, maker_->schema().root(), problems);
    std::vector<std::string> retold;
    for (const Problem& problem : problems.list) {
      EXPECT_EQ("DATAPLANE_REFUSED", problem.code);
      EXPECT_FALSE(problem.remedy.empty());
      retold.push_back(problem.path + "|" + problem.value + "|" + problem.text);
    }
    return retold;
  }
};

TEST_F(RefusalTest, EachMistakeHasAPathOfTheConfiguration) {
  const std::vector<std::pair<std::string, std::string>> cases = {
      {"zones[1].id", "/zones/zone[name='out']/id"},
      {"interfaces[0].port", "/interfaces/interface[name='lan']/port"},
      {"interfaces[0].virtual_addresses[0].address",
       "/interfaces/interface[name='lan']/virtual-address[vrid='3']/address"},
      {"routes[0].next_hop", "/routing/static/route[prefix='10.0.0.0/8']/next-hop"},
      {"rules[1].source[12]", "/policy/rule[name='second']/source"},
      {"rules[0].destination_ports[0]", "/policy/rule[name='first']/destination-port"},
      {"rules[0].commit_before_forward.deadline_us",
       "/policy/rule[name='first']/commit-before-forward/deadline-us"},
      {"nat_pools[0].addresses[0].id", "/nat/pool[name='pool']/address[address='10.2.0.50']/id"},
      {"nat_pools[0].port_max", "/nat/pool[name='pool']/port-max"},
      {"timeouts.tcp_time_wait_s", "/system/timeouts/tcp-time-wait"},
      {"ha.failover", "/ha/failover/enabled"},
      {"ha.state_sync", "/ha/state-synchronization/enabled"},
      {"ha.priority", "/ha/failover/priority"},
      {"rules", "/policy/rule"},
      {"forwarding.rules[0].action", "/policy/rule[name='first']/action"},
  };
  for (const auto& [dataplane, configured] : cases) {
    EXPECT_EQ(std::vector<std::string>{configured + "||the dataplane refuses: is wrong"},
              Retold(dataplane + ": is wrong"));
  }
}

TEST_F(RefusalTest, EveryLineIsAProblem) {
  EXPECT_EQ((std::vector<std::string>{
                "/zones/zone[name='in']/id||the dataplane refuses: missing",
                "/policy/rule[name='first']/action||the dataplane refuses: missing"}),
            Retold("zones[0].id: missing\n\nrules[0].action: missing\n"));
}

TEST_F(RefusalTest, TheValueIsTakenOutOfTheText) {
  EXPECT_EQ((std::vector<std::string>{
                "/interfaces/interface[name='lan']/port|p9|the dataplane refuses: unknown port",
                "/interfaces/interface[name='lan']/mtu|9001|the dataplane refuses: too large"}),
            Retold("interfaces[0].port: \"p9\": unknown port\ninterfaces[0].mtu: 9001: too large"));
}

TEST_F(RefusalTest, OtherObjectsInTheTextHaveTheirPathsToo) {
  EXPECT_EQ(
      (std::vector<std::string>{"/routing/static/route[prefix='10.0.0.0/8']/prefix|10.0.0.0/8|the "
                                "dataplane refuses: is the connected prefix of "
                                "/interfaces/interface[name='lan'], not of interfaces[7]"}),
      Retold("routes[0].prefix: \"10.0.0.0/8\": is the connected prefix of interfaces[0], not of "
             "interfaces[7]"));
}

TEST_F(RefusalTest, WordsWithoutAnObjectAreKept) {
  for (const std::string text : {"out of memory", "rules[9].action: missing", "rules[", "rules[0",
                                 "rules[99999999999999999]", "[0]: x", ": x", "rules[0]]]: x",
                                 "interfaces[0].virtual_addresses[9].x.y.z: w"}) {
    const std::vector<std::string> retold = Retold(text);
    EXPECT_EQ(1u, retold.size()) << text;
  }
  EXPECT_EQ(std::vector<std::string>{"||the dataplane refuses: out of memory"},
            Retold("out of memory"));
}

TEST_F(RefusalTest, NothingIsNoProblem) { EXPECT_TRUE(Retold("").empty()); }

}  // namespace
}  // namespace configsync
