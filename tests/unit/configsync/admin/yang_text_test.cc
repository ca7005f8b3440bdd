// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

// Words, JSON, commands and completion by the modules that are installed. Secrets never come out.

#include "configsync/admin/yang_text.h"

#include <gtest/gtest.h>

#include "configsync/admin/config_calls.h"
#include "configsync/admin/messages.h"
#include "configsync/admin/reasons.h"

namespace configsync {
namespace {

class YangTextTest : public testing::Test {
 protected:
  static void SetUpTestSuite() {
    auto loaded = Schema::Load(LOCKSTEP_YANG_DIR);
    ASSERT_TRUE(loaded.ok()) << loaded.status();
    schema_ = loaded->release();
  }
  Tree Make(const std::vector<std::vector<std::string>>& lines) {
    std::vector<Edit> edits;
    Problems problems;
    for (const std::vector<std::string>& words : lines) {
      std::optional<Edit> edit = text_.ReadEdit(EditOp::kSet, words, problems);
      EXPECT_TRUE(edit.has_value()) << words.back();
      edits.push_back(edit.value_or(Edit{}));
    }
    return Tree(schema_->root(), SecretKey{}).Apply(edits).value();
  }
  static Schema* schema_;
  YangText text_{*schema_};
};
Schema* YangTextTest::schema_ = nullptr;

const std::vector<std::vector<std::string>> kLines = {
    {"zones", "zone", "dmz"},
    {"system", "host-name", "fw-a"},
    {"ha", "configuration-synchronization", "local-password", "hunter2-hunter2"}};

TEST_F(YangTextTest, WordsBecomeATreeAndTheTreeTextAgain) {
  const Tree tree = Make(kLines);
  EXPECT_NE(text_.Json(tree, {}).find("\"host-name\": \"fw-a\""), std::string::npos);
  EXPECT_NE(text_.Commands(tree, {}).find("set zones zone dmz\n"), std::string::npos);
  Problems problems;
  const std::vector<std::string> words = {"system"};
  const std::optional<Path> path = text_.ReadPath(words, problems);
  ASSERT_TRUE(path.has_value());
  EXPECT_EQ(text_.Commands(tree, *path), "set system host-name fw-a\n");
}

TEST_F(YangTextTest, NoTextHasASecretInIt) {
  const Tree tree = Make(kLines);
  EXPECT_EQ(text_.Json(tree, {}).find("hunter2"), std::string::npos);
  EXPECT_EQ(text_.Commands(tree, {}).find("hunter2"), std::string::npos);
  for (const Change& change : Diff(Make({}), tree)) {
    lockstep::admin::Difference message;
    Fill(change, text_, message);
    EXPECT_EQ(message.ShortDebugString().find("hunter2"), std::string::npos);
  }
}

TEST_F(YangTextTest, AnAnswerHasABoundWhateverDiffers) {
  std::vector<Edit> edits;
  Problems problems;
  for (int i = 0; i < 20'000; ++i) {
    const std::vector<std::string> words = {"policy", "rule", "rule-" + std::to_string(i),
                                            "description", std::string(20, 'x')};
    edits.push_back(text_.ReadEdit(EditOp::kSet, words, problems).value());
  }
  const Tree empty(schema_->root(), SecretKey{});
  const Tree large = empty.Apply(edits).value();
  Differences whole;
  EXPECT_EQ(Fill(Diff(empty, large), text_, whole), 0u);
  ASSERT_EQ(whole.size(), 1);
  EXPECT_LT(whole[0].after().size(), kDifferenceBytesMax + 100);
  EXPECT_NE(whole[0].after().find(" bytes more: `config show` prints all"), std::string::npos);
  for (Edit& edit : edits) {
    edit.value = "y";
  }
  Differences many;
  EXPECT_EQ(Fill(Diff(large, large.Apply(edits).value()), text_, many), 20'000 - kDifferencesMax);
  EXPECT_EQ(static_cast<std::size_t>(many.size()), kDifferencesMax);
}

TEST_F(YangTextTest, ReasonsFollowTheSwitchesOfTheConfiguration) {
  EngineStatus status;
  status.follow.state = FollowState::kFollowing;
  const auto names = [&](const Tree& tree) {
    std::string all;
    for (const Reason& reason : ReasonsOf(status, tree)) {
      const std::string text = TextOf(reason);
      all += text.substr(0, text.find(':')) + ";";
    }
    return all;
  };
  // No /ha at all is no reason: failover is on as it is by default.
  EXPECT_EQ(names(Make({})), "info CONFIG_SYNC_DISABLED_LOCAL;");
  EXPECT_EQ(names(Make({{"ha", "configuration-synchronization", "enabled", "true"},
                        {"ha", "failover", "enabled", "false"}})),
            "warning FAILOVER_DISABLED;");
  status.rearms_in_s = 5;
  status.confirm = PendingConfirm{.revision = 4, .back_to = 3, .remaining_s = 9, .by = "eve"};
  EXPECT_EQ(names(Make({{"ha", "failover", "enabled", "false"}})),
            "warning CONFIRM_PENDING;warning HA_EDIT_OPEN;info CONFIG_SYNC_DISABLED_LOCAL;");
}

TEST_F(YangTextTest, APlaceInAnOrderedListIsNamedByItsKeys) {
  const Tree a = Make({{"policy", "rule", "ssh"}, {"policy", "rule", "web"}});
  const Tree b = Make({{"policy", "rule", "web"}, {"policy", "rule", "ssh"}});
  const std::vector<Change> changes = Diff(a, b);
  ASSERT_EQ(changes.size(), 1u);
  lockstep::admin::Difference message;
  Fill(changes[0], text_, message);
  EXPECT_EQ(message.kind(), "moved");
  EXPECT_TRUE(message.place() == "first" || message.place() == "after name='web'")
      << message.place();
}

TEST_F(YangTextTest, CompletionKnowsNodesAndEntries) {
  const Tree tree = Make(kLines);
  const std::vector<std::string> zones = {"zones", "zone"};
  const std::vector<WordChoice> entries = text_.Complete(tree, "delete", zones, "d");
  ASSERT_EQ(entries.size(), 1u);
  EXPECT_EQ(entries[0].word, "dmz");
  const std::vector<WordChoice> nodes = text_.Complete(tree, "set", {}, "sys");
  ASSERT_EQ(nodes.size(), 1u);
  EXPECT_EQ(nodes[0].word, "system");
  EXPECT_EQ(nodes[0].kind, "container");
}

TEST_F(YangTextTest, AWrongWordIsAProblemWithARemedy) {
  Problems problems;
  const std::vector<std::string> words = {"sistem", "host-name", "a"};
  EXPECT_FALSE(text_.ReadEdit(EditOp::kSet, words, problems).has_value());
  ASSERT_EQ(problems.list.size(), 1u);
  EXPECT_NE(problems.list[0].remedy.find("system"), std::string::npos) << problems.list[0].remedy;
}

}  // namespace
}  // namespace configsync
