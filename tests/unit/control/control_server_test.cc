// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

// The service from end to end: server and lockstepctl's client over a real socket.

#include "dataplane/control/control_server.h"

#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <fstream>
#include <thread>

#include "dataplane/control/status_view.h"
#include "tests/unit/control/control_fixture.h"

namespace dataplane {
namespace {

using statesync::Readiness;
using statesync::Role;
using statesync::SessionState;

class Server : public ControlFixture {
 protected:
  void SetUp() override {
    ControlFixture::SetUp();
    StartServer();
    client_ = std::make_unique<lockstepctl::Client>(options_.control_socket(), 30);
  }
  void TearDown() override {
    client_.reset();
    ControlFixture::TearDown();
  }
  void MakeSyncedPeer() {
    shared_.sync.peer_connected = true;
    shared_.sync.peer_boot_id = 0x1234;
    shared_.sync.peer_role = static_cast<std::uint8_t>(Role::kStandby);
    shared_.sync.peer_readiness = static_cast<std::uint8_t>(Readiness::kSynced);
  }
  std::unique_ptr<lockstepctl::Client> client_;
};

TEST_F(Server, SocketBelongsToItsOwnerAlone) {
  struct stat status {};
  ASSERT_EQ(stat(options_.control_socket().c_str(), &status), 0);
  EXPECT_TRUE(S_ISSOCK(status.st_mode));
  EXPECT_EQ(status.st_mode & 0777u, 0600u);
}

TEST_F(Server, ConfigdsUserIsLetInByGroupAndAnUnknownOneIsAMistake) {
  server_->Stop();
  options_.configd_user = "no-such-user-here";
  const ControlSetup unknown{.options = &options_, .shared = &shared_};
  EXPECT_EQ(ControlServer::Start(unknown).status().message(),
            "configd_user: \"no-such-user-here\": this machine has no such user; make it, or leave "
            "the field out");
  if (geteuid() != 0) {
    GTEST_SKIP() << "skip: privileges: only root can give a file to another group";
  }
  options_.configd_user = "daemon";
  StartServer();
  struct stat status {};
  ASSERT_EQ(stat(options_.control_socket().c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777u, 0660u);
  EXPECT_NE(status.st_gid, getegid());
}

TEST_F(Server, StatusComesFromTheSharedState) {
  SetRole(Role::kActive);
  MakeSyncedPeer();
  shared_.sync.readiness = static_cast<std::uint8_t>(Readiness::kAtRisk);
  shared_.sync.at_risk_reason = static_cast<std::uint8_t>(statesync::AtRiskReason::kHa2Silent);
  shared_.sync.exposure_age_ns = 5'000;
  shared_.role.detected_by = static_cast<std::uint8_t>(DetectedBy::kProcessDeath);
  shared_.role.peer_last_heard_ns = 1'000'000;
  shared_.role.peer_declared_dead_ns = 3'000'000;
  shared_.role.role_taken_ns = 3'100'000;
  shared_.sync.first_forward_ns = 3'500'000;
  AddSession(1, SessionState::kTcpEstablished);
  const auto status = client_->GetStatus();
  ASSERT_TRUE(status.ok()) << status.status();
  EXPECT_EQ(status->node(), "a");
  EXPECT_EQ(status->role(), "active");
  EXPECT_EQ(status->term(), 8u);
  EXPECT_EQ(status->readiness(), "at-risk");
  EXPECT_EQ(status->readiness_reason(), "ha2-silent");
  EXPECT_EQ(status->peer_role(), "standby");
  EXPECT_EQ(status->peer_readiness(), "synced");
  EXPECT_EQ(status->sessions(), 1u);
  EXPECT_EQ(status->exposure_age_us(), 5u);
  EXPECT_EQ(status->last_takeover().detected_by(), "process-death");
  EXPECT_EQ(status->last_takeover().detect_us(), 2'000u);
  EXPECT_EQ(status->last_takeover().takeover_us(), 500u);
  EXPECT_EQ(status->version(), "1.2.3");
  EXPECT_EQ(status->pid(), static_cast<std::uint32_t>(getpid()));
  ASSERT_EQ(status->reasons_size(), 1);
}

TEST_F(Server, ShowsRefusalsWhileTheyAreRecent) {
  const std::int64_t now_ns = 100'000'000'000;
  shared_.workers[1].table_full_ns = now_ns - 1'000'000'000;
  shared_.workers[0].nat_exhausted_ns = now_ns - 11'000'000'000;
  const auto status = ReadStatus(MakeSetup(), now_ns);
  ASSERT_EQ(status.reasons_size(), 2);
  EXPECT_EQ(status.reasons(1),
            "table-full: new sessions are refused, 0 of 4096 are in use; raise tables.sessions or "
            "shorten timeouts");
}

TEST_F(Server, WithoutATakeoverThereIsNone) {
  const auto status = client_->GetStatus();
  ASSERT_TRUE(status.ok()) << status.status();
  EXPECT_FALSE(status->has_last_takeover());
  EXPECT_EQ(status->peer_role(), "");
}

TEST_F(Server, CountersAreSortedByName) {
  const auto stats = client_->GetStats();
  ASSERT_TRUE(stats.ok()) << stats.status();
  ASSERT_EQ(stats->counters_size(), 2);
  EXPECT_EQ(stats->counters(0).name(), "dataplane.drop.checksum");
  EXPECT_EQ(stats->counters(1).value(), 7u);
}

TEST_F(Server, PeerThatWasNeverHeardHasNoAge) {
  MakeSyncedPeer();
  const auto peer = client_->GetPeer();
  ASSERT_TRUE(peer.ok()) << peer.status();
  EXPECT_EQ(peer->boot_id(), "0000000000001234");
  EXPECT_FALSE(peer->has_last_heard_ms_ago());
  ASSERT_EQ(peer->ha1_size(), 1);
  EXPECT_TRUE(peer->ha1(0).liveness_connected());
}

TEST_F(Server, PeerShowsEachHa2Link) {
  options_.ha.enabled = true;
  options_.ha.ha2.device = "net_af_xdp0,iface=ha2";
  options_.ha.ha2_second.device = "net_af_xdp1,iface=ha3";
  MakeSyncedPeer();
  Ha2LinkFacts& second = shared_.sync.ha2_links[1];
  second.last_heard_ns = 1;
  second.used = true;
  second.frames_received = 5;
  second.frames_sent = 6;
  second.left_after_ns = 41'999'999;
  const auto peer = client_->GetPeer();
  ASSERT_TRUE(peer.ok()) << peer.status();
  ASSERT_EQ(peer->ha2_size(), 2);
  EXPECT_EQ(peer->ha2(0).name(), "ha2");
  EXPECT_FALSE(peer->ha2(0).has_last_heard_ms_ago());
  EXPECT_FALSE(peer->ha2(0).used());
  EXPECT_EQ(peer->ha2(1).name(), "ha2_second");
  EXPECT_EQ(peer->ha2(1).device(), "net_af_xdp1,iface=ha3");
  EXPECT_TRUE(peer->ha2(1).has_last_heard_ms_ago());
  EXPECT_TRUE(peer->ha2(1).used());
  EXPECT_EQ(peer->ha2(1).frames_received(), 5u);
  EXPECT_EQ(peer->ha2(1).frames_sent(), 6u);
  EXPECT_FALSE(peer->ha2(0).has_left_after_ms());
  EXPECT_EQ(peer->ha2(1).left_after_ms(), 41u);
}

TEST_F(Server, PeerAndStatusSayHowEachTableReplicates) {
  statesync::EngineStatus engine;
  engine.bulk_eta = statesync::Millis(1'500);
  engine.stream_count = 2;
  engine.datagram_bytes = 1'400;
  engine.table_count = 1;
  statesync::TableStatus& session = engine.tables[0];
  session.table = statesync::TableId::kSession;
  session.live = 7;
  session.readiness = Readiness::kAtRisk;
  session.reason = statesync::AtRiskReason::kExposure;
  session.exposure = {.changes = 3, .age = statesync::Micros(42)};
  session.confirmed.Add(statesync::Micros(3), 5);
  session.confirmed.Add(statesync::Micros(10), 6);
  session.confirmed.Add(statesync::Seconds(100), 1);
  session.shards_agreed = 250;
  session.shards_differed = 4;
  session.shards_undecided = 2;
  session.refused[static_cast<std::size_t>(statesync::RefusalReason::kUnknownId)] = 8;
  shared_.status.Write(engine);

  const auto peer = client_->GetPeer();
  ASSERT_TRUE(peer.ok()) << peer.status();
  EXPECT_EQ(peer->bulk_eta_ms(), 1'500u);
  EXPECT_EQ(peer->streams(), 2u);
  EXPECT_EQ(peer->datagram_bytes(), 1'400u);
  ASSERT_EQ(peer->tables_size(), 1);
  const lockstep::control::TableReplication& table = peer->tables(0);
  EXPECT_EQ(table.table(), "session");
  EXPECT_EQ(table.live(), 7u);
  EXPECT_EQ(table.readiness(), "at-risk");
  EXPECT_EQ(table.reason(), "exposure");
  EXPECT_EQ(table.exposure_changes(), 3u);
  EXPECT_EQ(table.exposure_age_us(), 42u);
  EXPECT_EQ(table.shards_agreed(), 250u);
  EXPECT_EQ(table.shards_differed(), 4u);
  EXPECT_EQ(table.shards_undecided(), 2u);
  ASSERT_EQ(table.refused_size(), 1);
  EXPECT_EQ(table.refused(0).reason(), "unknown-id");
  EXPECT_EQ(table.refused(0).entries(), 8u);
  // Buckets from 4 us on; an empty one between the others is there.
  ASSERT_EQ(table.confirmed_size(), 24);
  EXPECT_EQ(table.confirmed(0).at_most_us(), 4u);
  EXPECT_EQ(table.confirmed(0).changes(), 5u);
  EXPECT_EQ(table.confirmed(1).changes(), 0u);
  EXPECT_EQ(table.confirmed(2).changes(), 6u);
  EXPECT_FALSE(table.confirmed(23).has_at_most_us());
  EXPECT_EQ(table.confirmed(23).changes(), 1u);

  const auto status = client_->GetStatus();
  ASSERT_TRUE(status.ok()) << status.status();
  ASSERT_EQ(status->tables_size(), 1);
  EXPECT_EQ(status->tables(0).SerializeAsString(), table.SerializeAsString());
}

// Obeys one damage request as the sync loop does.
class Obedient {
 public:
  Obedient(SharedState& shared, bool is_done)
      : thread_([&shared, is_done] {
          DamageRequest request;
          while (request.number() == 0) request.bits = shared.requests.damage.load();
          shared.requests.damage_done.store(request.number() | (is_done ? kDamageWasDone : 0));
        }) {}
  ~Obedient() { thread_.join(); }

 private:
  std::thread thread_;
};

TEST_F(Server, CorruptEntryNamesTheEntryToTheSyncLoop) {
  options_.debug.enabled = true;
  SetRole(Role::kStandby);
  AddSession(1, SessionState::kTcpEstablished, statesync::MakeVersion({9}, 7));
  AddSession(2, SessionState::kTcpEstablished, statesync::MakeVersion({9}, 8));
  const Obedient sync_loop(shared_, true);
  const auto done = client_->CorruptEntry("value", "tcp 10.1.0.1:10002 10.2.0.10:80");
  ASSERT_TRUE(done.ok()) << done.status();
  EXPECT_EQ(done->entry(),
            "session tcp 10.1.0.1:10002 10.2.0.10:80 nat - state established rule 3 version 9.8");
  const DamageRequest request{shared_.requests.damage.load()};
  EXPECT_EQ(request.damage(), statesync::EntryDamage::kValue);
  EXPECT_EQ(request.handle().shard, done->shard());
  EXPECT_EQ(table_->entry(request.handle()).version, statesync::MakeVersion({9}, 8).bits);
}

TEST_F(Server, CorruptEntryOfAnyTakesOneThatWasPublished) {
  options_.debug.enabled = true;
  SetRole(Role::kStandby);
  AddSession(1, SessionState::kTcpEstablished);
  EXPECT_EQ(client_->CorruptEntry("missing", "").status().code(), absl::StatusCode::kNotFound);
  AddSession(2, SessionState::kTcpEstablished, statesync::MakeVersion({9}, 8));
  const Obedient sync_loop(shared_, false);
  EXPECT_EQ(client_->CorruptEntry("missing", "").status().message(),
            "corrupt-entry: the session was gone, or never replicated; name another");
}

TEST_F(Server, CorruptEntryIsRefusedOutsideATestBench) {
  SetRole(Role::kStandby);
  AddSession(1, SessionState::kTcpEstablished, statesync::MakeVersion({9}, 8));
  EXPECT_EQ(client_->CorruptEntry("missing", "").status().message(),
            "corrupt-entry: node a is in service; on a test bench, set debug.enabled in its node "
            "file");
  options_.debug.enabled = true;
  SetRole(Role::kActive);
  EXPECT_EQ(client_->CorruptEntry("missing", "").status().message(),
            "corrupt-entry: node a is active; ask the standby node");
  SetRole(Role::kStandby);
  EXPECT_EQ(client_->CorruptEntry("all", "").status().message(),
            "what: \"all\": must be version, value or missing");
  EXPECT_EQ(client_->CorruptEntry("value", "tcp 10.1.0.1:1 10.2.0.10:80").status().code(),
            absl::StatusCode::kNotFound);
  EXPECT_EQ(shared_.requests.damage.load(), 0u);
}

TEST_F(Server, DumpStreamsEveryEntry) {
  for (std::uint32_t i = 0; i < 3'000; ++i) {
    AddSession(i, SessionState::kUdpSingle);
  }
  int line_count = 0;
  int chunk_count = 0;
  const auto status = client_->DumpTables("", [&](const auto& chunk) {
    line_count += chunk.lines_size();
    ++chunk_count;
  });
  EXPECT_TRUE(status.ok()) << status;
  EXPECT_EQ(line_count, 3'000);
  EXPECT_GE(chunk_count, 6);
}

TEST_F(Server, DumpOfAnUnknownTableIsRefused) {
  const auto status = client_->DumpTables("flows", [](const auto&) {});
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(status.message(), "table: \"flows\": unknown; known: session");
}

TEST_F(Server, SwitchoverIsRefusedWhereItWouldLoseSessions) {
  SetRole(Role::kStandby);
  EXPECT_EQ(client_->Switchover().message(), "switchover: node a is standby; ask the active node");
  SetRole(Role::kActive);
  EXPECT_EQ(client_->Switchover().message(),
            "switchover: no peer is connected on HA2; see lockstepctl peer");
  MakeSyncedPeer();
  shared_.sync.peer_readiness = static_cast<std::uint8_t>(Readiness::kCatchUp);
  EXPECT_EQ(client_->Switchover().code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_EQ(shared_.requests.switchover.load(), 0u);
}

TEST_F(Server, SwitchoverWaitsUntilTheRoleIsGone) {
  SetRole(Role::kActive);
  MakeSyncedPeer();
  std::thread ha([this] {
    while (shared_.requests.switchover.load() == 0) {
      std::this_thread::yield();
    }
    SetRole(Role::kStandby);
  });
  const absl::Status status = client_->Switchover();
  ha.join();
  EXPECT_TRUE(status.ok()) << status;
  EXPECT_EQ(shared_.requests.switchover.load(), 1u);
}

TEST_F(Server, ResyncIsForTheStandby) {
  MakeSyncedPeer();
  SetRole(Role::kActive);
  EXPECT_EQ(client_->Resync().code(), absl::StatusCode::kFailedPrecondition);
  SetRole(Role::kStandby);
  EXPECT_TRUE(client_->Resync().ok());
  EXPECT_EQ(shared_.requests.resync.load(), 1u);
}

TEST_F(Server, FillSessionsWaitsForTheWorkers) {
  SetRole(Role::kActive);
  std::thread worker([this] {
    while (shared_.requests.fill_sessions_target.load() == 0) {
      std::this_thread::yield();
    }
    shared_.requests.fill_sessions_done = shared_.requests.fill_sessions_target.load();
  });
  const absl::Status status = client_->FillSessions(100);
  worker.join();
  EXPECT_TRUE(status.ok()) << status;
  EXPECT_EQ(client_->FillSessions(1'000'000).code(), absl::StatusCode::kInvalidArgument);
}

TEST_F(Server, SecondServerOnOneSocketIsRefused) {
  const auto second = ControlServer::Start(MakeSetup());
  ASSERT_FALSE(second.ok());
  EXPECT_EQ(second.status().code(), absl::StatusCode::kAlreadyExists);
  EXPECT_TRUE(client_->GetStatus().ok());
}

TEST_F(Server, StopEndsAWaitingCallAndRemovesTheSocket) {
  SetRole(Role::kActive);
  MakeSyncedPeer();
  absl::Status status;
  std::thread caller([&] { status = client_->Switchover(); });
  while (shared_.requests.switchover.load() == 0) {
    std::this_thread::yield();
  }
  server_->Stop();
  caller.join();
  EXPECT_EQ(status.code(), absl::StatusCode::kUnavailable) << status;
  EXPECT_FALSE(std::filesystem::exists(options_.control_socket()));
}

using StaleSocket = ControlFixture;

TEST_F(StaleSocket, IsReplaced) {
  std::filesystem::create_directories(folder_);
  {
    StartServer();
    std::filesystem::create_hard_link(options_.control_socket(), folder_ + "/kept");
    server_.reset();
    std::filesystem::rename(folder_ + "/kept", options_.control_socket());
  }
  StartServer();
  EXPECT_TRUE(lockstepctl::Client(options_.control_socket(), 30).GetStatus().ok());
}

TEST_F(StaleSocket, FileOfAnotherKindIsKept) {
  std::filesystem::create_directories(folder_);
  std::ofstream(options_.control_socket()) << "precious";
  const auto server = ControlServer::Start(MakeSetup());
  ASSERT_FALSE(server.ok());
  EXPECT_EQ(server.status().code(), absl::StatusCode::kAlreadyExists);
  EXPECT_TRUE(std::filesystem::exists(options_.control_socket()));
}

}  // namespace
}  // namespace dataplane
