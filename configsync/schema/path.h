// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

// A place in a configuration: "/policy/rule[id='10']/action".
//
// Threads: values only.

#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "configsync/schema/schema_node.h"

namespace configsync {

// One step down. A step to a list with keys names an entry, without keys the whole list; a step to
// a leaf-list with one key names a value, without the whole leaf-list.
struct PathStep {
  const SchemaNode* node = nullptr;
  std::vector<std::string> keys;  // Canonical values, in the order of the list's keys.
  friend bool operator==(const PathStep&, const PathStep&) = default;
};

// From the root's child on; empty: the root.
using Path = std::vector<PathStep>;

inline constexpr std::size_t kPathStepsMax = 32;
inline constexpr std::size_t kPathTextBytesMax = 8'192;

// "/policy/rule[id='10']/action"; "/" for the root. A quote in a key is doubled quotes' style of
// XPath 1.0: the other kind of quote is used, and a value with both kinds is written by concat().
[[nodiscard]] std::string PathText(const Path& path);

}  // namespace configsync
