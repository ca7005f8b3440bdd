// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

// What another node may not do to this one, whatever it says.

#include <gtest/gtest.h>

#include <utility>

#include "configsync/engine/ha_nodes.h"
#include "configsync/pair/direction.h"
#include "configsync/tree/edit_codec.h"
#include "tests/unit/configsync/pair/two_nodes.h"

namespace configsync {
namespace {

class ParticipantTest : public ::testing::Test {
 protected:
  ParticipantTest() {
    nodes_.MakePair();
    EXPECT_EQ(a().CommitText(RuleJson("web")), "");
    nodes_.Run(500);
    good_ = nodes_.wire.prepared.back();
  }
  PairNode& a() { return nodes_.a(); }
  PairNode& b() { return nodes_.b(); }
  // A push that is right, but for what the test changes: it deletes the rule.
  PrepareRequest Next() {
    PrepareRequest request = good_;
    const auto parts = a().pair->Parts("b");
    EXPECT_TRUE(parts.ok()) << parts.status();
    const Path path = RulePath("web");
    const Tree next = *parts->mine.Apply(
        std::vector<Edit>{{.op = EditOp::kDelete, .path = path, .value = {}, .after = {}}});
    request.number = good_.number + 500;
    request.base = parts->mine.hash();
    request.result = next.hash();
    request.edits = EncodeEdits(EditsOf(Diff(parts->mine, next)));
    return request;
  }
  Path RulePath(const std::string& rule) {
    Path path = PathDown(a().judge.root(), {"policy", "rule"});
    path.back().keys = {rule};
    return path;
  }
  // Name of the reason that b refuses it with; "" if it takes it.
  std::string Refusal(const PrepareRequest& request) {
    const Tree before = b().Running();
    const absl::StatusOr<PrepareResponse> answer =
        b().pair->OnPrepare(a().facts.facts.device, request);
    EXPECT_EQ(b().Running(), before);
    return answer.ok() ? "" : NameOf(ReasonOf(answer.status()));
  }
  std::string Apply(std::uint64_t number) {
    const absl::StatusOr<ApplyResponse> answer =
        b().pair->OnApply(a().facts.facts.device, {.number = number});
    return answer.ok() ? "" : NameOf(ReasonOf(answer.status()));
  }
  Nodes nodes_;
  PrepareRequest good_;
};

TEST_F(ParticipantTest, ARightPushIsTakenOnce) {
  const PrepareRequest request = Next();
  EXPECT_EQ(Refusal(request), "");
  EXPECT_EQ(Apply(request.number), "");
  EXPECT_EQ(b().Action("web"), "");
  EXPECT_EQ(Apply(request.number), "REPLAYED");
}

TEST_F(ParticipantTest, F6_AReplayedPushIsRefusedAlsoAfterARestart) {
  EXPECT_EQ(Refusal(good_), "REPLAYED");
  b().Stop();
  b().Start();
  EXPECT_EQ(Refusal(good_), "REPLAYED");
  PrepareRequest request = Next();
  request.number = good_.number;
  EXPECT_EQ(Refusal(request), "REPLAYED");
}

TEST_F(ParticipantTest, F3_AnOlderTermIsRefused) {
  PrepareRequest request = Next();
  request.term = 0;
  EXPECT_EQ(Refusal(request), "STALE_TERM");
}

// A lie about the term, once, must not be a wall that no election ever passes.
TEST_F(ParticipantTest, F3_F6_ATermThatTheDataplaneDoesNotKnowIsNotKept) {
  nodes_.wire.change_prepare = [](const Wire::Call&, PrepareRequest& request) {
    request.term = kPushTermMax;
  };
  ASSERT_EQ(a().CommitText(RuleJson("lie")), "");
  ASSERT_EQ(b().Action("lie"), "permit");
  nodes_.wire.change_prepare = {};
  ASSERT_EQ(a().CommitText(RuleJson("truth")), "");
  PrepareRequest request = Next();
  request.term = 0;
  EXPECT_EQ(Refusal(request), "STALE_TERM");
  nodes_.Run(500);
  EXPECT_EQ(a().State(), "in-sync") << a().Reasons();
  // By the next election the other one is active.
  a().facts.role.role = HaRole::kStandby;
  b().facts.role.role = HaRole::kActive;
  a().facts.role.term = b().facts.role.term = 2;
  nodes_.Run(500);
  EXPECT_EQ(b().CommitText(RuleJson("dns")), "");
  EXPECT_EQ(a().Action("dns"), "permit");
}

TEST_F(ParticipantTest, F3_ATermHasNoMoreBitsThanThoseOfTheDataplane) {
  PrepareRequest request = Next();
  request.term = kPushTermMax + 1;
  EXPECT_EQ(Refusal(request), "PEER_ANSWER_INVALID");
}

TEST_F(ParticipantTest, F3_F6_WhatWasStatedToASilentDataplaneIsLoweredWhenItSpeaks) {
  const LocalRole role = std::exchange(b().facts.role, {});
  PrepareRequest request = Next();
  request.term = kPushTermMax;
  ASSERT_EQ(Refusal(request), "");
  ASSERT_EQ(Apply(request.number), "");
  request = Next();
  request.number += 1;
  request.term = 5;
  EXPECT_EQ(Refusal(request), "STALE_TERM");  // Nobody here knows better.
  b().Stop();
  b().Start();
  b().facts.role = role;
  b().pair->TickStates();
  request.term = 0;
  EXPECT_EQ(Refusal(request), "STALE_TERM");
  request.term = 1;
  EXPECT_NE(Refusal(request), "STALE_TERM");
  b().facts.role = {.role = HaRole::kActive, .term = 2, .is_dataplane_ready = true, .reasons = {}};
  nodes_.Run(500);
  EXPECT_TRUE(b().Remote().may_push);
}

// Without a dataplane it is the operator who ends it.
TEST_F(ParticipantTest, F3_F6_ASourceThatIsForgottenIsNone) {
  b().facts.role = {};
  PrepareRequest request = Next();
  request.term = kPushTermMax;
  ASSERT_EQ(Refusal(request), "");
  ASSERT_EQ(Apply(request.number), "");
  const DeviceId third = std::string(31, '0') + "c";
  request = Next();
  request.path = {third};
  request.term = 1;
  const auto refusal = [&] {
    return NameOf(ReasonOf(b().pair->OnPrepare(third, request).status()));
  };
  EXPECT_EQ(refusal(), "STALE_TERM");
  b().facts.forgotten.insert(a().facts.facts.device);
  EXPECT_EQ(refusal(), "PEER_BUSY");  // The next check: it knows no selection of the third node.
}

TEST_F(ParticipantTest, F4_TheActiveNodeTakesNothing) {
  b().facts.role.role = HaRole::kActive;
  EXPECT_EQ(Refusal(Next()), "SYNC_DIRECTION");
}

TEST_F(ParticipantTest, F77_WhoHasItDisabledTakesNothing) {
  const PrepareRequest request = Next();
  EXPECT_EQ(b().CommitText(R"({"ha": {"configuration-synchronization": {"enabled": false}}})"), "");
  EXPECT_EQ(Refusal(request), "CONFIG_SYNC_DISABLED_PEER");
}

TEST_F(ParticipantTest, F6_ContentThatWasHereIsRefused) {
  PrepareRequest request = Next();
  request.path = {b().facts.facts.device, a().facts.facts.device};
  EXPECT_EQ(Refusal(request), "LOOP");
  request.path = {b().facts.facts.device};
  EXPECT_EQ(Refusal(request), "PEER_ANSWER_INVALID");
  request.path = {};
  EXPECT_EQ(Refusal(request), "PEER_ANSWER_INVALID");
}

TEST_F(ParticipantTest, N15_ABaseThatIsNotHereIsRefused) {
  PrepareRequest request = Next();
  request.base = request.result;
  EXPECT_EQ(Refusal(request), "DIVERGED");
}

TEST_F(ParticipantTest, N17_ALieAboutTheResultIsRefused) {
  PrepareRequest request = Next();
  request.result = request.base;
  EXPECT_EQ(Refusal(request), "PEER_HASH_MISMATCH");
}

TEST_F(ParticipantTest, GarbageIsRefused) {
  PrepareRequest request = Next();
  request.edits = "not edits";
  EXPECT_EQ(Refusal(request), "PEER_REFUSED");
  request.edits = "lockstep-edits 1\ndelete 0 /lockstep-policy:policy/nothing\n";
  EXPECT_EQ(Refusal(request), "PEER_REFUSED");
  request = Next();
  request.selection.bytes[0] ^= 1;
  EXPECT_EQ(Refusal(request), "PEER_BUSY");
}

// The receiver filters as well: its own schema says that a host name is its own.
TEST_F(ParticipantTest, F25_F26_AUniqueLeafIsNotTaken) {
  for (const char* where : {"system/host-name", "ha/failover/priority"}) {
    const auto parts = a().pair->Parts("b");
    Path path;
    const SchemaNode* node = &a().judge.root();
    std::string words = where;
    for (std::size_t begin = 0; begin < words.size();) {
      const std::size_t end = std::min(words.find('/', begin), words.size());
      node = node->Child(words.substr(begin, end - begin));
      path.push_back({.node = node, .keys = {}});
      begin = end + 1;
    }
    const Tree next = *parts->mine.Apply(
        std::vector<Edit>{{.op = EditOp::kSet, .path = path, .value = "7", .after = {}}});
    PrepareRequest request = Next();
    request.result = next.hash();
    request.edits = EncodeEdits(EditsOf(Diff(parts->mine, next)));
    EXPECT_EQ(Refusal(request), "PEER_REFUSED") << where;
  }
}

TEST_F(ParticipantTest, AnApplyNeedsItsPrepareWithin30Seconds) {
  EXPECT_EQ(Apply(good_.number + 7), "PEER_REFUSED");
  const PrepareRequest request = Next();
  EXPECT_EQ(Refusal(request), "");
  nodes_.clock.Pass(31'000);
  EXPECT_EQ(Apply(request.number), "PEER_REFUSED");
  EXPECT_EQ(b().Action("web"), "permit");
}

TEST_F(ParticipantTest, AnAbortedPushIsForgotten) {
  const PrepareRequest request = Next();
  EXPECT_EQ(Refusal(request), "");
  EXPECT_TRUE(b().pair->OnAbort(a().facts.facts.device, {.number = request.number}).ok());
  EXPECT_EQ(Apply(request.number), "PEER_REFUSED");
}

// What moved in between is merged again.
TEST_F(ParticipantTest, N15_ApplyMergesWithWhatRunsThen) {
  const PrepareRequest request = Next();
  EXPECT_EQ(Refusal(request), "");
  EXPECT_EQ(b().CommitText(R"({"system": {"host-name": "fw-b"}})"), "");
  EXPECT_EQ(Apply(request.number), "");
  EXPECT_EQ(b().Action("web"), "");
  EXPECT_NE(b().Running().Find(PathDown(b().judge.root(), {"system", "host-name"})), nullptr);
}

TEST_F(ParticipantTest, N20_AConfirmIsOfTheLastPushAndItsSender) {
  ASSERT_EQ(a().CommitText(RuleJson("dns"), {.confirm_within_s = 60}), "");
  const std::uint64_t number = nodes_.wire.prepared.back().number;
  const DeviceId from = a().facts.facts.device;
  EXPECT_FALSE(b().pair->OnConfirm(from, {.number = number - 1}).ok());
  EXPECT_FALSE(b().pair->OnConfirm("another", {.number = number}).ok());
  EXPECT_TRUE(b().engine->Status().confirm.has_value());
  EXPECT_TRUE(b().pair->OnConfirm(from, {.number = number}).ok());
  EXPECT_FALSE(b().engine->Status().confirm.has_value());
}

TEST_F(ParticipantTest, AStateOfSomebodyElseIsNotBelieved) {
  Exchange exchange;
  exchange.state.device = "another";
  const auto answer = b().pair->OnExchange(a().facts.facts.device, exchange);
  EXPECT_EQ(NameOf(ReasonOf(answer.status())), "PEER_ANSWER_INVALID");
  exchange.state.device = a().facts.facts.device;
  exchange.facts = a().facts.facts;  // The digest of the state is another one.
  EXPECT_FALSE(b().pair->OnExchange(a().facts.facts.device, exchange).ok());
}

TEST_F(ParticipantTest, AnAuthorIsCutBetweenCharacters) {
  PrepareRequest request = Next();
  request.author = std::string(63, 'x') + "\xc3\xa9";
  request.comment = std::string(kPeerCommentBytesMax - 1, 'y') + "\xc3\xa9";
  ASSERT_EQ(Refusal(request), "");
  ASSERT_EQ(Apply(request.number), "");
  const auto history = b().engine->History(1);
  ASSERT_TRUE(history.ok());
  EXPECT_EQ(history->at(0).author.name, std::string(63, 'x') + "@fw-a");
  EXPECT_EQ(history->at(0).comment, std::string(kPeerCommentBytesMax - 1, 'y'));
}

// Which node a change came from is what pairing has stored, whatever that node calls itself.
TEST_F(ParticipantTest, F42_TheNameOfTheNodeIsThatOfThePairing) {
  a().facts.facts.name = "root@fw-c";
  nodes_.Run(1'000);
  ASSERT_EQ(a().CommitText(RuleJson("dns")), "");
  EXPECT_EQ(b().engine->History(1)->at(0).author.name, "eve@fw-a");
  EXPECT_EQ(b().pair->Status().source_name, "fw-a");
  b().facts.forgotten.insert(a().facts.facts.device);
  ASSERT_EQ(a().CommitText(RuleJson("ftp")), "");
  EXPECT_EQ(b().engine->History(1)->at(0).author.name, "eve@" + a().facts.facts.device);
}

// It knows the selection, and never says what it is.
TEST(Participant, ARemoteThatGivesNoFactsIsNotAsked) {
  Nodes nodes;
  nodes.wire.change_exchange = [](const Wire::Call&, Exchange& answer) { answer.facts.reset(); };
  nodes.a().SyncWith({"b"}, R"(, "policy": "strict")");
  nodes.b().SyncWith({"c"});
  nodes.Run(1'000);
  EXPECT_EQ(nodes.a().CommitText(RuleJson("web")), "PEER_BUSY ");
  EXPECT_EQ(nodes.b().Action("web"), "");
}

TEST_F(ParticipantTest, GarbageInAnAnswerIsAReasonAndEnds) {
  nodes_.wire.change_exchange = [](const Wire::Call& call, Exchange& answer) {
    if (call.from == "a") answer.state.device = "0";
  };
  nodes_.Run(3'000);
  EXPECT_EQ(a().Remote().reasons.at(0).code, ReasonCode::kPeerAnswerInvalid);
  nodes_.wire.change_exchange = {};
  nodes_.Run(3'000);
  EXPECT_EQ(a().State(), "in-sync");
}

TEST_F(ParticipantTest, ARemoteThatIsThisNodeIsSeen) {
  Nodes alone(1);
  alone.a().SyncWith({"a"});
  alone.Run(1'000);
  EXPECT_EQ(alone.a().Remote().reasons.at(0).code, ReasonCode::kPeerAnswerInvalid);
}

}  // namespace
}  // namespace configsync
