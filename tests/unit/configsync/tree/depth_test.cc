// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

// Names and orders chosen so that a list becomes a chain: refused before anything goes down it.

#include <algorithm>
#include <cstdint>
#include <string>
#include <vector>

#include "configsync/tree/merge.h"
#include "configsync/tree/project.h"
#include "configsync/tree/sequence.h"
#include "configsync/tree/tree.h"
#include "gtest/gtest.h"
#include "tests/unit/configsync/tree/test_schema.h"

namespace configsync {
namespace {

constexpr std::size_t kHalf = 700;  // Two of them are too deep, one is not.
static_assert(kHalf < kTreapDepthMax && kTreapDepthMax < 2 * kHalf);

std::uint64_t PriorityOf(const std::string& name) {
  return IdOfKeys(std::vector<std::string>{name}).priority;
}

// Any names, but lowest priority first.
std::vector<std::string> NamesByPriority(std::size_t count) {
  std::vector<std::string> names(count);
  for (std::size_t i = 0; i < count; ++i) names[i] = "rule-" + std::to_string(i);
  std::ranges::sort(names, {}, PriorityOf);
  return names;
}

// Names that ascend, and their priorities with them: the i-th is the first that is found whose
// priority is in the i-th part of all.
const std::vector<std::string>& ChosenNames() {
  static const std::vector<std::string> chosen = [] {
    constexpr std::size_t kCount = 2 * kHalf;
    constexpr std::uint64_t kPart = ~std::uint64_t{0} / kCount;
    std::vector<std::string> names;
    for (std::uint64_t i = 0; i < kCount; ++i) {
      const std::string stem = std::to_string(10'000 + i) + "-";
      std::size_t attempt = 0;
      while (PriorityOf(stem + std::to_string(attempt)) / kPart != i) ++attempt;
      names.push_back(stem + std::to_string(attempt));
    }
    return names;
  }();
  return chosen;
}

class Depth : public ::testing::Test {
 protected:
  static std::vector<Edit> Sets(const std::string& list, const std::vector<std::string>& names) {
    std::vector<Edit> edits;
    for (const std::string& name : names) edits.push_back(Schema().Set(list + "[" + name + "]"));
    return edits;
  }
  static const TestSchema& Schema() {
    static const TestSchema schema;
    return schema;
  }
  static void ExpectRefused(const absl::Status& status, const std::string& list) {
    EXPECT_EQ(status.code(), absl::StatusCode::kResourceExhausted) << status;
    EXPECT_EQ(status.message().find(list + ": "), 0U) << status;
    EXPECT_NE(status.message().find("rename entries"), absl::string_view::npos) << status;
  }
};

TEST_F(Depth, IsMeasuredToTheLevel) {
  std::vector<FreshLink> sequence;
  for (std::size_t i = 0; i < 500; ++i) {
    sequence.push_back({{.words = {i, 0}, .priority = i < 200 ? i : 1'000 - i}, nullptr});
  }
  const LinkPtr top = BuildLinks(sequence);  // From 300 at the top two chains go down.
  EXPECT_TRUE(IsDeeper(top.get(), 299));
  EXPECT_FALSE(IsDeeper(top.get(), 500));
  const LinkPtr one = MakeLink({}, nullptr);
  EXPECT_TRUE(IsDeeper(one.get(), 0));
  EXPECT_FALSE(IsDeeper(one.get(), 1));
  EXPECT_FALSE(IsDeeper(nullptr, 0));
}

TEST_F(Depth, ChosenNamesAreRefusedInABatch) {
  const auto tree = Schema().Empty().Apply(Sets("/objects/address", ChosenNames()));
  ExpectRefused(tree.status(), "/objects/address");
}

TEST_F(Depth, ChosenNamesAreRefusedOneByOne) {
  Tree tree = Schema().Empty();
  std::size_t count = 0;
  absl::Status status;
  for (const Edit& edit : Sets("/objects/address", ChosenNames())) {
    auto next = tree.Apply(std::vector<Edit>{edit});
    status = next.status();
    if (!next.ok()) break;
    tree = *std::move(next);
    ++count;
  }
  ExpectRefused(status, "/objects/address");
  EXPECT_EQ(count, kTreapDepthMax);
}

TEST_F(Depth, AChosenOrderIsRefusedInABatch) {
  const auto tree = Schema().Empty().Apply(Sets("/policy/rule", NamesByPriority(2 * kHalf)));
  ExpectRefused(tree.status(), "/policy/rule");
}

TEST_F(Depth, AChosenOrderIsRefusedWhenEntriesMove) {
  std::vector<std::string> names = NamesByPriority(2 * kHalf);
  std::vector<std::string> by_name = names;
  std::ranges::sort(by_name);
  const Tree tree = Applied(Schema().Empty(), Sets("/policy/rule", by_name));
  std::vector<Edit> moves;
  for (std::size_t i = 1; i < names.size(); ++i) {
    moves.push_back(
        Schema().Move("/policy/rule[" + names[i] + "]", std::vector<std::string>{names[i - 1]}));
  }
  ExpectRefused(tree.Apply(moves).status(), "/policy/rule");
}

// Between the two halves of a chain stands the entry of the highest priority.
TEST_F(Depth, ADeletionThatMakesAChainIsRefused) {
  std::vector<std::string> names = NamesByPriority(2 * kHalf + 1);
  const std::string highest = names.back();
  std::rotate(names.begin() + kHalf, names.end() - 1, names.end());
  const Tree tree = Applied(Schema().Empty(), Sets("/policy/rule", names));
  const auto without = tree.Apply(std::vector{Schema().Delete("/policy/rule[" + highest + "]")});
  ExpectRefused(without.status(), "/policy/rule");
  EXPECT_TRUE(tree.Apply(std::vector{Schema().Delete("/policy/rule[" + names[0] + "]")}).ok());
}

TEST_F(Depth, AMergeThatMakesAChainIsRefused) {
  const std::vector<std::string>& names = ChosenNames();
  const std::vector<std::string> low(names.begin(), names.begin() + kHalf);
  const std::vector<std::string> high(names.begin() + kHalf, names.end());
  const Tree base = Schema().Empty();
  const Tree mine = Applied(base, Sets("/objects/address", low));
  const MergeResult merged = Merge(base, mine, Applied(base, Sets("/objects/address", high)));
  ExpectRefused(merged.status, "/objects/address");
  EXPECT_EQ(merged.tree, mine);
}

TEST_F(Depth, AMergeThatMakesAChainOfAnOrderIsRefused) {
  const std::vector<std::string> names = NamesByPriority(2 * kHalf);
  const std::vector<std::string> low(names.begin(), names.begin() + kHalf);
  const std::vector<std::string> high(names.begin() + kHalf, names.end());
  const Tree base = Schema().Empty();
  const Tree mine = Applied(base, Sets("/policy/rule", low));
  const MergeResult merged = Merge(base, mine, Applied(base, Sets("/policy/rule", high)));
  ExpectRefused(merged.status, "/policy/rule");
  EXPECT_EQ(merged.tree, mine);
}

// Between the halves of a chain stands an entry that the projection leaves out.
TEST_F(Depth, AProjectionThatMakesAChainIsRefused) {
  std::vector<std::string> names = NamesByPriority(2 * kHalf + 1);
  const std::string highest = names.back();
  std::rotate(names.begin() + kHalf, names.end() - 1, names.end());
  const Tree tree = Applied(Schema().Empty(), Sets("/policy/rule", names));
  Projector projector([&](const SchemaNode&, const Path& path) {
    if (path.size() < 2 || path.back().keys.empty()) return Keep::kInside;
    return path.back().keys[0] == highest ? Keep::kNothing : Keep::kWhole;
  });
  EXPECT_EQ(projector.Project(tree), Schema().Empty());
  ExpectRefused(projector.status(), "/policy/rule");
  // It goes on from a tree of which everything may stay.
  const Tree shorter = Applied(
      tree, {Schema().Delete("/policy/rule[" + names[0] + "]"), Schema().Set("/zones/zone[z]")});
  EXPECT_EQ(projector.Project(shorter),
            Applied(Schema().Empty(), {Schema().Set("/zones/zone[z]")}));
  const Tree few = Applied(Schema().Empty(), Sets("/policy/rule", {"a", highest, "b"}));
  EXPECT_EQ(projector.Project(few), Applied(Schema().Empty(), Sets("/policy/rule", {"a", "b"})));
  EXPECT_TRUE(projector.status().ok());
}

}  // namespace
}  // namespace configsync
