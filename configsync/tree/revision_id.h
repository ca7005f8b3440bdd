// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

// The number of a revision: below everything that speaks of revisions.

#pragma once

#include <cstdint>

namespace configsync {

using RevisionId = std::uint64_t;  // 1 and up, in order of commits of this node; 0: none.

}  // namespace configsync
