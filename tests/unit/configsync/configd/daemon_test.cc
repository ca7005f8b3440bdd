// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

// All parts of lockstep-configd over a real socket, with lockstepctl's client: what was committed
// is there after a crash, without a dataplane.

#include "configsync/daemon.h"

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <fstream>

#include "tools/lockstepctl/admin_client.h"
#include "tools/lockstepctl/sync_client.h"

namespace configsync {
namespace {

namespace pb = lockstep::admin;

class DaemonTest : public testing::Test {
 protected:
  DaemonTest()
      : folder_(std::filesystem::temp_directory_path() / ("configd." + std::to_string(getpid()))) {
    std::filesystem::create_directories(folder_ / "run" / "config");
    options_.name = "test";
    options_.state_dir = (folder_ / "state").string();
    options_.run_dir = (folder_ / "run").string();
    options_.dataplane = (folder_ / "run" / "control.sock").string();
    options_.yang_dir = LOCKSTEP_YANG_DIR;
  }
  ~DaemonTest() override {
    Stop();
    std::filesystem::remove_all(folder_);
  }

  void Start() {
    auto daemon = Daemon::Start(options_, -1, "");
    ASSERT_TRUE(daemon.ok()) << daemon.status();
    daemon_ = *std::move(daemon);
    client_ = std::make_unique<lockstepctl::AdminClient>(options_.admin_socket(), 20);
  }
  void Stop() {
    client_.reset();
    daemon_.reset();
  }

  std::string Set(const std::vector<std::string>& words) {
    pb::EditRequest request;
    pb::EditText& edit = *request.add_edits();
    edit.set_op(pb::EditText::SET);
    edit.mutable_words()->Add(words.begin(), words.end());
    const auto response = client_->Call(request);
    EXPECT_TRUE(response.ok()) << response.status();
    return response.ok() && response->problems().list_size() > 0
               ? response->problems().list(0).code()
               : "";
  }
  pb::CommitResponse Commit() {
    const auto response = client_->Call(pb::CommitRequest());
    EXPECT_TRUE(response.ok()) << response.status();
    return response.value_or(pb::CommitResponse());
  }
  std::string Show() {
    const auto response = client_->Call(pb::ShowRequest());
    return response.ok() ? response->text() : response.status().ToString();
  }
  std::string Hosts() {
    std::ifstream file(options_.hosts_file());
    return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
  }

  // Synchronisation is on, and 192.0.2.1:4792 was not listened on.
  void ExpectHa1Down(const std::string& severity) {
    Start();
    daemon_->Tick();
    EXPECT_EQ(Set({"ha", "configuration-synchronization", "enabled", "true"}), "");
    EXPECT_EQ(Set({"ha", "configuration-synchronization", "remote", "b", "address", "192.0.2.2"}),
              "");
    EXPECT_TRUE(Commit().committed());
    lockstepctl::SyncClient sync(options_.admin_socket(), 20);
    const auto status = sync.Call(pb::GetSyncRequest());
    ASSERT_TRUE(status.ok()) << status.status();
    const bool is_said = std::ranges::any_of(status->reasons(), [&](const pb::ReasonText& reason) {
      return reason.code() == "HA1_DOWN" && reason.severity() == severity &&
             reason.evidence().find("192.0.2.1:4792") != std::string::npos;
    });
    EXPECT_TRUE(is_said) << status->ShortDebugString();
  }

  static sockaddr_in Loopback(std::uint16_t port) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    address.sin_port = htons(port);
    return address;
  }
  // One that nobody has just now.
  static std::uint16_t FreePort() {
    const int descriptor = socket(AF_INET, SOCK_STREAM, 0);
    sockaddr_in address = Loopback(0);
    socklen_t size = sizeof(address);
    EXPECT_EQ(bind(descriptor, reinterpret_cast<sockaddr*>(&address), size), 0);
    EXPECT_EQ(getsockname(descriptor, reinterpret_cast<sockaddr*>(&address), &size), 0);
    close(descriptor);
    return ntohs(address.sin_port);
  }
  static bool IsListening(std::uint16_t port) {
    const int descriptor = socket(AF_INET, SOCK_STREAM, 0);
    const sockaddr_in address = Loopback(port);
    const bool is_open =
        connect(descriptor, reinterpret_cast<const sockaddr*>(&address), sizeof(address)) == 0;
    close(descriptor);
    return is_open;
  }

