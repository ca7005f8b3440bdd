// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

// What the dataplane's readers refuse in a translated configuration is refused before it is sent:
// by the modules or by Translate. So a commit is as strict while no dataplane answers. The readers
// get every mistake of these tables, too; neither side can change alone.

#include <gtest/gtest.h>

#include <memory>
#include <random>
#include <string>
#include <vector>

#include "configsync/follow/translate.h"
#include "dataplane/config/forwarding.h"
#include "tests/unit/configsync/follow/tree_maker.h"

namespace configsync {
namespace {

using Lines = std::vector<std::string>;

class SameMistakesTest : public testing::Test {
 protected:
  static void SetUpTestSuite() { maker_ = std::make_unique<TreeMaker>(); }
  static void TearDownTestSuite() { maker_.reset(); }

  // A good configuration, then `more`, which may set its values anew.
  static Tree With(const Lines& more) {
    const Lines good = {
        "/zones/zone[in]/id 1",
        "/zones/zone[out]/id 2",
        "/interfaces/interface[lan]/id 1",
        "/interfaces/interface[lan]/port p1",
        "/interfaces/interface[lan]/zone in",
        "/interfaces/interface[lan]/address 10.1.0.2/24",
        "/interfaces/interface[lan]/virtual-address[1]/address 10.1.0.1",
        "/interfaces/interface[wan]/id 2",
        "/interfaces/interface[wan]/port p2",
        "/interfaces/interface[wan]/zone out",
        "/interfaces/interface[wan]/address 10.2.0.2/24",
        "/routing/static/route[0.0.0.0/0]/next-hop 10.2.0.254",
        "/nat/pool[one]/id 1",
        "/nat/pool[one]/address[10.2.0.50]/id 1",
        "/policy/rule[all]/id 1",
        "/policy/rule[all]/action permit",
        "/policy/rule[all]/source-nat one",
    };
    return maker_->With(maker_->Make(good), more);
  }

  static bool ModulesRefuse(const Tree& tree) {
    Problems problems;
    (void)maker_->schema().Judge(tree, problems);
    return !problems.empty();
  }

  // "CODE path value" of each problem; a problem without text or remedy fails.
  static Lines Refusals(const Tree& tree) {
    Problems problems;
    (void)Translate(tree, problems);
    Lines found;
    for (const Problem& problem : problems.list) {
      EXPECT_FALSE(problem.text.empty() || problem.remedy.empty()) << problem.path;
      found.push_back(problem.code + " " + problem.path + " " + problem.value);
    }
    return found;
  }

  // What the readers of a node with four ports of large MTU say; empty: they take it.
  static std::string ReadersRefuse(const Tree& tree) {
    dataplane::Options node;
    for (const std::string name : {"p1", "p2", "p3", "p4"}) {
      node.ports.push_back({.name = name, .device = {}, .frame_mtu = 9000});
    }
    node.ha.enabled = true;
    node.ha.ha2.device = "ha2";
    Problems problems;
    const auto read = dataplane::ReadForwarding(Translate(tree, problems), node);
    return read.ok() ? std::string() : std::string(read.status().message());
  }

