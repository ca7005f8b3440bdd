// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

// STATE_DIR/inventory.json: what is installed on this node and the program cannot see by itself.
// INVENTORY.md has the format.
//
// Threads: values and functions.

#pragma once

#include <cstddef>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"

namespace configsync {

inline constexpr std::size_t kInventoryBytesMax = 256 << 10;
inline constexpr std::size_t kInventoryEntriesMax = 256;  // Of each list.
inline constexpr std::size_t kInventoryTextBytesMax = 128;

struct Installed {
  std::string release;   // Instead of the program's version; empty: that one.
  std::string hardware;  // Instead of what the machine says.
  std::string content_database;
  std::vector<std::string> licenses;           // Sorted, unique.
  std::map<std::string, std::string> plugins;  // Name → version.
  std::vector<std::string> required_plugins;   // Sorted, unique.
  std::map<std::string, bool> features;        // Beside those of the configuration.
  friend bool operator==(const Installed&, const Installed&) = default;
};

// Errors: kInvalidArgument with the member and what it may be; kResourceExhausted with the bound.
[[nodiscard]] absl::StatusOr<Installed> ReadInventory(std::string_view json);

// Errors: kNotFound: there is no such file; as above, and what the system says, with the path.
[[nodiscard]] absl::StatusOr<Installed> ReadInventoryFile(const std::string& path);

}  // namespace configsync
