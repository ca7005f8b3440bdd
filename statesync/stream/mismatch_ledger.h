// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

// Which shards of one table were found to differ although no frame explains it, and whether they
// have agreed since. It outlives connections and epochs: an operator looks hours later.
//
// Threads: one.  Memory: a value.

#pragma once

#include "statesync/engine_status.h"
#include "statesync/shard_set.h"
#include "statesync/types.h"

namespace statesync {

class MismatchLedger {
 public:
  // A difference of a shard that is known to differ is the same one, seen again.
  void OnMismatch(Instant now, ShardIndex shard, MismatchKind kind) {
    if (open_.Has(shard)) return;
    open_.Add(shard);
    ++shown_.found;
    ++shown_.open;
    shown_.shard = shard;
    shown_.kind = kind;
    shown_.found_at = now;
    shown_.is_repaired = false;
  }
  // The shard agreed, values included.
  void OnAgreed(Instant now, ShardIndex shard) {
    if (!open_.Has(shard)) return;
    open_.Remove(shard);
    --shown_.open;
    if (shard != shown_.shard) return;
    shown_.is_repaired = true;
    shown_.repaired_at = now;
  }
  // This node owns the table now: what it holds is the truth, and nothing is left to repair.
  void OnOwned() {
    open_ = {};
    shown_.open = 0;
  }

  [[nodiscard]] const ShardMismatches& shown() const { return shown_; }

 private:
  ShardSet open_;
  ShardMismatches shown_;
};

}  // namespace statesync
