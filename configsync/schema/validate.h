// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

// Where libyang is asked about data: one value, or a whole configuration.
//
// Threads: one caller at a time for a context; Schema sees to it.

#pragma once

#include <string>
#include <string_view>

#include "configsync/schema/problem.h"
#include "configsync/schema/schema_node.h"

struct ly_ctx;

namespace configsync {

// The last error that libyang kept for this thread, with module and line if it knows them; then
// forgets all. Empty: none.
[[nodiscard]] std::string TakeError(ly_ctx& context);

// As Schema::Canonical, of a value that is legal text and not too long.
[[nodiscard]] bool CanonicalByLibyang(ly_ctx& context, const SchemaNode& node,
                                      std::string_view value, std::string_view path_text,
                                      std::string& canonical, Problems& problems);

// Parses and validates a whole configuration; adds its first error. `json` is RFC 7951 with
// canonical values.
void ValidateByLibyang(ly_ctx& context, const SchemaNode& root, const std::string& json,
                       Problems& problems);

}  // namespace configsync
