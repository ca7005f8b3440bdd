// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

// What /ha says of synchronisation, as this folder needs it.
//
// Threads: functions only.

#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "configsync/select/location.h"
#include "configsync/select/selection.h"
#include "configsync/tree/tree.h"

namespace configsync {

inline constexpr char kSynchronization[] = "/ha/configuration-synchronization";

// The value of the leaf at a path as PathText prints it, or its default; empty: none.
[[nodiscard]] std::string LeafText(const Tree& tree, std::string_view path);

[[nodiscard]] Mode ModeOf(const Tree& running);
// That are switched off, sorted.
[[nodiscard]] std::vector<std::string> CategoriesOff(const Tree& running);
// Name of the map of a remote; empty: it has none, or there is no such remote.
[[nodiscard]] std::string MapOf(const Tree& running, const std::string& remote);

struct SyncMap {
  std::string name;
  std::vector<MapRule> rules;  // By number.
};
// All maps.
[[nodiscard]] std::vector<SyncMap> MapsOf(const Tree& running);

// The selection without dependencies.
[[nodiscard]] SelectionSpec BareSpec(const Tree& running, const Tree& target,
                                     const std::string& remote, const Gates& gates, Mode mode);

}  // namespace configsync
