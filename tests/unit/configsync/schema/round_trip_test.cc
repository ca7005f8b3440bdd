// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

// Random configurations of our modules: every form of text that is printed reads back as the same
// tree.

#include "configsync/schema/print_commands.h"
#include "configsync/schema/print_json.h"
#include "configsync/schema/read_path.h"
#include "tests/unit/configsync/schema/random_tree.h"

namespace configsync {
namespace {

constexpr std::size_t kSeeds = 100;

TEST(RoundTrip, JsonReadsBackAsTheSameTree) {
  for (std::uint32_t seed = 0; seed < kSeeds; ++seed) {
    const Tree tree = RandomTree(seed, true).Make();
    for (const bool pretty : {false, true}) {
      const std::string json =
          JsonText(tree, {.secrets = Secrets::kClear, .pretty = pretty, .seal = {}});
      ASSERT_EQ(TreeOf(json), tree) << "seed " << seed << "\n" << json;
    }
    ASSERT_EQ(TreeOf(JsonText(tree, {}), {.current = &tree, .unseal = {}}), tree) << seed;
  }
}

TEST(RoundTrip, CommandsMakeTheSameTree) {
  for (std::uint32_t seed = 0; seed < kSeeds; ++seed) {
    const Tree tree = RandomTree(seed, false).Make();
    std::vector<Edit> edits;
    const std::string text = CommandsText(tree);
    for (std::size_t at = 0; at < text.size();) {
      const std::size_t end = text.find('\n', at);
      Problems problems;
      const auto edit = ReadEditWords(OurSchema(), EditOp::kSet,
                                      Words(text.substr(at + 4, end - at - 4)), problems);
      ASSERT_TRUE(edit) << text.substr(at, end - at) << "\n" << TextOf(problems);
      edits.push_back(*edit);
      at = end + 1;
    }
    const auto again = EmptyTree().Apply(edits);
    ASSERT_TRUE(again.ok()) << again.status();
    ASSERT_EQ(*again, tree) << "seed " << seed << "\n" << text;
  }
}

TEST(RoundTrip, PathsOfAllNodesReadBack) {
  for (std::uint32_t seed = 0; seed < kSeeds / 10; ++seed) {
    for (const Change& change : Diff(EmptyTree(), RandomTree(seed, true).Make())) {
      Problems problems;
      const auto path = ParsePath(OurSchema(), PathText(change.path), problems);
      ASSERT_TRUE(path) << PathText(change.path) << TextOf(problems);
      EXPECT_EQ(*path, change.path);
    }
  }
}

}  // namespace
}  // namespace configsync