  static std::unique_ptr<TreeMaker> maker_;
};

std::unique_ptr<TreeMaker> SameMistakesTest::maker_;

struct Mistake {
  Lines lines;
  std::string problem;
};

const Lines kThird = {"/interfaces/interface[west]/id 3", "/interfaces/interface[west]/port p3",
                      "/interfaces/interface[west]/zone in"};

Lines Third(const std::string& address, Lines more = {}) {
  more.insert(more.begin(), kThird.begin(), kThird.end());
  more.push_back("/interfaces/interface[west]/address " + address);
  return more;
}

TEST_F(SameMistakesTest, TheGoodConfigurationIsTakenByAll) {
  EXPECT_FALSE(ModulesRefuse(With({})));
  EXPECT_EQ(Lines{}, Refusals(With({})));
  EXPECT_EQ("", ReadersRefuse(With({})));
}

TEST_F(SameMistakesTest, WhatOnlyTheReadersKnewTranslateKnows) {
  const std::string lan = "/interfaces/interface[name='lan']/";
  const std::string west_address = "/interfaces/interface[name='west']/address ";
  const std::vector<Mistake> mistakes = {
      {Third("10.1.0.9/30"), "PREFIXES_OVERLAP " + west_address + "10.1.0.9/30"},
      {Third("10.0.0.1/8"), "PREFIXES_OVERLAP " + west_address + "10.0.0.1/8"},
      {Third("10.2.0.3/24", {"/interfaces/interface[west]/enabled false"}),
       "PREFIXES_OVERLAP " + west_address + "10.2.0.3/24"},
      {Third("10.3.0.0/24"), "PREFIX_EDGE " + west_address + "10.3.0.0/24"},
      {Third("10.3.0.3/30"), "PREFIX_EDGE " + west_address + "10.3.0.3/30"},
      {{"/interfaces/interface[lan]/virtual-address[1]/address 10.1.1.1"},
       "OUTSIDE_PREFIX " + lan + "virtual-address[vrid='1']/address 10.1.1.1"},
      {{"/interfaces/interface[lan]/virtual-address[2]/address 10.1.0.255"},
       "PREFIX_EDGE " + lan + "virtual-address[vrid='2']/address 10.1.0.255"},
      {{"/interfaces/interface[lan]/virtual-address[2]/address 10.1.0.2"},
       "ADDRESS_TWICE " + lan + "virtual-address[vrid='2']/address 10.1.0.2"},
      {{"/routing/static/route[10.1.0.0/24]/next-hop 10.2.0.254"},
       "CONNECTED_PREFIX /routing/static/route[prefix='10.1.0.0/24'] 10.1.0.0/24"},
      {{"/routing/static/route[10.9.0.0/16]/next-hop 10.8.0.1"},
       "NEXT_HOP_UNREACHABLE /routing/static/route[prefix='10.9.0.0/16']/next-hop 10.8.0.1"},
      {{"/routing/static/route[10.9.0.0/16]/next-hop 10.1.0.2"},
       "NEXT_HOP_OWN /routing/static/route[prefix='10.9.0.0/16']/next-hop 10.1.0.2"},
      {{"/routing/static/route[10.9.0.0/16]/next-hop 10.1.0.1"},
       "NEXT_HOP_OWN /routing/static/route[prefix='10.9.0.0/16']/next-hop 10.1.0.1"},
      {{"/routing/static/route[10.9.0.0/16]/next-hop 10.1.0.255"},
       "PREFIX_EDGE /routing/static/route[prefix='10.9.0.0/16']/next-hop 10.1.0.255"},
      {{"/nat/pool[two]/id 2", "/nat/pool[two]/address[10.2.0.50]/id 2"},
       "ADDRESS_TWICE /nat/pool[name='two']/address[address='10.2.0.50'] 10.2.0.50"},
      {{"/nat/pool[one]/address[10.2.0.2]/id 2"},
       "ADDRESS_TWICE /nat/pool[name='one']/address[address='10.2.0.2'] 10.2.0.2"},
      {{"/nat/pool[one]/address[10.1.0.1]/id 2"},
       "ADDRESS_TWICE /nat/pool[name='one']/address[address='10.1.0.1'] 10.1.0.1"},
      {{"/policy/rule[all]/destination-port 90-80"},
       "PORT_RANGE /policy/rule[name='all']/destination-port 90-80"},
  };
  for (const Mistake& mistake : mistakes) {
    const Tree tree = With(mistake.lines);
    EXPECT_FALSE(ModulesRefuse(tree)) << mistake.problem << ": needs no check of ours";
    EXPECT_EQ(Lines{mistake.problem}, Refusals(tree));
    EXPECT_NE("", ReadersRefuse(tree)) << mistake.problem;
  }
}

TEST_F(SameMistakesTest, WhatTheModulesRefuseNeedsNoCheckOfTranslate) {
  const std::vector<Lines> mistakes = {
      {"/zones/zone[out]/id 1"},
      {"/interfaces/interface[wan]/id 1"},
      {"/interfaces/interface[wan]/port p1"},
      {"/interfaces/interface[wan]/zone nowhere"},
      {"/interfaces/interface[lan]/virtual-address[2]/address 10.1.0.1"},
      {"/nat/pool[two]/id 1", "/nat/pool[two]/address[10.2.0.51]/id 2"},
      {"/nat/pool[two]/id 2", "/nat/pool[two]/address[10.2.0.51]/id 1"},
      {"/nat/pool[two]/id 2"},
      {"/nat/pool[one]/port-min 64513"},
      {"/policy/rule[more]/id 1", "/policy/rule[more]/action deny"},
      {"/policy/rule[all]/from-zone nowhere"},
      {"/policy/rule[all]/source-nat nowhere"},
      {"/policy/rule[all]/protocol icmp", "/policy/rule[all]/destination-port 80"},
      {"/policy/rule[all]/action deny"},
      {"/policy/rule[more]/id 2", "/policy/rule[more]/action deny",
       "/policy/rule[more]/commit-before-forward"},
      {"/policy/rule[all]/protocol icmp", "/policy/rule[all]/commit-before-forward"},
  };
  for (const Lines& lines : mistakes) {
    const Tree tree = With(lines);
    EXPECT_TRUE(ModulesRefuse(tree)) << lines.back();
    EXPECT_NE("", ReadersRefuse(tree)) << lines.back();
  }
}

TEST_F(SameMistakesTest, WhatIsNoMistakeIsTakenByAll) {
  const std::vector<Lines> good = {
      Third("10.3.0.0/31"),
      Third("10.1.1.1/24"),
      Third("10.3.0.1/24", {"/interfaces/interface[west]/enabled false",
                            "/routing/static/route[10.9.0.0/16]/next-hop 10.3.0.9"}),
      Third("10.3.0.2/24", {"/interfaces/interface[west]/virtual-address[1]/address 10.3.0.1"}),
      kThird,  // Without an address it is not used.
      {"/routing/static/route[10.1.0.0/25]/next-hop 10.2.0.254"},
      {"/routing/static/route[10.0.0.0/8]/next-hop 10.2.0.50"},
      {"/nat/pool[one]/address[10.1.0.255]/id 2"},
      {"/policy/rule[all]/commit-before-forward", "/policy/rule[all]/destination-port 80-80"},
  };
  for (const Lines& lines : good) {
    const Tree tree = With(lines);
    EXPECT_FALSE(ModulesRefuse(tree)) << lines.back();
    EXPECT_EQ(Lines{}, Refusals(tree)) << lines.back();
    EXPECT_EQ("", ReadersRefuse(tree)) << lines.back();
  }
}

TEST_F(SameMistakesTest, AllMistakesComeAtOnceAndNoneIsToldTwice) {
  EXPECT_EQ((Lines{"OUTSIDE_PREFIX "
                   "/interfaces/interface[name='lan']/virtual-address[vrid='2']/address 10.8.0.1",
                   "PREFIXES_OVERLAP /interfaces/interface[name='west']/address 10.1.0.9/30",
                   "NEXT_HOP_OWN /routing/static/route[prefix='10.9.0.0/16']/next-hop 10.2.0.2",
                   "ADDRESS_TWICE /nat/pool[name='one']/address[address='10.2.0.2'] 10.2.0.2"}),
            Refusals(With(Third("10.1.0.9/30",
                                {"/interfaces/interface[lan]/virtual-address[2]/address 10.8.0.1",
                                 "/routing/static/route[10.9.0.0/16]/next-hop 10.2.0.2",
                                 "/routing/static/route[10.10.0.0/16]/next-hop 10.7.0.2",
                                 "/nat/pool[one]/address[10.2.0.2]/id 2"}))))
      << "10.7.0.2 may lie on the prefix that west is to have";
}

// Few addresses and lengths, so that they meet in every way.
class RandomLines {
 public:
  explicit RandomLines(unsigned seed) : random_(seed) {}

