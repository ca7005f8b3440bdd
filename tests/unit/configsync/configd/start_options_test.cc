// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

// The command line of lockstep-configd: defaults, mistakes, help.

#include "configsync/start_options.h"

#include <gtest/gtest.h>

#include "tests/golden/config/golden_text.h"

namespace configsync {
namespace {

std::variant<StartOptions, ExitRequest> Read(std::vector<const char*> words) {
  words.insert(words.begin(), "lockstep-configd");
  return ReadCommandLine(static_cast<int>(words.size()), words.data());
}

TEST(StartOptions, AreMadeFromTheName) {
  const auto options = std::get<StartOptions>(Read({"--name", "fw-a"}));
  EXPECT_EQ(options.state_dir, "/var/lib/lockstep/fw-a/config");
  EXPECT_EQ(options.admin_socket(), "/run/lockstep/fw-a/admin.sock");
  EXPECT_EQ(options.dataplane, "/run/lockstep/fw-a/control.sock");
  EXPECT_EQ(options.hosts_file(), "/run/lockstep/fw-a/config/hosts");
  EXPECT_EQ(options.groups[1].name, "lockstep-config");
  EXPECT_FALSE(options.yang_dir.empty());
  EXPECT_FALSE(options.check || options.accept_loss);
}

TEST(StartOptions, CanAllBeGiven) {
  const auto options = std::get<StartOptions>(Read({"--state-dir",
                                                    "/s",
                                                    "--run-dir",
                                                    "/r",
                                                    "--dataplane",
                                                    "/d",
                                                    "--yang-dir",
                                                    "/y",
                                                    "--user",
                                                    "u",
                                                    "--master-key-file",
                                                    "/k",
                                                    "--view-group",
                                                    "a",
                                                    "--config-group",
                                                    "b",
                                                    "--admin-group",
                                                    "c",
                                                    "--ha-dangerous-group",
                                                    "d",
                                                    "--accept-store-loss",
                                                    "--check"}));
  EXPECT_EQ(options.state_dir + options.run_dir + options.dataplane + options.yang_dir +
                options.user + options.master_key_file,
            "/s/r/d/yu/k");
  EXPECT_EQ(options.groups[0].name + options.groups[1].name + options.groups[2].name +
                options.groups[3].name,
            "abcd");
  EXPECT_TRUE(options.check && options.accept_loss);
}

TEST(StartOptions, AddressesOfHa1HaveAPort) {
  const auto options =
      std::get<StartOptions>(Read({"--name", "a", "--ha1", "10.9.1.1", "--ha1", "[fd00::1]:4800",
                                   "--pair-secret-file", "/s", "--debug-tls-keys", "/k"}));
  EXPECT_EQ(options.ha1, (std::vector<std::string>{"10.9.1.1:4792", "[fd00::1]:4800"}));
  EXPECT_EQ(options.pair_secret_file + options.debug_tls_keys, "/s/k");
  EXPECT_TRUE(std::get<StartOptions>(Read({"--name", "a"})).ha1.empty());
}

TEST(StartOptions, MistakesAreOneLineAndStatusTwo) {
  for (const std::vector<const char*>& words :
       {std::vector<const char*>{}, std::vector<const char*>{"--name"},
        std::vector<const char*>{"--name", "../x"}, std::vector<const char*>{"--name", ".."},
        std::vector<const char*>{"--name", "a b"},
        std::vector<const char*>{"--name", "123456789012345678901234567890123"},
        std::vector<const char*>{"--state-dir", "/s"}, std::vector<const char*>{"--bogus"},
        std::vector<const char*>{"--name", "a", "bogus"},
        std::vector<const char*>{"--name", "a", "--ha1"},
        std::vector<const char*>{"--name", "a", "--ha1", "fw-b"},
        std::vector<const char*>{"--name", "a", "--ha1", "0.0.0.0"},
        std::vector<const char*>{"--name", "a", "--ha1", "[::]:4792"},
        std::vector<const char*>{"--name", "a", "--ha1", "10.9.1.1:80"},
        std::vector<const char*>{"--name", "a", "--ha1", "10.9.1.1:70000"}}) {
    const auto outcome = Read(words);
    ASSERT_TRUE(std::holds_alternative<ExitRequest>(outcome));
    const auto& leave = std::get<ExitRequest>(outcome);
    EXPECT_EQ(leave.status, 2);
    EXPECT_EQ(leave.output.rfind("lockstep-configd: ", 0), 0u) << leave.output;
    EXPECT_EQ(leave.output.find('\n'), leave.output.size() - 1) << leave.output;
  }
}

TEST(StartOptions, HelpIsAsWritten) {
  const auto leave = std::get<ExitRequest>(Read({"--help"}));
  EXPECT_EQ(leave.status, 0);
  EXPECT_EQ(leave.output,
            golden::Expected(LOCKSTEP_GOLDEN_DIR "/lockstep-configd.help.txt", leave.output));
  EXPECT_EQ(std::get<ExitRequest>(Read({"--version"})).output,
            "lockstep-configd " + std::string(ProgramVersion()) + "\n");
}

}  // namespace
}  // namespace configsync
