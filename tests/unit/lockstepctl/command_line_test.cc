// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

#include "tools/lockstepctl/command_line.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <vector>

#include "tools/lockstepctl/socket_path.h"

namespace lockstepctl {
namespace {

struct Outcome {
  Request request;
  std::optional<Leave> leave;
};

Outcome Read(std::vector<const char*> words) {
  words.insert(words.begin(), "lockstepctl");
  Outcome outcome;
  outcome.leave = ReadCommandLine(static_cast<int>(words.size()), words.data(), outcome.request);
  return outcome;
}

TEST(CommandLine, EveryCommandIsReached) {
  const std::vector<std::pair<std::vector<const char*>, Verb>> cases = {
      {{"status"}, Verb::kStatus},
      {{"sessions"}, Verb::kSessionsShow},
      {{"sessions", "show"}, Verb::kSessionsShow},
      {{"tables", "dump"}, Verb::kTablesDump},
      {{"tables", "diff", "a", "b"}, Verb::kTablesDiff},
      {{"stats"}, Verb::kStatsShow},
      {{"stats", "show"}, Verb::kStatsShow},
      {{"peer"}, Verb::kPeerShow},
      {{"peer", "show"}, Verb::kPeerShow},
      {{"peer", "resync"}, Verb::kPeerResync},
      {{"switchover"}, Verb::kSwitchover},
      {{"debug", "fill-sessions", "--count", "5"}, Verb::kFillSessions},
      {{"debug", "apply-forwarding", "f", "--plan"}, Verb::kApplyForwarding},
      {{"debug", "corrupt-entry", "--what", "value", "--any"}, Verb::kCorruptEntry},
      {{"pair-secret", "new", "/x"}, Verb::kPairSecretNew},
      {{"config"}, Verb::kConfigShow},
      {{"config", "show", "policy", "rule"}, Verb::kConfigShow},
      {{"config", "set", "system", "host-name", "a"}, Verb::kConfigSet},
      {{"config", "delete", "system"}, Verb::kConfigDelete},
      {{"config", "move", "policy", "rule", "a", "--first"}, Verb::kConfigMove},
      {{"config", "load", "x.json"}, Verb::kConfigLoad},
      {{"config", "merge", "--commands", "-"}, Verb::kConfigMerge},
      {{"config", "compare"}, Verb::kConfigCompare},
      {{"config", "compare", "1", "2"}, Verb::kConfigCompare},
      {{"config", "plan"}, Verb::kConfigPlan},
      {{"config", "commit", "--check"}, Verb::kConfigCommit},
      {{"config", "confirm"}, Verb::kConfigConfirm},
      {{"config", "rollback", "7"}, Verb::kConfigRollback},
      {{"config", "discard"}, Verb::kConfigDiscard},
      {{"config", "save"}, Verb::kConfigSave},
      {{"config", "history", "--limit", "5"}, Verb::kConfigHistory},
      {{"config", "audit"}, Verb::kConfigAudit},
      {{"config", "lock", "--for", "1h"}, Verb::kConfigLock},
      {{"config", "unlock", "--force"}, Verb::kConfigUnlock},
      {{"config", "status"}, Verb::kConfigStatus},
      {{"config", "verify"}, Verb::kConfigVerify},
      {{"config", "complete", "--verb", "set", "policy"}, Verb::kConfigComplete},
      {{"ha", "edit"}, Verb::kHaEditStatus},
      {{"ha", "edit", "status"}, Verb::kHaEditStatus},
      {{"ha", "edit", "begin", "--for", "10m"}, Verb::kHaEditBegin},
      {{"ha", "edit", "end"}, Verb::kHaEditEnd},
      {{"master-key", "change", "--old", "a", "--new", "b"}, Verb::kMasterKeyChange},
      {{"completion", "bash"}, Verb::kCompletionBash},
  };
  for (const auto& [words, verb] : cases) {
    const Outcome outcome = Read(words);
    EXPECT_FALSE(outcome.leave.has_value()) << words[0];
    EXPECT_EQ(outcome.request.verb, verb) << words[0];
  }
}

TEST(CommandLine, OptionsStandBeforeOrBehindTheCommand) {
  for (const std::vector<const char*>& words :
       {std::vector<const char*>{"--socket", "/s", "--json", "sessions", "show", "--limit", "7"},
        std::vector<const char*>{"sessions", "--limit", "7", "--json", "--socket", "/s"},
        std::vector<const char*>{"sessions", "show", "--socket=/s", "--limit=7", "--json"}}) {
    const Request request = Read(words).request;
    EXPECT_EQ(request.socket, "/s");
    EXPECT_TRUE(request.json);
    EXPECT_EQ(request.limit, 7u);
  }
}

TEST(CommandLine, WordsOfAPathMayBeNamesOfCommandsAndValuesMayBeginWithADash) {
  using Words = std::vector<std::string>;
  EXPECT_EQ(Read({"config", "set", "config", "show", "status", "ha", "set"}).request.words,
            (Words{"config", "show", "status", "ha", "set"}));
  EXPECT_EQ(Read({"config", "set", "qos", "offset", "--", "-5"}).request.words,
            (Words{"qos", "offset", "-5"}));
  EXPECT_EQ(Read({"config", "set", "--", "a", "--json", "--"}).request.words,
            (Words{"a", "--json", "--"}));
  const Request move = Read({"config", "move", "--after", "a b", "--after", "2", "x"}).request;
  EXPECT_EQ(move.after, (Words{"a b", "2"}));
  EXPECT_EQ(move.words, (Words{"x"}));
}

TEST(CommandLine, BytesThatAreNotUtf8AreRefusedByTheirPlace) {
  const Outcome outcome = Read({"config", "set", "system", "host-name", "a\xff"});
  ASSERT_TRUE(outcome.leave.has_value());
  EXPECT_EQ(outcome.leave->status, kStatusUsage);
  EXPECT_NE(outcome.leave->text.find("argument 5 is not UTF-8"), std::string::npos);
}

TEST(CommandLine, MistakesAreOneLineAndStatusTwo) {
  for (const std::vector<const char*>& words :
       {std::vector<const char*>{}, std::vector<const char*>{"bogus"},
        std::vector<const char*>{"tables"}, std::vector<const char*>{"status", "--bogus"},
        std::vector<const char*>{"sessions", "--port", "x"},
        std::vector<const char*>{"sessions", "--limit", "-1"},
        std::vector<const char*>{"status", "--timeout", "0"},
        std::vector<const char*>{"debug", "fill-sessions"},
        std::vector<const char*>{"tables", "diff", "a"},
        std::vector<const char*>{"pair-secret", "new"}, std::vector<const char*>{"config", "set"},
        std::vector<const char*>{"config", "bogus"}, std::vector<const char*>{"ha"},
        std::vector<const char*>{"config", "load", "a", "b"},
        std::vector<const char*>{"master-key", "change", "--old", "a"},
        std::vector<const char*>{"status", "peer"}}) {
    const Outcome outcome = Read(words);
    ASSERT_TRUE(outcome.leave.has_value()) << (words.empty() ? "" : words.back());
    EXPECT_EQ(outcome.leave->status, kStatusUsage);
    EXPECT_EQ(outcome.leave->text.rfind("lockstepctl: ", 0), 0u) << outcome.leave->text;
    EXPECT_EQ(outcome.leave->text.find('\n'), outcome.leave->text.size() - 1)
        << outcome.leave->text;
  }
}

class Socket : public testing::Test {
 protected:
  void SetUp() override {
    unsetenv("LOCKSTEP_SOCKET");
    std::filesystem::create_directories(root_);
  }
  void TearDown() override { std::filesystem::remove_all(root_); }
  void AddNode(const std::string& name) {
    std::filesystem::create_directories(root_ + "/" + name);
    std::ofstream(root_ + "/" + name + "/control.sock") << "";
  }
  const std::string root_ = testing::TempDir() + "lockstepctl-socket-test";
};

TEST_F(Socket, TheOnlyNodeIsMeant) {
  AddNode("a");
  EXPECT_EQ(FindSocket("", root_).value(), root_ + "/a/control.sock");
  EXPECT_EQ(FindSocket("/given", root_).value(), "/given");
}

TEST_F(Socket, NoneAndSeveralAreErrorsWithARemedy) {
  EXPECT_EQ(FindSocket("", root_).status().code(), absl::StatusCode::kNotFound);
  AddNode("a");
  AddNode("b");
  EXPECT_EQ(FindSocket("", root_).status().message(),
            "several nodes run here; give --socket with one of " + root_ + "/a/control.sock, " +
                root_ + "/b/control.sock");
}

TEST_F(Socket, EnvironmentNamesTheNode) {
  setenv("LOCKSTEP_SOCKET", "/from/environment", 1);
  EXPECT_EQ(FindSocket("", root_).value(), "/from/environment");
  unsetenv("LOCKSTEP_SOCKET");
}

TEST_F(Socket, ProbeSaysWhyItCannotBeAsked) {
  EXPECT_EQ(ProbeSocket(root_ + "/none").message(),
            "socket " + root_ + "/none: does not exist; is lockstep-dataplane running?");
  AddNode("a");
  EXPECT_EQ(ProbeSocket(root_ + "/a/control.sock").message(),
            "socket " + root_ + "/a/control.sock: nobody listens; lockstep-dataplane has ended");
  EXPECT_EQ(ProbeSocket(std::string(200, 'x')).code(), absl::StatusCode::kInvalidArgument);
}

}  // namespace
}  // namespace lockstepctl
