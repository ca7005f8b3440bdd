// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

#include "dataplane/core/status_board.h"

#include <gtest/gtest.h>

#include <atomic>
#include <memory>
#include <thread>

namespace dataplane {
namespace {

using statesync::EngineStatus;

TEST(StatusBoard, ShowsDefaultsBeforeTheFirstWrite) {
  const auto board = std::make_unique<StatusBoard>();
  EXPECT_EQ(board->Read().stream_count, EngineStatus{}.stream_count);
  EXPECT_EQ(board->Read().table_count, 0u);
}

TEST(StatusBoard, ShowsWhatWasWrittenLast) {
  const auto board = std::make_unique<StatusBoard>();
  EngineStatus status;
  status.peer_connected = true;
  status.tables[statesync::kHelloTablesMax - 1].live = 77;
  status.counters.refusals_reported = 5;  // Near the end of the struct.
  board->Write(status);
  status.tables[0].live = 1;
  board->Write(status);
  const EngineStatus read = board->Read();
  EXPECT_TRUE(read.peer_connected);
  EXPECT_EQ(read.tables[statesync::kHelloTablesMax - 1].live, 77u);
  EXPECT_EQ(read.tables[0].live, 1u);
  EXPECT_EQ(read.counters.refusals_reported, 5u);
}

// The first and the last word of every copy belong to the same write.
TEST(StatusBoard, NeverShowsHalfOfAWrite) {
  const auto board = std::make_unique<StatusBoard>();
  std::atomic<bool> stop{false};
  std::thread writer([&] {
    EngineStatus status;
    for (std::uint64_t i = 1; !stop.load(); ++i) {
      status.exposure.changes = i;
      status.counters.refusals_reported = i;
      board->Write(status);
    }
  });
  bool is_torn = false;
  bool is_backward = false;
  for (std::uint64_t last = 0; last < 20'000 && !is_torn && !is_backward;) {
    const EngineStatus read = board->Read();
    is_torn = read.exposure.changes != read.counters.refusals_reported;
    is_backward = read.exposure.changes < last;
    last = read.exposure.changes;
  }
  stop.store(true);
  writer.join();
  EXPECT_FALSE(is_torn);
  EXPECT_FALSE(is_backward) << "an older status after a newer one";
}

}  // namespace
}  // namespace dataplane
