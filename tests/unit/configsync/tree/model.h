// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

// A configuration in the simplest form that can be right: maps and vectors, copied whole. What the
// tree is compared with.

#pragma once

#include <map>
#include <string>
#include <utility>
#include <vector>

#include "configsync/tree/edit.h"
#include "configsync/tree/tree.h"

namespace configsync {

struct Model {
  std::string value;
  std::map<const SchemaNode*, Model> children;  // Of containers and entries.
  // Of lists and leaf-lists; sorted where users do not order them.
  std::vector<std::pair<std::vector<std::string>, Model>> entries;
  friend bool operator==(const Model&, const Model&) = default;
};

// Both understand an edit that cannot be done in the same way: false, and nothing is promised of
// the model then.
[[nodiscard]] bool ApplyToModel(Model& model, const Edit& edit);
[[nodiscard]] Model ModelOf(const Tree& tree);

}  // namespace configsync
