// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

// Texts that people and scripts rely on: the canonical form of the example node file, and all help.

#include <gtest/gtest.h>

#include <algorithm>
#include <vector>

#include "dataplane/config/command_line.h"
#include "dataplane/config/node_file.h"
#include "tests/golden/config/golden_text.h"
#include "tools/lockstepctl/command_line.h"

namespace {

constexpr char kExample[] = "../../../docs/example-node.textproto";  // From this folder.

TEST(ConfigGolden, ExampleNodeFilePrintsItsCanonicalForm) {
  const auto options = dataplane::LoadNodeFile(kExample);
  ASSERT_TRUE(options.ok()) << options.status();
  const std::string text = dataplane::PrintConfig(*options);
  EXPECT_EQ(text, golden::Expected("example-node.canonical.textproto", text));
}

TEST(ConfigGolden, CanonicalFormIsItsOwnCanonicalForm) {
  const auto options = dataplane::LoadNodeFile("example-node.canonical.textproto");
  ASSERT_TRUE(options.ok()) << options.status();
  EXPECT_EQ(dataplane::PrintConfig(*options), golden::ReadText("example-node.canonical.textproto"));
}

TEST(ConfigGolden, DataplaneHelp) {
  const char* const words[] = {"lockstep-dataplane", "--help"};
  const auto outcome = dataplane::ReadCommandLine(2, words);
  const std::string text = std::get<dataplane::ExitRequest>(outcome).output;
  EXPECT_EQ(text, golden::Expected("lockstep-dataplane.help.txt", text));
}

class CtlHelp : public testing::TestWithParam<std::vector<const char*>> {};

std::string NameOf(const std::vector<const char*>& words) {
  std::string name = "lockstepctl";
  for (const char* word : words) {
    name += "-" + std::string(word);
  }
  return name;
}

TEST_P(CtlHelp, IsAsWritten) {
  std::vector<const char*> words = GetParam();
  const std::string path = NameOf(words) + ".help.txt";
  words.insert(words.begin(), "lockstepctl");
  words.push_back("--help");
  lockstepctl::Request request;
  const auto leave =
      lockstepctl::ReadCommandLine(static_cast<int>(words.size()), words.data(), request);
  ASSERT_TRUE(leave.has_value());
  EXPECT_EQ(leave->status, 0);
  EXPECT_EQ(leave->text, golden::Expected(path, leave->text));
}

INSTANTIATE_TEST_SUITE_P(
    All, CtlHelp,
    testing::Values(
        std::vector<const char*>{}, std::vector<const char*>{"status"},
        std::vector<const char*>{"sessions"}, std::vector<const char*>{"tables", "dump"},
        std::vector<const char*>{"tables", "diff"}, std::vector<const char*>{"stats"},
        std::vector<const char*>{"peer"}, std::vector<const char*>{"peer", "resync"},
        std::vector<const char*>{"switchover"}, std::vector<const char*>{"debug", "fill-sessions"},
        std::vector<const char*>{"debug", "apply-forwarding"},
        std::vector<const char*>{"debug", "corrupt-entry"},
        std::vector<const char*>{"pair-secret", "new"}, std::vector<const char*>{"config"},
        std::vector<const char*>{"config", "show"}, std::vector<const char*>{"config", "set"},
        std::vector<const char*>{"config", "move"}, std::vector<const char*>{"config", "merge"},
        std::vector<const char*>{"config", "compare"}, std::vector<const char*>{"config", "plan"},
        std::vector<const char*>{"config", "commit"},
        std::vector<const char*>{"config", "rollback"},
        std::vector<const char*>{"config", "status"},
        std::vector<const char*>{"config", "difference"},
        std::vector<const char*>{"config", "sync"},
        std::vector<const char*>{"config", "sync", "status"},
        std::vector<const char*>{"config", "sync", "category"},
        std::vector<const char*>{"config", "sync", "push"},
        std::vector<const char*>{"config", "sync", "overwrite"},
        std::vector<const char*>{"config", "sync", "merge"},
        std::vector<const char*>{"explain", "sync"}, std::vector<const char*>{"ha", "edit"},
        std::vector<const char*>{"ha", "edit", "begin"}, std::vector<const char*>{"pair"},
        std::vector<const char*>{"pair", "start"}, std::vector<const char*>{"pair", "accept"},
        std::vector<const char*>{"pair", "confirm"}, std::vector<const char*>{"pair", "status"},
        std::vector<const char*>{"devices"}, std::vector<const char*>{"devices", "list"},
        std::vector<const char*>{"devices", "revoke"}, std::vector<const char*>{"devices", "renew"},
        std::vector<const char*>{"master-key", "change"},
        std::vector<const char*>{"completion", "bash"}),
    [](const testing::TestParamInfo<std::vector<const char*>>& row) {
      std::string name = NameOf(row.param);
      std::replace(name.begin(), name.end(), '-', '_');
      return name;
    });

}  // namespace
