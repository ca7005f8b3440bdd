// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

#include "configsync/follow/follower.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <chrono>
#include <filesystem>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "configsync/follow/control_client.h"
#include "tests/unit/configsync/follow/fake_dataplane.h"
#include "tests/unit/configsync/follow/tree_maker.h"

namespace configsync {
namespace {

using std::chrono::milliseconds;
using Steady = std::chrono::steady_clock;

class FollowerTest : public testing::Test {
 protected:
  static void SetUpTestSuite() { maker_ = std::make_unique<TreeMaker>(); }
  static void TearDownTestSuite() { maker_.reset(); }

  void SetUp() override {
    folder_ = testing::TempDir() + "lockstep-follow-" + std::to_string(getpid());
    std::filesystem::create_directories(folder_);
    options_.socket = folder_ + "/control.sock";
    options_.poll_interval = milliseconds(20);
    options_.pause_min = milliseconds(10);
    options_.pause_max = milliseconds(50);
    options_.on_change = [this](const FollowStatus& status) {
      const std::lock_guard lock(mutex_);
      seen_.push_back(status.state);
    };
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }

  [[nodiscard]] std::unique_ptr<FakeDataplane> StartDataplane(std::uint64_t boot_id = 1) const {
    return std::make_unique<FakeDataplane>(options_.socket, boot_id);
  }

  static Tree TreeOf(const std::string& rule) {
    return maker_->Make({"/zones/zone[in]/id 1", "/interfaces/interface[lan]/port p1",
                         "/interfaces/interface[lan]/zone in",
                         "/interfaces/interface[lan]/address 10.1.0.2/24",
                         "/policy/rule[" + rule + "]/action permit"});
  }

  // Whether the follower says so within some seconds.
  static bool Says(const Follower& follower, FollowState state, RevisionId revision) {
    const auto deadline = Steady::now() + std::chrono::seconds(10);
    while (Steady::now() < deadline) {
      const FollowStatus status = follower.status();
      if (status.state == state && status.revision == revision) {
        return true;
      }
      std::this_thread::sleep_for(milliseconds(5));
    }
    return false;
  }

