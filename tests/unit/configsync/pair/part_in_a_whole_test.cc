// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

// A part put into the whole of another node: the part is there, and everything else is as it was.

#include <string>
#include <vector>

#include "configsync/pair/graft.h"
#include "tests/unit/configsync/schema/random_tree.h"
#include "tests/unit/configsync/select/random_spec.h"
#include "tests/unit/configsync/select/select_fixture.h"

namespace configsync {
namespace {

// As a receiver takes it.
absl::StatusOr<Tree> Put(Selection& selection, const Tree& whole, const Tree& part) {
  const auto part_of = [&](const Tree& tree) -> absl::StatusOr<Tree> {
    Tree made = selection.PartOf(tree);
    if (!selection.status().ok()) return selection.status();
    return made;
  };
  const absl::StatusOr<Tree> own = part_of(whole);
  return own.ok() ? Graft(whole, *own, part, part_of) : own;
}

// Leaves of a tree that are not in its part, with their values: what a remote must find untouched.
void CollectOutside(const Node& node, const Tree& part, Path& path,
                    std::vector<std::string>& lines) {
  const bool is_leaf = node.role() == NodeRole::kLeaf || node.role() == NodeRole::kValue;
  if (is_leaf && part.Find(path) == nullptr) {
    lines.push_back(PathText(path) + " = " + std::string(node.value()));
  }
  for (const NodePtr& child : node.children()) {
    path.push_back({&child->schema(), {}});
    CollectOutside(*child, part, path, lines);
    path.pop_back();
  }
  node.VisitEntries([&](const Node& entry) {
    for (std::size_t i = 0; i < entry.key_count(); ++i) {
      path.back().keys.emplace_back(entry.key(i));
    }
    CollectOutside(entry, part, path, lines);
    path.back().keys.clear();
    return true;
  });
}

std::vector<std::string> Complement(const Tree& whole, const Tree& part) {
  std::vector<std::string> lines;
  Path path;
  CollectOutside(whole.root(), part, path, lines);
  return lines;
}

TEST(PartInAWhole, F21_WhatIsOutsideStaysByteForByte) {
  const Tree peer =
      With(FullTree(), {SetTo("/interfaces/interface[name='lan']/address", "10.1.0.3/24"),
                        SetTo("/system/host-name", "fw-b"), SetTo("/users/user[name='bob']")});
  const Tree running =
      With(FullTree(), MapEdits({"include /policy", "include /objects/address[name='web']"}));
  SelectionMaker maker("b");
  const SelectionSpec spec = maker.SpecFor(running, running, {});
  Selection selection(spec, OurSchema().root());
  const Tree changed =
      Without(With(running, {SetTo("/policy/rule[name='four']/action", "permit"),
                             SetTo("/objects/address[name='web']/prefix", "10.9.9.9/32"),
                             SetTo("/users/user[name='eve']")}),
              "/policy/rule[name='three']");
  const Tree part = selection.PartOf(changed);
  const auto result = Put(selection, peer, part);
  ASSERT_TRUE(result.ok()) << result.status();
  EXPECT_EQ(selection.PartOf(*result), part);
  EXPECT_EQ(Complement(*result, selection.PartOf(*result)),
            Complement(peer, selection.PartOf(peer)));
  EXPECT_TRUE(Has(*result, "/users/user[name='bob']"));
  EXPECT_FALSE(Has(*result, "/users/user[name='eve']"));
}

TEST(PartInAWhole, AnEntryThatIsGoneLeavesWhatWasNotOfThePart) {
  const Tree tree =
      With(FullTree(), {SetTo(SyncPath("/category[name='interfaces']/enabled"), "false"),
                        SetTo(SyncPath("/category[name='vpn']/enabled"), "false"),
                        SetTo(SyncPath("/category[name='qos']/enabled"), "false"),
                        SetTo(SyncPath("/category[name='virtual-routers']/enabled"), "false")});
  Selection selection(SpecOf(tree), OurSchema().root());
  const Tree gone = Without(tree, "/interfaces/interface[name='lan']/virtual-address[vrid='10']");
  const auto result = Put(selection, tree, selection.PartOf(gone));
  ASSERT_TRUE(result.ok());
  EXPECT_EQ(*result, gone);
  // An interface whose existence is of the part takes its own address along.
  Selection every(EverySpec(), OurSchema().root());
  const Tree without = Without(tree, "/interfaces/interface[name='lan']");
  const auto deleted = Put(every, tree, every.PartOf(without));
  ASSERT_TRUE(deleted.ok());
  EXPECT_EQ(*deleted, without);
}

TEST(PartInAWhole, F21_RandomPartsGoIntoRandomWholesAndComeOutAgain) {
  int moved = 0;
  for (std::uint32_t seed = 0; seed < 120; ++seed) {
    const Tree sender = RandomTree(seed, true).Make();
    const Tree receiver = RandomTree(seed + 5'000, true).Make();
    RandomSpec random(seed, sender);
    const SelectionSpec spec = random.Next();
    Selection selection(spec, OurSchema().root());
    const Tree part = selection.PartOf(sender);
    const auto result = Put(selection, receiver, part);
    ASSERT_TRUE(result.ok()) << result.status();
    ASSERT_EQ(selection.PartOf(*result), part) << "seed " << seed << "\n" << Encode(spec);
    const auto back = Put(selection, *result, selection.PartOf(receiver));
    ASSERT_TRUE(back.ok());
    ASSERT_EQ(selection.PartOf(*back), selection.PartOf(receiver)) << "seed " << seed;
    moved += part == EmptyTree() ? 0 : 1;
  }
  EXPECT_GT(moved, 60);
}

}  // namespace
}  // namespace configsync
