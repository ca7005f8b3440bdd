// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

// A configuration in the simplest form that can be right: maps and vectors, copied whole. What the
// tree is compared with.

#pragma once

#include <map>
#include <string>
#include <vector>

#include "configsync/tree/edit.h"
#include "configsync/tree/tree.h"

namespace configsync {

struct ModelEntry;

struct Model {
  std::string value;
  std::map<const SchemaNode*, Model> children;  // Of containers and entries.
  // Of lists and leaf-lists; sorted where users do not order them.
  std::vector<ModelEntry> entries;
};

struct ModelEntry {
  std::vector<std::string> keys;
  Model model;
};

[[nodiscard]] bool operator==(const Model& a, const Model& b);
[[nodiscard]] bool operator==(const ModelEntry& a, const ModelEntry& b);

// Both understand an edit that cannot be done in the same way: false, and nothing is promised of
// the model then.
[[nodiscard]] bool ApplyToModel(Model& model, const Edit& edit);
[[nodiscard]] Model ModelOf(const Tree& tree);

}  // namespace configsync
