// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

// What operators ask about other nodes: which remote is meant, what needs whom, and that no answer
// has a secret in it.

#include "configsync/admin/sync_calls.h"

#include <gtest/gtest.h>

#include <random>

#include "configsync/admin/config_calls.h"
#include "configsync/admin/messages.h"
#include "configsync/admin/yang_text.h"
#include "configsync/schema/schema.h"
#include "tests/golden/config/golden_text.h"
#include "tests/unit/configsync/admin/fake_engine.h"
#include "tests/unit/configsync/admin/fake_pair_sync.h"

namespace configsync {
namespace {

namespace pb = lockstep::admin;
using Lines = std::vector<std::vector<std::string>>;

constexpr const char* kSecret = "hunter2-hunter2";

class SyncCallsTest : public testing::Test {
 protected:
  static void SetUpTestSuite() {
    if (schema_ != nullptr) return;  // Of another suite of this fixture.
    auto loaded = Schema::Load(LOCKSTEP_YANG_DIR);
    ASSERT_TRUE(loaded.ok()) << loaded.status();
    schema_ = loaded->release();
  }
  SyncCallsTest() {
    engine_.running = Make({{"system", "host-name", "fw-a"}});
    pair_.AddRemote("b", "fw-b");
  }
  Tree Make(const Lines& lines) const {
    std::vector<Edit> edits;
    Problems problems;
    for (const std::vector<std::string>& words : lines) {
      std::optional<Edit> edit = text_.ReadEdit(EditOp::kSet, words, problems);
      EXPECT_TRUE(edit.has_value()) << words.back();
      edits.push_back(edit.value_or(Edit{}));
    }
    return Tree(schema_->root(), SecretKey{}).Apply(edits).value();
  }
  absl::Status Manual(const pb::ManualRequest& request) {
    response_.Clear();
    return calls_.Manual(caller_, request, response_);
  }
  static pb::ManualRequest Asking(const std::string& kind, const std::string& confirmation = "") {
    pb::ManualRequest request;
    request.set_kind(kind);
    request.set_confirmation(confirmation);
    return request;
  }

