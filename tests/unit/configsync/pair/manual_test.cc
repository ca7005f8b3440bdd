// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

// What waits on purpose, what an operator does by hand, and what a remote may go back on.

#include <gtest/gtest.h>

#include <algorithm>

#include "absl/strings/str_cat.h"
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

TEST_F(PairManualTest, F41_ManualPushWaitsForTheCommand) {
  nodes_.MakePair(R"(, "push": "manual")");
  for (const char* rule : {"r1", "r2"}) {
    const CommitOutcome outcome = a().Commit(RuleJson(rule));
    ASSERT_TRUE(outcome.committed);
    EXPECT_EQ(outcome.remotes[0].state, RemoteOutcome::State::kPending);
  }
  ASSERT_EQ(a().CommitText(kZone), "");  // Of any category.
  nodes_.Run(1'000);
  EXPECT_EQ(nodes_.wire.counts["Prepare"], 0);
  EXPECT_EQ(a().Reasons(), "PENDING(3)");
  EXPECT_EQ(a().State(), "pending");
  EXPECT_EQ(b().State(), "pending");
  const ManualOutcome outcome = a().pair->Manual(kEve, {});
  EXPECT_TRUE(outcome.done) << CodesOf(outcome);
  EXPECT_EQ(b().Action("r2"), "permit");
  EXPECT_TRUE(HasZone(b()));
  nodes_.Run(500);
  EXPECT_EQ(a().Reasons(), "");
  EXPECT_EQ(a().State(), "in-sync");
}

TEST_F(PairManualTest, F42_OnePushBringsOneRevisionThatNamesAllAuthors) {
  nodes_.MakePair(R"(, "push": "manual")");
  for (const char* rule : {"r1", "r2", "r3", "r4", "r5"}) {
    ASSERT_TRUE(a().Commit(RuleJson(rule), {.comment = rule}).committed);
  }
  const RevisionId before = b().engine->Running().first;
  EXPECT_TRUE(a().pair->Manual(kEve, {}).done);
  EXPECT_EQ(b().Action("r5"), "permit");
  EXPECT_EQ(b().engine->Running().first, before + 1);
  const std::string comment = b().engine->History(1)->front().comment;
  for (const char* rule : {"r1", "r2", "r3", "r4", "r5"}) {
    EXPECT_NE(comment.find(std::string("eve: ") + rule), std::string::npos) << comment;
  }
}

TEST_F(PairManualTest, F18_CategoriesOnApplyWaitForIt) {
  nodes_.MakePair(R"(, "push": "by-category")");
  EXPECT_EQ(a().CommitText(RuleJson("web")), "");
  EXPECT_EQ(a().CommitText(RuleJson("dns")), "");
  EXPECT_EQ(nodes_.wire.counts["Prepare"], 0);
  EXPECT_EQ(a().Reasons(), "PENDING_APPLY(2)");
  EXPECT_EQ(a().CommitText(kZone), "");  // On save: it travels at once.
  EXPECT_TRUE(HasZone(b()));
  EXPECT_EQ(b().Action("web"), "");
  nodes_.wire.counts.clear();
  EXPECT_EQ(*a().pair->ApplyHeld(kEve), 2u);
  nodes_.Run(1'000);
  EXPECT_EQ(nodes_.wire.counts["Apply"], 1);
  EXPECT_EQ(b().Action("dns"), "permit");
  EXPECT_EQ(a().State(), "in-sync") << a().Reasons();
}

TEST_F(PairManualTest, F18_WhatWaitsOutlivesARestartAndNotItsMode) {
  nodes_.MakePair(R"(, "push": "by-category")");
  a().CommitText(RuleJson("web"));
  a().Stop();
  a().Start();
  nodes_.Run(1'000);
  EXPECT_EQ(a().Reasons(), "PENDING_APPLY(1)");
  a().CommitText(R"({"ha": {"configuration-synchronization": {"push": "on-commit"}}})");
  nodes_.Run(1'000);
  EXPECT_EQ(b().Action("web"), "permit");
  // The old hold does not come back with the mode.
  a().CommitText(R"({"ha": {"configuration-synchronization": {"push": "by-category"}}})");
  nodes_.Run(1'000);
  EXPECT_EQ(b().Action("web"), "permit");
  EXPECT_EQ(a().State(), "in-sync") << a().Reasons();
}

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

TEST_F(PairManualTest, F42_WhatDoesNotTravelIsNotPending) {
  nodes_.MakePair(R"(, "policy": "deferred")");
  nodes_.Run(500);
  nodes_.wire.judge = [](const Wire::Call& call) {
    return call.name == "Prepare" ? Wire::Lost("cut") : absl::OkStatus();
  };
  ASSERT_EQ(a().CommitText(R"({"system": {"host-name": "one"}})"), "");
  EXPECT_EQ(a().Remote().pending, 0u);
  ASSERT_EQ(a().CommitText(RuleJson("web")), "");
  ASSERT_EQ(a().CommitText(R"({"system": {"host-name": "two"}})"), "");
  ASSERT_EQ(a().CommitText(RuleJson("dns")), "");
  nodes_.Run(500);
  ASSERT_EQ(a().CommitText(R"({"system": {"host-name": "three"}})"), "");
  EXPECT_EQ(a().Remote().pending, 2u);
  nodes_.wire.judge = [](const Wire::Call&) { return absl::OkStatus(); };
  nodes_.Run(5'000);
  EXPECT_EQ(a().Remote().pending, 0u);
  EXPECT_EQ(a().State(), "in-sync") << a().Reasons();
}

// Another selection makes older content travel: that revision counts.
TEST_F(PairManualTest, F42_ARevisionThatLetsMoreTravelIsPending) {
  nodes_.MakePair(
      R"(, "policy": "deferred", "category": [{"name": "firewall", "enabled": false}])");
  ASSERT_EQ(a().CommitText(RuleJson("web")), "");
  nodes_.Run(500);
  EXPECT_EQ(a().State(), "in-sync") << a().Reasons();
  nodes_.wire.judge = [](const Wire::Call& call) {
    return call.name == "Prepare" ? Wire::Lost("cut") : absl::OkStatus();
  };
  ASSERT_EQ(a().CommitText(R"({"ha": {"configuration-synchronization":
      {"category": [{"name": "firewall", "enabled": true}]}}})"),
            "");
  nodes_.Run(500);
  EXPECT_EQ(a().Remote().pending, 1u);
}

TEST_F(PairManualTest, F41_TheRevisionThatWaitsIsNotForgotten) {
  nodes_.MakePair(R"(, "push": "manual")");
  ASSERT_EQ(a().CommitText(RuleJson("waits")), "");
  const std::string kept =
      absl::StrCat("keep/", a().engine->Running().first - 1);  // As it was before.
  for (std::size_t i = 0; i < kHistoryRevisions / 2 + 1; ++i) {
    ASSERT_EQ(a().CommitText(absl::StrCat(R"({"system": {"host-name": "n)", i, R"("}})")), "");
  }
  nodes_.Run(500);
  EXPECT_TRUE(a().engine->ReadNotes().contains(kept));
  EXPECT_EQ(b().Action("waits"), "");
  EXPECT_TRUE(a().pair->Manual(kEve, {}).done);
  nodes_.Run(500);
  EXPECT_FALSE(a().engine->ReadNotes().contains(kept));
  EXPECT_EQ(b().Action("waits"), "permit");
}

TEST_F(PairManualTest, F150_WhatTheCentralManagerBringsIsNotPushed) {
  nodes_.MakePair();
  const CommitOutcome outcome = a().Commit(RuleJson("web"), {.from_central_manager = true});
  ASSERT_TRUE(outcome.committed);
  nodes_.Run(1'000);
  EXPECT_EQ(b().Action("web"), "");
  EXPECT_EQ(a().Reasons(), "CENTRAL_MANAGER_HELD");
  EXPECT_EQ(nodes_.wire.counts["Prepare"], 0);
  // The manager reaches the other node, too: nothing waits any more.
  b().facts.role.role = HaRole::kUnknown;
  a().facts.role.role = HaRole::kUnknown;
  nodes_.Run(300);
  ASSERT_EQ(b().CommitText(RuleJson("web"), {.from_central_manager = true}), "");
  nodes_.Run(1'000);
  EXPECT_EQ(a().State(), "in-sync") << a().Reasons();
  EXPECT_EQ(nodes_.wire.counts["Prepare"], 0);
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

TEST_F(PairManualTest, N20_ACommitOfThePairIsConfirmedOnBoth) {
  nodes_.MakePair();
  ASSERT_EQ(a().CommitText(RuleJson("web"), {.confirm_within_s = 60}), "");
  EXPECT_TRUE(b().engine->Status().confirm.has_value());
  ASSERT_TRUE(a().engine->Confirm(kEve).ok());
  EXPECT_FALSE(b().engine->Status().confirm.has_value());
  EXPECT_EQ(b().engine->Status().startup, b().engine->Status().running);
  nodes_.Run(70'000);
  EXPECT_EQ(b().Action("web"), "permit");
  EXPECT_EQ(a().State(), "in-sync") << a().Reasons();
}

TEST_F(PairManualTest, N20_WithoutAConfirmBothGoBack) {
  nodes_.MakePair();
  ASSERT_EQ(a().CommitText(RuleJson("web"), {.confirm_within_s = 10}), "");
  nodes_.Run(2'000);
  EXPECT_EQ(a().State(), "in-sync") << a().Reasons();
  nodes_.Run(12'000);
  EXPECT_EQ(a().Action("web"), "");
  EXPECT_EQ(b().Action("web"), "");
  EXPECT_EQ(a().State(), "in-sync") << a().Reasons();
  EXPECT_EQ(a().CommitText(RuleJson("dns")), "");
  EXPECT_EQ(b().Action("dns"), "permit");
}

TEST_F(PairManualTest, N20_AFailoverConfirmsNothing) {
  nodes_.MakePair();
  ASSERT_EQ(a().CommitText(RuleJson("web"), {.confirm_within_s = 10}), "");
  a().Stop();
  b().facts.role = {.role = HaRole::kActive, .term = 2, .is_dataplane_ready = true, .reasons = {}};
  nodes_.Run(12'000);
  EXPECT_EQ(b().Action("web"), "");
  a().facts.role = {.role = HaRole::kStandby, .term = 2, .is_dataplane_ready = true, .reasons = {}};
  a().Start();
  nodes_.Run(3'000);
  EXPECT_EQ(a().Action("web"), "");
  EXPECT_EQ(b().State(), "in-sync") << b().Reasons();
  EXPECT_EQ(b().CommitText(RuleJson("dns")), "");
  EXPECT_EQ(a().Action("dns"), "permit");
}

TEST_F(PairManualTest, N20_ALateConfirmIsNotOneOfTheNextCommit) {
  nodes_.MakePair();
  ASSERT_EQ(a().CommitText(RuleJson("web"), {.confirm_within_s = 60}), "");
  bool is_cut = true;
  nodes_.wire.judge = [&](const Wire::Call& call) {
    return is_cut && call.name == "Confirm" ? Wire::Lost("confirm") : absl::OkStatus();
  };
  ASSERT_TRUE(a().engine->Confirm(kEve).ok());
  ASSERT_EQ(a().CommitText(RuleJson("dns"), {.confirm_within_s = 20}), "");
  is_cut = false;
  nodes_.Run(1'000);
  EXPECT_TRUE(b().engine->Status().confirm.has_value());
  nodes_.Run(25'000);
  EXPECT_EQ(a().Action("dns"), "");
  EXPECT_EQ(b().Action("dns"), "");
  EXPECT_EQ(b().Action("web"), "permit");
  EXPECT_EQ(a().State(), "in-sync") << a().Reasons();
}

TEST_F(PairManualTest, N20_WhatWaitsOnTopOfATrialGoesBackWithIt) {
  nodes_.MakePair(R"(, "push": "manual")");
  ASSERT_EQ(a().CommitText(RuleJson("web"), {.confirm_within_s = 10}), "");
  ASSERT_TRUE(a().pair->Manual(kEve, {}).done);
  ASSERT_EQ(b().Action("web"), "permit");
  ASSERT_EQ(a().CommitText(RuleJson("dns")), "");
  EXPECT_EQ(a().Reasons(), "PENDING(1)");
  nodes_.Run(15'000);
  EXPECT_EQ(a().Action("web"), "");
  EXPECT_EQ(b().Action("web"), "");
  EXPECT_EQ(a().State(), "in-sync") << a().Reasons();
  EXPECT_FALSE(a().engine->ReadNotes().contains("sync/held"));
}

TEST_F(PairManualTest, N20_WhatWaitedBeforeATrialWaitsAfterIt) {
  nodes_.MakePair(R"(, "push": "manual")");
  ASSERT_EQ(a().CommitText(RuleJson("web")), "");
  ASSERT_EQ(a().CommitText(RuleJson("dns"), {.confirm_within_s = 10}), "");
  nodes_.Run(15'000);
  EXPECT_EQ(a().Action("dns"), "");
  EXPECT_EQ(b().Action("web"), "");
  EXPECT_EQ(a().State(), "pending");
}

TEST_F(PairManualTest, N20_WhatWaitsOnTopOfAConfirmedTrialWaitsOn) {
  nodes_.MakePair(R"(, "push": "manual")");
  ASSERT_EQ(a().CommitText(RuleJson("web"), {.confirm_within_s = 10}), "");
  ASSERT_TRUE(a().pair->Manual(kEve, {}).done);
  ASSERT_EQ(a().CommitText(RuleJson("dns")), "");
  ASSERT_TRUE(a().engine->Confirm(kEve).ok());
  nodes_.Run(15'000);
  EXPECT_EQ(b().Action("web"), "permit");
  EXPECT_EQ(b().Action("dns"), "");
  EXPECT_EQ(a().Reasons(), "PENDING(1)");
}

TEST_F(PairManualTest, N20_AConfirmThatDidNotArriveIsPushedAgain) {
  nodes_.MakePair();
  ASSERT_EQ(a().CommitText(RuleJson("web"), {.confirm_within_s = 10}), "");
  nodes_.wire.judge = [](const Wire::Call& call) {
    return call.name == "Confirm" ? Wire::Lost("confirm") : absl::OkStatus();
  };
  ASSERT_TRUE(a().engine->Confirm(kEve).ok());
  nodes_.Run(12'000);  // The remote goes back, and gets it again.
  EXPECT_EQ(b().Action("web"), "permit");
  EXPECT_EQ(a().State(), "in-sync") << a().Reasons();
}

}  // namespace
}  // namespace configsync
