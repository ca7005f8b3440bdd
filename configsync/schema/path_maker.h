// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

// A path while it is read, name by name and key by key. Inside schema/ only.
//
// Threads: one object, one thread.

#pragma once

#include <string>
#include <string_view>
#include <utility>

#include "configsync/schema/path.h"
#include "configsync/schema/problem.h"
#include "configsync/schema/schema.h"

namespace configsync {

// What returns false has added a problem, with the path so far as its place, and ends the path. No
// value is told where the path has led to a secret.
class PathMaker {
 public:
  PathMaker(const Schema& schema, Problems& problems)
      : schema_(schema), problems_(problems), node_(&schema.root()) {}

  [[nodiscard]] const SchemaNode& node() const { return *node_; }
  [[nodiscard]] const Path& path() const { return path_; }
  Path TakePath() { return std::move(path_); }

  bool Refuse(std::string_view code, std::string_view value, std::string text, std::string remedy);
  bool Descend(std::string_view name);  // One name further down.
  bool AddKey(std::string_view value);  // Next key of the list, or value of the leaf-list.

  // Whether the path's end is a list or leaf-list that a key or value is missing of.
  [[nodiscard]] bool WantsKey() const;
  [[nodiscard]] std::string KeyNames() const;  // "name", "first and second".

 private:
  const Schema& schema_;
  Problems& problems_;
  const SchemaNode* node_;
  Path path_;
};

}  // namespace configsync
