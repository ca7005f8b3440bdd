// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

// Numbers after a merge: everybody has another one.

#include "configsync/schema/auto_ids.h"
#include "configsync/schema/id_walk.h"
#include "tests/unit/configsync/schema/our_schema.h"

namespace configsync {
namespace {

class SharedIds : public ::testing::Test {
 protected:
  // `mine`, `theirs` and what a merge made of them, as JSON.
  Tree Separate(const std::string& mine, const std::string& theirs, const std::string& tree) {
    absl::StatusOr<Tree> made =
        SeparateIds(TreeOf(mine), TreeOf(theirs), TreeOf(tree), renumbered_, problems_);
    EXPECT_TRUE(made.ok()) << made.status();
    return *std::move(made);
  }
  std::vector<Renumbering> renumbered_;
  Problems problems_;
};

std::string Zones(const std::string& entries) { return R"({"zones":{"zone":[)" + entries + "]}}"; }

TEST_F(SharedIds, NothingChangesWhereAllDiffer) {
  const std::string tree = Zones(R"({"name":"a","id":1},{"name":"b","id":2})");
  EXPECT_EQ(Separate(Zones(R"({"name":"a","id":1})"), Zones(R"({"name":"b","id":2})"), tree),
            TreeOf(tree));
  EXPECT_TRUE(renumbered_.empty());
}

// "a" stands in front of "z" and is the one that gives way all the same.
TEST_F(SharedIds, TheOwnNumberStaysAndTheOtherIsFreeInAllTrees) {
  EXPECT_EQ(Separate(Zones(R"({"name":"gone","id":2},{"name":"z","id":1})"),
                     Zones(R"({"name":"a","id":1},{"name":"old","id":3})"),
                     Zones(R"({"name":"a","id":1},{"name":"z","id":1})")),
            TreeOf(Zones(R"({"name":"a","id":4},{"name":"z","id":1})")));
  ASSERT_EQ(renumbered_.size(), 1u);
  EXPECT_EQ(PathText(renumbered_[0].path), "/zones/zone[name='a']/id");
  EXPECT_EQ(renumbered_[0].before, 1u);
  EXPECT_EQ(renumbered_[0].after, 4u);
}

// The remote gave "b" the number that "c" has got here meanwhile.
TEST_F(SharedIds, AnEntryOfBothGetsBackTheNumberItHasHere) {
  EXPECT_EQ(
      Separate(Zones(R"({"name":"b","id":5},{"name":"c","id":9})"), Zones(R"({"name":"b","id":9})"),
               Zones(R"({"name":"b","id":9},{"name":"c","id":9})")),
      TreeOf(Zones(R"({"name":"b","id":5},{"name":"c","id":9})")));
}

TEST_F(SharedIds, AddressesOfAllPoolsShareTheirNumbers) {
  const auto pools = [](const std::string& of_a, const std::string& of_b) {
    return R"({"nat":{"pool":[{"name":"a","id":1,"address":[)" + of_a +
           R"(]},{"name":"b","id":2,"address":[)" + of_b + "]}]}}";
  };
  EXPECT_EQ(Separate(pools(R"({"address":"10.0.0.1","id":1})", ""),
                     pools("", R"({"address":"10.0.0.2","id":1})"),
                     pools(R"({"address":"10.0.0.1","id":1})", R"({"address":"10.0.0.2","id":1})")),
            TreeOf(pools(R"({"address":"10.0.0.1","id":1})", R"({"address":"10.0.0.2","id":2})")));
}

TEST_F(SharedIds, NoFreeNumberIsAProblem) {
  std::string mine = R"({"nat":{"pool":[{"name":"a","id":1,"address":[)";
  for (int i = 1; i <= 255; ++i) {
    const std::string number = std::to_string(i);
    mine += (i == 1 ? "" : ",") + ("{\"address\":\"10.0.0." + number + "\",\"id\":" + number + "}");
  }
  mine += "]}";
  const std::string pool = R"({"name":"b","id":2,"address":[{"address":"10.0.1.1","id":9}]})";
  (void)Separate(mine + "]}}", R"({"nat":{"pool":[)" + pool + "]}}", mine + "," + pool + "]}}");
  ASSERT_EQ(problems_.list.size(), 1u);
  EXPECT_EQ(problems_.list[0].code, "NO_FREE_ID");
  EXPECT_NE(problems_.list[0].path.find("10.0.1.1"), std::string::npos);
  EXPECT_TRUE(renumbered_.empty());
}

// Whoever gets another number is still found by all that refer to it.
TEST_F(SharedIds, NoReferenceIsByNumber) {
  std::vector<const SchemaNode*> ids;
  CollectIdLeaves(OurSchema().root(), ids);
  EXPECT_GE(ids.size(), 6u);
  const std::function<void(const SchemaNode&)> look = [&](const SchemaNode& node) {
    for (const SchemaNode* target : node.leafref_targets) {
      EXPECT_FALSE(target->auto_id) << node.path << " refers to " << target->path;
    }
    for (const SchemaNode* child : node.children) look(*child);
  };
  look(OurSchema().root());
}

}  // namespace
}  // namespace configsync
