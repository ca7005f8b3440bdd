// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

// The admin service's texts, by our modules.
//
// Threads: thread-safe, as the schema is.

#pragma once

#include "configsync/admin/schema_text.h"
#include "configsync/schema/schema.h"

namespace configsync {

class YangText final : public SchemaText {
 public:
  // Borrows `schema`.
  explicit YangText(const Schema& schema) : schema_(schema) {}

  [[nodiscard]] const SchemaNode& root() const override { return schema_.root(); }
  [[nodiscard]] std::string digest() const override { return schema_.digest(); }
  [[nodiscard]] std::optional<Path> ReadPath(std::span<const std::string> words,
                                             Problems& problems) const override;
  [[nodiscard]] std::optional<Edit> ReadEdit(EditOp op, std::span<const std::string> words,
                                             Problems& problems) const override;
  [[nodiscard]] std::string Json(const Tree& tree, const Path& at) const override;
  [[nodiscard]] std::string Commands(const Tree& tree, const Path& at) const override;
  [[nodiscard]] std::string Printed(const Node& node) const override;
  [[nodiscard]] std::vector<WordChoice> Complete(const Tree& tree, std::string_view verb,
                                                 std::span<const std::string> words,
                                                 std::string_view partial) const override;

 private:
  const Schema& schema_;
};

}  // namespace configsync
