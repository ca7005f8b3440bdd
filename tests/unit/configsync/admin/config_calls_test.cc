// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

// Messages in, engine, messages out: bounds, defaults, and problems that come all at once.

#include "configsync/admin/config_calls.h"

#include <gtest/gtest.h>

#include "configsync/admin/messages.h"
#include "tests/unit/configsync/admin/fake_engine.h"

namespace configsync {
namespace {

namespace pb = lockstep::admin;

class ConfigCallsTest : public testing::Test {
 protected:
  FakeEngine engine_;
  FakeText text_;
  ConfigCalls calls_{
      {.engine = &engine_, .text = &text_, .groups = DefaultRoleGroups(), .version = "1.2"}};
  Caller root_{.user = 0, .name = "root", .roles = Roles::All()};
};

void AddSet(pb::EditRequest& request, const std::string& place, const std::string& value) {
  pb::EditText& edit = *request.add_edits();
  edit.set_op(pb::EditText::SET);
  edit.add_words(place);
  edit.add_words(value);
}

TEST_F(ConfigCallsTest, OneWrongEditIsEnoughForNoneToBeMade) {
  pb::EditRequest request;
  AddSet(request, "name", "a");
  AddSet(request, "bogus", "b");
  AddSet(request, "worse", "c");
  pb::EditResponse response;
  EXPECT_TRUE(calls_.Edit(root_, request, response).ok());
  ASSERT_EQ(response.problems().list_size(), 2);
  EXPECT_EQ(response.problems().list(0).value(), "bogus");
  EXPECT_EQ(response.problems().list(1).code(), "UNKNOWN_PATH");
  EXPECT_TRUE(engine_.calls().empty());
}

TEST_F(ConfigCallsTest, AllEditsOfACallAreOneEditOfTheCandidate) {
  pb::EditRequest request;
  AddSet(request, "name", "a");
  AddSet(request, "name", "b");
  pb::EditResponse response;
  EXPECT_TRUE(calls_.Edit(root_, request, response).ok());
  EXPECT_EQ(engine_.calls(), std::vector<std::string>{"edit 2 a by 0"});
}

TEST_F(ConfigCallsTest, BoundsOfAnEditAreCheckedAndSecretsAreNotRepeated) {
  const auto message_of = [&](const pb::EditRequest& request) {
    pb::EditResponse response;
    const absl::Status status = calls_.Edit(root_, request, response);
    EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
    return std::string(status.message());
  };
  pb::EditRequest many;
  for (std::size_t i = 0; i <= kEditsMax; ++i) {
    many.add_edits();
  }
  EXPECT_NE(message_of(many).find("at most 100000; load a file"), std::string::npos);
  pb::EditRequest unset;
  unset.add_edits();
  EXPECT_NE(message_of(unset).find("edit 1: operation 0"), std::string::npos);
  pb::EditRequest large;
  AddSet(large, "name", "hunter2" + std::string(kWordBytesMax, 'x'));
  EXPECT_NE(message_of(large).find("at most 65536"), std::string::npos);
  EXPECT_EQ(message_of(large).find("hunter2"), std::string::npos);
  pb::EditRequest deep;
  AddSet(deep, "name", "a");
  for (std::size_t i = 0; i < kEditWordsMax; ++i) {
    deep.mutable_edits(0)->add_words("x");
  }
  EXPECT_NE(message_of(deep).find("66 words: at most 64"), std::string::npos);
  pb::EditRequest both;
  AddSet(both, "name", "a");
  both.mutable_edits(0)->set_first(true);
  both.mutable_edits(0)->add_after("b");
  EXPECT_NE(message_of(both).find("give one"), std::string::npos);
  pb::EditRequest nowhere;
  AddSet(nowhere, "name", "a");
  nowhere.mutable_edits(0)->set_op(pb::EditText::MOVE);
  EXPECT_NE(message_of(nowhere).find("a move needs `first` or `after`"), std::string::npos);
  EXPECT_TRUE(engine_.calls().empty());
}

TEST_F(ConfigCallsTest, AViewIsNamedOrNumbered) {
  pb::ShowRequest request;
  pb::ShowResponse response;
  EXPECT_TRUE(calls_.Show(root_, request, response).ok());
  EXPECT_EQ(response.text(), "{\"name\":\"running\"}");
  request.set_view("candidate");
  EXPECT_TRUE(calls_.Show(root_, request, response).ok());
  EXPECT_EQ(response.text(), "{\"name\":\"candidate\"}");
  for (const char* name : {"bogus", "0", "-1", "1.5", "99999999999999999999"}) {
    request.set_view(name);
    EXPECT_EQ(calls_.Show(root_, request, response).code(), absl::StatusCode::kInvalidArgument)
        << name;
  }
  request.set_view("10");
  EXPECT_EQ(calls_.Show(root_, request, response).code(), absl::StatusCode::kNotFound);
}

TEST_F(ConfigCallsTest, AnUnknownPathOrFormatIsSaid) {
  pb::ShowRequest request;
  pb::ShowResponse response;
  request.add_path("bogus");
  EXPECT_TRUE(calls_.Show(root_, request, response).ok());
  ASSERT_EQ(response.problems().list_size(), 1);
  EXPECT_EQ(response.text(), "");
  request.set_format("xml");
  EXPECT_NE(calls_.Show(root_, request, response).message().find("'xml' is none of json, "),
            std::string::npos);
}

TEST_F(ConfigCallsTest, CompareIsRunningAgainstCandidateUnlessSaidOtherwise) {
  pb::CompareResponse response;
  EXPECT_TRUE(calls_.Compare(root_, pb::CompareRequest(), response).ok());
  ASSERT_EQ(response.differences_size(), 1);
  EXPECT_EQ(response.differences(0).kind(), "modified");
  EXPECT_EQ(response.differences(0).path(), "/name");
  EXPECT_EQ(response.differences(0).before(), "running");
  EXPECT_EQ(response.differences(0).after(), "candidate");
  pb::CompareRequest same;
  same.set_second("startup");
  pb::CompareResponse equal;
  EXPECT_TRUE(calls_.Compare(root_, same, equal).ok());
  EXPECT_EQ(equal.differences_size(), 0);
}

TEST_F(ConfigCallsTest, ACommitHasBoundsForCommentAndTime) {
  pb::CommitRequest request;
  pb::CommitResponse response;
  request.set_comment(std::string(kCommentBytesMax + 1, 'x'));
  EXPECT_EQ(calls_.Commit(root_, request, response).code(), absl::StatusCode::kInvalidArgument);
  request.set_comment("why");
  for (const std::uint32_t seconds : {0u, kConfirmSecondsMax + 1}) {
    request.set_confirm_within_s(seconds);
    EXPECT_EQ(calls_.Commit(root_, request, response).code(), absl::StatusCode::kInvalidArgument);
  }
  EXPECT_TRUE(engine_.calls().empty());
  request.set_confirm_within_s(1);
  EXPECT_TRUE(calls_.Commit(root_, request, response).ok());
  EXPECT_EQ(engine_.calls(), std::vector<std::string>{"commit why by 0"});
  EXPECT_TRUE(response.committed());
  EXPECT_EQ(response.differences_size(), 1);
}

TEST_F(ConfigCallsTest, StatusSaysWhatIsAmissByName) {
  pb::ConfigStatus status;
  EXPECT_TRUE(calls_.GetStatus(root_, pb::GetStatusRequest(), status).ok());
  EXPECT_EQ(status.running(), 7u);
  EXPECT_EQ(status.lock().by(), "eve");
  EXPECT_TRUE(status.candidate_changed());
  EXPECT_EQ(status.version(), "1.2");
  const std::vector<std::string> reasons(status.reasons().begin(), status.reasons().end());
  ASSERT_EQ(reasons.size(), 2u);
  EXPECT_EQ(
      reasons[0],
      "error DATAPLANE_REFUSED: the dataplane does not take revision 7: no port; correct what "
      "it names, or go back to the revision that it runs");
  EXPECT_EQ(reasons[1].find("info NOT_SAVED: "), 0u);
}

TEST_F(ConfigCallsTest, DefaultsAreTenMinutesAndFiftyRevisions) {
  pb::LockResponse lock;
  EXPECT_TRUE(calls_.Lock(root_, pb::LockRequest(), lock).ok());
  pb::CommitResponse edit;
  EXPECT_TRUE(calls_.BeginHaEdit(root_, pb::BeginHaEditRequest(), edit).ok());
  EXPECT_EQ(engine_.calls(), (std::vector<std::string>{"lock 600 by 0", "begin 600 by 0"}));
  pb::GetHistoryRequest history;
  history.set_limit(kHistoryMax + 1);
  pb::GetHistoryResponse response;
  EXPECT_EQ(calls_.GetHistory(root_, history, response).code(), absl::StatusCode::kInvalidArgument);
}

TEST_F(ConfigCallsTest, TheAuditSaysWhoTriedWhat) {
  pb::GetAuditRequest request;
  pb::GetAuditResponse response;
  EXPECT_TRUE(calls_.GetAudit(root_, request, response).ok());
  ASSERT_EQ(response.records_size(), 1);
  EXPECT_EQ(response.records(0).author(), "eve");
  EXPECT_EQ(response.records(0).user_id(), 5u);
  EXPECT_EQ(response.records(0).outcome(), "refused");
  request.set_limit(kHistoryMax + 1);
  EXPECT_EQ(calls_.GetAudit(root_, request, response).code(), absl::StatusCode::kInvalidArgument);
}

TEST_F(ConfigCallsTest, FaultsOfTheStoreAreListed) {
  pb::VerifyStoreResponse response;
  EXPECT_TRUE(calls_.VerifyStore(root_, pb::VerifyStoreRequest(), response).ok());
  EXPECT_EQ(response.faults_size(), 1);
}

TEST_F(ConfigCallsTest, CompletionPassesVerbAndWordsOn) {
  pb::CompleteRequest request;
  request.add_words("a");
  request.set_partial("na");
  request.set_verb("set");
  pb::CompleteResponse response;
  EXPECT_TRUE(calls_.Complete(root_, request, response).ok());
  EXPECT_EQ(response.completions(0).word(), "name");
  EXPECT_EQ(response.completions(0).help(), "set1");
}

TEST(Messages, TimesAreRfc3339) { EXPECT_EQ(TimeText(1'700'000'000'999), "2023-11-14T22:13:20Z"); }

}  // namespace
}  // namespace configsync
