// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

// Workers that lead sessions through their lives, half of them behind NAT, and reuse ports soon.
//
// TCP: SYN, SYN-ACK, established, data, FIN of one side, of both, TIME_WAIT, gone; or RST at any
// time. UDP: one packet, an answer, data, silence. TIME_WAIT often ends by a SYN from the same
// port.

#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "statesync/table/session_table.h"
#include "tests/sim/ledger.h"
#include "tests/sim/options.h"
#include "tests/sim/random.h"

namespace sim {

class Workload {
 public:
  Workload(const WorkloadOptions& options, Random random, Ledger& ledger)
      : options_(options), random_(random), ledger_(ledger) {}

  // What the table holds is what the workers go on with: their node became the owner.
  void Adopt(int node, std::uint8_t worker_count, statesync::SessionTable& table);
  // One burst of changes, marked dirty as workers would.
  void Burst(statesync::SessionTable& table);
  // Closes everything at once.
  void CloseAll(statesync::SessionTable& table);

  [[nodiscard]] std::size_t live_count() const { return live_.size(); }
  [[nodiscard]] std::uint64_t change_count() const { return changes_; }
  [[nodiscard]] std::uint64_t refused_count() const { return refused_; }

 private:
  void Open(statesync::SessionTable& table, const statesync::FlowKey& key);
  void Step(statesync::SessionTable& table, std::size_t at, bool hurry);
  void Write(statesync::SessionTable& table, statesync::Handle handle,
             statesync::SessionState state, bool has_data);
  void Close(statesync::SessionTable& table, std::size_t at);
  void Mark(statesync::Handle handle, statesync::ChangeClass change);
  void Flush(statesync::SessionTable& table);
  [[nodiscard]] statesync::FlowKey DrawKey();
  [[nodiscard]] statesync::FlowKey DrawAnyKey();

  const WorkloadOptions options_;
  Random random_;
  Ledger& ledger_;
  int node_ = 0;
  std::uint8_t worker_count_ = 1;
  std::vector<statesync::Handle> live_;
  // By worker and class; a shard belongs to one worker.
  std::array<std::array<std::vector<statesync::Handle>, 4>, 16> marked_;
  std::uint32_t incarnation_ = 0x4000;  // Above what tests number themselves.
  std::uint64_t changes_ = 0;
  std::uint64_t refused_ = 0;
};

}  // namespace sim
