// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

// Edits drawn from a seed. Names are few, so that edits meet.

#pragma once

#include <cstddef>
#include <cstdint>
#include <random>
#include <string>
#include <vector>

#include "configsync/tree/edit.h"
#include "configsync/tree/tree.h"

namespace configsync {

class RandomEdits {
 public:
  RandomEdits(const SchemaNode& root, std::uint64_t seed) : root_(&root), random_(seed) {}

  std::size_t Below(std::size_t bound) { return random_() % bound; }
  // Any edit; it may be one that cannot be done.
  Edit Next();
  // `tree` after about `count` edits that can be done.
  Tree Walk(Tree tree, std::size_t count);

  // How many names lists draw from.
  std::size_t name_count = 6;

 private:
  std::string Value(const SchemaNode& node);
  Path RandomPath();

  const SchemaNode* root_;
  std::mt19937_64 random_;
};

}  // namespace configsync