  Lines Make() {
    Lines lines;
    for (int i = Below(4); i > 0; --i) {
      AddOne(lines);
    }
    return lines;
  }

 private:
  int Below(int limit) { return std::uniform_int_distribution(0, limit - 1)(random_); }
  std::string Host() {
    return "10." + std::to_string(1 + Below(3)) + ".0." + std::to_string(Below(9));
  }
  std::string Network() {
    const int length = 8 * (1 + Below(3));
    return "10." + std::string(length > 8 ? std::to_string(1 + Below(3)) : "0") + ".0.0/" +
           std::to_string(length);
  }

  void AddOne(Lines& lines) {
    switch (Below(4)) {
      case 0: {
        const Lines third = Third(Host() + "/" + std::to_string(22 + Below(10)));
        lines.insert(lines.end(), third.begin(), third.end());
        break;
      }
      case 1:
        lines.push_back("/interfaces/interface[lan]/virtual-address[" +
                        std::to_string(2 + Below(2)) + "]/address " + Host());
        break;
      case 2:
        lines.push_back("/routing/static/route[" + Network() + "]/next-hop " + Host());
        break;
      default:
        lines.push_back("/nat/pool[two]/id 2");
        lines.push_back("/nat/pool[two]/address[" + Host() + "]/id " +
                        std::to_string(2 + Below(200)));
    }
  }

  std::mt19937 random_;
};

TEST_F(SameMistakesTest, ReadersAndTranslateAgreeAboutWhateverTheModulesTake) {
  int taken = 0;
  int refused = 0;
  for (unsigned seed = 0; seed < 3'000; ++seed) {
    const Lines lines = RandomLines(seed).Make();
    const Tree tree = With(lines);
    if (ModulesRefuse(tree)) {
      continue;
    }
    const std::string readers = ReadersRefuse(tree);
    const Lines ours = Refusals(tree);
    ASSERT_EQ(readers.empty(), ours.empty())
        << "seed " << seed << "\nreaders: " << readers
        << "\nTranslate: " << (ours.empty() ? "nothing" : ours.front());
    ++(ours.empty() ? taken : refused);
  }
  EXPECT_GT(taken, 300);
  EXPECT_GT(refused, 300);
}

}  // namespace
}  // namespace configsync
