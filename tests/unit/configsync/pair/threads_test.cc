// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

// States and pushes as the daemon ticks them, each on a thread of its own, with commits and those
// who look beside. What the outcome is, is not the question here: that nothing is read while it is
// written, which the thread sanitizer sees, and that nobody waits for ever.

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <string>
#include <thread>
#include <vector>

#include "tests/unit/configsync/pair/two_nodes.h"

namespace configsync {
namespace {

class PairThreads : public ::testing::Test {
 protected:
  ~PairThreads() override { Join(); }

  // `act` again and again, until Join().
  template <typename Act>
  void Repeat(const Act& act) {
    threads_.emplace_back([this, act] {
      while (!is_over_) act();
    });
  }
  void TickOnThreads(PairNode& node) {
    Repeat([&node] { (void)node.pair->TickStates(); });
    Repeat([&node] { node.pair->TickPushes(); });
  }
  void Join() {
    is_over_ = true;
    for (std::thread& thread : threads_) thread.join();
    threads_.clear();
  }
  void Run(const char* more) {
    nodes_.MakePair(more);
    nodes_.wire.is_threaded = true;
    for (const auto& node : nodes_.nodes) TickOnThreads(*node);
    Repeat([this] {
      nodes_.clock.Pass(50);
      // Or hours pass between a commit and its confirm, and both nodes go their own ways.
      std::this_thread::sleep_for(std::chrono::microseconds(500));
    });
    Repeat([this] {
      for (const auto& node : nodes_.nodes) {
        (void)node->pair->Status();
        (void)node->engine->Tick();
      }
      (void)nodes_.a().pair->Parts("b");
    });
    for (int i = 0; i < kCommits; ++i) {
      const std::string name = "r" + std::to_string(i);
      EXPECT_TRUE(nodes_.a().engine->LoadCandidate(kEve, RuleJson(name), false).empty());
      const CommitOutcome outcome = nodes_.a().engine->Commit(
          kEve,
          {.confirm_within_s = i % 4 == 3 ? std::optional<std::uint32_t>(3'600) : std::nullopt});
      committed_ += outcome.committed ? 1 : 0;
      if (i % 4 == 3) (void)nodes_.a().engine->Confirm(kEve);
      (void)nodes_.a().engine->ResetCandidate(kEve, {});
    }
    Join();
    nodes_.wire.is_threaded = false;
    nodes_.Run(40'000);  // Whatever was refused while threads met is tried again.
  }

  static constexpr int kCommits = 20;
  Nodes nodes_;
  int committed_ = 0;
  std::atomic<bool> is_over_{false};
  std::vector<std::thread> threads_;
};

TEST_F(PairThreads, F33_F78_StatesPushesAndCommitsMeet) {
  Run("");
  EXPECT_GT(committed_, 0);
  EXPECT_EQ(nodes_.a().State(), "in-sync") << nodes_.a().Reasons();
}

// The loop pushes all of it.
TEST_F(PairThreads, F33_F78_PushesOfTheLoopMeetCommits) {
  Run(R"(, "policy": "deferred")");
  EXPECT_EQ(committed_, kCommits);
  EXPECT_EQ(nodes_.a().State(), "in-sync") << nodes_.a().Reasons();
  EXPECT_EQ(nodes_.b().Action("r19"), "permit");
}

}  // namespace
}  // namespace configsync
