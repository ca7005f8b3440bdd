// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

// Verdicts on whole configurations: our passes find every mistake, libyang has the last word.

#include <array>
#include <cstdint>
#include <span>

#include "configsync/schema/auto_ids.h"
#include "configsync/schema/mistakes.h"
#include "configsync/schema/print_json.h"
#include "configsync/schema/read_path.h"
#include "tests/unit/configsync/schema/golden_file.h"
#include "tests/unit/configsync/schema/our_schema.h"

namespace configsync {
namespace {

std::string VerdictOn(const std::string& json) {
  Problems problems;
  OurSchema().Judge(TreeOf(json), problems);
  return TextOf(problems);
}

TEST(Judge, AGoodConfigurationHasNoProblem) {
  Problems problems;
  const Schema::JudgeCost cost = OurSchema().Judge(TreeOf(ReadGolden("example.json")), problems);
  EXPECT_TRUE(problems.empty()) << TextOf(problems);
  EXPECT_GT(cost.libyang_cpu_us, 0);
}

TEST(Judge, AnEmptyConfigurationIsGood) { EXPECT_EQ(VerdictOn("{}"), ""); }

TEST(Judge, EveryMistakeOfOurPassesIsFound) {
  ExpectGolden("judge.problems", VerdictOn(R"({
    "policy": {"rule": [{"name": "a", "id": 7, "from-zone": "nowhere", "source": ["web", "g", "x"]},
                        {"name": "b", "id": 7, "action": "permit", "source-nat": "p"},
                        {"name": "c", "action": "deny", "destination-port": ["https", "80"]}]},
    "nat": {"pool": [{"name": "p"},
                     {"name": "q", "id": 1, "address": [{"address": "10.0.0.1", "id": 4}]},
                     {"name": "r", "id": 1, "address": [{"address": "10.0.0.2", "id": 4}]}]},
    "objects": {"address": [{"name": "web"}, {"name": "g", "prefix": "10.0.0.0/8"}],
                "address-group": [{"name": "g", "member": ["web", "y"]}],
                "service": [{"name": "s", "protocol": "tcp"}]},
    "interfaces": {"interface": [{"name": "lan", "zone": "inside"}],
                   "loopback": [{"name": "lo", "address": ["10.1.1.1", "10.1.1.2", "10.1.1.3",
                     "10.1.1.4", "10.1.1.5", "10.1.1.6", "10.1.1.7", "10.1.1.8", "10.1.1.9",
                     "10.1.1.10", "10.1.1.11", "10.1.1.12", "10.1.1.13", "10.1.1.14", "10.1.1.15",
                     "10.1.1.16", "10.1.1.17"]}]},
    "virtual-routers": {"virtual-router": [{"name": "v", "bgp": {}}]}
  })"));
}

// F87: jumbo frames are each node's own, so a large MTU that came from the peer may not fit here.
TEST(Judge, F87_ALargeMtuNeedsJumboFramesOnThisNode) {
  const std::string interface = R"("zones": {"zone": [{"name": "z"}]},
      "interfaces": {"interface": [{"name": "lan", "port": "p0", "zone": "z", "id": 1, "mtu": )";
  EXPECT_EQ(VerdictOn("{" + interface + "1500}]}}"), "");
  EXPECT_EQ(VerdictOn(R"({"system": {"jumbo-frames": true}, )" + interface + "9000}]}}"), "");
  const std::string verdict = VerdictOn("{" + interface + "9000}]}}");
  EXPECT_EQ(verdict.find("JUMBO_MISMATCH /interfaces/interface[name='lan']/mtu"), 0u) << verdict;
  EXPECT_NE(verdict.find("set /system/jumbo-frames true"), std::string::npos) << verdict;
}

// F102: a certificate of the device has a name of the pair, and contents of each node.
TEST(Judge, F102_AMissingNameOfADeviceCertificateHasAReasonOfItsOwn) {
  const std::string profile =
      R"("tls-service-profile": [{"name": "web", "certificate": "management"}]}})";
  EXPECT_EQ(
      VerdictOn(R"({"certificates": {"device-certificate": [{"name": "management"}], )" + profile),
      "");
  const std::string verdict = VerdictOn(R"({"certificates": {)" + profile);
  EXPECT_EQ(verdict.find("CERT_NAME_MISSING /certificates/tls-service-profile[name='web']"), 0u)
      << verdict;
  EXPECT_NE(verdict.find("'management'"), std::string::npos) << verdict;
}

// A number for each, and one more: one mistake, though all go without a number.
TEST(Judge, MoreRulesThanNumbersAreOneProblem) {
  const SchemaNode& rule = NodeAt("/policy/rule");
  std::vector<Edit> edits;
  const Path place{{rule.parent, {}}, {&rule, {"r"}}, {rule.Child("action"), {}}};
  for (int i = 0; i < 65'536; ++i) {
    Path path = place;
    path[1].keys[0] += std::to_string(i);
    edits.push_back({EditOp::kSet, std::move(path), "deny", std::nullopt});
  }
  const auto all_but_one = EmptyTree().Apply(std::span(edits).first(65'535));
  ASSERT_TRUE(all_but_one.ok()) << all_but_one.status();
  Problems problems;
  EXPECT_EQ(MissingIds(EmptyTree(), *all_but_one, problems).size(), 65'535u);
  FindMistakes(*all_but_one, problems);
  EXPECT_TRUE(problems.empty()) << TextOf(problems);

  const auto all = EmptyTree().Apply(edits);
  ASSERT_TRUE(all.ok()) << all.status();
  EXPECT_TRUE(MissingIds(EmptyTree(), *all, problems).empty());
  OurSchema().Judge(*all, problems);
  EXPECT_EQ(TextOf(problems),
            "TOO_MANY /policy/rule [65536] has 65536 entries; at most 65535; remove entries\n");
}

// A list of our own: those of the modules have one leaf in each set.
class UniqueTogether : public ::testing::Test {
 protected:
  UniqueTogether() {
    root_.path = "/";
    root_.children = {&list_};
    list_.kind = NodeKind::kList;
    list_.name = "peer";
    list_.parent = &root_;
    list_.index = 1;
    list_.key_count = 1;
    name_.is_key = true;
    for (SchemaNode* leaf : {&name_, &a_, &b_}) {
      leaf->kind = NodeKind::kLeaf;
      leaf->parent = &list_;
      leaf->index = static_cast<std::uint32_t>(2 + list_.children.size());
      list_.children.push_back(leaf);
    }
    name_.name = "name";
    a_.name = "a";
    b_.name = "b";
    list_.uniques = {{&a_, &b_}};
  }

  // Of two entries, with these values.
  std::string MistakesOf(const std::array<std::array<std::string, 2>, 2>& values) {
    std::vector<Edit> edits;
    for (std::size_t i = 0; i < 2; ++i) {
      const PathStep entry{&list_, {"p" + std::to_string(i)}};
      edits.push_back({EditOp::kSet, {entry, {&a_, {}}}, values[i][0], std::nullopt});
      edits.push_back({EditOp::kSet, {entry, {&b_, {}}}, values[i][1], std::nullopt});
    }
    const auto tree = Tree(root_, SecretKey{}).Apply(edits);
    EXPECT_TRUE(tree.ok()) << tree.status();
    Problems problems;
    FindMistakes(*tree, problems);
    return TextOf(problems);
  }

  SchemaNode root_;
  SchemaNode list_;
  SchemaNode name_;
  SchemaNode a_;
  SchemaNode b_;
};

TEST_F(UniqueTogether, ValuesThatOnlyLookTheSameJoinedDiffer) {
  EXPECT_EQ(MistakesOf({{{"x, y", "z"}, {"x", "y, z"}}}), "");
  EXPECT_EQ(MistakesOf({{{"x", "y"}, {"x", "y"}}}),
            "NOT_UNIQUE /peer[name='p1']/a [x, y] must differ in all entries; /peer[name='p0'] has "
            "it too; give it another value, or remove one of the entries\n");
}

TEST_F(UniqueTogether, ASecretAmongThemIsNotShown) {
  b_.secret = true;
  const std::string text = MistakesOf({{{"x", "hunter2"}, {"x", "hunter2"}}});
  EXPECT_NE(text.find("NOT_UNIQUE /peer[name='p1']/a [] "), std::string::npos) << text;
  EXPECT_EQ(text.find("hunter2"), std::string::npos) << text;
}

// What only libyang sees: conditions of the modules. Each has the module's own words.
TEST(Judge, LibyangsVerdictHasThePlaceAndTheModulesWords) {
  EXPECT_EQ(VerdictOn(R"({"policy":{"rule":[{"name":"web","action":"deny",
                "commit-before-forward":{}}]}})"),
            "INVALID /policy/rule[name='web']/commit-before-forward [] A rule that denies forwards "
            "nothing: remove "
            "commit-before-forward.; correct it there\n");
  EXPECT_EQ(VerdictOn(R"({"nat":{"pool":[{"name":"p","port-min":60000,"port-max":60100,
                "address":[{"address":"10.0.0.1"}]}]}})"),
            "INVALID /nat/pool[name='p'] [] A pool needs at least 1024 ports: raise port-max or "
            "lower port-min.; correct it there\n");
  EXPECT_EQ(VerdictOn(R"({"ha":{"configuration-synchronization":{"enabled":true}}})"),
            "INVALID /ha/configuration-synchronization [] Synchronisation needs somebody to "
            "synchronise with: set a remote.; correct it there\n");
}

