// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

// What waits on purpose: for a push by hand, for an apply, for the central manager.

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "configsync/engine/ha_nodes.h"
#include "tests/unit/configsync/pair/two_nodes.h"

namespace configsync {
namespace {

constexpr char kZone[] = R"({"zones": {"zone": [{"name": "lan"}]}})";

class PairHoldsTest : public ::testing::Test {
 protected:
  PairNode& a() { return nodes_.a(); }
  PairNode& b() { return nodes_.b(); }
  static bool HasZone(PairNode& node) {
    return node.Running().Find(PathDown(node.judge.root(), {"zones"})) != nullptr;
  }
  Nodes nodes_;
};

TEST_F(PairHoldsTest, F41_ManualPushWaitsForTheCommand) {
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
  EXPECT_TRUE(outcome.done);
  EXPECT_EQ(b().Action("r2"), "permit");
  EXPECT_TRUE(HasZone(b()));
  nodes_.Run(500);
  EXPECT_EQ(a().Reasons(), "");
  EXPECT_EQ(a().State(), "in-sync");
}

TEST_F(PairHoldsTest, F42_OnePushBringsOneRevisionThatNamesAllAuthors) {
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

TEST_F(PairHoldsTest, F18_CategoriesOnApplyWaitForIt) {
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

TEST_F(PairHoldsTest, F18_WhatWaitsOutlivesARestartAndNotItsMode) {
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

TEST_F(PairHoldsTest, F42_WhatDoesNotTravelIsNotPending) {
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
TEST_F(PairHoldsTest, F42_ARevisionThatLetsMoreTravelIsPending) {
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

TEST_F(PairHoldsTest, F41_TheRevisionThatWaitsIsNotForgotten) {
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

// Nobody can say any more what the remote has, so a person decides. What waits at another revision
// waits on.
TEST_F(PairHoldsTest, F41_AHoldAtARevisionThatIsGoneEndsAndTheAuditSaysSo) {
  nodes_.MakePair(R"(, "push": "manual")");
  ASSERT_EQ(a().CommitText(RuleJson("lost")), "");
  const RevisionId lost = a().engine->Running().first - 1;
  for (std::size_t i = 0; i < kHistoryRevisions / 2; ++i) {
    ASSERT_EQ(a().CommitText(absl::StrCat(R"({"system": {"host-name": "n)", i, R"("}})")), "");
  }
  ASSERT_EQ(a().CommitText(kZone), "");
  a().Stop();
  a().store.Forget(lost);
  a().Start();
  nodes_.Run(2'000);
  EXPECT_EQ(a().State(), "diverged") << a().Reasons();
  EXPECT_EQ(b().Action("lost"), "");
  const auto audit = a().engine->Audit(20);
  std::vector<std::string> said;
  for (const AuditRecord& record : audit.value()) {
    if (record.action == "sync-held-lost") said.push_back(record.detail);
  }
  ASSERT_EQ(said.size(), 1u);
  EXPECT_EQ(said[0], absl::StrCat("firewall waited as it was in revision ", lost,
                                  ", which is not kept any more: it waits no more"));
  ASSERT_TRUE(a().pair->Manual(kEve, {.kind = ManualKind::kOverwrite}).done);
  EXPECT_EQ(b().Action("lost"), "permit");
  EXPECT_FALSE(HasZone(b()));
  nodes_.Run(500);
  EXPECT_EQ(a().State(), "pending") << a().Reasons();
}

TEST_F(PairHoldsTest, F150_WhatTheCentralManagerBringsIsNotPushed) {
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

TEST_F(PairHoldsTest, N20_WhatWaitsOnTopOfATrialGoesBackWithIt) {
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

TEST_F(PairHoldsTest, N20_WhatWaitedBeforeATrialWaitsAfterIt) {
  nodes_.MakePair(R"(, "push": "manual")");
  ASSERT_EQ(a().CommitText(RuleJson("web")), "");
  ASSERT_EQ(a().CommitText(RuleJson("dns"), {.confirm_within_s = 10}), "");
  nodes_.Run(15'000);
  EXPECT_EQ(a().Action("dns"), "");
  EXPECT_EQ(b().Action("web"), "");
  EXPECT_EQ(a().State(), "pending");
}

TEST_F(PairHoldsTest, N20_WhatWaitsOnTopOfAConfirmedTrialWaitsOn) {
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

}  // namespace
}  // namespace configsync
