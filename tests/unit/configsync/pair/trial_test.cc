// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

// While a commit waits to be confirmed, whatever is pushed is on trial there as well.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "configsync/engine/ha_nodes.h"
#include "configsync/pair/records.h"
#include "tests/unit/configsync/pair/two_nodes.h"

namespace configsync {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

class PairTrialTest : public ::testing::Test {
 protected:
  // The trial begins while the remote cannot be reached.
  PairTrialTest() {
    nodes_.MakePair();
    nodes_.Cut(true);
    EXPECT_TRUE(a().Commit(RuleJson("web"), {.confirm_within_s = 20}).committed);
    nodes_.Cut(false);
  }
  PairNode& a() { return nodes_.a(); }
  PairNode& b() { return nodes_.b(); }
  // Its own timer counts: who pushed is gone.
  void ExpectOnTrial() {
    EXPECT_EQ(b().Action("web"), "permit");
    EXPECT_TRUE(b().engine->Status().confirm.has_value());
    a().Stop();
    nodes_.Run(25'000);
    EXPECT_EQ(b().Action("web"), "");
    EXPECT_FALSE(b().engine->Status().confirm.has_value());
  }
  Nodes nodes_;
};

TEST_F(PairTrialTest, N20_ACommitOnTopIsOnTrialThereToo) {
  EXPECT_EQ(a().CommitText(RuleJson("dns")), "");
  EXPECT_EQ(b().Action("dns"), "permit");
  ExpectOnTrial();
  EXPECT_EQ(b().Action("dns"), "");
}

TEST_F(PairTrialTest, N20_WhatTheLoopBringsIsOnTrialThereToo) {
  nodes_.Run(3'000);
  ExpectOnTrial();
}

// A decision by hand is about which content, not about how long.
TEST_F(PairTrialTest, N20_WhatIsOverwrittenByHandIsOnTrialThereToo) {
  nodes_.Diverge();
  const ManualOptions preview = {.kind = ManualKind::kOverwrite, .preview = true};
  EXPECT_THAT(a().pair->Manual(kEve, preview).warnings, ElementsAre(HasSubstr("config confirm")));
  EXPECT_TRUE(a().pair->Manual(kEve, {.kind = ManualKind::kOverwrite}).done);
  ExpectOnTrial();
  EXPECT_EQ(b().Action("theirs"), "deny");
}

TEST_F(PairTrialTest, N20_WhatIsMergedByHandIsOnTrialThereToo) {
  nodes_.Diverge(R"({"zones": {"zone": [{"name": "lan"}]}})");
  const ManualOutcome outcome = a().pair->Manual(kEve, {.kind = ManualKind::kMerge});
  EXPECT_TRUE(outcome.done);
  EXPECT_THAT(outcome.warnings, Contains(HasSubstr("config confirm")));
  EXPECT_NE(a().Running().Find(PathDown(a().judge.root(), {"zones"})), nullptr);
  ExpectOnTrial();
}

TEST_F(PairTrialTest, N20_AConfirmIsPassedToWhomWasOverwritten) {
  nodes_.Diverge();
  EXPECT_TRUE(a().pair->Manual(kEve, {.kind = ManualKind::kOverwrite}).done);
  EXPECT_TRUE(a().engine->Confirm(kEve).ok());
  nodes_.Run(25'000);
  EXPECT_EQ(b().Action("web"), "permit");
  EXPECT_EQ(a().State(), "in-sync") << a().Reasons();
}

// The loop's push has its span when it begins. It is for good all the same if that was confirmed
// before the remote took it.
TEST_F(PairTrialTest, N20_AConfirmInTheMiddleOfAPushIsPassedOn) {
  bool is_confirmed = false;
  nodes_.wire.judge = [&](const Wire::Call& call) {
    const bool is_between = call.name == "Prepare" && call.moment == Wire::Moment::kAnswer;
    if (is_between && !is_confirmed) is_confirmed = a().engine->Confirm(kEve).ok();
    return absl::OkStatus();
  };
  nodes_.Run(3'000);
  EXPECT_TRUE(is_confirmed);
  EXPECT_EQ(b().Action("web"), "permit");
  EXPECT_FALSE(b().engine->Status().confirm.has_value());
}

// A clock that is set does not make either node forget that the other one waits.
TEST(PairTrial, N20_AClockThatIsSetLosesNoConfirm) {
  Nodes nodes;
  nodes.MakePair();
  PairNode& a = nodes.a();
  ASSERT_EQ(a.CommitText(RuleJson("web"), {.confirm_within_s = 20}), "");
  nodes.Run(500);
  nodes.clock.wall_ms += 3'600'000;
  nodes.Run(500);
  nodes.Cut(true);
  ASSERT_TRUE(a.engine->Confirm(kEve).ok());
  nodes.Run(1'000);
  nodes.Cut(false);
  nodes.Run(25'000);
  EXPECT_EQ(nodes.b().Action("web"), "permit");
  const absl::StatusOr<std::vector<RevisionInfo>> history = nodes.b().engine->History(1);
  EXPECT_EQ(history->front().origin, "peer");
  EXPECT_EQ(a.State(), "in-sync") << a.Reasons();
}

// It has the content already, on trial, and is told now that it is to keep it.
TEST(PairTrial, N20_WhatIsOverwrittenWithTheSameIsForGood) {
  Nodes nodes;
  nodes.MakePair();
  PairNode& a = nodes.a();
  ASSERT_EQ(a.CommitText(RuleJson("web"), {.confirm_within_s = 20}), "");
  nodes.Cut(true);
  ASSERT_TRUE(a.engine->Confirm(kEve).ok());
  a.Stop();
  a.Start();
  nodes.Cut(false);
  nodes.Run(500);
  ASSERT_TRUE(nodes.b().engine->Status().confirm.has_value());
  EXPECT_TRUE(a.pair->Manual(kEve, {.kind = ManualKind::kOverwrite}).done);
  EXPECT_FALSE(nodes.b().engine->Status().confirm.has_value());
  EXPECT_EQ(nodes.b().Action("web"), "permit");
}

// What the other one went back to is known here, though it is not what was agreed.
TEST(PairTrial, N20_WhoTookOverMayConfirmAndTheOtherOneGetsItAgain) {
  Nodes nodes;
  nodes.MakePair();
  PairNode& a = nodes.a();
  PairNode& b = nodes.b();
  ASSERT_EQ(a.CommitText(RuleJson("before")), "");
  nodes.Run(500);
  ASSERT_EQ(a.CommitText(RuleJson("web"), {.confirm_within_s = 10}), "");
  a.Stop();
  b.facts.role = {.role = HaRole::kActive, .term = 2, .is_dataplane_ready = true, .reasons = {}};
  ASSERT_TRUE(b.engine->Confirm(kEve).ok());
  nodes.Run(12'000);
  a.facts.role = {.role = HaRole::kStandby, .term = 2, .is_dataplane_ready = true, .reasons = {}};
  a.Start();
  nodes.Run(5'000);
  EXPECT_EQ(b.State(), "in-sync") << b.Reasons();
  EXPECT_EQ(a.Action("web"), "permit");
}

// Both hear of each other all the time: they are equal until the old one goes back, and are so
// again.
TEST(PairTrial, N20_WhoTookOverMayConfirmWhileTheOtherOneWaits) {
  Nodes nodes;
  nodes.MakePair();
  PairNode& a = nodes.a();
  PairNode& b = nodes.b();
  ASSERT_EQ(a.CommitText(RuleJson("before")), "");
  nodes.Run(500);
  ASSERT_EQ(a.CommitText(RuleJson("web"), {.confirm_within_s = 10}), "");
  a.facts.role = {.role = HaRole::kStandby, .term = 2, .is_dataplane_ready = true, .reasons = {}};
  b.facts.role = {.role = HaRole::kActive, .term = 2, .is_dataplane_ready = true, .reasons = {}};
  nodes.Run(1'000);
  ASSERT_TRUE(b.engine->Confirm(kEve).ok());
  nodes.Run(15'000);
  EXPECT_EQ(b.State(), "in-sync") << b.Reasons();
  EXPECT_EQ(a.Action("web"), "permit");
  ASSERT_EQ(b.CommitText(RuleJson("after")), "");
  nodes.Run(90'000);
  EXPECT_EQ(b.State(), "in-sync") << b.Reasons();
  EXPECT_EQ(b.Remote().agreed, b.engine->Running().first);
}

TEST(PairTrial, N20_AConfirmOfTheSenderEndsItForTheReceiver) {
  Nodes nodes;
  nodes.MakePair();
  ASSERT_EQ(nodes.a().CommitText(RuleJson("web"), {.confirm_within_s = 600}), "");
  const auto is_waiting = [&] {
    const auto record = DecodeRemote(nodes.b().engine->ReadNotes().at("sync/remote/a"));
    return record.ok() && record->confirm.has_value();
  };
  EXPECT_TRUE(is_waiting());
  ASSERT_TRUE(nodes.a().engine->Confirm(kEve).ok());
  EXPECT_FALSE(is_waiting());
}

// Of a trial more is offered than is remembered. What the remote had before it is none of that.
TEST(PairTrial, N20_TheWayBackIsKnownAfterManyPushesOfATrial) {
  Nodes nodes;
  nodes.MakePair(R"(, "policy": "deferred")");
  PairNode& a = nodes.a();
  bool is_lost = false;
  nodes.wire.judge = [&](const Wire::Call& call) {
    if (call.name != "Apply" || call.moment != Wire::Moment::kAnswer) return absl::OkStatus();
    is_lost = true;
    return Wire::Lost("the answer");
  };
  ASSERT_EQ(a.CommitText(RuleJson("first")), "");
  while (!is_lost) nodes.Run(50);
  // Taken, and not agreed. What comes next is not pushed before the trial begins.
  ASSERT_EQ(a.CommitText(RuleJson("second")), "");
  ASSERT_EQ(a.CommitText(RuleJson("trial"), {.confirm_within_s = 60}), "");
  nodes.wire.judge = [](const Wire::Call&) { return absl::OkStatus(); };
  nodes.Run(2'000);
  for (std::size_t i = 0; i <= kOfferedMax; ++i) {
    ASSERT_EQ(a.CommitText(RuleJson("on-top-" + std::to_string(i))), "");
    nodes.Run(500);
  }
  ASSERT_EQ(nodes.b().Action("on-top-" + std::to_string(kOfferedMax)), "permit");
  nodes.Cut(true);
  nodes.Run(70'000);
  ASSERT_EQ(a.Action("trial"), "");
  ASSERT_EQ(nodes.b().Action("trial"), "");
  nodes.Cut(false);
  nodes.Run(5'000);
  EXPECT_EQ(a.State(), "in-sync") << a.Reasons();
  EXPECT_EQ(nodes.b().Action("second"), "permit");
}

// It is for the receiver to go on with, if the sender dies within the trial.
TEST(PairTrial, N20_WhoTookOverKnowsWhatTheOtherOneWentBackTo) {
  Nodes nodes;
  nodes.MakePair();
  PairNode& a = nodes.a();
  PairNode& b = nodes.b();
  ASSERT_EQ(a.CommitText(RuleJson("before")), "");
  nodes.Run(500);
  ASSERT_EQ(a.CommitText(RuleJson("trial"), {.confirm_within_s = 10}), "");
  ASSERT_EQ(a.CommitText(RuleJson("on-top")), "");
  a.Stop();
  b.facts.role = {.role = HaRole::kActive, .term = 2, .is_dataplane_ready = true, .reasons = {}};
  nodes.Run(12'000);
  ASSERT_EQ(b.Action("trial"), "");
  ASSERT_EQ(b.CommitText(RuleJson("after")), "");
  a.facts.role = {.role = HaRole::kStandby, .term = 2, .is_dataplane_ready = true, .reasons = {}};
  a.Start();
  nodes.Run(5'000);
  EXPECT_EQ(b.State(), "in-sync") << b.Reasons();
  EXPECT_EQ(a.Action("after"), "permit");
}

}  // namespace
}  // namespace configsync
