// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

// A worker that opens, advances and closes sessions, half of them behind NAT, and reuses keys soon.
//
// Every opening of a key is an incarnation with a number of its own, which the client's window edge
// carries to the other node; so a checker can tell a session from an earlier one of the same key.

#pragma once

#include <cstdint>
#include <vector>

#include "statesync/table/session_table.h"
#include "tests/sim/options.h"
#include "tests/sim/random.h"

namespace sim {

class Workload {
 public:
  Workload(const WorkloadOptions& options, Random random) : options_(options), random_(random) {}

  // What the table holds is what the worker goes on with: it became the owner.
  void Adopt(statesync::SessionTable& table);
  // One burst of changes, marked dirty as a worker would.
  void Burst(statesync::SessionTable& table);
  // Closes everything, in bursts.
  void CloseAll(statesync::SessionTable& table);

  [[nodiscard]] std::size_t live_count() const { return live_.size(); }
  [[nodiscard]] std::uint64_t refused_count() const { return refused_; }

 private:
  void Open(statesync::SessionTable& table, std::vector<statesync::Handle>& dirty);
  void Advance(statesync::SessionTable& table, std::vector<statesync::Handle>& dirty);
  void Close(statesync::SessionTable& table, std::size_t at, std::vector<statesync::Handle>& dirty);

  const WorkloadOptions options_;
  Random random_;
  std::vector<statesync::Handle> live_;
  std::uint32_t incarnation_ = 0;
  std::uint64_t refused_ = 0;
};

// Incarnation of an entry, on either node.
[[nodiscard]] inline std::uint32_t IncarnationOf(const statesync::SessionEntry& entry) {
  return entry.edge[0] >> 8;
}

}  // namespace sim
