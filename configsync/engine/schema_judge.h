// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

// The judge of a node: our modules, our passes, and libyang.
//
// Threads: thread-safe, as Schema is.

#pragma once

#include "configsync/engine/judge.h"
#include "configsync/schema/schema.h"

namespace configsync {

class SchemaJudge final : public Judge {
 public:
  explicit SchemaJudge(const Schema& schema) : schema_(schema) {}  // It outlives this.

  const SchemaNode& root() const override { return schema_.root(); }
  std::vector<Edit> ReadJson(std::string_view json, const Tree& current,
                             Problems& problems) const override;
  Tree WithIds(const Tree& running, const Tree& tree, Problems& problems) const override;
  Cost Verdict(const Tree& tree, Problems& problems) const override;
  std::vector<std::string> Warnings(std::span<const Change> changes) const override;
  std::vector<std::string> TreeWarnings(std::span<const Change> changes,
                                        const Tree& tree) const override;

 private:
  const Schema& schema_;
};

}  // namespace configsync
