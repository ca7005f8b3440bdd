// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

// What lockstepctl prints of other nodes, the edits of categories, and the name typed again.

#include <gtest/gtest.h>

#include <array>

#include "absl/strings/str_cat.h"
#include "tests/golden/config/golden_text.h"
#include "tools/lockstepctl/completion_script.h"
#include "tools/lockstepctl/config_commands.h"
#include "tools/lockstepctl/confirmation.h"
#include "tools/lockstepctl/json_text.h"
#include "tools/lockstepctl/progress.h"
#include "tools/lockstepctl/render_sync.h"
#include "tools/lockstepctl/sync_commands.h"

namespace lockstepctl {
namespace {

namespace pb = lockstep::admin;

constexpr const char* kHash = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";
constexpr const char* kOther = "fedcba9876543210fedcba9876543210fedcba9876543210fedcba9876543210";

pb::RemoteStatus Remote() {
  pb::RemoteStatus remote;
  remote.set_name("b");
  remote.set_address("10.9.1.2");
  remote.set_device("3fa2");
  remote.set_device_name("fw-b");
  remote.set_state("in-sync");
  remote.set_heard_ms_ago(120);
  remote.set_role("standby");
  remote.set_running(31);
  remote.set_startup(31);
  remote.set_my_hash(kHash);
  remote.set_their_hash(kHash);
  remote.set_agreed(12);
  remote.set_may_push(true);
  return remote;
}

pb::ReasonText Pending() {
  pb::ReasonText reason;
  reason.set_code("PENDING_APPLY");
  reason.set_subject("2");
  reason.set_remote("b");
  reason.set_severity("info");
  reason.set_evidence("dhcp of 2 revisions waits");
  reason.set_remedy("Apply them: `lockstepctl config sync apply`.");
  return reason;
}

pb::Difference Row(const std::string& kind, const std::string& path, const std::string& before,
                   const std::string& after, const std::string& place = "") {
  pb::Difference row;
  row.set_kind(kind);
  row.set_path(path);
  row.set_before(before);
  row.set_after(after);
  row.set_place(place);
  return row;
}

std::string Golden(const std::string& name, const std::string& text) {
  return golden::Expected(std::string(LOCKSTEP_GOLDEN_DIR) + "/" + name, text);
}

TEST(SyncText, N17_OneLineProvesThatBothAreEqualOrSaysThatTheyAreNot) {
  pb::RemoteStatus remote = Remote();
  EXPECT_EQ(RemoteLine(remote),
            "in-sync: 0123456789ab here = 0123456789ab there; it runs revision 31; heard 120 ms "
            "ago");
  remote.set_state("pending");
  remote.set_their_hash(kOther);
  remote.set_startup(30);
  remote.set_pending(1);
  EXPECT_EQ(
      RemoteLine(remote),
      "pending: 0123456789ab here != fedcba987654 there; it runs revision 31, and would start "
      "with 30; 1 revision waits; heard 120 ms ago");
  EXPECT_EQ(RemoteLine(pb::RemoteStatus()), "; never heard");
}

TEST(SyncText, N17_StatusHasATableOfRemotesAndReasonsWithRemedies) {
  pb::SyncStatus status;
  status.set_enabled(true);
  status.set_device("77aa");
  status.set_role("active");
  status.set_term(9);
  status.set_source("3fa2");
  status.set_source_name("fw-b");
  *status.add_remotes() = Remote();
  *status.add_reasons() = Pending();
  pb::ReasonText& said = *status.mutable_remotes(0)->add_their_reasons();
  said.set_code("FEATURE_MISMATCH");
  said.set_subject("vsys");
  said.set_severity("error");
  const std::string text = SyncStatusText(status, Paint::kPlain);
  EXPECT_EQ(text, Golden("sync-status.txt", text));
  EXPECT_NE(
      SyncStatusText(status, Paint::kColours).find("\033[31merror FEATURE_MISMATCH(vsys)\033[0m"),
      std::string::npos);
}

TEST(SyncText, F36_ADifferenceShowsEachKindAndSecretsAsTheyCome) {
  pb::DifferenceResponse response;
  response.set_remote("b");
  response.set_my_hash(kHash);
  response.set_their_hash(kHash);
  EXPECT_EQ(DifferenceText(response, Paint::kPlain), "equal to b: hash 0123456789ab on both\n");
  response.set_their_hash(kOther);
  *response.add_differences() = Row("added", "/zones/zone[name='lan']", "", "{\n  \"id\": 3\n}");
  *response.add_differences() = Row("removed", "/zones/zone[name='old']", "{\n  \"id\": 4\n}", "");
  *response.add_differences() =
      Row("modified", "/policy/rule[name='web']/action", "deny", "permit");
  *response.add_differences() = Row("moved", "/policy/rule[name='dns']", "", "", "first");
  *response.add_differences() = Row("modified", "/users/user[name='ann']/password",
                                    "$fingerprint$0beddc89", "$fingerprint$4fe6c010");
  const std::string text = DifferenceText(response, Paint::kPlain);
  EXPECT_EQ(text, Golden("config-difference.txt", text));
}

TEST(SyncText, F9_APeerWithoutItsServiceIsAReasonWithWhatToDo) {
  pb::ReasonText reason;
  reason.set_code("PEER_API_DOWN");
  reason.set_severity("error");
  reason.set_remote("b");
  reason.set_evidence("10.9.1.2:4792 of b: connection refused.");
  reason.set_remedy("Start lockstep-configd there with --ha1, and set peer-interface to true.");
  EXPECT_EQ(ReasonLine(reason),
            "error PEER_API_DOWN: 10.9.1.2:4792 of b: connection refused; start lockstep-configd "
            "there with --ha1, and set peer-interface to true");
}

TEST(SyncText, N19_AnExplanationIsATableOfBothModes) {
  pb::ExplainResponse response;
  response.set_path("/policy/rule[name='web']");
  pb::ModeAnswer& answer = *response.add_answers();
  answer.set_mode("active-passive");
  answer.set_travels(true);
  answer.set_decided_by("category");
  answer.set_text("firewall is on");
  EXPECT_EQ(ExplainText(response),
            "/policy/rule[name='web']\n"
            "MODE            TRAVELS  DECIDED_BY  BECAUSE\n"
            "active-passive  yes      category    firewall is on\n");
}

TEST(SyncText, F74_WhatIsDoneByHandShowsBothNodesConflictsAndTheWayBack) {
  pb::ManualResponse response;
  response.set_remote("b");
  *response.add_there() = Row("modified", "/policy/rule[name='web']/action", "deny", "permit");
  pb::ConflictText& conflict = *response.add_conflicts();
  conflict.set_path("/policy/rule[name='dns']/action");
  conflict.set_reason("both-changed");
  conflict.set_base("permit");
  conflict.set_mine("deny");
  response.add_warnings("w");
  EXPECT_EQ(ManualText(response, Paint::kPlain),
            "on this node: nothing changes\n"
            "on b:\n"
            "~ /policy/rule[name='web']/action  deny -> permit\n"
            "1 conflict\n"
            "1.\n"
            "    PATH     /policy/rule[name='dns']/action\n"
            "    REASON   both-changed\n"
            "    BASE     permit\n"
            "    MINE     deny\n"
            "    THEIRS   -\n"
            "warning: w\n");
  response.set_done(true);
  response.set_remote_revision(31);
  response.set_restore_point(30);
  EXPECT_EQ(ManualDoneText(response),
            "done; b runs its revision 31\n"
            "the way back, on b: `lockstepctl config rollback 30`, then commit\n");
  response.clear_there();
  EXPECT_EQ(ManualDoneText(response), "nothing had to change: b and this node have the same\n");
}

// Else "nothing has changed" would be a guess.
TEST(SyncText, F74_ARemoteThatWasToldAndDidNotAnswerIsNotSaidToBeUnchanged) {
  pb::ManualResponse response;
  response.set_remote("b");
  pb::Problem& problem = *response.mutable_problems()->add_list();
  problem.set_code("PEER_TIMEOUT");
  problem.set_text("no answer");
  constexpr const char* kProblem = "1.\n    PROBLEM  no answer (PEER_TIMEOUT)\n";
  EXPECT_EQ(ManualProblemsText(response),
            absl::StrCat("1 problem; nothing has changed\n", kProblem));
  response.set_told(true);
  EXPECT_EQ(ManualProblemsText(response),
            absl::StrCat("1 problem; b was told and did not say that it took it: see `lockstepctl "
                         "config status`\n",
                         kProblem));
  response.set_revision(9);
  EXPECT_NE(ManualProblemsText(response).find("this node runs revision 9 now, and b was told"),
            std::string::npos);
}

TEST(SyncText, F20_NothingToPushIsSaidWithAndWithoutACategory) {
  pb::ManualResponse response;
  response.set_remote("b");
  response.set_nothing_to_push(true);
  constexpr const char* kAll = "nothing to push: nothing waits, and b has all\n";
  EXPECT_EQ(ManualText(response, Paint::kPlain), kAll);  // A preview.
  EXPECT_EQ(ManualDoneText(response), kAll);
  response.set_category("firewall");
  EXPECT_EQ(ManualDoneText(response),
            "nothing to push: nothing of firewall waits, and b has all of it\n");
  EXPECT_NE(JsonText(response).find("\"nothing_to_push\":true"), std::string::npos);
}

TEST(SyncText, N18_NumbersThatAMergeGivesAnewAreShown) {
  pb::ManualResponse response;
  response.set_remote("b");
  response.set_done(true);
  *response.add_there() = Row("modified", "/policy/rule[name='theirs']/id", "2", "3");
  pb::RenumberedText& number = *response.add_renumbered();
  number.set_path("/policy/rule[name='theirs']/id");
  number.set_before(2);
  number.set_after(3);
  response.set_omitted_renumbered(4);
  EXPECT_EQ(ManualText(response, Paint::kPlain),
            "on this node: nothing changes\n"
            "on b:\n"
            "~ /policy/rule[name='theirs']/id  2 -> 3\n"
            "numbers of this node stay; these are others on b:\n"
            "~ /policy/rule[name='theirs']/id  2 -> 3\n"
            "and 4 more\n");
  EXPECT_NE(JsonText(response).find("\"renumbered\":[{\"path\":\"/policy/rule[name='theirs']/id\","
                                    "\"before\":2,\"after\":3}],\"omitted_renumbered\":4"),
            std::string::npos)
      << JsonText(response);
}

pb::CommitResponse Commit(const std::string& state) {
  pb::CommitResponse commit;
  *commit.add_differences() = Row("modified", "/policy/rule[name='web']/action", "deny", "permit");
  commit.mutable_sessions()->set_known(true);
  commit.mutable_sessions()->set_kept(90);
  pb::RemoteCommit& remote = *commit.add_remotes();
  remote.set_remote("b");
  remote.set_state(state);
  *remote.mutable_differences() = commit.differences();
  remote.mutable_sessions()->set_known(true);
  remote.mutable_sessions()->set_ended(2);
  return commit;
}

TEST(SyncText, N16_APlanShowsBothNodesAndWhatIsNeededWithItsReason) {
  pb::CommitResponse plan = Commit("validated");
  EXPECT_EQ(CommitText(plan, true, Paint::kPlain),
            "on this node:\n"
            "~ /policy/rule[name='web']/action  deny -> permit\n"
            "sessions: 0 would end, 90 would stay\n"
            "\n"
            "on b: it would take this\n"
            "the same differences as here\n"
            "sessions: 2 would end, 0 would stay\n"
            "\n"
            "valid; nothing was committed\n");
  pb::RemoteCommit& remote = *plan.mutable_remotes(0);
  *remote.add_differences() = Row("added", "/objects/address[name='srv']", "", "{}");
  pb::Dependency& dependency = *remote.add_dependencies();
  dependency.set_path("/objects/address[name='srv']");
  dependency.set_reason("/policy/rule[name='web']/source refers to it");
  pb::ServiceAction& service = *remote.add_services();
  service.set_service("dhcp-server");
  service.set_reason("/dhcp");
  const std::string text = CommitText(plan, true, Paint::kPlain);
  EXPECT_NE(
      text.find("on b: it would take this\n"
                "~ /policy/rule[name='web']/action  deny -> permit\n"
                "+ /objects/address[name='srv']  {}\n"
                "needed: /objects/address[name='srv']: /policy/rule[name='web']/source refers "
                "to it\n"
                "service dhcp-server would reload: /dhcp\n"
                "sessions: 2 would end, 0 would stay\n"),
      std::string::npos)
      << text;
}

// The engine says what is kept where over a restart; it stands with this node's own lines.
TEST(SyncText, F24_WarningsStandWithTheNodeThatTheyAreOfAndOnce) {
  pb::CommitResponse done = Commit("applied");
  done.set_committed(true);
  done.add_warnings("b has made its revision 31 its startup configuration");
  done.mutable_remotes(0)->add_warnings("no dataplane answers");
  done.mutable_remotes(0)->add_warnings("no dataplane answers");
  const std::string text = CommitText(done, false, Paint::kPlain);
  EXPECT_NE(text.find("sessions: 0 ended, 90 stayed\n"
                      "warning: b has made its revision 31 its startup configuration\n"
                      "\non b: applied"),
            std::string::npos)
      << text;
  EXPECT_NE(text.find("0 stayed\nwarning: no dataplane answers\n\nrevision 0 is running"),
            std::string::npos)
      << text;
}

TEST(SyncText, F34_ACommitSaysOfEachRemoteWhatBecameOfIt) {
  pb::CommitResponse done = Commit("applied");
  done.set_committed(true);
  done.set_revision(12);
  done.mutable_remotes(0)->set_revision(31);
  done.mutable_remotes(0)->set_hash(kHash);
  done.mutable_follow()->set_state("following");
  std::string text = CommitText(done, false, Paint::kPlain);
  EXPECT_NE(text.find("on b: applied, its revision 31, proven by hash 0123456789ab\n"
                      "sessions: 2 ended, 0 stayed\n"
                      "\nrevision 12 is running; dataplane following\n"),
            std::string::npos)
      << text;
  done.mutable_remotes(0)->set_state("pending");
  *done.mutable_remotes(0)->add_reasons() = Pending();
  text = CommitText(done, false, Paint::kPlain);
  EXPECT_NE(text.find("on b: pending: it gets this later\n"
                      "reason: info PENDING_APPLY(2): b: dhcp of 2 revisions waits; apply them: "
                      "`lockstepctl config sync apply`\n"),
            std::string::npos)
      << text;
  done.mutable_remotes(0)->set_state("refused");
  EXPECT_NE(CommitText(done, false, Paint::kPlain).find("on b: refused\n"), std::string::npos);
}

TEST(SyncText, F34_TheExitStatusOfACommitSaysWhetherItStandsAndWhetherItStandsThere) {
  struct Row {
    std::string remote;  // Its state.
    bool is_committed;
    bool has_problems;
    int status;
  };
  for (const Row& row :
       {Row{"applied", true, false, kStatusDone}, Row{"untouched", true, false, kStatusDone},
        Row{"pending", true, false, kStatusDone},      // best-effort, deferred.
        Row{"refused", false, true, kStatusProblems},  // strict as well.
        Row{"validated", false, true, kStatusProblems},
        Row{"validated", false, false, kStatusDone},  // A plan.
        Row{"refused", true, false, kStatusFailed}}) {
    pb::CommitResponse commit = Commit("applied");
    commit.set_committed(row.is_committed);
    if (row.has_problems) commit.mutable_problems()->add_list()->set_code("REFUSED");
    EXPECT_EQ(StatusOfCommit(commit), row.has_problems ? kStatusProblems : kStatusDone);
    *commit.add_remotes() = Commit(row.remote).remotes(0);
    EXPECT_EQ(StatusOfCommit(commit), row.status) << row.remote;
  }
}

std::vector<std::string> WordsOf(const pb::EditRequest& request) {
  std::vector<std::string> lines;
  for (const pb::EditText& edit : request.edits()) {
    EXPECT_EQ(edit.op(), pb::EditText::SET);
    std::string line;
    for (const std::string& word : edit.words()) line += (line.empty() ? "" : " ") + word;
    lines.push_back(line);
  }
  return lines;
}

TEST(SyncCategory, F14_AllAndNoneAreTheSameAsEachByItself) {
  const std::vector<std::string> categories = {"dhcp", "firewall", "nat"};
  for (const auto& [every, each] : {std::pair{"all", "on"}, std::pair{"none", "off"}}) {
    std::vector<std::string> one_by_one;
    for (const std::string& category : categories) {
      const std::vector<std::string> lines =
          WordsOf(CategoryEdits(categories, category, each).value());
      ASSERT_EQ(lines.size(), 1u);
      one_by_one.push_back(lines[0]);
    }
    EXPECT_EQ(WordsOf(CategoryEdits(categories, every, "").value()), one_by_one);
  }
  EXPECT_EQ(
      WordsOf(CategoryEdits(categories, "nat", "off").value()),
      std::vector<std::string>{"ha configuration-synchronization category nat enabled false"});
}

TEST(SyncCategory, WrongWordsAreNamedWithTheChoices) {
  const std::vector<std::string> categories = {"dhcp", "nat"};
  EXPECT_EQ(CategoryEdits(categories, "bogus", "on").status().message(),
            "category 'bogus' is none of dhcp, nat");
  EXPECT_EQ(CategoryEdits(categories, "nat", "").status().message(),
            "config sync category nat: say on or off");
  EXPECT_FALSE(CategoryEdits(categories, "nat", "maybe").ok());
  EXPECT_FALSE(CategoryEdits(categories, "all", "on").ok());
}

// What is typed at a terminal.
absl::StatusOr<std::string> Typed(const std::string& line, bool is_terminal = true) {
  std::FILE* const in = std::tmpfile();
  std::FILE* const out = std::tmpfile();
  std::fputs(line.c_str(), in);
  std::rewind(in);
  const absl::StatusOr<std::string> name = Confirmation("fw-b", "", is_terminal, in, out);
  std::fclose(in);
  std::fclose(out);
  return name;
}

TEST(Confirmation, F75_OnlyTheNameItselfGoesOn) {
  EXPECT_EQ(Typed("fw-b\n").value(), "fw-b");
  for (const char* line : {"", "\n", "y\n", "yes\n", "fw-a\n", "FW-B\n", " fw-b\n"}) {
    EXPECT_EQ(Typed(line).status().code(), absl::StatusCode::kAborted) << line;
  }
  EXPECT_EQ(Typed(std::string(2'000, 'x')).status().code(), absl::StatusCode::kAborted);
  EXPECT_NE(Typed("fw-b\n", false).status().message().find("give --confirm fw-b"),
            std::string::npos);
}

TEST(Progress, NamesTheRemotesThatAreWaitedForAndNoOthers) {
  pb::SyncStatus status;
  EXPECT_EQ(WaitingText(status), "");
  *status.add_remotes() = Remote();
  EXPECT_EQ(WaitingText(status), "");
  *status.add_remotes() = Remote();
  status.mutable_remotes(1)->set_name("c");
  status.mutable_remotes(1)->set_state("pushing");
  EXPECT_EQ(WaitingText(status), "waiting for c (pushing)");
}

TEST(Completion, TheScriptKnowsTheWordsOfOtherNodes) {
  const std::string script = BashCompletionScript();
  EXPECT_NE(script.find("    \"config sync\") echo \"status settings category push apply pin unpin "
                        "overwrite adopt merge\" ;;\n"),
            std::string::npos)
      << script;
  EXPECT_NE(script.find("\"explain sync\""), std::string::npos);
}

TEST(Json, EveryMessageOfOtherNodesHasAForm) {
  EXPECT_NE(JsonText(Remote()).find("\"my_hash\":\"0123"), std::string::npos);
  EXPECT_NE(JsonText(pb::RemoteStatus()).find("\"heard_ms_ago\":null"), std::string::npos);
  EXPECT_NE(JsonText(pb::ManualResponse()).find("\"conflicts\":[]"), std::string::npos);
}

}  // namespace
}  // namespace lockstepctl
