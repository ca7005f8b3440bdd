// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

// /ha/configuration-synchronization as values.
//
// Threads: functions only.

#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "configsync/pair/link.h"
#include "configsync/tree/tree.h"

namespace configsync {

inline constexpr std::size_t kRemotesMax = 8;

enum class CommitPolicy : std::uint8_t { kStrict, kBestEffort, kDeferred };
enum class PushMode : std::uint8_t { kOnCommit, kByCategory, kManual };

struct SyncSettings {
  bool is_enabled = false;
  CommitPolicy policy = CommitPolicy::kBestEffort;
  PushMode push = PushMode::kOnCommit;
  std::vector<RemoteAddress> remotes;  // By name.
};
[[nodiscard]] SyncSettings SettingsOf(const Tree& tree);

}  // namespace configsync
