// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

// Two nodes that differ: reasons from the facts of both. Symmetric: the other node, asked with the
// arguments exchanged, gives the same codes and subjects.
//
// Threads: functions only.

#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "configsync/pair/messages.h"

namespace configsync {

// Of `theirs`, as this node sees them.
[[nodiscard]] std::vector<Reason> CompareFacts(const Facts& mine, const Facts& theirs,
                                               std::string_view remote);

// Paths of the schema that the part uses and the other node has not, at most `count_max`; sorted.
// `their_paths` is sorted. Cost: O(nodes).
[[nodiscard]] std::vector<std::string> BlockedPaths(const Tree& part,
                                                    const std::vector<std::string>& their_paths,
                                                    std::size_t count_max);

// "0.3.7" → {0, 3}; what is none is {0, 0}.
struct Release {
  std::uint32_t major = 0, minor = 0;
};
[[nodiscard]] Release ReleaseOf(std::string_view version);

}  // namespace configsync
