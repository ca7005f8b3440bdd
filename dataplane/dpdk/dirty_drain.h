// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

// Takes the place of the sync loop where there is no pair: changes go nowhere, and the slot of a
// deleted entry is free at once. Without it deleted entries would wait for an acknowledgement for
// ever.
//
// Threads: worker 0's lcore.  Memory: none.

#pragma once

#include <array>

#include "statesync/limits.h"
#include "statesync/table/replicated_table.h"

namespace dataplane {

class DirtyDrain {
 public:
  explicit DirtyDrain(statesync::ReplicatedTable& table) : table_(table) {}

  // True if there were changes. At most a few batches of work.
  bool Turn() noexcept {
    std::array<statesync::Handle, statesync::kBatchMax> handles;
    for (int batch = 0; batch < kBatchesPerTurn; ++batch) {
      const std::size_t count = table_.TakeDirtyBatch(handles);
      if (count == 0) return batch > 0;
      for (std::size_t i = 0; i < count; ++i) table_.Retire(handles[i]);  // Leaves live ones alone.
    }
    return true;
  }

 private:
  static constexpr int kBatchesPerTurn = 8;
  statesync::ReplicatedTable& table_;
};

}  // namespace dataplane