  static Schema* schema_;
  YangText text_{*schema_};
  FakeEngine engine_;
  FakePairSync pair_;
  SyncCalls calls_{
      {.pair = &pair_, .engine = &engine_, .text = &text_, .groups = DefaultRoleGroups()}};
  Caller caller_{.user = 5, .name = "eve", .roles = Roles::All()};
  pb::ManualResponse response_;
};
Schema* SyncCallsTest::schema_ = nullptr;

TEST_F(SyncCallsTest, ANodeAloneSaysWhatToDo) {
  SyncCalls alone({.engine = &engine_, .text = &text_, .groups = DefaultRoleGroups()});
  pb::SyncStatus status;
  const absl::Status refused = alone.GetSync(caller_, {}, status);
  EXPECT_EQ(refused.code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_NE(refused.message().find("start it with --ha1 ADDRESS"), std::string::npos);
  pb::PinResponse pin;
  EXPECT_EQ(alone.Pin(caller_, {}, pin), refused);
  EXPECT_EQ(alone.Manual(caller_, Asking("push"), response_), refused);
}

TEST_F(SyncCallsTest, TheOnlyRemoteNeedsNoNameAndOthersAreListed) {
  pb::DifferenceResponse response;
  pb::GetDifferenceRequest request;
  const absl::Status none = calls_.GetDifference(caller_, request, response);
  EXPECT_EQ(none.message(), "no comparison with b: no parts");
  EXPECT_EQ(none.code(), absl::StatusCode::kFailedPrecondition);  // This node is there.
  request.set_remote("fw-b");  // The node's name means its remote.
  EXPECT_EQ(calls_.GetDifference(caller_, request, response).message(),
            "no comparison with b: no parts");
  EXPECT_EQ(pair_.calls, (std::vector<std::string>{"parts b", "parts b"}));
  request.set_remote("bogus");
  EXPECT_EQ(calls_.GetDifference(caller_, request, response),
            absl::NotFoundError("remote 'bogus' is not configured; there is b"));
  pair_.AddRemote("c", "");
  request.clear_remote();
  EXPECT_EQ(calls_.GetDifference(caller_, request, response).message(),
            "there are 2 remotes, b, c: say which, by --remote NAME");
  pair_.status.remotes.clear();
  EXPECT_EQ(calls_.GetDifference(caller_, request, response).code(),
            absl::StatusCode::kFailedPrecondition);
  request.set_remote(std::string(kNameBytesMax + 1, 'x'));
  EXPECT_EQ(calls_.GetDifference(caller_, request, response).code(),
            absl::StatusCode::kInvalidArgument);
}

TEST_F(SyncCallsTest, F13_F36_ADifferenceShowsWhatAndSecretsAsFingerprints) {
  const Lines both = {{"zones", "zone", "dmz"}};
  Lines mine = both;
  mine.push_back({"users", "user", "ann", "password", kSecret});
  mine.push_back({"zones", "zone", "lan"});
  Lines theirs = both;
  theirs.push_back({"users", "user", "ann", "password", "other-other-other"});
  theirs.push_back({"zones", "zone", "old"});
  pair_.parts = PartsOfBoth{Make(mine), Make(theirs)};
  pb::DifferenceResponse response;
  ASSERT_TRUE(calls_.GetDifference(caller_, {}, response).ok());
  EXPECT_EQ(response.remote(), "b");
  EXPECT_NE(response.my_hash(), response.their_hash());
  std::vector<std::string> rows;
  for (const pb::Difference& row : response.differences()) rows.push_back(row.kind() + row.path());
  EXPECT_EQ(rows, (std::vector<std::string>{"modified/users/user[name='ann']/password",
                                            "added/zones/zone[name='lan']",
                                            "removed/zones/zone[name='old']"}));
  const std::string all = response.ShortDebugString();
  EXPECT_EQ(all.find(kSecret), std::string::npos) << all;
  EXPECT_EQ(all.find("other-other"), std::string::npos) << all;
  EXPECT_NE(all.find("$fingerprint$"), std::string::npos) << all;
}

// Random pairs of small configurations: there is a difference exactly where the hashes differ.
TEST_F(SyncCallsTest, F36_ADifferenceIsEmptyIfAndOnlyIfTheHashesAreEqual) {
  std::mt19937 random(36);
  int equal_count = 0;
  for (int round = 0; round < 400; ++round) {
    const auto lines = [&] {
      Lines some;
      for (int i = 0; i < 2; ++i) {
        const std::string name = "r" + std::to_string(random() % 2);
        some.push_back({"policy", "rule", name, "description", std::to_string(random() % 2)});
      }
      if (random() % 4 == 0) some.push_back({"users", "user", "ann", "password", kSecret});
      return some;
    };
    pair_.parts = PartsOfBoth{Make(lines()), Make(lines())};
    pb::DifferenceResponse response;
    ASSERT_TRUE(calls_.GetDifference(caller_, {}, response).ok());
    const bool is_equal = response.my_hash() == response.their_hash();
    equal_count += is_equal ? 1 : 0;
    EXPECT_EQ(response.differences_size() == 0, is_equal) << response.ShortDebugString();
  }
  EXPECT_GT(equal_count, 10);
  EXPECT_LT(equal_count, 390);
}

TEST_F(SyncCallsTest, F74_APushNeedsNoDecision) {
  caller_.roles = {};
  caller_.roles.Add(Role::kOperator);
  pb::ManualRequest push = Asking("push");
  push.set_comment("why");
  EXPECT_TRUE(Manual(push).ok());
  EXPECT_EQ(pair_.calls, std::vector<std::string>{"manual b by 5"});
  EXPECT_EQ(pair_.manual.kind, ManualKind::kPush);
  EXPECT_EQ(pair_.manual.comment, "why");
  EXPECT_EQ(response_.must_type(), "");
}

TEST_F(SyncCallsTest, F75_OverwritingNeedsTheRoleOfItsOwn) {
  caller_.roles = {};
  caller_.roles.Add(Role::kAdmin);
  for (const char* kind : {"overwrite", "adopt", "merge"}) {
    const absl::Status refused = Manual(Asking(kind, "fw-b"));
    EXPECT_EQ(refused.code(), absl::StatusCode::kPermissionDenied) << kind;
    EXPECT_NE(
        refused.message().find(std::string("Manual ") + kind + " needs the role ha-dangerous"),
        std::string::npos)
        << refused;
    EXPECT_EQ(engine_.calls().back(), std::string("audit sync-") + kind + " refused by 5");
    EXPECT_EQ(engine_.last_audit, refused.message());
    pb::ManualRequest preview = Asking(kind);
    preview.set_preview(true);
    EXPECT_TRUE(Manual(preview).ok()) << kind;
    EXPECT_TRUE(pair_.manual.preview);
  }
  EXPECT_EQ(pair_.calls.size(), 3u);
}

TEST_F(SyncCallsTest, F75_TheNameOfTheNodeThatIsOverwrittenIsTypedAgain) {
  for (const auto& [kind, prefer, name] :
       std::vector<std::array<std::string, 3>>{{"overwrite", "", "fw-b"},
                                               {"adopt", "", "fw-a"},
                                               {"merge", "", "fw-b"},
                                               {"merge", "mine", "fw-b"},
                                               {"merge", "theirs", "fw-a"}}) {
    pair_.calls.clear();
    pb::ManualRequest request = Asking(kind);
    request.set_prefer(prefer);
    request.set_preview(true);
    ASSERT_TRUE(Manual(request).ok());
    EXPECT_EQ(response_.must_type(), name) << kind;
    request.set_preview(false);
    for (const std::string& wrong : {std::string(), std::string("yes"), name + " ",
                                     std::string(name == "fw-a" ? "fw-b" : "fw-a")}) {
      request.set_confirmation(wrong);
      const absl::Status refused = Manual(request);
      EXPECT_EQ(refused.code(), absl::StatusCode::kInvalidArgument) << kind << wrong;
      EXPECT_NE(refused.message().find("confirm with " + name), std::string::npos) << refused;
      EXPECT_EQ(engine_.last_audit, refused.message());
    }
    const std::size_t audited = engine_.calls().size();
    EXPECT_EQ(pair_.calls.size(), 1u);
    request.set_confirmation(name);
    EXPECT_TRUE(Manual(request).ok());
    EXPECT_EQ(pair_.calls.size(), 2u);
    EXPECT_EQ(engine_.calls().size(), audited);  // What is done, the pair writes down.
  }
}

TEST_F(SyncCallsTest, NodesOfOneNameAreToldApartByTheRemotesName) {
  pair_.status.remotes[0].device_name = "fw-a";
  pb::ManualRequest request = Asking("overwrite");
  request.set_preview(true);
  ASSERT_TRUE(Manual(request).ok());
  EXPECT_EQ(response_.must_type(), "b");
}

TEST_F(SyncCallsTest, F20_ACategoryThatIsOffIsNotPushed) {
  pb::ManualRequest push = Asking("push");
  push.set_category("dhcp");
  EXPECT_TRUE(Manual(push).ok());
  EXPECT_EQ(pair_.manual.category, "dhcp");
  engine_.running =
      Make({{"ha", "configuration-synchronization", "category", "dhcp", "enabled", "false"}});
  ASSERT_TRUE(Manual(push).ok());
  ASSERT_EQ(response_.problems().list_size(), 1);
  EXPECT_EQ(response_.problems().list(0).code(), "CATEGORY_OFF");
  EXPECT_NE(response_.problems().list(0).remedy().find("config sync category dhcp on"),
            std::string::npos);
  push.set_category("bogus");
  ASSERT_TRUE(Manual(push).ok());
  EXPECT_EQ(response_.problems().list_size(), 1);
  EXPECT_EQ(pair_.calls.size(), 1u);
}

TEST_F(SyncCallsTest, F4_ARefusalNamesTheSource) {
  pair_.outcome.problems.Add(
      {"SYNC_DIRECTION", "", "", "this node's source is fw-b (device 3fa2)", "change it there"});
  ASSERT_TRUE(Manual(Asking("push")).ok());
  EXPECT_FALSE(response_.done());
  EXPECT_EQ(engine_.calls().back(), "audit sync-push refused by 5");
  EXPECT_EQ(engine_.last_audit, "remote b: SYNC_DIRECTION ");
  EXPECT_NE(response_.problems().list(0).text().find("fw-b (device 3fa2)"), std::string::npos);
}

TEST_F(SyncCallsTest, WordsOfAManualCallAreChecked) {
  std::vector<pb::ManualRequest> wrong(6, Asking("push"));
  wrong[0].set_kind("bogus");
  wrong[1].set_prefer("ours");
  wrong[2].set_prefer("mine");  // Of a push.
  wrong[3].set_category(std::string(kNameBytesMax + 1, 'x'));
  wrong[4].set_comment(std::string(kCommentBytesMax + 1, 'x'));
  wrong[5] = Asking("adopt", "fw-a");
  wrong[5].set_category("dhcp");
  for (const pb::ManualRequest& request : wrong) {
    EXPECT_EQ(Manual(request).code(), absl::StatusCode::kInvalidArgument)
        << request.ShortDebugString();
  }
  EXPECT_TRUE(pair_.calls.empty());
}

TEST_F(SyncCallsTest, F13_ConflictsAreShownWithFingerprints) {
  const Tree mine = Make({{"users", "user", "ann", "password", kSecret}});
  const std::vector<Change> changes = Diff(Make({{"users", "user", "ann"}}), mine);
  ASSERT_EQ(changes.size(), 1u);
  Conflict conflict;
  conflict.path = changes[0].path;
  conflict.mine = changes[0].after_node;
  pair_.outcome.conflicts = {conflict};
  pair_.outcome.here = Diff(Make({}), mine);
  pair_.outcome.restore_point = 7;
  ASSERT_TRUE(Manual(Asking("merge", "fw-b")).ok());
  ASSERT_EQ(response_.conflicts_size(), 1);
  EXPECT_EQ(response_.conflicts(0).reason(), "both-changed");
  EXPECT_EQ(response_.conflicts(0).base(), "");
  EXPECT_TRUE(response_.conflicts(0).mine().starts_with("$fingerprint$"));
  EXPECT_EQ(response_.restore_point(), 7u);
  EXPECT_EQ(response_.ShortDebugString().find(kSecret), std::string::npos);
}

TEST_F(SyncCallsTest, F20_NothingToPushIsSaidWithTheCategory) {
  pair_.outcome.is_nothing_to_push = true;
  pb::ManualRequest push = Asking("push");
  push.set_category("dhcp");
  ASSERT_TRUE(Manual(push).ok());
  EXPECT_TRUE(response_.nothing_to_push());
  EXPECT_EQ(response_.category(), "dhcp");
  EXPECT_FALSE(response_.done());
  EXPECT_EQ(response_.problems().list_size(), 0);
  for (const std::string& call : engine_.calls()) {
    EXPECT_EQ(call.find("refused"), std::string::npos) << call;
  }
}

TEST_F(SyncCallsTest, N18_NumbersThatAMergeGivesAnewAreListedUpToABound) {
  Problems problems;
  const std::optional<Path> path =
      text_.ReadPath(std::vector<std::string>{"zones", "zone", "dmz", "id"}, problems);
  ASSERT_TRUE(path.has_value());
  pair_.outcome.renumbered.assign(kDifferencesMax + 2, {.path = *path, .before = 2, .after = 3});
  ASSERT_TRUE(Manual(Asking("merge", "fw-b")).ok());
  ASSERT_EQ(response_.renumbered_size(), static_cast<int>(kDifferencesMax));
  EXPECT_EQ(response_.renumbered(0).path(), "/zones/zone[name='dmz']/id");
  EXPECT_EQ(response_.renumbered(0).before(), 2u);
  EXPECT_EQ(response_.renumbered(0).after(), 3u);
  EXPECT_EQ(response_.omitted_renumbered(), 2u);
  EXPECT_FALSE(response_.nothing_to_push());
}

TEST_F(SyncCallsTest, N19_AnExplanationSaysBothModesAndWhoDecided) {
  pair_.explanation.path = "/zones/zone[name='dmz']";
  pair_.explanation.answers = {{Mode::kActivePassive, true, "category", "zones is on"},
                               {Mode::kActiveActive, false, "class", "unique"}};
  pb::ExplainRequest request;
  for (const char* word : {"zones", "zone", "dmz"}) request.add_path(word);
  pb::ExplainResponse response;
  ASSERT_TRUE(calls_.Explain(caller_, request, response).ok());
  EXPECT_EQ(pair_.calls, std::vector<std::string>{"explain b /zones/zone[name='dmz']"});
  ASSERT_EQ(response.answers_size(), 2);
  EXPECT_EQ(response.answers(0).mode(), "active-passive");
  EXPECT_EQ(response.answers(1).decided_by(), "class");
  request.set_path(0, "bogus");
  ASSERT_TRUE(calls_.Explain(caller_, request, response).ok());
  EXPECT_EQ(response.problems().list_size(), 1);
  EXPECT_EQ(pair_.calls.size(), 1u);
}

TEST_F(SyncCallsTest, N17_StatusHasBothHashesOfEachRemoteAndReasonsWithRemedies) {
  RemoteStatus& remote = pair_.status.remotes[0];
  remote.state = SyncState::kInSync;
  remote.my_hash = "aa";
  remote.their_hash = "aa";
  remote.heard_ms_ago = 120;
  remote.reasons = {{.code = ReasonCode::kPendingApply, .subject = "2", .evidence = "dhcp waits"}};
  pair_.status.source_name = "fw-b";
  pb::SyncStatus sync;
  ASSERT_TRUE(calls_.GetSync(caller_, {}, sync).ok());
  EXPECT_EQ(sync.source_name(), "fw-b");
  ConfigCalls config({.engine = &engine_,
                      .text = &text_,
                      .groups = DefaultRoleGroups(),
                      .version = "1",
                      .pair = &pair_});
  pb::ConfigStatus status;
  ASSERT_TRUE(config.GetStatus(caller_, {}, status).ok());
  ASSERT_EQ(status.remotes_size(), 1);
  EXPECT_EQ(status.remotes(0).ShortDebugString(), sync.remotes(0).ShortDebugString());
  EXPECT_EQ(sync.remotes(0).state(), "in-sync");
  EXPECT_EQ(sync.remotes(0).my_hash(), "aa");
  EXPECT_EQ(sync.remotes(0).their_hash(), "aa");
  EXPECT_EQ(sync.remotes(0).heard_ms_ago(), 120u);
  EXPECT_EQ(sync.remotes(0).reasons(0).code(), "PENDING_APPLY");
  EXPECT_EQ(sync.remotes(0).reasons(0).evidence(), "dhcp waits");
  EXPECT_NE(sync.remotes(0).reasons(0).remedy(), "");
}

TEST_F(SyncCallsTest, ApplyAndPinArePassedOnWithTheirCaller) {
  pb::ApplyHeldResponse applied;
  ASSERT_TRUE(calls_.ApplyHeld(caller_, {}, applied).ok());
  EXPECT_EQ(applied.revisions(), 3u);
  pb::PinRequest pin;
  pin.set_pinned(true);
  pb::PinResponse pinned;
  ASSERT_TRUE(calls_.Pin(caller_, pin, pinned).ok());
  EXPECT_EQ(pinned.revision(), 7u);
  EXPECT_EQ(pair_.calls, (std::vector<std::string>{"apply by 5", "pin by 5"}));
}

// What a commit did elsewhere reaches who made it.
class CommitOfPair : public SyncCallsTest {
 protected:
  CommitOfPair() {
    RemoteOutcome remote;
    remote.remote = "b";
    remote.state = RemoteOutcome::State::kApplied;
    remote.revision = 31;
    remote.hash = "bb";
    remote.changes = Diff(Make({}), Make({{"zones", "zone", "dmz"}}));
    remote.services = {{"dhcp-server", "/dhcp"}};
    remote.sessions = {.known = true, .kept = 4, .ended = 1, .ended_examples = {"tcp"}};
    remote.reasons = {{.code = ReasonCode::kPending, .remote = "b", .evidence = "x"}};
    engine_.remotes = {remote};
  }
  pb::CommitResponse Commit(const pb::CommitRequest& request) {
    pb::CommitResponse response;
    status_ = config_.Commit(caller_, request, response);
    return response;
  }
  ConfigCalls config_{{.engine = &engine_,
                       .text = &text_,
                       .groups = DefaultRoleGroups(),
                       .version = "1",
                       .pair = &pair_}};
  absl::Status status_;
};

TEST_F(CommitOfPair, N16_EveryRemoteIsInTheAnswer) {
  const pb::CommitResponse response = Commit({});
  ASSERT_EQ(response.remotes_size(), 1);
  const pb::RemoteCommit& row = response.remotes(0);
  EXPECT_EQ(row.remote(), "b");
  EXPECT_EQ(row.state(), "applied");
  EXPECT_EQ(row.revision(), 31u);
  EXPECT_EQ(row.differences_size(), 1);
  EXPECT_EQ(row.services(0).service(), "dhcp-server");
  EXPECT_EQ(row.sessions().ended(), 1u);
  EXPECT_EQ(row.reasons(0).code(), "PENDING");
}

// Objects are off, but a rule that travels refers to one.
TEST_F(CommitOfPair, N16_APlanSaysWhatTravelsBecauseSomethingNeedsIt) {
  const Tree next =
      Make({{"ha", "configuration-synchronization", "category", "objects", "enabled", "false"},
            {"objects", "address", "srv", "prefix", "10.0.0.1/32"},
            {"objects", "address", "idle", "prefix", "10.0.0.2/32"},
            {"policy", "rule", "web", "source", "srv"}});
  engine_.running = next;
  engine_.remotes[0].changes = Diff(Make({}), next);
  pb::CommitRequest plan;
  EXPECT_EQ(Commit(plan).remotes(0).dependencies_size(), 0);
  plan.set_check_only(true);
  const pb::CommitResponse response = Commit(plan);
  ASSERT_EQ(response.remotes(0).dependencies_size(), 1);
  const pb::Dependency& row = response.remotes(0).dependencies(0);
  EXPECT_EQ(row.path(), "/objects/address[name='srv']");
  EXPECT_NE(row.reason().find("/policy/rule[name='web']/source"), std::string::npos)
      << row.reason();
  engine_.remotes[0].withheld = {"objects"};
  EXPECT_EQ(Commit(plan).remotes(0).dependencies_size(), 0);
  engine_.remotes[0].withheld = {};
  engine_.remotes[0].changes = Diff(Make({}), Make({{"zones", "zone", "dmz"}}));
  EXPECT_EQ(Commit(plan).remotes(0).dependencies_size(), 0);
}

TEST_F(CommitOfPair, F150_OnlyAnAdminSpeaksForTheCentralManager) {
  pb::CommitRequest request;
  request.set_from_central_manager(true);
  caller_.roles = {};
  caller_.roles.Add(Role::kOperator);
  Commit(request);
  EXPECT_EQ(status_.code(), absl::StatusCode::kPermissionDenied);
  EXPECT_TRUE(engine_.calls().empty());
  caller_.roles.Add(Role::kAdmin);
  Commit(request);
  EXPECT_TRUE(status_.ok());
}

// F2, F13. The page holds every field of the section; the file changes when the modules do.
TEST_F(SyncCallsTest, F2_OnePageHasEveryFieldOfTheSection) {
  engine_.running = Make(
      {{"ha", "configuration-synchronization", "enabled", "true"},
       {"ha", "configuration-synchronization", "local-password", kSecret},
       {"ha", "configuration-synchronization", "remote", "b", "address", "10.9.1.2"},
       {"ha", "configuration-synchronization", "remote", "b", "password", kSecret},
       {"ha", "configuration-synchronization", "category", "dhcp", "enabled", "false"},
       {"ha", "configuration-synchronization", "map", "m", "rule", "10", "action", "include"},
       {"ha", "configuration-synchronization", "map", "m", "rule", "10", "location", "/policy"}});
  ConfigCalls config({.engine = &engine_, .text = &text_, .groups = {}, .version = "1"});
  pb::ShowRequest request;
  request.set_format("page");
  request.add_path("ha");
  request.add_path("configuration-synchronization");
  pb::ShowResponse response;
  ASSERT_TRUE(config.Show(caller_, request, response).ok());
  const std::string path = std::string(LOCKSTEP_GOLDEN_DIR) + "/sync-settings.txt";
  EXPECT_EQ(response.text(), golden::Expected(path, response.text()));
  EXPECT_EQ(response.text().find(kSecret), std::string::npos);
  for (const SchemaNode* node :
       schema_->root().Child("ha")->Child("configuration-synchronization")->children) {
    EXPECT_NE(response.text().find("\n" + node->name), std::string::npos) << node->name;
  }
}

}  // namespace
}  // namespace configsync
