// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

// Ends sessions that nothing was seen of for the timeout of their state.
//
// Threads: the shard's writer, while its node owns the table.  Memory: none.

#pragma once

#include <cstdint>
#include <span>

#include "dataplane/core/counters.h"
#include "dataplane/core/timeouts.h"
#include "statesync/table/session_table.h"

namespace dataplane {

// Looks at the next part of `shard` (bounded by the table), deletes what has expired, and says when
// to look at the rest again. Fills `dirty` with the deleted handles, which must go to
// MarkDirtyBatch, and returns their number. dirty.size() <= statesync::kBatchMax.
std::size_t ExpireSlice(statesync::SessionTable& table, statesync::ShardIndex shard,
                        const Timeouts& timeouts, std::uint32_t now_s, std::uint32_t takeover_s,
                        Counters& counters, std::span<statesync::Handle> dirty) noexcept;

}  // namespace dataplane
