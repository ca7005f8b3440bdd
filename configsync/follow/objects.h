// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

// Names of addresses, groups and services, resolved once for all rules that use them.
//
// Threads: one.  Memory: a string a prefix or port of a named object.

#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "configsync/schema/problem.h"
#include "configsync/tree/tree.h"

namespace configsync {

// Lookup by string_view without making a string.
struct TextHash {
  using is_transparent = void;
  std::size_t operator()(std::string_view text) const {
    return std::hash<std::string_view>()(text);
  }
};
template <typename Value>
using ByName = std::unordered_map<std::string, Value, TextHash, std::equal_to<>>;

struct Service {
  std::string protocol;
  std::vector<std::string> ports;
};

class Objects {
 public:
  // Resolves all that `tree` has. Problems: a member that does not exist, a range of ports that is
  // reversed.
  Objects(const Tree& tree, Problems& problems);

  // The prefixes of an address or a group; null: there is no such object.
  [[nodiscard]] const std::vector<std::string>* Prefixes(std::string_view name) const;
  // Null: there is no such service.
  [[nodiscard]] const Service* ServiceOf(std::string_view name) const;

 private:
  ByName<std::vector<std::string>> prefixes_;
  ByName<Service> services_;
};

// Whether `text` is a prefix or an address, not a name: objects' names may not look like one.
[[nodiscard]] bool IsPrefixText(std::string_view text);

// Of a port, or range of ports, as the schema takes it: "9000-80".
[[nodiscard]] bool IsReversedRange(std::string_view ports);

}  // namespace configsync
