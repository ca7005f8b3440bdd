// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

#include "configsync/pair/compare_facts.h"

#include <gtest/gtest.h>

#include "tests/sim/config/small_schema.h"

namespace configsync {
namespace {

Facts Usual() {
  return {.device = "a",
          .name = "fw-a",
          .version = "0.3.1",
          .protocol = kPeersyncMajor,
          .schema = "s1",
          .schema_paths = {},
          .master_key = "k1",
          .mode = "active-passive",
          .hardware = "model x",
          .features = {{"vsys", false}, {"gtp", false}, {"sctp", true}, {"vpn", true}},
          .content_database = "7",
          .licenses = {"base"},
          .plugins = {{"dlp", "1"}},
          .required_plugins = {}};
}

// Names, with what blocks, seen from both nodes: they must be the same.
std::string ReasonsOf(const Facts& mine, const Facts& theirs) {
  std::string names[2];
  for (int side = 0; side < 2; ++side) {
    for (const Reason& reason :
         CompareFacts(side == 0 ? mine : theirs, side == 0 ? theirs : mine, "fw-b")) {
      names[side] += NameOf(reason) + (BlocksOf(reason) == Blocks::kPush ? "! " : " ");
    }
  }
  EXPECT_EQ(names[0], names[1]);
  return names[0];
}

template <typename Change>
std::string With(const Change& change) {
  Facts theirs = Usual();
  change(theirs);
  return ReasonsOf(Usual(), theirs);
}

TEST(CompareFacts, EqualNodesHaveNoReason) { EXPECT_EQ(ReasonsOf(Usual(), Usual()), ""); }

TEST(CompareFacts, F156_ReleasesMoreThanOneMinorApart) {
  EXPECT_EQ(With([](Facts& facts) { facts.version = "0.4.0"; }), "");
  EXPECT_EQ(With([](Facts& facts) { facts.version = "0.2.9"; }), "");
  EXPECT_EQ(With([](Facts& facts) { facts.version = "0.5.0"; }), "VERSION_INCOMPATIBLE! ");
  EXPECT_EQ(With([](Facts& facts) { facts.version = "1.3.1"; }), "VERSION_INCOMPATIBLE! ");
  EXPECT_EQ(With([](Facts& facts) { facts.protocol = 2; }), "VERSION_INCOMPATIBLE! ");
}

TEST(CompareFacts, F158_VsysOnOneNodeOnly) {
  EXPECT_EQ(With([](Facts& f) { f.features["vsys"] = true; }), "FEATURE_MISMATCH(vsys)! ");
}
TEST(CompareFacts, F159_GtpOnOneNodeOnly) {
  EXPECT_EQ(With([](Facts& f) { f.features["gtp"] = true; }), "FEATURE_MISMATCH(gtp)! ");
}
TEST(CompareFacts, F160_SctpOnOneNodeOnly) {
  EXPECT_EQ(With([](Facts& f) { f.features["sctp"] = false; }), "FEATURE_MISMATCH(sctp)! ");
}
TEST(CompareFacts, F161_VpnOnOneNodeOnly) {
  EXPECT_EQ(With([](Facts& f) { f.features.erase("vpn"); }), "FEATURE_MISMATCH(vpn)! ");
}
TEST(CompareFacts, F162_AnyFeatureOnOneNodeOnly) {
  EXPECT_EQ(With([](Facts& f) { f.features["new"] = true; }), "FEATURE_MISMATCH(new)! ");
  EXPECT_EQ(With([](Facts& f) { f.features["new"] = false; }), "");
}
TEST(CompareFacts, F19_OtherHardwareWithholdsACategoryAndBlocksNothing) {
  EXPECT_EQ(With([](Facts& f) { f.hardware = "model y"; }), "HW_MODEL_MISMATCH ");
}
TEST(CompareFacts, F164_ContentDatabases) {
  EXPECT_EQ(With([](Facts& f) { f.content_database = "8"; }), "CONTENT_DB_INCOMPATIBLE! ");
}
TEST(CompareFacts, F165_Licences) {
  EXPECT_EQ(With([](Facts& f) { f.licenses = {"base", "gtp"}; }), "LICENSE_MISMATCH! ");
}
TEST(CompareFacts, F166_APluginWarnsOrBlocks) {
  EXPECT_EQ(With([](Facts& f) { f.plugins["dlp"] = "2"; }), "PLUGIN_MISMATCH(dlp) ");
  EXPECT_EQ(With([](Facts& f) { f.plugins.clear(); }), "PLUGIN_MISMATCH(dlp) ");
  EXPECT_EQ(With([](Facts& f) {
              f.plugins["dlp"] = "2";
              f.required_plugins = {"dlp"};
            }),
            "PLUGIN_MISMATCH(dlp)! ");
}
TEST(CompareFacts, MasterKeysAndModes) {
  EXPECT_EQ(With([](Facts& f) { f.master_key = "k2"; }), "MASTER_KEY_MISMATCH! ");
  EXPECT_EQ(With([](Facts& f) { f.mode = "active-active"; }), "MODE_MISMATCH! ");
}

TEST(CompareFacts, TheDigestSeesEveryFactButThePaths) {
  const Hash usual = DigestOf(Usual());
  Facts facts = Usual();
  facts.schema_paths = {"/a"};
  EXPECT_EQ(DigestOf(facts), usual);
  facts = Usual();
  facts.features["vsys"] = true;
  EXPECT_NE(DigestOf(facts), usual);
  facts = Usual();
  facts.plugins = {{"dl", "p1"}};
  EXPECT_NE(DigestOf(facts), usual);
  facts = Usual();
  facts.licenses = {};
  facts.required_plugins = {"base"};
  EXPECT_NE(DigestOf(facts), usual);
}

TEST(CompareFacts, NodesThatTheOtherLacksAreNamed) {
  const SmallSchema schema;
  const Tree tree = *Tree(schema.root(), SecretKey{})
                         .Apply(std::vector<Edit>{schema.Set("policy rule r1 action", "permit"),
                                                  schema.Set("system host-name", "fw")});
  std::vector<std::string> theirs = {"/policy", "/policy/rule", "/policy/rule/name", "/system"};
  EXPECT_EQ(BlockedPaths(tree, theirs, 8),
            (std::vector<std::string>{"/policy/rule/action", "/system/host-name"}));
  EXPECT_EQ(BlockedPaths(tree, theirs, 1).size(), 1u);
}

}  // namespace
}  // namespace configsync
