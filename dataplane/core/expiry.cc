// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

#include "dataplane/core/expiry.h"

#include "statesync/ensure.h"

namespace dataplane {

std::size_t ExpireSlice(statesync::SessionTable& table, statesync::ShardIndex shard,
                        const Timeouts& timeouts, std::uint32_t now_s, std::uint32_t takeover_s,
                        Counters& counters, std::span<statesync::Handle> dirty) noexcept {
  ENSURE(dirty.size() <= statesync::kBatchMax);
  const std::size_t listed = table.ListExpired(shard, now_s, dirty);
  std::size_t deleted = 0;
  for (std::size_t i = 0; i < listed; ++i) {
    const statesync::Handle handle = dirty[i];
    const statesync::SessionEntry& entry = table.entry(handle);
    const std::uint32_t expires = ExpiresAt(static_cast<statesync::SessionState>(entry.state),
                                            entry.last_seen_s, takeover_s, timeouts);
    if (expires > now_s) {
      table.CheckAgainAt(handle, expires);
      continue;
    }
    table.Delete(handle);
    counters.Add(Event::kSessionsExpired);
    dirty[deleted++] = handle;
  }
  return deleted;
}

}  // namespace dataplane
