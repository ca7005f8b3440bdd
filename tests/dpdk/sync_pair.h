// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

// Two nodes and the link between them, under a clock that the test turns.
//
// Threads: one.

#pragma once

#include <array>
#include <functional>
#include <memory>
#include <vector>

#include "tests/dpdk/sync_node.h"

namespace dataplane::testing {

class SyncPairTest : public ::testing::Test {
 protected:
  static constexpr std::int64_t kTurnNs = 50'000;

  SyncPairTest() : pool_(CreateMbufPool("wire", 8'191, 2'176).value()) {
    nodes_[0] = std::make_unique<SyncNode>(NodeSetup{.index = 0, .boot_id = 0xa0});
    nodes_[1] = std::make_unique<SyncNode>(NodeSetup{.index = 1, .boot_id = 0xb0});
  }

  SyncNode& a() { return *nodes_[0]; }
  SyncNode& b() { return *nodes_[1]; }

  // Makes both nodes anew with what differs from the defaults.
  void Remake(NodeSetup first, NodeSetup second) {
    first.index = 0;
    second.index = 1;
    for (auto& node : nodes_) node.reset();
    nodes_[0] = std::make_unique<SyncNode>(first);
    nodes_[1] = std::make_unique<SyncNode>(second);
  }

  // Node 0 active, node 1 standby, both connected and equal.
  void Settle() {
    a().SetRole(statesync::Role::kActive, 8);
    b().SetRole(statesync::Role::kStandby, 8);
    ASSERT_TRUE(RunUntil([this] { return b().readiness() == statesync::Readiness::kSynced; }));
  }

  void Step() {
    now_ns_ += kTurnNs;
    for (std::size_t from = 0; from < 2; ++from) {
      if (!stalled_[from]) nodes_[from]->Tick(now_ns_);
      nodes_[from]->loop->Turn(now_ns_);
      for (std::size_t link = 0; link < 2; ++link) Carry(from, link);
    }
  }
  void Run(std::int64_t milliseconds) {
    for (const std::int64_t end = now_ns_ + milliseconds * 1'000'000; now_ns_ < end;) Step();
  }
  // False if it did not become true within ten seconds of the test's clock.
  bool RunUntil(const std::function<bool()>& done) {
    for (const std::int64_t end = now_ns_ + 10'000'000'000; now_ns_ < end;) {
      if (done()) return true;
      Step();
    }
    return done();
  }
  bool RunUntilEqual() {
    return RunUntil([this] {
      return a().shared.sync.exposure_changes.load() == 0 && a().Dump() == b().Dump();
    });
  }

  // What a node has sent over one link, to the other node.
  void Carry(std::size_t from, std::size_t link) {
    if (nodes_[from]->link(link) == nullptr || link == blocked_link_) return;
    for (const Frame& frame : nodes_[from]->link(link)->Take()) {
      if (record_) recorded_[from].push_back(frame);
      ++carried_[from][link];
      if (cut_ || link_cut_[from][link] || nodes_[1 - from]->link(link) == nullptr) continue;
      nodes_[1 - from]->link(link)->Give(frame, pool_.get());
    }
  }

  std::int64_t now_ns_ = 1'000'000'000;
  bool cut_ = false;                                       // Frames are lost, both ways.
  std::array<std::array<bool, 2>, 2> link_cut_{};          // By sender and link.
  std::array<std::array<std::uint64_t, 2>, 2> carried_{};  // Frames sent, lost ones too.
  static constexpr std::size_t kNoLink = 2;
  std::size_t blocked_link_ = kNoLink;  // Nobody empties the rings that it is sent to.
  bool record_ = false;                 // Frames are kept, by sender.
  std::array<std::vector<Frame>, 2> recorded_;
  std::array<bool, 2> stalled_{};  // That node's ha thread stands still.
  MbufPool pool_;
  std::array<std::unique_ptr<SyncNode>, 2> nodes_;
};

}  // namespace dataplane::testing
