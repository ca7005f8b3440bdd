// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

// Merges by hand: what both nodes numbered, and previews that say what the real thing would.

#include <gtest/gtest.h>

#include "absl/strings/str_cat.h"
#include "configsync/engine/ha_nodes.h"
#include "tests/unit/configsync/pair/two_nodes.h"

namespace configsync {
namespace {

class PairMergeTest : public ::testing::Test {
 protected:
  PairNode& a() { return nodes_.a(); }
  PairNode& b() { return nodes_.b(); }
  ManualOutcome Merge(bool preview, std::optional<Prefer> prefer = Prefer::kMine) {
    return a().pair->Manual(kEve,
                            {.kind = ManualKind::kMerge, .preview = preview, .prefer = prefer});
  }
  static std::string CodesOf(const ManualOutcome& outcome) {
    std::string text;
    for (const Problem& problem : outcome.problems.list) {
      absl::StrAppend(&text, problem.code, " ", problem.path, ": ", problem.text, "; ");
    }
    return text;
  }
  // "web=1 mine=2": rules by their numbers, in order.
  static std::string Numbers(PairNode& node, std::string_view top = "policy",
                             std::string_view list = "rule") {
    const Tree tree = node.Running();
    const Path path = PathDown(node.judge.root(), {top, list});
    const Node* const found = tree.Find(path);
    std::string text;
    if (found == nullptr) return text;
    const SchemaNode* const id = path.back().node->Child("id");
    found->VisitEntries([&](const Node& entry) {
      absl::StrAppend(&text, text.empty() ? "" : " ", std::string(entry.key(0)), "=",
                      std::string(entry.Child(*id)->value()));
      return true;
    });
    return text;
  }
  static std::string TextOf(const std::vector<Renumbering>& renumbered) {
    std::string text;
    for (const Renumbering& each : renumbered) {
      absl::StrAppend(&text, PathText(each.path), " ", each.before, "->", each.after, " ");
    }
    return text;
  }
  void ExpectInSync() {
    nodes_.Run(1'000);
    EXPECT_EQ(a().State(), "in-sync") << a().Reasons();
    EXPECT_EQ(b().State(), "in-sync") << b().Reasons();
  }
  Nodes nodes_;
};

TEST_F(PairMergeTest, N18_EntriesOfTheRemoteGiveUpNumbersThatAreTaken) {
  nodes_.MakePair();
  a().CommitText(RuleJson("web"));
  nodes_.Diverge();
  ASSERT_EQ(a().CommitText(RuleJson("mine")), "");
  nodes_.Run(500);
  ASSERT_EQ(Numbers(a()), "web=1 mine=2");
  ASSERT_EQ(Numbers(b()), "web=1 theirs=2");
  const ManualOutcome preview = Merge(true);
  EXPECT_EQ(CodesOf(preview), "");
  EXPECT_EQ(TextOf(preview.renumbered), "/policy/rule[name='theirs']/id 2->3 ");
  const ManualOutcome outcome = Merge(false);
  EXPECT_TRUE(outcome.done) << CodesOf(outcome);
  EXPECT_EQ(TextOf(outcome.renumbered), TextOf(preview.renumbered));
  EXPECT_EQ(Numbers(a()), "web=1 mine=2 theirs=3");
  EXPECT_EQ(Numbers(b()), "web=1 mine=2 theirs=3");
  ExpectInSync();
}

TEST_F(PairMergeTest, N18_NumbersOfThisNodeStayWhicheverSideIsPreferred) {
  nodes_.MakePair();
  nodes_.Diverge(R"({"zones": {"zone": [{"name": "dmz", "description": "b"}, {"name": "lan"}]}})");
  ASSERT_EQ(a().CommitText(R"({"zones": {"zone": [{"name": "guest"}]}})"), "");
  ASSERT_EQ(a().CommitText(R"({"zones": {"zone": [{"name": "dmz", "description": "a"}]}})"), "");
  nodes_.Run(500);
  ASSERT_EQ(Numbers(a(), "zones", "zone"), "dmz=2 guest=1");
  ASSERT_EQ(Numbers(b(), "zones", "zone"), "dmz=1 lan=2");
  const ManualOutcome preview = Merge(true, std::nullopt);
  ASSERT_EQ(preview.conflicts.size(), 1u);  // Not the number.
  EXPECT_EQ(PathText(preview.conflicts[0].path), "/zones/zone[name='dmz']/description");
  const ManualOutcome outcome = Merge(false, Prefer::kTheirs);
  EXPECT_TRUE(outcome.done) << CodesOf(outcome);
  EXPECT_EQ(TextOf(outcome.renumbered),
            "/zones/zone[name='dmz']/id 1->2 /zones/zone[name='lan']/id 2->3 ");
  EXPECT_EQ(Numbers(a(), "zones", "zone"), "dmz=2 guest=1 lan=3");
  EXPECT_EQ(Numbers(b(), "zones", "zone"), "dmz=2 guest=1 lan=3");
  ExpectInSync();
}

// Each side is good, and both together are not.
TEST_F(PairMergeTest, N18_APreviewHasTheProblemsOfTheMerge) {
  nodes_.MakePair();
  ASSERT_EQ(a().CommitText(R"({"zones": {"zone": [{"name": "lan"}]}})"), "");
  nodes_.Run(500);
  nodes_.Diverge(
      R"({"policy": {"rule": [{"name": "theirs", "from-zone": "lan", "action": "deny"}]}})");
  const Path zones = PathDown(a().judge.root(), {"zones"});
  ASSERT_TRUE(
      a().engine
          ->EditCandidate(kEve, {{.op = EditOp::kDelete, .path = zones, .value = {}, .after = {}}})
          .empty());
  ASSERT_TRUE(a().engine->Commit(kEve, {}).committed);
  nodes_.Run(500);
  const ManualOutcome preview = Merge(true);
  ASSERT_FALSE(preview.problems.empty());
  EXPECT_NE(CodesOf(preview).find("from-zone"), std::string::npos) << CodesOf(preview);
  const ManualOutcome outcome = Merge(false);
  EXPECT_FALSE(outcome.done);
  ASSERT_FALSE(outcome.problems.empty());
  EXPECT_EQ(outcome.problems.list.front().path, preview.problems.list.front().path);
}

TEST_F(PairMergeTest, N18_APreviewHasTheProblemsOfTheRemote) {
  nodes_.MakePair();
  nodes_.Diverge();
  ASSERT_EQ(a().CommitText(RuleJson("mine")), "");
  nodes_.Run(500);
  const RevisionId before = b().engine->Running().first;
  b().dataplane.refuses_plan = true;
  const ManualOutcome preview = Merge(true);
  EXPECT_NE(CodesOf(preview).find("b: the dataplane cannot do this"), std::string::npos)
      << CodesOf(preview);
  b().dataplane.refuses_plan = false;
  EXPECT_EQ(CodesOf(Merge(true)), "");
  EXPECT_EQ(b().engine->Running().first, before);
  EXPECT_EQ(nodes_.wire.counts["Apply"], 0);
}

TEST_F(PairMergeTest, N18_WhatWaitedIsMergedAndWaitsNoMore) {
  nodes_.MakePair(R"(, "push": "manual")");
  nodes_.Diverge();
  ASSERT_EQ(a().CommitText(RuleJson("waits")), "");
  nodes_.Run(500);
  const ManualOutcome outcome = Merge(false);
  EXPECT_TRUE(outcome.done) << CodesOf(outcome);
  EXPECT_EQ(a().Action("waits"), "permit");
  EXPECT_EQ(b().Action("waits"), "permit");
  EXPECT_EQ(a().Action("theirs"), "deny");
  ExpectInSync();
}

// Without what was agreed nobody knows who changed what: what was only offered is no base.
TEST_F(PairMergeTest, N18_WhatWasOfferedIsNoBaseOfAMerge) {
  nodes_.MakePair();
  ASSERT_EQ(a().CommitText(RuleJson("web", "deny")), "");
  nodes_.Run(500);
  const RevisionId agreed = a().Remote().agreed;
  nodes_.wire.judge = [](const Wire::Call& call) {
    return call.name == "Apply" ? Wire::Lost("the request") : absl::OkStatus();
  };
  ASSERT_EQ(a().CommitText(RuleJson("web", "permit")), "");  // Offered, and never taken.
  nodes_.Diverge();
  a().Stop();
  a().store.Forget(agreed);
  a().Start();
  nodes_.Run(500);
  const ManualOutcome preview = Merge(true);
  EXPECT_FALSE(preview.conflicts.empty());
  EXPECT_TRUE(Merge(false).done);  // This side is preferred.
  EXPECT_EQ(a().Action("web"), "permit");
}

// The remote has a part of what is here, and loses the call that would bring the rest.
TEST_F(PairMergeTest, N18_AMergeThatTheRemoteDidNotTakeIsNotDone) {
  nodes_.MakePair();
  nodes_.Diverge(RuleJson("both"));
  nodes_.Cut(true);
  ASSERT_EQ(a().CommitText(RuleJson("both")), "");
  ASSERT_EQ(a().CommitText(RuleJson("mine")), "");
  nodes_.wire.judge = [](const Wire::Call& call) {
    return call.name == "Apply" ? Wire::Lost("the request") : absl::OkStatus();
  };
  nodes_.Run(3'000);
  ASSERT_EQ(a().Reasons(), "DIVERGED");
  const ManualOutcome outcome = Merge(false);
  EXPECT_TRUE(outcome.here.empty());
  EXPECT_FALSE(outcome.there.empty());
  EXPECT_FALSE(outcome.problems.empty());
  EXPECT_FALSE(outcome.done);
  EXPECT_TRUE(outcome.is_told);
  EXPECT_EQ(b().Action("mine"), "");
}

}  // namespace
}  // namespace configsync
