// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

// Words of problems that readers of text share.
//
// Threads: values only.

#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "configsync/schema/schema_node.h"

namespace configsync {

// "a, b, c, …": at most twelve.
[[nodiscard]] std::string ListText(const std::vector<std::string_view>& names);

// The children of `node`, as ListText.
[[nodiscard]] std::string ChildrenText(const SchemaNode& node);

// For a name that is no child of `parent`: the nearest child, or those there are.
[[nodiscard]] std::string UnknownRemedy(const SchemaNode& parent, std::string_view name);

// How `node` is written in JSON.
[[nodiscard]] std::string JsonRemedy(const SchemaNode& node);

}  // namespace configsync
