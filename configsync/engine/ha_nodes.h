// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

// The few nodes of the schema that the engine itself must understand.
//
// Threads: functions only.

#pragma once

#include <initializer_list>
#include <string_view>

#include "configsync/schema/path.h"
#include "configsync/schema/schema_node.h"
#include "configsync/tree/tree.h"

namespace configsync {

// The path down these names; empty if the schema has no such node.
[[nodiscard]] Path PathDown(const SchemaNode& root, std::initializer_list<std::string_view> names);

[[nodiscard]] Path FailoverEnabledPath(const SchemaNode& root);

// HA may change roles by itself: something is configured under /ha, and /ha/failover/enabled is
// true, which is its default.
[[nodiscard]] bool IsHaArmed(const Tree& tree);

// /ha/failover/enabled is there and false: as an HA edit leaves it.
[[nodiscard]] bool IsHaDisarmed(const Tree& tree);

// /ha/configuration-synchronization/enabled.
[[nodiscard]] bool IsConfigurationSynchronized(const Tree& tree);

}  // namespace configsync
