// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

// Two nodes, their links, workers' load, faults and checkers, under one virtual clock.
//
// Time goes from event to event: turns of the sync loops and ha threads, bursts of workers, samples
// of the checkers, and a heap of arrivals and faults. Nothing allocates once the pools have grown.
//
// Source: FoundationDB's simulator and TigerBeetle's VOPR, reduced to two nodes.

#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "tests/sim/checkers.h"
#include "tests/sim/ledger.h"
#include "tests/sim/link.h"
#include "tests/sim/node.h"
#include "tests/sim/options.h"
#include "tests/sim/packet_pool.h"
#include "tests/sim/workload.h"

namespace sim {

inline constexpr statesync::Duration kRxLatency = statesync::Micros(2);  // From NIC to loop.

class World {
 public:
  explicit World(const WorldOptions& options);
  World(const World&) = delete;
  World& operator=(const World&) = delete;
  ~World();

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
  void Cut(bool cut);  // HA2, all links, both directions.
  void CutOneWay(int from, bool cut);
  void CutLink(std::size_t link, bool cut);  // One of several HA2 links.
  void CutHa1(std::size_t path, bool cut);   // 0: HA1, 1: its backup.
  void SetLinkFaults(const LinkFaults& faults);
  void SetMtu(std::uint16_t datagram_bytes);  // Of HA2; 0: any.
  // The next frames from this node are lost.
  void DropNext(int from, std::size_t count) { link(from).DropNext(count); }
  // With RoleDrive::kByTest.
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
  [[nodiscard]] Link& link(int from, std::size_t link = 0) {
    return ha2_[static_cast<std::size_t>(from)][link];
  }
  [[nodiscard]] Workload& workload() { return workload_; }
  [[nodiscard]] Ledger& ledger() { return ledger_; }
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
  enum class EventKind : std::uint8_t {
    kArrival,         // number: packet. node: receiver.
    kLivenessClosed,  // node: who is told that the other one's process died.
    kResume,          // node.
    kFault,           // number: Fault. Its turn has come.
    kFaultEnd,        // number: Fault. node: whom it concerns; number >> 8: which link.
  };
  enum class Fault : std::uint8_t {
    kCut,
    kOneWayCut,
    kLinkCut,
    kHa1Cut,
    kAllPathsCut,
    kCrash,
    kPause,
    kMtu,
    kSwitch,
    kResync,
  };
  static constexpr std::size_t kFaultCount = 10;
  struct Event {
    statesync::Instant at;
    std::uint64_t order;
    std::uint32_t number;
    EventKind kind;
    std::uint8_t node;
  };
  struct Later {
    bool operator()(const Event& a, const Event& b) const {
      return a.at != b.at ? a.at > b.at : a.order > b.order;
    }
  };

  void At(statesync::Instant at, EventKind kind, std::uint32_t number, int node);
  bool Step(statesync::Instant limit);
  void Enter();
  void OnEvent(const Event& event);
  void OnArrival(PacketPool::Index index, int to);
  void Wake(int index, statesync::Instant at);
  void Turn(int index);
  void TurnHa(int index);
  void CarryAll(int from);
  void WorkloadTick();
  void Operate(int owner, statesync::Instant healed);
  void Sample();
  void CheckLost();
  void Fail(const std::string& what);
  void Trace(const Packet& packet);
  [[nodiscard]] std::string DescribeUnquiet(statesync::Duration limit, int owner);

  // ---- world_faults.cc ----
  void ArmFaults();
  void Arm(Fault fault);
  void Begin(Fault fault);
  void End(Fault fault, int node, std::uint32_t which);
  void Heal();
  [[nodiscard]] statesync::Duration MeanOf(Fault fault) const;
  [[nodiscard]] statesync::Duration LengthOf(Fault fault) const;

  const WorldOptions options_;
  statesync::Instant now_{1'000'000'000};
  std::uint64_t order_ = 0;
  std::vector<Event> events_;  // Heap by Later.
  Random chance_;
  PacketPool pool_;
  Ledger ledger_;
  std::array<std::unique_ptr<Node>, 2> nodes_;
  std::array<std::array<Link, 2>, 2> ha2_;  // By sender, by link.
  std::array<std::array<Link, 2>, 2> ha1_;  // By sender, by path.
  std::array<statesync::Instant, 2> wake_;  // Of sync loops; kNever: not up.
  std::array<statesync::Instant, 2> ha_tick_;
  std::array<statesync::Instant, 2> turned_;
  statesync::Instant workload_at_;
  statesync::Instant sample_at_;
  std::vector<PacketPool::Index> out_;
  Workload workload_;
  int workload_node_ = 0;
  std::uint64_t workload_boot_ = 0;  // Run of the node that the workload knows.
  statesync::Term workload_term_;
  bool workload_runs_;
  bool faults_run_ = false;
  bool is_checked_ = true;
  bool is_emptied_ = false;    // By the operator, since RunUntilQuiet.
  bool is_restarted_ = false;  // … its receiver.
  std::uint64_t boots_ = 0;
  std::uint64_t resynced_boot_ = 0;  // Run whose operator asked for the peer's table last.
  statesync::Term highest_term_;
  OneOwner one_owner_;
  Bounded bounded_;
  std::string failure_;
  std::uint64_t trace_hash_ = 0;
};

}  // namespace sim