// Who is not reached cannot be kept equal: first synchronisation ends, then the interface.
TEST(Judge, F9_ThePeerInterfaceStaysWhileSynchronisationIsOn) {
  const std::string remote = R"("remote":[{"name":"b","address":"10.9.1.2"}])";
  const auto verdict = [&](const std::string& leaves) {
    return VerdictOn(R"({"ha":{"configuration-synchronization":{)" + leaves + remote + "}}}");
  };
  EXPECT_EQ(verdict(R"("enabled":true,"peer-interface":false,)"),
            "INVALID /ha/configuration-synchronization [] Remotes could not reach this node: set "
            "enabled false first, or leave peer-interface true.; correct it there\n");
  EXPECT_EQ(verdict(R"("enabled":true,)"), "");
  EXPECT_EQ(verdict(R"("enabled":false,"peer-interface":false,)"), "");
}

TEST(Judge, EveryConditionOfTheModulesIsReached) {
  struct Case {
    const char* json;
    const char* words;
  };
  for (const Case& c : {
           Case{R"({"policy":{"rule":[{"name":"x","action":"deny","source-nat":"p"}]},
                    "nat":{"pool":[{"name":"p","address":[{"address":"10.0.0.1"}]}]}})",
                "A rule that denies cannot translate"},
           Case{R"({"policy":{"rule":[{"name":"x","action":"permit","protocol":["tcp","icmp"],
                    "destination-port":["80"]}]}})",
                "Only tcp and udp have ports"},
           Case{R"({"policy":{"rule":[{"name":"x","action":"permit","protocol":["icmp"],
                    "commit-before-forward":{}}]}})",
                "The peer holds ICMP sessions only with replicate-icmp"},
           Case{R"({"qos":{"class":[{"name":"c"}],"profile":[{"name":"p","class":[{"name":"c",
                    "guaranteed":100,"maximum":64}]}]}})",
                "A class's maximum is below"},
           Case{R"({"vpn":{"ike-gateway":[{"name":"g","local-interface":"lan",
                    "peer-address":"10.0.0.9"}]},"zones":{"zone":[{"name":"z"}]},
                    "interfaces":{"interface":[{"name":"lan","port":"p","zone":"z"}]}})",
                "An IKE gateway proves who it is"},
           Case{R"({"services":{"log-export":{"syslog":[{"name":"s","address":"10.0.0.9",
                    "transport":"tls"}]}}})",
                "Syslog over TLS needs a device certificate"},
       }) {
    EXPECT_NE(VerdictOn(c.json).find(c.words), std::string::npos) << c.json << VerdictOn(c.json);
  }
}

