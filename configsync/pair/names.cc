// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

// Names as commands and messages print them.

#include <array>

#include "configsync/pair/messages.h"
#include "configsync/pair/pair_sync.h"

namespace configsync {

std::string_view NameOf(HaRole role) {
  constexpr std::array<std::string_view, 3> kNames{"unknown", "active", "standby"};
  return kNames[static_cast<std::size_t>(role)];
}

std::string_view NameOf(SyncState state) {
  constexpr std::array<std::string_view, 8> kNames{"disabled",      "connecting", "in-sync",
                                                   "pending",       "pushing",    "diverged",
                                                   "not-baselined", "blocked"};
  return kNames[static_cast<std::size_t>(state)];
}

}  // namespace configsync
