// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

// The schema: our YANG modules, loaded and compiled by libyang, and libyang's verdict on a whole
// configuration.
//
// Threads: Judge() serialises its callers (a libyang context is not for several threads); the rest
// is immutable after Load().

#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "configsync/schema/path.h"
#include "configsync/schema/problem.h"
#include "configsync/schema/schema_node.h"
#include "configsync/tree/tree.h"

namespace configsync {

class Schema {
 public:
  // Reads all modules of `folder` (lockstep-*.yang). Errors: kNotFound (no folder, no modules),
  // kInvalidArgument: what libyang says, with module and line; each node that has no class,
  // category or description or that this product does not support, with its path.
  // Cost: some ten milliseconds.
  static absl::StatusOr<std::unique_ptr<Schema>> Load(const std::string& folder);
  ~Schema();
  Schema(const Schema&) = delete;
  Schema& operator=(const Schema&) = delete;

  [[nodiscard]] const SchemaNode& root() const;
  // "/policy/rule/action" → its node; null: there is none.
  [[nodiscard]] const SchemaNode* Find(std::string_view path) const;
  // SHA-256 over all modules, in hexadecimal: nodes with equal digests have equal schemas.
  [[nodiscard]] const std::string& digest() const;

  // `value` in canonical form, as `node`'s type has it. False: it is none, and a problem was added
  // (with `path_text` as its place). REQUIRES: `node` is a leaf or leaf-list of this schema.
  // Cost: about a microsecond; callers of several threads wait for each other.
  [[nodiscard]] bool Canonical(const SchemaNode& node, std::string_view value,
                               std::string_view path_text, std::string& canonical,
                               Problems& problems) const;

  // All that is wrong with a whole configuration: first our own passes, which find every mistake
  // (mandatory nodes, numbers of elements, references, limits), then, if they found none, libyang,
  // whose first error is added. The tree's values are canonical already.
  // Cost: our passes look only at what changed since the last good tree that was judged, which the
  // schema keeps; libyang looks at everything, some 25 microseconds a rule.
  struct JudgeCost {
    std::int64_t own_cpu_us = 0;
    std::int64_t libyang_cpu_us = 0;
  };
  JudgeCost Judge(const Tree& tree, Problems& problems) const;

 private:
  Schema();
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace configsync
