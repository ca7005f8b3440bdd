// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

// Who is taken out, when, and who is cut.

#include "configsync/serving/connection_set.h"

#include <gtest/gtest.h>

#include <atomic>
#include <future>

namespace configsync {
namespace {

struct Line {
  Line() {
    int ends[2] = {-1, -1};
    EXPECT_EQ(socketpair(AF_UNIX, SOCK_STREAM, 0, ends), 0);
    watched = ends[0];
    far = ends[1];
  }
  ~Line() {
    close(watched);
    close(far);
    ended.set_value();
  }
  Line(const Line&) = delete;
  Line& operator=(const Line&) = delete;

  [[nodiscard]] std::size_t active_count() const { return active; }
  [[nodiscard]] bool IsWelcome() const { return is_welcome; }

  int watched = -1;
  int far = -1;
  std::atomic<std::size_t> active = 0;
  std::atomic<bool> is_welcome = true;
  std::promise<void> ended;
};

class ConnectionSetTest : public testing::Test {
 protected:
  ConnectionSetTest() { EXPECT_TRUE(lines_.Start().ok()); }
  // In the set; it ends there.
  Line& Add() {
    auto line = std::make_unique<Line>();
    Line& added = *line;
    lines_.With([&](auto& open) { open.push_back(std::move(line)); });
    return added;
  }
  std::size_t Count() {
    return lines_.With([](const auto& open) { return open.size(); });
  }

  ConnectionSet<Line> lines_{1};
};

TEST_F(ConnectionSetTest, WhatIsClosedIsTakenOutAndTheOthersStay) {
  Line& closed = Add();
  Add();
  std::future<void> ended = closed.ended.get_future();
  shutdown(closed.far, SHUT_RDWR);
  ended.wait();
  EXPECT_EQ(Count(), 1u);
}

TEST_F(ConnectionSetTest, ACallThatRunsKeepsItsConnection) {
  Line& busy = Add();
  busy.active = 1;
  Line& idle = Add();
  std::future<void> busy_ended = busy.ended.get_future();
  std::future<void> idle_ended = idle.ended.get_future();
  shutdown(busy.far, SHUT_RDWR);
  shutdown(idle.far, SHUT_RDWR);
  idle_ended.wait();
  EXPECT_EQ(Count(), 1u);
  busy.active = 0;
  busy_ended.wait();
  EXPECT_EQ(Count(), 0u);
}

TEST_F(ConnectionSetTest, WhoIsNotWelcomeIsCut) {
  Line& line = Add();
  std::future<void> ended = line.ended.get_future();
  line.is_welcome = false;
  ended.wait();
  EXPECT_EQ(Count(), 0u);
}

TEST_F(ConnectionSetTest, NothingIsTakenOutAfterTheEnd) {
  Line& line = Add();
  lines_.StopWatching();
  shutdown(line.far, SHUT_RDWR);
  EXPECT_EQ(Count(), 1u);
}

}  // namespace
}  // namespace configsync
