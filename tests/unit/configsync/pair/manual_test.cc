// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

// What an operator does by hand: push, overwrite, adopt, merge, and look first.

#include <gtest/gtest.h>

#include <algorithm>

#include "configsync/engine/ha_nodes.h"
#include "tests/unit/configsync/pair/two_nodes.h"

namespace configsync {
namespace {

constexpr char kZone[] = R"({"zones": {"zone": [{"name": "lan"}]}})";

class PairManualTest : public ::testing::Test {
 protected:
  PairNode& a() { return nodes_.a(); }
  PairNode& b() { return nodes_.b(); }
  static bool HasZone(PairNode& node) {
    return node.Running().Find(PathDown(node.judge.root(), {"zones"})) != nullptr;
  }
  void Diverge() { nodes_.Diverge(); }
  static std::string CodesOf(const ManualOutcome& outcome) {
    std::string text;
    for (const Problem& problem : outcome.problems.list) text += problem.code + " ";
    return text;
  }
  Nodes nodes_;
};

TEST_F(PairManualTest, F20_OneCategoryByHand) {
  nodes_.MakePair(R"(, "push": "manual")");
  a().CommitText(RuleJson("web"));
  a().CommitText(kZone);
  ManualOutcome preview = a().pair->Manual(kEve, {.category = "firewall", .preview = true});
  EXPECT_EQ(preview.there.size(), 1u);
  EXPECT_EQ(b().Action("web"), "");
  EXPECT_TRUE(a().pair->Manual(kEve, {.category = "firewall"}).done);
  EXPECT_EQ(b().Action("web"), "permit");
  EXPECT_FALSE(HasZone(b()));
  EXPECT_EQ(CodesOf(a().pair->Manual(kEve, {.category = "nothing"})), "BAD_OPTION ");
}

TEST_F(PairManualTest, F20_NothingToPushIsNoPush) {
  nodes_.MakePair();
  a().CommitText(RuleJson("web"));
  nodes_.Run(500);
  nodes_.wire.counts.clear();
  for (const bool preview : {true, false}) {
    const ManualOutcome outcome = a().pair->Manual(kEve, {.preview = preview});
    EXPECT_TRUE(outcome.is_nothing_to_push);
    EXPECT_FALSE(outcome.done);
    EXPECT_EQ(CodesOf(outcome), "");
    EXPECT_TRUE(outcome.warnings.empty());
  }
  EXPECT_EQ(nodes_.wire.counts["Prepare"], 0);
  a().CommitText(R"({"ha": {"configuration-synchronization": {"push": "manual"}}})");
  a().CommitText(RuleJson("dns"));
  const ManualOutcome outcome = a().pair->Manual(kEve, {});
  EXPECT_TRUE(outcome.done);
  EXPECT_FALSE(outcome.is_nothing_to_push);
  EXPECT_TRUE(a().pair->Manual(kEve, {.category = "firewall"}).is_nothing_to_push);
}

TEST_F(PairManualTest, F3_WhoMayNotPushIsToldWhyEvenIfAllIsEqual) {
  nodes_.MakePair();
  a().CommitText(RuleJson("web"));
  nodes_.Run(500);
  ASSERT_EQ(b().State(), "in-sync") << b().Reasons();
  const ManualOutcome standby = b().pair->Manual(kEve, {});
  EXPECT_FALSE(standby.done);
  EXPECT_EQ(CodesOf(standby), "SYNC_DIRECTION ");
  b().facts.role.role = HaRole::kUnknown;
  a().facts.role.role = HaRole::kUnknown;
  nodes_.Run(500);
  EXPECT_EQ(CodesOf(b().pair->Manual(kEve, {.preview = true})), "LOOP ");
}

TEST_F(PairManualTest, F35_DivergenceIsShownOnBothAndNothingIsOverwritten) {
  nodes_.MakePair();
  a().CommitText(RuleJson("web"));
  Diverge();
  EXPECT_EQ(a().State(), "diverged") << a().Reasons();
  EXPECT_EQ(b().State(), "diverged") << b().Reasons();
  const CommitOutcome outcome = a().Commit(RuleJson("more"));
  EXPECT_TRUE(outcome.committed);
  EXPECT_EQ(NameOf(outcome.remotes[0].reasons.at(0)), "DIVERGED");
  nodes_.Run(1'000);
  EXPECT_EQ(a().State(), "diverged") << a().Reasons();  // Now both were changed.
  EXPECT_EQ(b().State(), "diverged") << b().Reasons();
  EXPECT_EQ(b().Action("theirs"), "deny");
  EXPECT_EQ(b().Action("more"), "");
}

TEST_F(PairManualTest, F35_StrictRefusesWhileDiverged) {
  nodes_.MakePair(R"(, "policy": "strict")");
  a().CommitText(RuleJson("web"));
  nodes_.Run(500);
  // The other node has no say in this one's commits while it is cut off.
  a().Stop();
  b().facts.role = {.role = HaRole::kActive, .term = 2, .is_dataplane_ready = true, .reasons = {}};
  b().CommitText(R"({"ha": {"configuration-synchronization": {"policy": "deferred"}}})");
  b().CommitText(RuleJson("theirs"));
  b().facts.role.role = HaRole::kStandby;
  a().facts.role.term = 3;
  a().Start();
  nodes_.Run(2'000);
  EXPECT_EQ(a().CommitText(RuleJson("more")), "DIVERGED ");
}

TEST_F(PairManualTest, F74_F35_OverwriteMakesTheRemoteAsHere) {
  nodes_.MakePair();
  a().CommitText(RuleJson("web"));
  Diverge();
  const ManualOutcome preview =
      a().pair->Manual(kEve, {.kind = ManualKind::kOverwrite, .preview = true});
  EXPECT_FALSE(preview.there.empty());
  EXPECT_TRUE(preview.here.empty());
  EXPECT_EQ(b().Action("theirs"), "deny");
  const RevisionId before = b().engine->Running().first;
  const ManualOutcome outcome = a().pair->Manual(kEve, {.kind = ManualKind::kOverwrite});
  EXPECT_TRUE(outcome.done) << CodesOf(outcome);
  EXPECT_EQ(outcome.restore_point, before);  // F75.
  EXPECT_EQ(b().Action("theirs"), "");
  nodes_.Run(1'000);
  EXPECT_EQ(a().State(), "in-sync") << a().Reasons();
  bool is_audited = false;
  const auto audit = a().engine->Audit(10);
  for (const AuditRecord& record : audit.value()) {
    is_audited = is_audited || (record.action == "sync-overwrite" && record.by == kEve);
    EXPECT_FALSE(record.detail.ends_with("; ")) << record.detail;
  }
  EXPECT_TRUE(is_audited);
}

TEST_F(PairManualTest, F74_F35_AdoptMakesThisNodeAsTheRemote) {
  nodes_.MakePair();
  a().CommitText(RuleJson("web"));
  a().CommitText(R"({"system": {"host-name": "fw-a"}})");
  Diverge();
  const RevisionId before = a().engine->Running().first;
  const ManualOutcome outcome = a().pair->Manual(kEve, {.kind = ManualKind::kAdopt});
  EXPECT_TRUE(outcome.done) << CodesOf(outcome);
  EXPECT_EQ(outcome.restore_point, before);
  EXPECT_EQ(a().Action("theirs"), "deny");
  EXPECT_EQ(a().Action("web"), "permit");
  EXPECT_NE(a().Running().Find(PathDown(a().judge.root(), {"system", "host-name"})), nullptr);
  nodes_.Run(1'000);
  EXPECT_EQ(a().State(), "in-sync") << a().Reasons();
}

TEST_F(PairManualTest, F74_F75_APreviewChangesNothingAndNamesTheWayBack) {
  nodes_.MakePair();
  a().CommitText(RuleJson("web"));
  Diverge();
  a().CommitText(kZone);
  nodes_.Run(500);
  const Tree here = a().Running(), there = b().Running();
  const RevisionId mine = a().engine->Running().first, theirs = b().engine->Running().first;
  for (const auto& [kind, restore_point] :
       {std::pair{ManualKind::kOverwrite, theirs}, std::pair{ManualKind::kAdopt, mine},
        std::pair{ManualKind::kMerge, mine}}) {
    const ManualOutcome preview = a().pair->Manual(kEve, {.kind = kind, .preview = true});
    EXPECT_TRUE(preview.problems.empty()) << CodesOf(preview);
    EXPECT_FALSE(preview.done);
    EXPECT_EQ(preview.restore_point, restore_point);
    EXPECT_EQ(preview.here.empty(), kind == ManualKind::kOverwrite);
    EXPECT_EQ(preview.there.empty(), kind == ManualKind::kAdopt);
    nodes_.Run(500);
    EXPECT_EQ(a().Running(), here);
    EXPECT_EQ(b().Running(), there);
  }
  ASSERT_TRUE(a().pair->Manual(kEve, {.kind = ManualKind::kAdopt}).done);
  const auto audit = a().engine->Audit(10);
  EXPECT_TRUE(std::ranges::any_of(audit.value(), [](const AuditRecord& record) {
    return record.action == "pull" && record.by == kEve && record.outcome == "done";
  }));
}

TEST_F(PairManualTest, N18_MergeTakesBothSidesAndListsConflicts) {
  nodes_.MakePair();
  a().CommitText(RuleJson("web"));
  Diverge();
  a().CommitText(RuleJson("theirs", "permit"));
  a().CommitText(kZone);
  nodes_.Run(500);
  const ManualOutcome refused = a().pair->Manual(kEve, {.kind = ManualKind::kMerge});
  EXPECT_EQ(CodesOf(refused), "MERGE_CONFLICT ");
  EXPECT_FALSE(refused.conflicts.empty());
  EXPECT_EQ(b().Action("theirs"), "deny");
  EXPECT_FALSE(HasZone(b()));
  const ManualOutcome outcome =
      a().pair->Manual(kEve, {.kind = ManualKind::kMerge, .prefer = Prefer::kTheirs});
  EXPECT_TRUE(outcome.done) << CodesOf(outcome);
  EXPECT_EQ(a().Action("theirs"), "deny");
  EXPECT_EQ(b().Action("theirs"), "deny");
  EXPECT_TRUE(HasZone(b()));
  nodes_.Run(1'000);
  EXPECT_EQ(a().State(), "in-sync") << a().Reasons();
}

TEST_F(PairManualTest, N18_ACommitWhileTheRemoteIsAskedIsNotTakenBack) {
  nodes_.MakePair(R"(, "policy": "deferred")");
  a().CommitText(RuleJson("web"));
  nodes_.Run(500);
  Diverge();
  a().CommitText(kZone);
  nodes_.Run(500);
  nodes_.wire.change_fetched = [&](const Wire::Call&, FetchResponse&) {
    EXPECT_EQ(a().CommitText(RuleJson("between")), "");
  };
  const ManualOutcome moved = a().pair->Manual(kEve, {.kind = ManualKind::kMerge});
  nodes_.wire.change_fetched = {};
  EXPECT_EQ(CodesOf(moved), "RUNNING_MOVED ");
  EXPECT_EQ(a().Action("between"), "permit");
  const ManualOutcome merged =
      a().pair->Manual(kEve, {.kind = ManualKind::kMerge, .prefer = Prefer::kMine});
  EXPECT_TRUE(merged.done) << CodesOf(merged);
  nodes_.Run(1'000);
  for (PairNode* node : {&a(), &b()}) {
    EXPECT_EQ(node->Action("between"), "permit");
    EXPECT_EQ(node->Action("theirs"), "deny");
    EXPECT_TRUE(HasZone(*node));
    EXPECT_EQ(node->State(), "in-sync") << node->Reasons();
  }
}

TEST_F(PairManualTest, F157_TwoConfigurationsThatWereNeverTheSame) {
  a().CommitText(RuleJson("mine"));
  b().CommitText(RuleJson("theirs"));
  nodes_.MakePair();
  nodes_.Run(1'000);
  EXPECT_EQ(a().State(), "not-baselined") << a().Reasons();
  EXPECT_EQ(b().State(), "not-baselined") << b().Reasons();
  EXPECT_TRUE(a().pair->Manual(kEve, {.kind = ManualKind::kOverwrite}).done);
  nodes_.Run(1'000);
  EXPECT_EQ(a().State(), "in-sync");
  EXPECT_EQ(a().Reasons(), "");
  EXPECT_EQ(b().Reasons(), "");
}

TEST_F(PairManualTest, F73_AFreshNodeGetsEverything) {
  a().CommitText(RuleJson("mine"));
  nodes_.MakePair();
  nodes_.Run(1'000);
  EXPECT_EQ(b().Action("mine"), "permit");
  EXPECT_EQ(a().State(), "in-sync") << a().Reasons();
}

TEST_F(PairManualTest, F36_TheDifferenceIsEmptyIfAndOnlyIfHashesAreEqual) {
  nodes_.MakePair();
  a().CommitText(RuleJson("web"));
  nodes_.Run(300);
  auto parts = a().pair->Parts("b");
  ASSERT_TRUE(parts.ok()) << parts.status();
  EXPECT_TRUE(Diff(parts->mine, parts->theirs).empty());
  EXPECT_EQ(a().Remote().my_hash, a().Remote().their_hash);
  Diverge();
  EXPECT_EQ(a().CommitText(RuleJson("mine")), "");
  parts = a().pair->Parts("");
  ASSERT_TRUE(parts.ok()) << parts.status();
  EXPECT_EQ(Diff(parts->mine, parts->theirs).size(), 2u);  // What each has that the other has not.
  EXPECT_NE(a().Remote().my_hash, a().Remote().their_hash);
  EXPECT_FALSE(a().pair->Parts("nobody").ok());
}

TEST_F(PairManualTest, F36_APartThatIsNotWhatItsHashSaysIsALie) {
  nodes_.MakePair();
  a().CommitText(RuleJson("web"));
  nodes_.Run(300);
  nodes_.wire.change_fetched = [](const Wire::Call&, FetchResponse& answer) {
    answer.edits = "lockstep-edits 1\n";
  };
  const auto parts = a().pair->Parts("b");
  EXPECT_EQ(NameOf(ReasonOf(parts.status())), "PEER_HASH_MISMATCH");
}

}  // namespace
}  // namespace configsync
