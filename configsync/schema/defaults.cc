// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

#include "configsync/schema/defaults.h"

#include <charconv>

namespace configsync {

std::optional<std::string_view> EffectiveValue(const Node* parent, const SchemaNode& leaf) {
  const Node* node = parent == nullptr ? nullptr : parent->Child(leaf);
  if (node != nullptr) return node->value();
  if (leaf.defaults.empty()) return std::nullopt;
  return leaf.defaults.front();
}

bool EffectiveBool(const Node* parent, const SchemaNode& parent_schema, std::string_view name,
                   bool fallback) {
  const SchemaNode* leaf = parent_schema.Child(name);
  const auto value = leaf == nullptr ? std::nullopt : EffectiveValue(parent, *leaf);
  return value ? *value == "true" : fallback;
}

std::uint64_t EffectiveNumber(const Node* parent, const SchemaNode& parent_schema,
                              std::string_view name, std::uint64_t fallback) {
  const SchemaNode* leaf = parent_schema.Child(name);
  const auto value = leaf == nullptr ? std::nullopt : EffectiveValue(parent, *leaf);
  std::uint64_t number = 0;
  if (!value ||
      std::from_chars(value->data(), value->data() + value->size(), number).ec != std::errc()) {
    return fallback;
  }
  return number;
}

}  // namespace configsync
