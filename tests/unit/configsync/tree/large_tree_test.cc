// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

// Trees of a million entries, hostile names, and many threads.

#include <gtest/gtest.h>

#include <algorithm>
#include <thread>

#include "configsync/tree/sequence.h"
#include "configsync/tree/tree.h"
#include "tests/unit/configsync/tree/random_edits.h"
#include "tests/unit/configsync/tree/test_schema.h"

namespace configsync {
namespace {

std::size_t DepthOf(const Link* top) {
  std::size_t depth = 0;
  std::vector<std::pair<const Link*, std::size_t>> pending = {{top, 1}};
  while (!pending.empty()) {
    const auto [link, level] = pending.back();
    pending.pop_back();
    if (link == nullptr) continue;
    depth = std::max(depth, level);
    pending.push_back({link->left.get(), level + 1});
    pending.push_back({link->right.get(), level + 1});
  }
  return depth;
}

TEST(LargeTree, AMillionEntriesComeAndGo) {
  const TestSchema schema;
  const SchemaNode& member = schema.At("/objects/address-group/member");
  std::vector<Edit> edits(1'000'000, schema.Set("/objects/address-group[g]/member[x]"));
  for (std::size_t i = 0; i < edits.size(); ++i) {
    edits[i].path.back().keys[0] = "m" + std::to_string(i);
  }
  const Tree empty = schema.Empty();
  Tree tree = Applied(empty, edits);
  const Node* members = tree.Find(schema.PathOf("/objects/address-group[g]"))->Child(member);
  ASSERT_NE(members, nullptr);
  EXPECT_EQ(members->entry_count(), edits.size());
  const Tree changed = Applied(tree, {schema.Delete("/objects/address-group[g]/member[m77]")});
  EXPECT_EQ(Diff(tree, changed).size(), 1U);
  EXPECT_EQ(Diff(empty, tree).size(), 1U);
  tree = empty;
  EXPECT_TRUE(tree.root().children().empty());
}

TEST(LargeTree, DepthIsThatOfARandomTree) {
  std::vector<FreshLink> sequence;
  for (std::size_t i = 0; i < 1'000'000; ++i) {
    const std::string key = "rule-" + std::to_string(i);
    sequence.push_back({IdOfKeys(std::vector<std::string>{key}), nullptr});
  }
  const LinkPtr top = BuildLinks(sequence);
  EXPECT_EQ(CountOf(top), sequence.size());
  EXPECT_LT(DepthOf(top.get()), 70U);
}

// Names chosen so that each priority is above the one before: a chain. Freeing it does not recurse.
TEST(LargeTree, AChainCanBeFreed) {
  std::vector<FreshLink> sequence;
  for (std::size_t i = 0; i < 20'000; ++i) {
    EntryId id;
    id.words[0] = i;
    id.priority = i;
    sequence.push_back({id, nullptr});
  }
  LinkPtr top = BuildLinks(sequence);
  EXPECT_EQ(DepthOf(top.get()), sequence.size());
  for (std::size_t i = sequence.size(); i < 1'000'000; ++i) {
    LinkPtr above = MakeLink(EntryId{.words = {i, 0}, .priority = i}, nullptr);
    above->left = std::move(top);
    top = std::move(above);
  }
  top.reset();
  EXPECT_FALSE(top);
}

TEST(LargeTree, ThreadsShareATree) {
  const TestSchema schema;
  RandomEdits edits(schema.root(), 1);
  const Tree base = edits.Walk(schema.Empty(), 200);
  const Hash hash = base.hash();
  std::vector<std::thread> threads;
  for (std::uint64_t i = 0; i < 4; ++i) {
    threads.emplace_back([&base, &schema, i] {
      RandomEdits own(schema.root(), i);
      for (int round = 0; round < 50; ++round) {
        const Tree mine = own.Walk(base, 5);
        EXPECT_EQ(Applied(base, EditsOf(Diff(base, mine))), mine);
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(base.hash(), hash);
}

}  // namespace
}  // namespace configsync