  std::string folder_;
  FollowerOptions options_;
  std::mutex mutex_;
  std::vector<FollowState> seen_;  // Guarded by mutex_.
  static std::unique_ptr<TreeMaker> maker_;
};

std::unique_ptr<TreeMaker> FollowerTest::maker_;

TEST_F(FollowerTest, GivesTheRevisionAndReturnsWhenItRuns) {
  const auto dataplane = StartDataplane();
  Follower follower(options_);
  const Tree tree = TreeOf("one");
  const FollowStatus status = follower.Follow(7, tree);
  EXPECT_EQ(FollowState::kFollowing, status.state);
  EXPECT_EQ(7u, status.revision);
  EXPECT_EQ(7u, dataplane->last().revision());
  EXPECT_EQ(HexOf(tree.hash()), dataplane->last().hash());
  EXPECT_EQ("one", dataplane->last().forwarding().rules(0).name());
}

TEST_F(FollowerTest, DoesNotApplyWhatRunsAlready) {
  const auto dataplane = StartDataplane();
  Follower follower(options_);
  follower.Follow(7, TreeOf("one"));
  std::this_thread::sleep_for(10 * options_.poll_interval);
  follower.Follow(7, TreeOf("one"));
  EXPECT_EQ(1, dataplane->apply_count());
}

TEST_F(FollowerTest, ARestartedConfigdLeavesADataplaneAlone) {
  const auto dataplane = StartDataplane();
  const Tree tree = TreeOf("one");
  dataplane->Run(7, HexOf(tree.hash()));
  Follower follower(options_);
  EXPECT_EQ(FollowState::kFollowing, follower.Follow(7, tree).state);
  EXPECT_EQ(0, dataplane->apply_count());
}

TEST_F(FollowerTest, ADataplaneThatIsNotThereIsNotWaitedFor) {
  Follower follower(options_);
  const auto start = Steady::now();
  const FollowStatus status = follower.Follow(7, TreeOf("one"));
  EXPECT_EQ(FollowState::kUnreachable, status.state);
  EXPECT_NE(std::string::npos, status.text.find(options_.socket)) << status.text;
  EXPECT_LT(Steady::now() - start, std::chrono::seconds(1));
}

TEST_F(FollowerTest, ADataplaneThatComesUpGetsTheRevision) {
  Follower follower(options_);
  follower.Follow(7, TreeOf("one"));
  const auto dataplane = StartDataplane();
  EXPECT_TRUE(Says(follower, FollowState::kFollowing, 7));
  EXPECT_EQ(7u, dataplane->last().revision());
}

TEST_F(FollowerTest, ARestartedDataplaneGetsTheRevisionAgain) {
  auto dataplane = StartDataplane(1);
  Follower follower(options_);
  follower.Follow(7, TreeOf("one"));
  dataplane->Die();
  ASSERT_TRUE(Says(follower, FollowState::kUnreachable, 0));
  dataplane = StartDataplane(2);
  EXPECT_TRUE(Says(follower, FollowState::kFollowing, 7));
  EXPECT_EQ(1, dataplane->apply_count());
}

TEST_F(FollowerTest, ADataplaneThatWasAwayForLongIsFoundAtOnce) {
  Follower follower(options_);
  follower.Follow(7, TreeOf("one"));
  std::this_thread::sleep_for(milliseconds(1'500));
  const auto dataplane = StartDataplane();
  const auto start = Steady::now();
  EXPECT_TRUE(Says(follower, FollowState::kFollowing, 7));
  EXPECT_LT(Steady::now() - start, milliseconds(800)) << "gRPC's own pauses are longer";
}

TEST_F(FollowerTest, ADataplaneThatDiesInTheMiddleOfAnApplyGetsItAgain) {
  auto dataplane = StartDataplane(1);
  dataplane->Hang(false, true);
  Follower follower(options_);
  std::thread killer([&] {
    EXPECT_TRUE(dataplane->WaitForApplies(1));
    dataplane->Die();
  });
  const FollowStatus status = follower.Follow(7, TreeOf("one"));
  killer.join();
  EXPECT_EQ(FollowState::kUnreachable, status.state) << status.text;
  dataplane = StartDataplane(2);
  EXPECT_TRUE(Says(follower, FollowState::kFollowing, 7));
}

TEST_F(FollowerTest, AnApplyWhoseAnswerIsLostIsNotRepeated) {
  const auto dataplane = StartDataplane();
  dataplane->LoseAnswers(true);
  Follower follower(options_);
  EXPECT_EQ(FollowState::kFollowing, follower.Follow(7, TreeOf("one")).state);
  EXPECT_EQ(1, dataplane->apply_count());
}

TEST_F(FollowerTest, ARefusalIsToldByTheConfigurationsPath) {
  const auto dataplane = StartDataplane();
  dataplane->Run(3, "before");
  dataplane->RefuseWith({grpc::StatusCode::INVALID_ARGUMENT, "interfaces[0].port: unknown"});
  Follower follower(options_);
  const FollowStatus status = follower.Follow(7, TreeOf("one"));
  EXPECT_EQ(FollowState::kRefused, status.state);
  EXPECT_EQ(3u, status.revision) << "it runs the revision before";
  EXPECT_EQ("/interfaces/interface[name='lan']/port: the dataplane refuses: unknown", status.text);
}

TEST_F(FollowerTest, ARefusalIsNotRepeatedUntilSomethingChanges) {
  auto dataplane = StartDataplane(1);
  dataplane->RefuseWith({grpc::StatusCode::INVALID_ARGUMENT, "rules: no"});
  Follower follower(options_);
  follower.Follow(7, TreeOf("one"));
  std::this_thread::sleep_for(10 * options_.poll_interval);
  EXPECT_EQ(1, dataplane->apply_count());
  follower.Follow(8, TreeOf("two"));
  EXPECT_EQ(2, dataplane->apply_count()) << "another revision";
  dataplane->Die();
  dataplane = StartDataplane(2);
  EXPECT_TRUE(Says(follower, FollowState::kFollowing, 8)) << "another run of the dataplane";
}

TEST_F(FollowerTest, ARefusalIsRepeatedAfterAWhile) {
  options_.refusal_pause = milliseconds(100);
  const auto dataplane = StartDataplane();
  dataplane->RefuseWith({grpc::StatusCode::FAILED_PRECONDITION, "busy"});
  Follower follower(options_);
  EXPECT_EQ(FollowState::kRefused, follower.Follow(7, TreeOf("one")).state);
  dataplane->RefuseWith(grpc::Status::OK);
  EXPECT_TRUE(Says(follower, FollowState::kFollowing, 7));
}

TEST_F(FollowerTest, ASlowApplyDoesNotHoldTheEngine) {
  options_.follow_deadline = milliseconds(100);
  const auto dataplane = StartDataplane();
  dataplane->Hang(false, true);
  Follower follower(options_);
  const auto start = Steady::now();
  EXPECT_EQ(FollowState::kApplying, follower.Follow(7, TreeOf("one")).state);
  EXPECT_LT(Steady::now() - start, std::chrono::seconds(1));
  dataplane->Hang(false, false);
  EXPECT_TRUE(Says(follower, FollowState::kFollowing, 7)) << "it goes on by itself";
}

TEST_F(FollowerTest, ADataplaneThatStandsStillDoesNotHoldTheEngine) {
  options_.get_deadline = milliseconds(100);
  options_.plan_deadline = milliseconds(100);
  const auto dataplane = StartDataplane();
  dataplane->Hang(true, true);
  Follower follower(options_);
  const auto start = Steady::now();
  Problems problems;
  EXPECT_FALSE(follower.Plan(TreeOf("one"), problems).known);
  EXPECT_TRUE(problems.empty());
  EXPECT_EQ(FollowState::kUnreachable, follower.Follow(7, TreeOf("one")).state);
  EXPECT_LT(Steady::now() - start, std::chrono::seconds(2));
  dataplane->Hang(false, false);
  EXPECT_TRUE(Says(follower, FollowState::kFollowing, 7));
}

TEST_F(FollowerTest, TheNewestRevisionWins) {
  options_.follow_deadline = milliseconds(50);
  const auto dataplane = StartDataplane();
  dataplane->Hang(false, true);
  Follower follower(options_);
  follower.Follow(7, TreeOf("one"));
  follower.Follow(8, TreeOf("two"));
  dataplane->Hang(false, false);
  EXPECT_TRUE(Says(follower, FollowState::kFollowing, 8));
  EXPECT_EQ(8u, dataplane->last().revision());
  EXPECT_EQ("two", dataplane->last().forwarding().rules(0).name());
}

TEST_F(FollowerTest, WhatSomebodyElseAppliedIsReplaced) {
  const auto dataplane = StartDataplane();
  Follower follower(options_);
  const Tree tree = TreeOf("one");
  follower.Follow(7, tree);
  dataplane->Run(7, "another");
  EXPECT_TRUE(dataplane->WaitForApplies(2));
  dataplane->Run(6, HexOf(tree.hash()));
  EXPECT_TRUE(dataplane->WaitForApplies(3));
}

TEST_F(FollowerTest, ADataplaneThatForgetsIsNotFloodedWithApplies) {
  options_.pause_max = milliseconds(400);
  const auto dataplane = StartDataplane();
  dataplane->ForgetWhatItSays(true);
  Follower follower(options_);
  follower.Follow(7, TreeOf("one"));
  std::this_thread::sleep_for(milliseconds(600));
  EXPECT_GT(dataplane->apply_count(), 1);
  EXPECT_LT(dataplane->apply_count(), 12);
}

TEST_F(FollowerTest, AConfigurationWithoutInterfacesLeavesTheNodeFileInForce) {
  const auto dataplane = StartDataplane();
  Follower follower(options_);
  const FollowStatus status = follower.Follow(1, maker_->Empty());
  EXPECT_EQ(FollowState::kFollowing, status.state);
  EXPECT_EQ(0u, status.revision);
  EXPECT_NE("", status.text);
  EXPECT_EQ(0, dataplane->apply_count());
  follower.Follow(2, TreeOf("one"));
  EXPECT_EQ(3u, follower.Follow(3, maker_->Empty()).revision)
      << "but a dataplane that runs a revision follows to it";
}

TEST_F(FollowerTest, WhatCannotBeSaidToADataplaneIsRefusedHere) {
  const auto dataplane = StartDataplane();
  Follower follower(options_);
  const Tree tree = maker_->With(TreeOf("one"), {"/policy/rule[one]/source nobody"});
  Problems problems;
  EXPECT_FALSE(follower.Plan(tree, problems).known);
  ASSERT_EQ(1u, problems.list.size());
  EXPECT_EQ("/policy/rule[name='one']/source", problems.list.front().path);
  EXPECT_EQ(FollowState::kRefused, follower.Follow(7, tree).state);
  EXPECT_EQ(0, dataplane->apply_count());
}

TEST_F(FollowerTest, APlanTellsWhatWouldHappenToSessions) {
  const auto dataplane = StartDataplane();
  Follower follower(options_);
  Problems problems;
  const SessionEffect effect = follower.Plan(TreeOf("one"), problems);
  EXPECT_TRUE(problems.empty());
  EXPECT_TRUE(effect.known);
  EXPECT_EQ(40u, effect.kept);
  EXPECT_EQ(2u, effect.ended);
  ASSERT_EQ(1u, effect.ended_examples.size());
  EXPECT_EQ("tcp 10.1.0.10:40000 10.2.0.100:80", effect.ended_examples.front());
  EXPECT_EQ(0, dataplane->apply_count());
}

TEST_F(FollowerTest, APlanThatIsRefusedHasProblemsWithPaths) {
  const auto dataplane = StartDataplane();
  dataplane->RefuseWith({grpc::StatusCode::INVALID_ARGUMENT,
                         "zones[0].id: 300: must be 1 to 255\nrules[0].action: missing"});
  Follower follower(options_);
  Problems problems;
  EXPECT_FALSE(follower.Plan(TreeOf("one"), problems).known);
  ASSERT_EQ(2u, problems.list.size());
  EXPECT_EQ("/zones/zone[name='in']/id", problems.list[0].path);
  EXPECT_EQ("300", problems.list[0].value);
  EXPECT_EQ("/policy/rule[name='one']/action", problems.list[1].path);
}

TEST_F(FollowerTest, WhatDoesNotFitIntoTheDataplaneIsRefusedAsAPlanAndOnceAsARevision) {
  const auto dataplane = StartDataplane();
  dataplane->RefuseWith({grpc::StatusCode::RESOURCE_EXHAUSTED, "no memory for the routes"});
  Follower follower(options_);
  Problems problems;
  EXPECT_FALSE(follower.Plan(TreeOf("one"), problems).known);
  ASSERT_EQ(1u, problems.list.size());
  EXPECT_EQ("the dataplane refuses: no memory for the routes", problems.list[0].text);
  EXPECT_EQ(FollowState::kRefused, follower.Follow(7, TreeOf("one")).state);
  std::this_thread::sleep_for(10 * options_.poll_interval);
  EXPECT_EQ(1, dataplane->apply_count());
}

TEST_F(FollowerTest, AnUnreachableDataplaneIsNoProblemOfAPlan) {
  Follower follower(options_);
  Problems problems;
  EXPECT_FALSE(follower.Plan(TreeOf("one"), problems).known);
  EXPECT_TRUE(problems.empty());
}

TEST_F(FollowerTest, EndsWhileACallHangs) {
  const auto dataplane = StartDataplane();
  dataplane->Hang(false, true);
  options_.follow_deadline = milliseconds(50);
  const auto start = Steady::now();
  {
    Follower follower(options_);
    follower.Follow(7, TreeOf("one"));
    ASSERT_TRUE(dataplane->WaitForApplies(1));
  }
  EXPECT_LT(Steady::now() - start, std::chrono::seconds(2));
}

TEST_F(FollowerTest, TellsEachChangeOfItsStatusOnce) {
  auto dataplane = StartDataplane();
  {
    Follower follower(options_);
    follower.Follow(7, TreeOf("one"));
    std::this_thread::sleep_for(5 * options_.poll_interval);
    dataplane->Die();
    ASSERT_TRUE(Says(follower, FollowState::kUnreachable, 0));
    std::this_thread::sleep_for(5 * options_.pause_max);
  }
  const std::lock_guard lock(mutex_);
  EXPECT_EQ((std::vector<FollowState>{FollowState::kFollowing, FollowState::kUnreachable}), seen_);
}

TEST_F(FollowerTest, ForgetsNothingOfSixtyThousandRules) {
  std::vector<std::string> lines;
  for (int i = 0; i < 60'000; ++i) {
    lines.push_back("/policy/rule[r" + std::to_string(i) + "]/action permit");
  }
  const auto dataplane = StartDataplane();
  Follower follower(options_);
  EXPECT_EQ(FollowState::kFollowing, follower.Follow(7, maker_->With(TreeOf("one"), lines)).state);
  EXPECT_EQ(60'001, dataplane->last().forwarding().rules_size());
}

}  // namespace
}  // namespace configsync
