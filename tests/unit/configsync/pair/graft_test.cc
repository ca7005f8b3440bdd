// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

// What of the receiver's own stays when a push changes what is around it.

#include "configsync/pair/graft.h"

#include <gtest/gtest.h>

#include "configsync/engine/ha_nodes.h"
#include "configsync/tree/project.h"
#include "tests/unit/configsync/pair/two_nodes.h"

namespace configsync {
namespace {

class GraftTest : public ::testing::Test {
 protected:
  GraftTest() { nodes_.MakePair(); }
  PairNode& a() { return nodes_.a(); }
  PairNode& b() { return nodes_.b(); }
  // "/zones/zone[name='lan']/..." by names and one key behind the second.
  Path At(std::initializer_list<std::string_view> names, const std::string& key) {
    Path path = PathDown(a().judge.root(), names);
    EXPECT_FALSE(path.empty());
    path.at(1).keys = {key};
    return path;
  }
  bool Has(PairNode& node, const Path& path) { return node.Running().Find(path) != nullptr; }
  void Delete(PairNode& node, const Path& path) {
    ASSERT_TRUE(
        node.engine
            ->EditCandidate(kEve, {{.op = EditOp::kDelete, .path = path, .value = {}, .after = {}}})
            .empty());
    const CommitOutcome outcome = node.engine->Commit(kEve, {});
    ASSERT_TRUE(outcome.committed);
    ASSERT_EQ(outcome.remotes.size(), 1u);
    EXPECT_EQ(outcome.remotes[0].state, RemoteOutcome::State::kApplied);
  }
  Nodes nodes_;
};

TEST_F(GraftTest, F25_AUniqueLeafOfASharedEntryStays) {
  const Path own = At({"zones", "zone", "packet-buffer-protection"}, "lan");
  ASSERT_EQ(a().CommitText(R"({"zones": {"zone": [{"name": "lan"}]}})"), "");
  ASSERT_EQ(
      b().CommitText(R"({"zones": {"zone": [{"name": "lan", "packet-buffer-protection": true}]}})"),
      "");
  ASSERT_EQ(a().CommitText(R"({"zones": {"zone": [{"name": "lan", "description": "x"}]}})"), "");
  EXPECT_TRUE(Has(b(), own));
  EXPECT_FALSE(Has(a(), own));
  EXPECT_TRUE(Has(b(), At({"zones", "zone", "description"}, "lan")));
  nodes_.Run(500);
  EXPECT_EQ(a().State(), "in-sync") << a().Reasons();
  // The entry is the pair's: it goes with all that is in it.
  Delete(a(), At({"zones", "zone"}, "lan"));
  EXPECT_FALSE(Has(b(), At({"zones", "zone"}, "lan")));
}

TEST_F(GraftTest, F21_NamesThatTravelKeepWhatIsInThem) {
  const Path mine = At({"certificates", "device-certificate", "use"}, "web");
  const char* const named = R"({"certificates": {"device-certificate": [{"name": "web"}]}})";
  const char* const used =
      R"({"certificates": {"device-certificate": [{"name": "web", "use": "log-export"}]}})";
  ASSERT_EQ(a().CommitText(named), "");
  EXPECT_TRUE(Has(b(), At({"certificates", "device-certificate"}, "web")));
  ASSERT_EQ(b().CommitText(used), "");
  EXPECT_FALSE(Has(a(), mine));
  EXPECT_TRUE(Has(b(), mine));
  nodes_.Run(500);
  EXPECT_EQ(a().State(), "in-sync") << a().Reasons();
  Delete(a(), At({"certificates", "device-certificate"}, "web"));
  EXPECT_FALSE(Has(b(), At({"certificates", "device-certificate"}, "web")));
}

// All of a container's shared nodes go; what is unique in it does not.
TEST_F(GraftTest, F25_AContainerThatGoesLeavesWhatIsUnique) {
  const Path own = At({"certificates", "tls-service-profile"}, "mine");
  const Path shared = At({"certificates", "certificate-profile"}, "p");
  const auto part_of = [](const Tree& tree) {
    return Projector([](const SchemaNode& node, const Path& path) {
             if (node.name == "tls-service-profile") return Keep::kNothing;
             if (node.is_list() && !path.back().keys.empty()) return Keep::kItself;
             return node.has_children() ? Keep::kInside : Keep::kWhole;
           })
        .Project(tree);
  };
  const Tree empty = a().store.EmptyTree();
  const Tree whole = *empty.Apply(
      std::vector<Edit>{{.op = EditOp::kSet, .path = own, .value = {}, .after = {}},
                        {.op = EditOp::kSet, .path = shared, .value = {}, .after = {}}});
  const Tree part = part_of(whole);
  ASSERT_EQ(Diff(empty, part).size(), 1u);
  const auto merged = Graft(whole, part, empty, part_of);
  ASSERT_TRUE(merged.ok()) << merged.status();
  EXPECT_NE(merged->Find(own), nullptr);
  EXPECT_EQ(merged->Find(shared), nullptr);
}

TEST_F(GraftTest, WhatThePartCannotHaveIsNamed) {
  const Tree empty = a().store.EmptyTree();
  const Path path = PathDown(a().judge.root(), {"system", "host-name"});
  const Tree next = *empty.Apply(
      std::vector<Edit>{{.op = EditOp::kSet, .path = path, .value = "x", .after = {}}});
  const auto merged = Graft(empty, empty, next, [&](const Tree&) { return empty; });
  ASSERT_FALSE(merged.ok());
  EXPECT_NE(merged.status().message().find("/system"), std::string::npos) << merged.status();
}

}  // namespace
}  // namespace configsync
