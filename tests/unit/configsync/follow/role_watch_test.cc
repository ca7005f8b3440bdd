// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

#include "configsync/follow/role_watch.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <condition_variable>
#include <mutex>
#include <optional>

#include "tests/unit/configsync/follow/fake_dataplane.h"

namespace configsync {
namespace {

class RoleWatchTest : public ::testing::Test {
 protected:
  RoleWatchTest() {
    status_.set_role("standby");
    status_.set_term(7);
    status_.set_readiness("at-risk");
    status_.set_readiness_reason("exposure");
    status_.add_reasons("ha2-silent: nothing");
    status_.set_exposure_changes(12);
    auto& link = *peer_.add_ha2();
    link.set_name("ha2");
    link.set_last_heard_ms_ago(4'000);
    peer_.add_ha2()->set_name("ha2_second");
  }

  std::unique_ptr<RoleWatch> Watch() {
    RoleWatchOptions options;
    options.socket = socket_;
    options.poll_interval = std::chrono::milliseconds(10);
    options.on_poll = [this](const DataplaneView&) {
      const std::lock_guard lock(mutex_);
      ++polls_;
      polled_.notify_all();
    };
    return std::make_unique<RoleWatch>(options);
  }

  // Of a poll that began after this call.
  DataplaneView Next(const RoleWatch& watch) {
    std::unique_lock lock(mutex_);
    const int wanted = polls_ + 2;
    EXPECT_TRUE(polled_.wait_for(lock, std::chrono::seconds(20), [&] { return polls_ >= wanted; }));
    return watch.view();
  }

  const std::string socket_ = "/tmp/role-watch-test-" + std::to_string(getpid());
  lockstep::control::Status status_;
  lockstep::control::Peer peer_;
  std::mutex mutex_;
  std::condition_variable polled_;
  int polls_ = 0;
};

TEST_F(RoleWatchTest, SaysWhatTheDataplaneSays) {
  FakeDataplane dataplane(socket_, 1);
  dataplane.Say(status_, peer_);
  const auto watch = Watch();
  const DataplaneView view = Next(*watch);
  EXPECT_TRUE(view.answers);
  EXPECT_TRUE(view.has_ha);
  EXPECT_EQ(view.role, "standby");
  EXPECT_EQ(view.term, 7u);
  EXPECT_EQ(view.readiness, "at-risk");
  EXPECT_EQ(view.readiness_reason, "exposure");
  EXPECT_EQ(view.exposure_changes, 12u);
  EXPECT_EQ(view.reasons, std::vector<std::string>{"ha2-silent: nothing"});
  ASSERT_EQ(view.links.size(), 2u);
  EXPECT_EQ(view.links[0].heard_ms_ago, 4'000);
  EXPECT_EQ(view.links[1].heard_ms_ago, -1);

  status_.set_role("active");
  dataplane.Say(status_, {});
  const DataplaneView alone = Next(*watch);
  EXPECT_EQ(alone.role, "active");
  EXPECT_FALSE(alone.has_ha);
}

TEST_F(RoleWatchTest, ADataplaneThatComesAndGoesIsNoticed) {
  const auto watch = Watch();
  EXPECT_FALSE(Next(*watch).answers);
  {
    FakeDataplane dataplane(socket_, 1);
    dataplane.Say(status_, peer_);
    EXPECT_TRUE(Next(*watch).answers);
  }
  const DataplaneView gone = Next(*watch);
  EXPECT_FALSE(gone.answers);
  EXPECT_EQ(gone.role, "");
}

TEST_F(RoleWatchTest, OneThatHangsIsNotWaitedForAtTheEnd) {
  FakeDataplane dataplane(socket_, 1);
  dataplane.Hang(/*all_calls=*/true, /*applies=*/false);
  { const auto watch = Watch(); }
  SUCCEED();
}

}  // namespace
}  // namespace configsync
