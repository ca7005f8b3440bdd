// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

// What the admin service asks of the schema: paths, edits and completions from words, trees as
// text. yang_text.h answers with our modules and libyang; tests have a small schema made by hand.
//
// Threads: as the implementation says; the service calls from several.

#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "configsync/schema/path.h"
#include "configsync/schema/problem.h"
#include "configsync/tree/edit.h"
#include "configsync/tree/tree.h"

namespace configsync {

struct WordChoice {
  std::string word;
  std::string help;
  std::string kind;  // container, list, leaf, key, value.
};

class SchemaText {
 public:
  virtual ~SchemaText() = default;
  [[nodiscard]] virtual const SchemaNode& root() const = 0;
  [[nodiscard]] virtual std::string digest() const = 0;

  // Words as on the command line, or one "/a/b[k='v']"; none: the root. None, with problems added,
  // if they name no place.
  [[nodiscard]] virtual std::optional<Path> ReadPath(std::span<const std::string> words,
                                                     Problems& problems) const = 0;
  // The words of one edit; of kSet with the value of a leaf behind the path.
  [[nodiscard]] virtual std::optional<Edit> ReadEdit(EditOp op, std::span<const std::string> words,
                                                     Problems& problems) const = 0;
  // RFC 7951; secrets as fingerprints. `at` is a place of `tree`.
  [[nodiscard]] virtual std::string Json(const Tree& tree, const Path& at) const = 0;
  // `set` lines that make what is at `at`; secrets as comments with fingerprints.
  [[nodiscard]] virtual std::string Commands(const Tree& tree, const Path& at) const = 0;
  // Value of a leaf, as it may be printed; JSON of anything larger.
  [[nodiscard]] virtual std::string Printed(const Node& node) const = 0;
  // What may follow `words`, beginning with `partial`.
  [[nodiscard]] virtual std::vector<WordChoice> Complete(const Tree& tree, std::string_view verb,
                                                         std::span<const std::string> words,
                                                         std::string_view partial) const = 0;
};

}  // namespace configsync
