// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

// A control server over a real session table, on a socket in a temporary folder.

#pragma once

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <array>
#include <filesystem>
#include <memory>
#include <string>

#include "dataplane/control/control_server.h"
#include "tools/lockstepctl/client.h"

namespace dataplane {

class FakeStats final : public StatsSource {
 public:
  void AppendStats(std::vector<StatValue>& stats) const override {
    stats.push_back({"dataplane.drop.ttl", 7, "TTL was 1"});
    stats.push_back({"dataplane.drop.checksum", 0, ""});
  }
};

class FakeHa final : public HaSource {
 public:
  std::vector<Ha1PathState> Ha1Paths() const override {
    return {{"10.9.1.1:4790", "10.9.1.2:4790", 0, true}};
  }
  std::vector<std::string> Reasons() const override { return {"HA1 backup: link is down"}; }
  std::string LastSwitchoverRefusal() const override { return "the peer said no"; }
};

class ControlFixture : public testing::Test {
 protected:
  void SetUp() override {
    folder_ = testing::TempDir() + "lockstep-control-" + std::to_string(getpid());
    options_.name = "a";
    options_.runtime_dir = folder_;
    statesync::SessionTableOptions table_options;
    table_options.capacity = 4096;
    table_options.nat_addresses = nat_addresses_;
    auto table = statesync::SessionTable::Create(table_options);
    ASSERT_TRUE(table.ok()) << table.status();
    table_ = *std::move(table);
  }

  void TearDown() override {
    server_.reset();
    std::filesystem::remove_all(folder_);
  }

  [[nodiscard]] ControlSetup MakeSetup() {
    ControlSetup setup;
    setup.options = &options_;
    setup.shared = &shared_;
    setup.sessions = table_.get();
    setup.stats = {&stats_};
    setup.ha = &ha_;
    setup.version = "1.2.3";
    return setup;
  }

  void StartServer() {
    auto server = ControlServer::Start(MakeSetup());
    ASSERT_TRUE(server.ok()) << server.status();
    server_ = *std::move(server);
  }

  void SetRole(statesync::Role role) {
    shared_.role.word.store(RoleWord::Make(role, statesync::MakeTerm(1, 0), 1).bits);
  }

  // A session of client 10.1.0.<i / 50000>:10000 + i to 10.2.0.10:80.
  void AddSession(std::uint32_t i, statesync::SessionState state, statesync::Version version = {}) {
    statesync::NewSession session;
    session.key.source_addr = htonl(0x0a010000u + 1 + i / 50'000);
    session.key.target_addr = inet_addr("10.2.0.10");
    session.key.source_port = htons(static_cast<std::uint16_t>(10'000 + i % 50'000));
    session.key.target_port = htons(80);
    session.key.protocol = statesync::ProtocolOf(state);
    session.rule = 3;
    session.state = state;
    statesync::Handle handle;
    ASSERT_EQ(table_->Insert(session, handle), statesync::InsertResult::kInserted);
    table_->entry(handle).version = version.bits;
  }

  const std::array<statesync::NetAddr, 1> nat_addresses_{inet_addr("203.0.113.1")};
  std::string folder_;
  Options options_;
  SharedState shared_;
  FakeStats stats_;
  FakeHa ha_;
  std::unique_ptr<statesync::SessionTable> table_;
  std::unique_ptr<ControlServer> server_;
};

}  // namespace dataplane
