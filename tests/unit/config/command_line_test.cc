// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

#include "dataplane/config/command_line.h"

#include <gtest/gtest.h>

#include <cstdio>
#include <fstream>
#include <vector>

#include "tests/unit/config/node_text.h"

namespace dataplane {
namespace {

using Outcome = std::variant<Options, ExitRequest>;

Outcome Read(std::vector<const char*> words) {
  words.insert(words.begin(), "lockstep-dataplane");
  return ReadCommandLine(static_cast<int>(words.size()), words.data());
}

ExitRequest Exit(std::vector<const char*> words) {
  const Outcome outcome = Read(std::move(words));
  const auto* exit = std::get_if<ExitRequest>(&outcome);
  return exit == nullptr ? ExitRequest{-1, "runs"} : *exit;
}

// A node file on disk for the time of a test.
class NodeOnDisk : public testing::Test {
 protected:
  void Write(const std::string& text) { std::ofstream(path_) << text; }
  void TearDown() override { std::remove(path_.c_str()); }
  const std::string path_ = testing::TempDir() + "lockstep_command_line_test.textproto";
};
using CommandLine = NodeOnDisk;

TEST_F(CommandLine, ConfigRunsWithTheFile) {
  Write(kGoodNode);
  const Outcome outcome = Read({"--config", path_.c_str()});
  ASSERT_TRUE(std::holds_alternative<Options>(outcome));
  EXPECT_EQ(std::get<Options>(outcome).name, "a");
}

TEST_F(CommandLine, MistakesInTheFileExitWithTwo) {
  Write("name: 7");
  for (const char* option : {"--config", "--check", "--print-config"}) {
    const ExitRequest exit = Exit({option, path_.c_str()});
    EXPECT_EQ(exit.status, 2);
    EXPECT_EQ(exit.output, path_ + ":1:7: Expected string, got: 7\n");
  }
}

TEST_F(CommandLine, CheckSaysWhatIsInAGoodFile) {
  Write(NodeWith("net_af_packet", "net_null"));
  const ExitRequest exit = Exit({"--check", path_.c_str()});
  EXPECT_EQ(exit.status, 0);
  EXPECT_NE(exit.output.find(": ok: node a, 2 ports, 2 interfaces, 1 rules, HA on\n"),
            std::string::npos)
      << exit.output;
}

TEST_F(CommandLine, CheckNotesPortsThatThisMachineLacks) {
  Write(NodeWith("iface=lan0", "iface=no-such-if"));
  const ExitRequest exit = Exit({"--check", path_.c_str()});
  EXPECT_EQ(exit.status, 0);
  EXPECT_NE(exit.output.find("note: ports[0].device: "), std::string::npos) << exit.output;
}

TEST_F(CommandLine, PrintedConfigIsAcceptedAgain) {
  Write(kGoodNode);
  const std::string equals = "--print-config=" + path_;
  const ExitRequest first = Exit({equals.c_str()});
  ASSERT_EQ(first.status, 0) << first.output;
  Write(first.output);
  EXPECT_EQ(Exit({equals.c_str()}).output, first.output);
}

TEST(Usage, MistakesExitWithTwoAndNameTheRemedy) {
  const std::vector<std::vector<const char*>> wrong = {
      {},   {"--bogus"}, {"--config"}, {"--help", "x"}, {"--check", "a", "b"}, {"--version=1"},
      {"a"}};
  for (const std::vector<const char*>& words : wrong) {
    const ExitRequest exit = Exit(words);
    EXPECT_EQ(exit.status, 2);
    EXPECT_NE(exit.output.find("see lockstep-dataplane --help\n"), std::string::npos)
        << exit.output;
  }
}

TEST(Usage, HelpAndVersionExitWithZero) {
  EXPECT_EQ(Exit({"--help"}).status, 0);
  EXPECT_EQ(Exit({"--version"}).output.rfind("lockstep-dataplane ", 0), 0u);
}

}  // namespace
}  // namespace dataplane
