// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

// A set of places of a configuration, with everything below them: the dependencies of a selection.
//
// Threads: immutable once filled.

#pragma once

#include <memory>
#include <string>
#include <unordered_map>

#include "configsync/schema/path.h"

namespace configsync {

class PlaceSet {
 public:
  struct Look {
    const SchemaNode* covered_by = nullptr;  // The topmost place at or above the path.
    bool has_below = false;                  // A place lies strictly below it.
  };

  void Insert(const Path& path);  // Not the root.
  [[nodiscard]] bool empty() const { return top_.below.empty(); }
  // A list that the path names without keys is above its entries. Cost: O(steps).
  [[nodiscard]] Look At(const Path& path) const;

 private:
  struct Place {
    bool is_in = false;
    std::unordered_map<std::string, std::unique_ptr<Place>> below;  // By node, then by keys.
  };
  Place top_;
};

}  // namespace configsync
