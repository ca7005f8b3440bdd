// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

// Counters on their way to the control service. Each part of the dataplane implements StatsSource;
// main hands the objects to control.
//
// Threads: AppendStats is called from control's threads, several at a time, while counters grow.

#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace dataplane {

struct StatValue {
  std::string name;  // "dataplane.drop.ttl": lower case, dots between levels.
  std::uint64_t value = 0;
  std::string help;  // One sentence; may be empty.
};

class StatsSource {
 public:
  virtual ~StatsSource() = default;
  virtual void AppendStats(std::vector<StatValue>& stats) const = 0;
};

}  // namespace dataplane