  std::filesystem::path folder_;
  StartOptions options_;
  std::unique_ptr<Daemon> daemon_;
  std::unique_ptr<lockstepctl::AdminClient> client_;
};

TEST_F(DaemonTest, WhatWasCommittedIsThereAfterARestartAndWhatWasOnlySetStaysACandidate) {
  Start();
  EXPECT_EQ(Set({"system", "host-name", "fw-a"}), "");
  const pb::CommitResponse done = Commit();
  EXPECT_TRUE(done.committed()) << done.ShortDebugString();
  EXPECT_EQ(done.revision(), 2u);
  EXPECT_EQ(Set({"system", "host-name", "fw-b"}), "");
  Stop();
  Start();
  EXPECT_NE(Show().find("\"host-name\": \"fw-a\""), std::string::npos) << Show();
  const auto compare = client_->Call(pb::CompareRequest());
  ASSERT_TRUE(compare.ok());
  ASSERT_EQ(compare->differences_size(), 1);
  EXPECT_EQ(compare->differences(0).path(), "/system/host-name");
  EXPECT_EQ(compare->differences(0).after(), "fw-b");
  const auto verify = client_->Call(pb::VerifyStoreRequest());
  ASSERT_TRUE(verify.ok());
  EXPECT_EQ(verify->faults_size(), 0);
}

TEST_F(DaemonTest, AWrongPathAndAWrongReferenceAreProblems) {
  Start();
  EXPECT_EQ(Set({"sistem", "host-name", "a"}), "UNKNOWN_PATH");
  EXPECT_EQ(Set({"interfaces", "interface", "lan", "zone", "nowhere"}), "");
  const pb::CommitResponse refused = Commit();
  EXPECT_FALSE(refused.committed());
  EXPECT_GT(refused.problems().list_size(), 0);
}

TEST_F(DaemonTest, TheHostsFileFollowsRunning) {
  Start();
  daemon_->Tick();
  EXPECT_EQ(Hosts().find("fw"), std::string::npos);
  EXPECT_EQ(Set({"ha", "virtual-host-name", "fw"}), "");
  EXPECT_EQ(Set({"ha", "virtual-host-address", "10.1.0.1"}), "");
  EXPECT_TRUE(Commit().committed());
  daemon_->Tick();
  EXPECT_NE(Hosts().find("10.1.0.1 fw\n"), std::string::npos) << Hosts();
}

// What could not be written once is written as soon as it can be, also without a further commit.
TEST_F(DaemonTest, AHostsFileThatCouldNotBeWrittenIsTriedAgain) {
  std::filesystem::create_directories(options_.hosts_file() + "/in-the-way");
  Start();
  EXPECT_EQ(Set({"ha", "virtual-host-name", "fw"}), "");
  EXPECT_EQ(Set({"ha", "virtual-host-address", "10.1.0.1"}), "");
  EXPECT_TRUE(Commit().committed());
  daemon_->Tick();
  std::filesystem::remove_all(options_.hosts_file());
  daemon_->Tick();
  EXPECT_NE(Hosts().find("10.1.0.1 fw\n"), std::string::npos) << Hosts();
}

TEST_F(DaemonTest, ASecondDaemonOnOneStoreIsRefused) {
  Start();
  StartOptions second = options_;
  second.run_dir = (folder_ / "other").string();
  EXPECT_EQ(Daemon::Start(second, -1, "").status().code(), absl::StatusCode::kFailedPrecondition);
}

// The service for other nodes is there while the configuration leaves it, also if synchronisation
// is off: then who asks is told.
TEST_F(DaemonTest, F9_OtherNodesReachThisOneWhileItsPeerInterfaceIsOn) {
  const std::uint16_t port = FreePort();
  options_.ha1 = {"127.0.0.1:" + std::to_string(port)};
  Start();
  EXPECT_TRUE(IsListening(port));
  EXPECT_EQ(Set({"ha", "configuration-synchronization", "peer-interface", "false"}), "");
  EXPECT_TRUE(Commit().committed());
  daemon_->Tick();
  EXPECT_FALSE(IsListening(port));
  EXPECT_EQ(Set({"ha", "configuration-synchronization", "peer-interface", "true"}), "");
  EXPECT_TRUE(Commit().committed());
  daemon_->Tick();
  EXPECT_TRUE(IsListening(port));
  Stop();
  EXPECT_FALSE(IsListening(port));
}

// F9: who closes it while it is needed is told to switch synchronisation off first.
TEST_F(DaemonTest, F9_ThePeerInterfaceStaysWhileSynchronisationIsOn) {
  options_.ha1 = {"127.0.0.1:" + std::to_string(FreePort())};
  Start();
  const std::string sync = "configuration-synchronization";
  EXPECT_EQ(Set({"ha", sync, "enabled", "true"}), "");
  EXPECT_EQ(Set({"ha", sync, "remote", "b", "address", "127.0.0.2"}), "");
  EXPECT_EQ(Set({"ha", sync, "peer-interface", "false"}), "");
  EXPECT_FALSE(Commit().committed());
}

// What came to nothing is not written down as done.
TEST_F(DaemonTest, TheAuditSaysWhatBecameOfAPairing) {
  options_.ha1 = {"127.0.0.1:" + std::to_string(FreePort())};
  Start();
  lockstepctl::SyncClient sync(options_.admin_socket(), 20);
  ASSERT_TRUE(sync.Call(pb::BeginPairingRequest()).ok());
  ASSERT_TRUE(sync.Call(pb::CancelPairingRequest()).ok());
  Stop();  // It is written behind the pairing's back, before the end.
  Start();
  const auto audit = client_->Call(pb::GetAuditRequest());
  ASSERT_TRUE(audit.ok()) << audit.status();
  std::vector<std::string> outcomes;
  for (const pb::AuditRecord& record : audit->records()) {
    if (record.action() == "pairing") outcomes.push_back(record.outcome());
  }
  EXPECT_EQ(outcomes, (std::vector<std::string>{"refused", "done"})) << audit->ShortDebugString();
}

// An interface that comes up later than this program is no reason not to start.
TEST_F(DaemonTest, AnAddressThatIsNotThereIsTriedAgain) {
  options_.ha1 = {"192.0.2.1:4792"};
  ExpectHa1Down("error");
}

// HA1 serves without its backup, and nothing is blocked by that.
TEST_F(DaemonTest, ABackupAddressThatIsNotThereIsSaid) {
  const std::uint16_t port = FreePort();
  options_.ha1 = {"127.0.0.1:" + std::to_string(port), "192.0.2.1:4792"};
  ExpectHa1Down("warning");
  EXPECT_TRUE(IsListening(port));
}

TEST_F(DaemonTest, CheckJudgesTheInventory) {
  std::filesystem::create_directories(options_.state_dir);
  std::ofstream(options_.state_dir + "/inventory.json") << R"({"licenses": ["url"]})";
  const auto good = CheckStart(options_);
  ASSERT_TRUE(good.ok()) << good.status();
  EXPECT_NE(good->find("inventory: ok"), std::string::npos) << *good;
  std::ofstream(options_.state_dir + "/inventory.json") << R"({"licences": ["url"]})";
  const absl::Status bad = CheckStart(options_).status();
  EXPECT_EQ(bad.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_NE(std::string(bad.message()).find("inventory.json: 'licences'"), std::string::npos);
}

TEST_F(DaemonTest, CheckJudgesModulesAndStoreAndMakesNothing) {
  const auto fresh = CheckStart(options_);
  ASSERT_TRUE(fresh.ok()) << fresh.status();
  EXPECT_NE(fresh->find("none yet"), std::string::npos) << *fresh;
  EXPECT_FALSE(std::filesystem::exists(options_.state_dir));
  Start();
  Stop();
  const auto used = CheckStart(options_);
  ASSERT_TRUE(used.ok()) << used.status();
  EXPECT_NE(used->find(": ok, 1 revisions"), std::string::npos) << *used;
  options_.yang_dir = "/nowhere";
  EXPECT_EQ(CheckStart(options_).status().code(), absl::StatusCode::kNotFound);
}

}  // namespace
}  // namespace configsync
