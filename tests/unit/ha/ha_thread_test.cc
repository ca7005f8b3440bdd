// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

// Two ha threads of one process on loopback addresses: sockets, liveness connections, hand-over.
// Waits for states, never for times: only the order of events is asserted.

#include "dataplane/ha/ha_thread.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <fstream>
#include <functional>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

#include "dataplane/crypto/openssl_primitives.h"

namespace dataplane {
namespace {

using statesync::Role;

// Far longer than anything takes; reached only if the test fails.
constexpr std::chrono::seconds kPatience{30};

bool WaitFor(const std::function<bool()>& condition) {
  const auto end = std::chrono::steady_clock::now() + kPatience;
  while (!condition()) {
    if (std::chrono::steady_clock::now() > end) return false;
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
  return true;
}

struct TestNode {
  OpensslPrimitives primitives;
  SharedState shared;
  std::unique_ptr<HaThread> thread;

  Role role() const { return RoleWord{shared.role.word.load()}.role(); }
  statesync::Term term() const { return RoleWord{shared.role.word.load()}.term(); }
};

class HaThreadTest : public ::testing::Test {
 protected:
  void SetUp() override {
    char folder[] = "/tmp/lockstep_ha_XXXXXX";
    ASSERT_NE(::mkdtemp(folder), nullptr);
    folder_ = folder;
    // A network of our own inside 127/8, so that parallel runs do not meet.
    net_ = "127." + std::to_string(1 + ::getpid() % 250) + "." +
           std::to_string(::getpid() / 250 % 250) + ".";
  }
  void TearDown() override {
    for (const char* name : {"/term0", "/term1"}) ::unlink((folder_ + name).c_str());
    ::rmdir(folder_.c_str());
  }
  HaThreadOptions OptionsOf(int index, statesync::BootId boot) {
    HaThreadOptions options;
    options.role.node = static_cast<statesync::NodeIndex>(index);
    options.role.priority = index == 0 ? 200 : 100;
    // Generous, so that a loaded machine does not decide the test.
    options.role.heartbeat_interval = statesync::Millis(20);
    options.role.missed_max = 50;
    options.role.ha2_interval = statesync::Millis(20);
    options.role.startup_hold = statesync::Seconds(2);
    options.peer_node = static_cast<statesync::NodeIndex>(1 - index);
    options.boot_id = boot;
    Ha1Path path;
    path.local_address = net_ + std::to_string(1 + index);
    path.peer_address = net_ + std::to_string(2 - index);
    options.ha1 = path;
    options.term_path = folder_ + "/term" + std::to_string(index);
    options.fifo_priority = 0;
    options.log = [this](HaSeverity, std::string_view line) {
      const std::scoped_lock lock(lines_mutex_);
      lines_.emplace_back(line);
    };
    return options;
  }
  std::unique_ptr<TestNode> Boot(int index, statesync::BootId boot) {
    auto node = std::make_unique<TestNode>();
    statesync::PairSecret secret;
    secret.bytes()[0] = 9;
    const statesync::PairKeys keys = statesync::DerivePairKeys(node->primitives, secret);
    auto thread = HaThread::Start(OptionsOf(index, boot), keys, node->primitives, node->shared);
    EXPECT_TRUE(thread.ok()) << thread.status();
    if (thread.ok()) node->thread = std::move(*thread);
    return node;
  }

  std::string folder_;
  std::string net_;
  std::mutex lines_mutex_;
  std::vector<std::string> lines_;
};

TEST_F(HaThreadTest, TwoBootToOneActiveHandOverAndSurviveAStop) {
  auto a = Boot(0, 1000);
  auto b = Boot(1, 2000);
  ASSERT_NE(a->thread, nullptr);
  ASSERT_NE(b->thread, nullptr);
  ASSERT_TRUE(WaitFor([&] { return a->role() == Role::kActive && b->role() == Role::kStandby; }));
  ASSERT_TRUE(WaitFor([&] { return a->thread->counters().liveness_opened >= 2; }));

  // Not synced: refused, with the reason.
  a->shared.requests.switchover.fetch_add(1);
  ASSERT_TRUE(WaitFor([&] { return !a->thread->LastSwitchoverRefusal().empty(); }));
  EXPECT_EQ(a->thread->LastSwitchoverRefusal(), "the peer is not synced");
  EXPECT_EQ(a->role(), Role::kActive);

  const auto synced = static_cast<std::uint8_t>(statesync::Readiness::kSynced);
  b->shared.sync.readiness.store(synced);
  ASSERT_TRUE(WaitFor([&] {  // Until a heartbeat has carried it.
    a->shared.requests.switchover.fetch_add(1);
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
    return a->thread->LastSwitchoverRefusal().empty() || a->role() == Role::kStandby;
  }));
  ASSERT_TRUE(WaitFor([&] { return a->role() == Role::kStandby && b->role() == Role::kActive; }));
  EXPECT_EQ(a->term(), b->term());
  EXPECT_EQ(static_cast<DetectedBy>(b->shared.role.detected_by.load()), DetectedBy::kPeerYielded);

  // A node that stops says good-bye, and the other one takes over.
  b->thread->Stop();
  ASSERT_TRUE(WaitFor([&] { return a->role() == Role::kActive; }));
  EXPECT_GT(a->term(), b->term());
}

TEST_F(HaThreadTest, AReplacedActiveIsNoticedByItsNewBootId) {
  auto a = Boot(0, 1000);
  auto b = Boot(1, 2000);
  ASSERT_TRUE(WaitFor([&] { return a->role() == Role::kActive && b->role() == Role::kStandby; }));
  b->shared.sync.readiness.store(static_cast<std::uint8_t>(statesync::Readiness::kSynced));
  const statesync::Term before = a->term();
  a.reset();
  a = Boot(0, 1001);
  ASSERT_NE(a->thread, nullptr);
  ASSERT_TRUE(WaitFor([&] { return a->role() == Role::kStandby && b->role() == Role::kActive; }));
  EXPECT_GT(b->term(), before);
  EXPECT_EQ(a->term(), b->term());
}

// The peer is a process of its own and is killed. With a detection time of a second, only the
// closed connection can explain a takeover by process death.
TEST_F(HaThreadTest, AKilledProcessIsFoundByItsClosedConnection) {
  const pid_t child = ::fork();
  ASSERT_GE(child, 0);
  if (child == 0) {
    const auto a = Boot(0, 1000);
    for (;;) ::pause();
  }
  auto b = Boot(1, 2000);
  const bool joined = WaitFor(
      [&] { return b->role() == Role::kStandby && b->thread->counters().liveness_opened >= 1; });
  ASSERT_EQ(::kill(child, SIGKILL), 0);
  ASSERT_EQ(::waitpid(child, nullptr, 0), child);
  ASSERT_TRUE(joined);
  ASSERT_TRUE(WaitFor([&] { return b->role() == Role::kActive; }));
  EXPECT_EQ(static_cast<DetectedBy>(b->shared.role.detected_by.load()), DetectedBy::kProcessDeath);
  const std::int64_t detect_ns =
      b->shared.role.peer_declared_dead_ns.load() - b->shared.role.peer_last_heard_ns.load();
  EXPECT_GT(detect_ns, statesync::Millis(20).ns);  // At least one interval was missed.
  RecordProperty("detect_us", std::to_string(detect_ns / 1000));
}

TEST_F(HaThreadTest, LivenessConnectionsUseLargeDescriptors) {
  auto a = Boot(0, 1000);
  auto b = Boot(1, 2000);
  ASSERT_TRUE(WaitFor([&] { return a->thread->counters().liveness_opened >= 2; }));
  int high_sockets = 0;
  for (int descriptor = 1000; descriptor < 1024; ++descriptor) {
    struct stat status {};
    if (::fstat(descriptor, &status) == 0 && S_ISSOCK(status.st_mode)) ++high_sockets;
  }
  EXPECT_GE(high_sockets, 4);  // Two listeners, and both ends of at least one connection.
}

TEST_F(HaThreadTest, TheMarkIsPersistedBeforeTheFirstRoleAndSurvivesARestart) {
  auto a = Boot(0, 1000);
  ASSERT_EQ(::access((folder_ + "/term0").c_str(), R_OK), 0);
  ASSERT_TRUE(WaitFor([&] { return a->role() == Role::kActive; }));
  const statesync::Term first = a->term();
  a.reset();
  a = Boot(0, 1001);
  ASSERT_TRUE(WaitFor([&] { return a->role() == Role::kActive; }));
  EXPECT_GT(a->term(), first);
}

TEST_F(HaThreadTest, MistakesAreErrorsOfTheStart) {
  TestNode node;
  const statesync::PairKeys keys;
  const auto error = [&](const HaThreadOptions& options) {
    auto thread = HaThread::Start(options, keys, node.primitives, node.shared);
    return thread.ok() ? std::string("started") : std::string(thread.status().message());
  };
  HaThreadOptions options = OptionsOf(0, 1);
  options.ha1->interface = "nosuchlink0";
  EXPECT_NE(error(options).find("nosuchlink0"), std::string::npos);
  options = OptionsOf(0, 1);
  options.ha1->local_address = "192.0.2.77";
  EXPECT_NE(error(options).find("192.0.2.77"), std::string::npos);
  options = OptionsOf(0, 1);
  options.ha1->peer_address = "peer";
  EXPECT_NE(error(options).find("\"peer\" is not an IPv4 address"), std::string::npos);
  options = OptionsOf(0, 1);
  options.ha1->peer_address = options.ha1->local_address;
  EXPECT_NE(error(options).find("are both"), std::string::npos);
  options = OptionsOf(0, 1);
  options.term_path = folder_ + "/no/term";
  EXPECT_NE(error(options).find("/no/term"), std::string::npos);
  std::ofstream(folder_ + "/term0") << "rubbish";
  EXPECT_NE(error(OptionsOf(0, 1)).find("first line is not"), std::string::npos);
}

TEST_F(HaThreadTest, ASilentHa2LinkIsNamedWhileTheOtherLives) {
  TestNode node;
  statesync::PairSecret secret;
  HaThreadOptions options = OptionsOf(0, 1000);
  options.ha2_links = 2;
  SyncFacts& facts = node.shared.sync;
  const auto hear = [&](bool first, bool second) {
    const std::int64_t now_ns = std::chrono::steady_clock::now().time_since_epoch().count();
    const std::int64_t ahead_ns = now_ns + 60'000'000'000;  // Heard for as long as the test lasts.
    facts.ha2_links[0].left_after_ns = first ? 0 : 41'000'000;
    facts.ha2_links[0].used = first;
    facts.ha2_links[1].used = second;
    facts.ha2_last_heard_ns = first || second ? ahead_ns : 0;
  };
  hear(true, false);
  auto thread = HaThread::Start(options, statesync::DerivePairKeys(node.primitives, secret),
                                node.primitives, node.shared);
  ASSERT_TRUE(thread.ok()) << thread.status();
  const auto says = [&](std::string_view words) {
    for (const std::string& reason : (*thread)->Reasons()) {
      if (reason.find(words) != std::string::npos) return true;
    }
    return false;
  };
  EXPECT_TRUE(WaitFor([&] { return says("ha2-link-silent") && says("(ha.ha2_second)"); }));
  hear(false, true);
  EXPECT_TRUE(WaitFor([&] { return says("(ha.ha2)") && !says("(ha.ha2_second)"); }));
  EXPECT_FALSE(says("ha2-silent:"));
  hear(false, false);
  EXPECT_TRUE(WaitFor([&] { return says("ha2-silent:") && !says("ha2-link-silent"); }));
  hear(true, true);
  EXPECT_TRUE(WaitFor([&] { return !says("ha2-silent:") && !says("ha2-link-silent"); }));
  (*thread)->Stop();
  const std::scoped_lock lock(lines_mutex_);
  const auto logged = [&](const std::string& line) {
    return std::count(lines_.begin(), lines_.end(), line);
  };
  const std::string left = ": not used any more; the last frame of the peer on it was 41 ms ago";
  EXPECT_EQ(logged("HA2 link ha.ha2" + left), 1);
  EXPECT_EQ(logged("HA2 link ha.ha2: used, both nodes hear each other on it"), 2);
  EXPECT_EQ(logged("HA2 link ha.ha2_second: used, both nodes hear each other on it"), 2);
}

TEST_F(HaThreadTest, APeerWithATooLargeTableIsAReasonWithItsRemedy) {
  TestNode node;
  node.shared.sync.peer_table_larger = true;
  auto thread =
      HaThread::Start(OptionsOf(0, 1000), statesync::PairKeys{}, node.primitives, node.shared);
  ASSERT_TRUE(thread.ok()) << thread.status();
  EXPECT_TRUE(WaitFor([&] {
    const auto reasons = (*thread)->Reasons();
    return std::any_of(reasons.begin(), reasons.end(), [](const std::string& reason) {
      return reason.starts_with("peer-table-larger: ") &&
             reason.find("tables.peer_sessions") != std::string::npos;
    });
  }));
}

TEST_F(HaThreadTest, AStrangersHeartbeatsAreCountedAndIgnored) {
  auto a = Boot(0, 1000);
  TestNode stranger;
  statesync::PairSecret other;
  other.bytes()[0] = 10;
  auto thread =
      HaThread::Start(OptionsOf(1, 3000), statesync::DerivePairKeys(stranger.primitives, other),
                      stranger.primitives, stranger.shared);
  ASSERT_TRUE(thread.ok()) << thread.status();
  ASSERT_TRUE(WaitFor([&] { return a->thread->counters().beats_bad_mac > 3; }));
  EXPECT_EQ(a->thread->counters().beats_accepted, 0u);
  EXPECT_FALSE(a->thread->Reasons().empty());
  ASSERT_TRUE(WaitFor([&] { return a->role() == Role::kActive; }));
}

}  // namespace
}  // namespace dataplane
