// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

// A configuration as commands of an operator: `set` lines that make it from nothing.
//
// Threads: values only.

#pragma once

#include <string>
#include <string_view>

#include "configsync/schema/path.h"
#include "configsync/schema/print_json.h"
#include "configsync/tree/tree.h"

namespace configsync {

// One line for each leaf, value, and entry or presence container that has nothing else in it.
// A secret's line is a comment with its fingerprint. Words are quoted as a shell wants them.
// False: `sink` said that no more is wanted.
bool PrintCommands(const Tree& tree, const Path& at, const TextSink& sink);
[[nodiscard]] std::string CommandsText(const Tree& tree, const Path& at = {});

// A word for a command line: in single quotes if it needs them.
[[nodiscard]] std::string QuotedWord(std::string_view word);

}  // namespace configsync
