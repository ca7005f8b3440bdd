// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

// A section of a configuration as one page: every field that the schema has there, with its value
// or its default, and what it means (F2). Nothing that can be set is missing because it is not set.
//
// Threads: values only.

#pragma once

#include <string>

#include "configsync/schema/path.h"
#include "configsync/tree/tree.h"

namespace configsync {

// Columns SETTING, VALUE, MEANING. "*": a default; "-": not set. Secrets as fingerprints. A list
// whose keys are an enumeration has all its entries, another one those that are there.
// Cost: O(fields and entries below `at`).
[[nodiscard]] std::string PageText(const Tree& tree, const Path& at);

}  // namespace configsync
