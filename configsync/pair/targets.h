// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

// Targets of one remote: what it is to have, and which selection that is under. Kept from one
// question to the next, so that a commit costs what it changes.
//
// Threads: one object, one thread.

#pragma once

#include <deque>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "configsync/select/selection.h"
#include "configsync/tree/hash.h"
#include "configsync/tree/tree.h"

namespace configsync {

struct Target {
  Hash selection;
  Tree part;
  absl::Status status{};  // Not ok: something is missing in the part, which must not be used.
};

class Targets {
 public:
  Targets(std::string remote, const SchemaNode& root) : maker_(std::move(remote)), root_(root) {}

  // Of `wanted`: what runs, but as it was where it waits.
  [[nodiscard]] Target Of(const Tree& running, const Tree& wanted, const Gates& gates);
  // `selection` is of one of the last kKept targets, else the part is empty: see StatusUnder().
  [[nodiscard]] Tree PartUnder(const Hash& selection, const Tree& tree);
  // Of the last part that was made under it, by either; see Selection::status(). Errors too:
  // kNotFound, none of the last.
  [[nodiscard]] absl::Status StatusUnder(const Hash& selection) const;
  // Null: none of the last.
  [[nodiscard]] const SelectionSpec* SpecOf(const Hash& selection) const;

 private:
  static constexpr std::size_t kKept = 4;
  struct Known {
    Hash running, wanted;
    std::vector<std::string> withheld;
    Target target;
  };
  SelectionMaker maker_;
  const SchemaNode& root_;
  std::deque<Selection> selections_;  // The last one that was used is at the front.
  std::deque<Known> known_;
};

}  // namespace configsync
