// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

// Asks DPDK's telemetry socket, as dpdk-telemetry.py does: one packet with a command, one with
// JSON.

#include "dataplane/telemetry.h"

#include <gtest/gtest.h>
#include <rte_eal.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cstring>
#include <memory>

#include "dataplane/control/status_view.h"
#include "tests/dpdk/run_with_eal.h"
#include "tests/unit/control/control_fixture.h"

namespace dataplane {
namespace {

// Empty if nobody answers.
std::string Ask(const std::string& command) {
  const int descriptor = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  const std::string path = std::string(rte_eal_get_runtime_dir()) + "/dpdk_telemetry.v2";
  std::memcpy(address.sun_path, path.data(), std::min(path.size(), sizeof(address.sun_path) - 1));
  std::string answer;
  if (connect(descriptor, reinterpret_cast<const sockaddr*>(&address), sizeof(address)) == 0) {
    std::string buffer(20'000, ' ');
    (void)recv(descriptor, buffer.data(), buffer.size(), 0);  // Who it is.
    (void)send(descriptor, command.data(), command.size(), 0);
    const ssize_t bytes = recv(descriptor, buffer.data(), buffer.size(), 0);
    answer = buffer.substr(0, bytes > 0 ? static_cast<std::size_t>(bytes) : 0);
  }
  close(descriptor);
  return answer;
}

class Telemetry : public ControlFixture {
 protected:
  void SetUp() override {
    ControlFixture::SetUp();
    statesync::EngineStatus status;
    status.table_count = 1;
    status.stream_count = 2;
    statesync::TableStatus& session = status.tables[0];
    session.table = statesync::TableId::kSession;
    session.readiness = statesync::Readiness::kSynced;
    session.exposure = {.changes = 3, .age = statesync::Micros(42)};
    session.mismatches = {.found = 2, .open = 1, .shard = 171, .found_at = {MonotonicNs()}};
    session.confirmed.Add(statesync::Micros(3), 5);
    session.confirmed.Add(statesync::Seconds(100), 1);
    shared_.status.Write(status);
    const absl::Status started = StartTelemetry(MakeSetup());
    ASSERT_TRUE(started.ok()) << started;
  }
  void TearDown() override {
    StopTelemetry();
    ControlFixture::TearDown();
  }
};

TEST_F(Telemetry, ListsItsCommands) {
  const std::string answer = Ask("/");
  for (const char* command : {"/lockstep/peer", "/lockstep/exposure", "/lockstep/stats"}) {
    EXPECT_NE(answer.find(command), std::string::npos) << answer;
  }
}

TEST_F(Telemetry, ShowsExposureWithItsHistogram) {
  const std::string answer = Ask("/lockstep/exposure");
  EXPECT_EQ(answer.rfind("{\"/lockstep/exposure\":{\"session\":{\"readiness\":\"synced\","
                         "\"changes\":3,\"age_us\":42,\"mismatches\":{\"found\":2,\"open\":1,"
                         "\"shard\":171,\"found_by\":\"digest\",\"found_ms_ago\":",
                         0),
            0u)
      << answer;
  EXPECT_NE(answer.find("\"confirmed\":{\"up_to_4_us\":5,\"up_to_8_us\":0,"), std::string::npos)
      << answer;
  EXPECT_NE(answer.find("\"more\":1"), std::string::npos) << answer;
}

TEST_F(Telemetry, ShowsThePeerWithTheKeysOfTheControlService) {
  const std::string answer = Ask("/lockstep/peer");
  for (const char* part :
       {"\"connected\":0", "\"streams\":2", "\"ha1\":{\"0\":{\"local\":\"10.9.1.1:4790\"",
        "\"tables\":{\"0\":{\"table\":\"session\"", "\"mismatches\":{\"found\":2",
        "\"confirmed\":{\"0\":{\"at_most_us\":4"}) {
    EXPECT_NE(answer.find(part), std::string::npos) << part << " in " << answer;
  }
}

TEST_F(Telemetry, ShowsCountersByTheirFirstWord) {
  EXPECT_EQ(Ask("/lockstep/stats"),
            "{\"/lockstep/stats\":{\"dataplane\":{\"drop/checksum\":0,\"drop/ttl\":7}}}");
  EXPECT_EQ(Ask("/lockstep/stats,dataplane.drop.t"),
            "{\"/lockstep/stats\":{\"dataplane\":{\"drop/ttl\":7}}}");
}

TEST_F(Telemetry, HasNothingToShowAfterTheNodeStopped) {
  StopTelemetry();
  for (const char* command : {"/lockstep/peer", "/lockstep/exposure", "/lockstep/stats"}) {
    EXPECT_EQ(Ask(command), std::string("{\"") + command + "\":{}}");
  }
}

}  // namespace
}  // namespace dataplane

int main(int argc, char** argv) {
  return dataplane::RunWithEal(argc, argv, "lockstep-telemetry", 64, {});
}
