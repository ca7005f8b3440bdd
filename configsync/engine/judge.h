// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

// What the engine asks of the schema. engine/schema_judge.h answers with our modules and libyang;
// tests and the simulator have a small schema made by hand.
//
// Threads: as the implementation says; the engine calls from several.

#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "configsync/schema/problem.h"
#include "configsync/schema/schema_node.h"
#include "configsync/tree/edit.h"
#include "configsync/tree/tree.h"

namespace configsync {

class Judge {
 public:
  struct Cost {
    std::int64_t own_cpu_us = 0;         // Our passes.
    std::int64_t validation_cpu_us = 0;  // libyang.
  };

  virtual ~Judge() = default;
  [[nodiscard]] virtual const SchemaNode& root() const = 0;

  // JSON (RFC 7951) as edits that make it from nothing. A secret that is given by its fingerprint
  // is the one that `current` has at the same place. Problems, if any, are all of the text; the
  // edits are then not to be used.
  [[nodiscard]] virtual std::vector<Edit> ReadJson(std::string_view json, const Tree& current,
                                                   Problems& problems) const = 0;
  // `tree` with a number in every auto-id leaf that lacks one. Numbers of `running` are not given
  // to somebody else in the same commit.
  [[nodiscard]] virtual Tree WithIds(const Tree& running, const Tree& tree,
                                     Problems& problems) const = 0;
  // All that is wrong with a whole configuration.
  virtual Cost Verdict(const Tree& tree, Problems& problems) const = 0;
  // Sentences about changes that are good, but not what somebody might expect.
  [[nodiscard]] virtual std::vector<std::string> Warnings(
      std::span<const Change> changes) const = 0;
  // The same of what they make of the whole: sync maps that let less travel than they seem to.
  [[nodiscard]] virtual std::vector<std::string> TreeWarnings(std::span<const Change> /*changes*/,
                                                              const Tree& /*tree*/) const {
    return {};
  }
};

}  // namespace configsync
