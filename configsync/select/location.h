// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

// Places as sync maps and selections write them: "/policy/rule[name='web']", "/interfaces/*",
// "/interfaces/interface[name='*']/mtu". Like paths of schema/read_path.h, but any step and any key
// may be left open, and no libyang is asked: keys are compared as they are written, canonical.
//
// Threads: values and functions only.

#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "configsync/schema/path.h"
#include "configsync/schema/schema_node.h"

namespace configsync {

struct LocationKey {
  std::string name;  // "." of a leaf-list.
  std::string value;
  [[nodiscard]] bool is_any() const { return value == "*"; }
};

struct LocationStep {
  std::string name;  // "rule", "lockstep-policy:rule"; "*": any node.
  std::vector<LocationKey> keys;
  [[nodiscard]] bool is_any() const { return name == "*"; }
};

// From the root's child on; none: the root, "/".
using Location = std::vector<LocationStep>;

// Limits: kPathStepsMax, kPathTextBytesMax. Errors: kInvalidArgument with what is expected where.
[[nodiscard]] absl::StatusOr<Location> ParseLocation(std::string_view text);

// Whether the schema has such a step at `node`: its name, and keys of these names.
[[nodiscard]] bool Fits(const LocationStep& step, const SchemaNode& node);

// Whether the keys of a path's step are those; keys that the location leaves open are any.
// REQUIRES: the step fits path.node.
[[nodiscard]] bool KeysFit(const LocationStep& step, const PathStep& path);

// Number of keys with a value.
[[nodiscard]] std::size_t NamedKeys(const LocationStep& step);

// All nodes of the schema that the location names.
[[nodiscard]] std::vector<const SchemaNode*> NodesAt(const Location& location,
                                                     const SchemaNode& root);

// The path that PathText() printed; empty: the schema has no such node, or a key is left open where
// it may not be (anywhere but at the end).
[[nodiscard]] Path PathOfText(std::string_view text, const SchemaNode& root);

}  // namespace configsync
