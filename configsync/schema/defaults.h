// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

// What a reader of the configuration takes: the value that is set, or the module's default.
//
// Threads: values only.

#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "configsync/schema/schema_node.h"
#include "configsync/tree/node.h"

namespace configsync {

// Value of the child `leaf` of `parent`: as set, else its default, else none. `parent` is null if
// the container itself is not there: then the default counts all the same, because a container
// without presence is always meant. REQUIRES: `leaf` is a leaf.
[[nodiscard]] std::optional<std::string_view> EffectiveValue(const Node* parent,
                                                             const SchemaNode& leaf);

// The same for a child by name, read as its type; `fallback` if there is neither value nor default.
// REQUIRES: `parent_schema` has such a child, a boolean or an integer.
[[nodiscard]] bool EffectiveBool(const Node* parent, const SchemaNode& parent_schema,
                                 std::string_view name, bool fallback);
[[nodiscard]] std::uint64_t EffectiveNumber(const Node* parent, const SchemaNode& parent_schema,
                                            std::string_view name, std::uint64_t fallback);

}  // namespace configsync