TEST(Judge, CommitBeforeForwardForTcpAndIcmpNeedsNoReplication) {
  EXPECT_EQ(VerdictOn(R"({"policy":{"rule":[{"name":"x","action":"permit",
                "protocol":["tcp","icmp"],"commit-before-forward":{}}]}})"),
            "");
}

// Trees that differ from a good one by a random edit: what looks only at changes says the same as
// what looks at everything.
TEST(MistakeFinder, SaysWhatAWholePassSays) {
  const Tree good = TreeOf(ReadGolden("example.json"));
  MistakeFinder finder;
  Problems none;
  finder.Find(good, none);
  ASSERT_TRUE(none.empty()) << TextOf(none);
  std::size_t bad_count = 0;
  for (const char* line : {
           "policy rule new action permit",
           "policy rule new id 10",
           "policy rule web id 5",
           "policy rule all description x",
           "policy rule web source nobody",
           "zones zone other id 1",
           "policy rule web source web",
           "nat pool new id 7",
           "nat pool new address 10.3.0.1 id 1",
           "nat pool internet address 10.3.0.1 id 1",
           "nat pool internet address 10.3.0.1 id 2",
           "nat pool new id 1",
           "objects address servers prefix 10.0.0.0/8",
           "objects address-group web member web",
           "objects address-group g2 member web",
           "interfaces interface dmz zone inside",
           "interfaces interface wan port lan0",
           "interfaces interface lan virtual-address 11 address 10.1.0.1",
           "interfaces interface lan virtual-address 11 address 10.1.0.9",
           "virtual-routers virtual-router v bgp local-as 7",
           "virtual-routers virtual-router v bgp",
           "vpn remote-access portal p certificate vpn",
           "system report r period daily",
           "ha failover enabled true",
           "system timeouts arp 5",
           "delete policy rule web action",
           "delete policy rule web",
           "delete zones zone inside",
           "delete zones",
           "delete nat pool internet address 10.2.0.100",
           "delete nat",
           "delete ha failover enabled",
           "delete objects address web",
           "delete objects address-group servers",
           "delete interfaces interface lan port",
           "delete policy",
           "delete interfaces",
       }) {
    std::vector<std::string> words = Words(line);
    const bool is_delete = words[0] == "delete";
    if (is_delete) words.erase(words.begin());
    Problems problems;
    const auto edit =
        ReadEditWords(OurSchema(), is_delete ? EditOp::kDelete : EditOp::kSet, words, problems);
    ASSERT_TRUE(edit) << line << TextOf(problems);
    const auto tree = good.Apply(std::vector<Edit>{*edit});
    ASSERT_TRUE(tree.ok()) << line;
    Problems whole;
    FindMistakes(*tree, whole);
    Problems changed;
    finder.Find(*tree, changed);
    EXPECT_EQ(TextOf(changed), TextOf(whole)) << line;
    bad_count += whole.empty() ? 0 : 1;
    Problems back;
    finder.Find(good, back);
    EXPECT_TRUE(back.empty()) << line << TextOf(back);
  }
  EXPECT_EQ(bad_count, 24u);
}

}  // namespace
}  // namespace configsync
