// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

// What lockstepctl prints of lockstep-configd's answers, and reads from files.

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "tools/lockstepctl/completion_script.h"
#include "tools/lockstepctl/input_file.h"
#include "tools/lockstepctl/json_text.h"
#include "tools/lockstepctl/render_config.h"
#include "tools/lockstepctl/set_lines.h"

namespace lockstepctl {
namespace {

namespace pb = lockstep::admin;

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

pb::CommitResponse Plan() {
  pb::CommitResponse plan;
  *plan.add_differences() = Row("modified", "/system/host-name", "a", "b");
  *plan.add_differences() =
      Row("added", "/policy/rule[name='web']", "", "{\n  \"name\": \"web\"\n}", "after name='ssh'");
  *plan.add_differences() = Row("removed", "/zones/zone[name='old']", "{\n  \"id\": 3\n}", "");
  *plan.add_differences() = Row("moved", "/policy/rule[name='dns']", "", "", "first");
  plan.mutable_sessions()->set_known(true);
  plan.mutable_sessions()->set_kept(90);
  plan.mutable_sessions()->set_ended(2);
  plan.mutable_sessions()->add_ended_examples("tcp 10.1.0.1:1 10.2.0.1:80");
  pb::ServiceAction& service = *plan.add_services();
  service.set_service("dhcp-server");
  service.set_reason("/dhcp/server");
  return plan;
}

TEST(ConfigText, ADifferenceShowsSignPathValuesAndPlace) {
  EXPECT_EQ(DifferencesText(Plan().differences(), 7, Paint::kPlain),
            "~ /system/host-name  a -> b\n"
            "+ /policy/rule[name='web']  (after name='ssh')\n"
            "+     {\n"
            "+       \"name\": \"web\"\n"
            "+     }\n"
            "- /zones/zone[name='old']\n"
            "-     {\n"
            "-       \"id\": 3\n"
            "-     }\n"
            "> /policy/rule[name='dns']  (first)\n"
            "and 7 more\n");
}

TEST(ConfigText, ColoursAreOnlyWhereTheyWereAskedFor) {
  EXPECT_EQ(DifferencesText(Plan().differences(), 0, Paint::kPlain).find('\033'),
            std::string::npos);
  EXPECT_NE(DifferencesText(Plan().differences(), 0, Paint::kColours).find("\033[32m+ /policy"),
            std::string::npos);
  setenv("TERM", "xterm", 1);
  // Standard output of a test is no terminal, or a terminal that the runner gave it.
  EXPECT_EQ(PaintOfStdout() == Paint::kColours, isatty(STDOUT_FILENO) == 1);
  setenv("NO_COLOR", "1", 1);
  EXPECT_EQ(PaintOfStdout(), Paint::kPlain);
  unsetenv("NO_COLOR");
}

TEST(ConfigText, APlanSaysWhatWouldHappenAndACommitWhatDid) {
  const std::string plan = CommitText(Plan(), true, Paint::kPlain);
  EXPECT_NE(plan.find("service dhcp-server would reload: /dhcp/server\n"
                      "sessions: 2 would end, 90 would stay\n"
                      "  tcp 10.1.0.1:1 10.2.0.1:80\n"
                      "valid; nothing was committed\n"),
            std::string::npos)
      << plan;
  pb::CommitResponse done = Plan();
  done.set_committed(true);
  done.set_revision(12);
  done.mutable_follow()->set_state("following");
  done.mutable_follow()->set_revision(12);
  const std::string text = CommitText(done, false, Paint::kPlain);
  EXPECT_NE(text.find("sessions: 2 ended, 90 stayed\n"), std::string::npos) << text;
  EXPECT_TRUE(text.ends_with("revision 12 is running; dataplane following, runs revision 12\n"))
      << text;
  EXPECT_EQ(CommitText(pb::CommitResponse(), false, Paint::kPlain),
            "the candidate is the running configuration: nothing to commit\n");
}

TEST(ConfigText, ProblemsComeAllAtOnceAndAligned) {
  pb::Problems problems;
  pb::Problem& first = *problems.add_list();
  first.set_code("NO_TARGET");
  first.set_path("/policy/rule[name='web']/to-zone");
  first.set_value("dmzz");
  first.set_text("no zone has this name");
  first.set_remedy("make it: set zones zone dmzz");
  pb::Problem& second = *problems.add_list();
  second.set_code("SECRET_WEAK");
  second.set_path("/ha/configuration-synchronization/local-password");
  second.set_text("too short");
  problems.set_omitted(3);
  EXPECT_EQ(ProblemsText(problems),
            "5 problems; nothing has changed\n"
            "1.\n"
            "    PATH     /policy/rule[name='web']/to-zone\n"
            "    VALUE    dmzz\n"
            "    PROBLEM  no zone has this name (NO_TARGET)\n"
            "    REMEDY   make it: set zones zone dmzz\n"
            "2.\n"
            "    PATH     /ha/configuration-synchronization/local-password\n"
            "    PROBLEM  too short (SECRET_WEAK)\n"
            "and 3 more\n");
}

TEST(ConfigText, StatusShowsBothNamesTheLockAndEveryReason) {
  pb::ConfigStatus status;
  status.set_host_name("fw-a");
  status.set_virtual_host_name("fw");
  status.set_running(7);
  status.set_running_hash("0123456789abcdef");
  status.mutable_follow()->set_state("refused");
  status.mutable_follow()->set_revision(6);
  status.mutable_follow()->set_text("no port 9");
  status.mutable_lock()->set_by("eve");
  status.mutable_lock()->set_remaining_s(30);
  status.set_rearms_in_s(40);
  status.add_reasons("info ONE: a");
  status.add_reasons("warning TWO: b");
  EXPECT_EQ(ConfigStatusText(status, Paint::kPlain),
            "HOST_NAME              fw-a\n"
            "VIRTUAL_HOST_NAME      fw\n"
            "RUNNING                7  0123456789ab\n"
            "STARTUP                -\n"
            "CANDIDATE              as running\n"
            "FOLLOW                 refused, runs revision 6: no port 9\n"
            "CONFIRM                -\n"
            "LOCK                   of eve, 30 s left\n"
            "FAILOVER               off for an edit, armed again in 40 s\n"
            "MASTER_KEY             -\n"
            "SCHEMA                 -\n"
            "VERSION                , pid 0\n"
            "REASON                 info ONE: a\n"
            "REASON                 warning TWO: b\n");
}

TEST(ConfigText, ACommentCannotBreakTheTableOrReachTheTerminal) {
  pb::GetHistoryResponse history;
  history.add_revisions()->set_comment("one\n\033[2Jtwo");
  EXPECT_EQ(HistoryText(history),
            "REVISION  TIME  AUTHOR  ORIGIN  CHANGES  HASH  COMMENT\n"
            "       0  -     -       -             0  -     one  [2Jtwo\n");
}

TEST(ConfigText, TheAuditIsATable) {
  pb::GetAuditResponse audit;
  pb::AuditRecord& row = *audit.add_records();
  row.set_sequence(7);
  row.set_time("2026-11-21T20:14:09Z");
  row.set_author("eve");
  row.set_action("commit");
  row.set_outcome("refused");
  row.set_detail("1 problem\nx");
  EXPECT_EQ(AuditText(audit),
            "RECORD  TIME                  AUTHOR  ACTION  OUTCOME  DETAIL\n"
            "     7  2026-11-21T20:14:09Z  eve     commit  refused  1 problem x\n");
}

TEST(SetLines, ReadWordsQuotesPlacesAndComments) {
  const absl::StatusOr<pb::EditRequest> request = ReadSetLines(
      "# rules\n"
      "set system description \"two \\\"words\\\"\" # why\n"
      "\n"
      "delete policy rule 'a b'\r\n"
      "move policy rule web first\n"
      "move policy rule web after ssh\n"
      "set users user x description \"\"\n"
      "set system banner 'two\nlines, it'\\''s' # and a comment\n"
      "set a\\ b c#d");
  ASSERT_TRUE(request.ok()) << request.status();
  ASSERT_EQ(request->edits_size(), 7);
  EXPECT_EQ(request->edits(0).words(2), "two \"words\"");
  EXPECT_EQ(request->edits(1).op(), pb::EditText::DELETE);
  EXPECT_EQ(request->edits(1).words(2), "a b");
  EXPECT_TRUE(request->edits(2).first());
  EXPECT_EQ(request->edits(2).words_size(), 3);
  EXPECT_EQ(request->edits(3).after(0), "ssh");
  EXPECT_EQ(request->edits(3).words_size(), 3);
  EXPECT_EQ(request->edits(4).words(4), "");
  EXPECT_EQ(request->edits(5).words(2), "two\nlines, it's");
  EXPECT_EQ(request->edits(6).words(0), "a b");
  EXPECT_EQ(request->edits(6).words(1), "c#d");
}

TEST(SetLines, MistakesNameTheLineAndNotItsText) {
  for (const auto& [text, fault] : std::vector<std::pair<std::string, std::string>>{
           {"set a b\nput a hunter2", "line 2: begins with none of set, delete, move"},
           {"set a 'b\nc'\nset a 'hunter2\n\n", "line 3: a quote is not closed"},
           {"\nmove a hunter2", "line 2: a move ends with `first`"},
           {"move after hunter2", "line 1: names no place"},
           {"move a after", "line 1: a move ends with `first`"},
           {"set", "line 1: names no place"}}) {
    const absl::Status status = ReadSetLines(text).status();
    EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument) << text;
    EXPECT_NE(status.message().find(fault), std::string::npos) << status;
    EXPECT_EQ(status.message().find("hunter2"), std::string::npos) << status;
  }
}

TEST(SetLines, MoreEditsThanOneCallTakesAreRefused) {
  std::string text;
  for (std::size_t i = 0; i <= kSetLinesMax; ++i) {
    text += "set a\n";
  }
  EXPECT_NE(ReadSetLines(text).status().message().find("more than 100000 edits"),
            std::string::npos);
}

TEST(Duration, HasUnitsAndBounds) {
  EXPECT_EQ(ReadDuration("--for", "300").value(), 300u);
  EXPECT_EQ(ReadDuration("--for", "90s").value(), 90u);
  EXPECT_EQ(ReadDuration("--for", "5m").value(), 300u);
  EXPECT_EQ(ReadDuration("--for", "1h").value(), 3'600u);
  EXPECT_EQ(ReadDuration("--for", "1d").value(), 86'400u);
  for (const char* text : {"", "m", "-5", "5x", "1.5h", " 5", "+5", "99999999999d"}) {
    EXPECT_EQ(ReadDuration("--for", text).status().message(),
              "--for '" + std::string(text) + "': a time is like 300, 90s, 5m, 1h or 1d");
  }
}

class InputFile : public testing::Test {
 protected:
  InputFile()
      : path_(std::filesystem::temp_directory_path() / ("in." + std::to_string(getpid()))) {}
  ~InputFile() override { std::filesystem::remove(path_); }
  std::string Write(const std::string& text) {
    std::ofstream(path_) << text;
    return path_.string();
  }
  std::filesystem::path path_;
};

TEST_F(InputFile, AValueEndsBeforeItsNewlineAndIsNotEmpty) {
  EXPECT_EQ(ReadValue(Write("hunter2\n")).value(), "hunter2");
  EXPECT_EQ(ReadValue(Write("a\nb\n\n")).value(), "a\nb\n");
  EXPECT_FALSE(ReadValue(Write("\n")).ok());
  EXPECT_EQ(ReadValue(path_.string() + ".none").status().code(), absl::StatusCode::kNotFound);
}

TEST_F(InputFile, WhatIsTooLongOrNotUtf8IsRefusedWithItsPlace) {
  EXPECT_NE(ReadInput(Write("12345"), 4).status().message().find("longer than 4 bytes"),
            std::string::npos);
  EXPECT_EQ(ReadInput(Write("1234"), 4).value(), "1234");
  EXPECT_NE(ReadInput(Write("ok\nb\xff\n"), 100).status().message().find("line 2 is not UTF-8"),
            std::string::npos);
  EXPECT_FALSE(ReadInput("/", 100).ok());
}

TEST(Completion, TheScriptKnowsEveryCommandAndItsOptions) {
  const std::string script = BashCompletionScript();
  EXPECT_NE(script.find("    \"ha edit\") echo \"begin end status\" ;;\n"), std::string::npos);
  EXPECT_NE(script.find("    \"config unlock\") echo \"--socket --json --timeout --force\" ;;\n"),
            std::string::npos)
      << script;
  EXPECT_NE(script.find("complete -F _lockstepctl lockstepctl\n"), std::string::npos);
}

TEST(Json, EveryMessageOfTheConfigurationHasAForm) {
  EXPECT_NE(JsonText(pb::ConfigStatus()).find("\"confirm\":null"), std::string::npos);
  EXPECT_NE(JsonText(Plan()).find("\"kind\":\"moved\""), std::string::npos);
}

}  // namespace
}  // namespace lockstepctl
