// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

// Two nodes, their link, a worker's load, faults and checkers, under one virtual clock.
//
// Source: FoundationDB's simulator and TigerBeetle's VOPR, reduced to two nodes.

#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <memory>
#include <queue>
#include <string>
#include <vector>

#include "tests/sim/checkers.h"
#include "tests/sim/link.h"
#include "tests/sim/node.h"
#include "tests/sim/options.h"
#include "tests/sim/workload.h"

namespace sim {

class World {
 public:
  explicit World(const WorldOptions& options);

  // ---- Time ----
  void RunFor(statesync::Duration span);
  // True if `done` held within the limit. Looked at after every event.
  bool RunUntil(const std::function<bool()>& done, statesync::Duration limit);
  // Stops load and faults, heals everything, and runs until the receiver is synced and nothing is
  // exposed. False, with failure() set, if that takes longer than the limit or the tables differ.
  bool RunUntilQuiet(statesync::Duration limit = statesync::Seconds(20));
  [[nodiscard]] statesync::Instant now() const { return now_; }

  // ---- Moves ----
  void Boot(int node);
  void Crash(int node);
  void Pause(int node, statesync::Duration span);
  void Cut(bool cut);
  void CutOneWay(int from, bool cut);
  void SetLinkFaults(const LinkFaults& faults);
  // The next frames from this node are lost.
  void DropNext(int from, std::size_t count) { links_[from]->DropNext(count); }
  void Activate(int node);
  void MakeStandby(int node);
  // Make before break: the other node becomes active if it is synced.
  void Switchover();
  void SetWorkload(bool runs) { workload_runs_ = runs; }
  // Off for a test that damages a table itself: only convergence is checked then.
  void SetChecked(bool checked) { is_checked_ = checked; }
  void SetFaults(bool run) { faults_run_ = run; }
  // A turn of the node now, for changes made by the test itself.
  void Kick(int node);

  [[nodiscard]] Node& node(int index) { return *nodes_[static_cast<std::size_t>(index)]; }
  [[nodiscard]] Link& link(int from) { return *links_[static_cast<std::size_t>(from)]; }
  [[nodiscard]] Workload& workload() { return workload_; }
  [[nodiscard]] const statesync::EngineStatus& Status(int index) {
    return node(index).Status(now_);
  }
  // Index of the one active node, or -1.
  [[nodiscard]] int Owner() const;
  [[nodiscard]] bool IsSynced();

  [[nodiscard]] const std::string& failure() const { return failure_; }
  // Of every datagram and its time; equal for equal options.
  [[nodiscard]] std::uint64_t trace_hash() const { return trace_hash_; }

 private:
  struct Event {
    statesync::Instant at;
    std::uint64_t order;
    std::function<void()> run;
  };
  struct Later {
    bool operator()(const Event& a, const Event& b) const {
      return a.at != b.at ? a.at > b.at : a.order > b.order;
    }
  };

  void At(statesync::Instant at, std::function<void()> run);
  bool Step(statesync::Instant limit);
  void Wake(int index, statesync::Instant at);
  void Turn(int index);
  void Carry(int from, Datagram&& datagram);
  void WorkloadTick();
  void Sample();
  void CheckRoles();
  void Fail(const std::string& what);
  void ArmFaults();
  void Repeat(statesync::Duration mean, std::function<void()> move);
  void Trace(std::uint64_t value);

  const WorldOptions options_;
  statesync::Instant now_{1'000'000'000};
  std::uint64_t order_ = 0;
  std::priority_queue<Event, std::vector<Event>, Later> events_;
  Random chance_;
  std::array<std::unique_ptr<Node>, 2> nodes_;
  std::array<std::unique_ptr<Link>, 2> links_;  // By sender.
  std::array<statesync::Instant, 2> wake_{};    // The next turn; events for other times are void.
  std::array<bool, 2> wake_armed_{};
  Workload workload_;
  std::uint64_t workload_boot_ = 0;  // Run of the node that the workload knows.
  statesync::Term workload_term_;
  bool workload_runs_;
  bool faults_run_ = false;
  bool is_checked_ = true;
  std::uint64_t boots_ = 0;
  statesync::Term highest_term_;
  NoRegress no_regress_;
  NoResurrection no_resurrection_;
  std::string failure_;
  std::uint64_t trace_hash_ = 0;
};

}  // namespace sim
