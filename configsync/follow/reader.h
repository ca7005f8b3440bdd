// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

// Reads effective values: what is configured, or the schema's default. Each function takes a null
// node (a container that does not exist) and a null schema node (a leaf that the modules do not
// have) as "nothing configured".
//
// Threads: immutable values only.

#pragma once

#include <charconv>
#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>
#include <system_error>

#include "configsync/schema/schema_node.h"
#include "configsync/tree/node.h"

namespace configsync {

// The schema node below `from` along `names`; null: there is none.
inline const SchemaNode* SchemaAt(const SchemaNode* from,
                                  std::initializer_list<std::string_view> names) {
  for (const std::string_view name : names) {
    from = from == nullptr ? nullptr : from->Child(name);
  }
  return from;
}

inline const Node* ChildOf(const Node* node, const SchemaNode* schema) {
  return node == nullptr || schema == nullptr ? nullptr : node->Child(*schema);
}

// The node at `schema`, which lies below the root through containers only.
inline const Node* NodeAt(const Node& root, const SchemaNode* schema) {
  if (schema == nullptr) {
    return nullptr;
  }
  return schema->parent == nullptr ? &root : ChildOf(NodeAt(root, schema->parent), schema);
}

// A leaf's value; else its default; else nothing.
inline std::string_view TextOf(const Node* parent, const SchemaNode* leaf) {
  if (leaf == nullptr) {
    return {};
  }
  if (const Node* found = ChildOf(parent, leaf); found != nullptr) {
    return found->value();
  }
  return leaf->defaults.empty() ? std::string_view() : std::string_view(leaf->defaults.front());
}

inline bool FlagOf(const Node* parent, const SchemaNode* leaf) {
  return TextOf(parent, leaf) == "true";
}

// 0: nothing, or no number.
inline std::uint32_t NumberOf(const Node* parent, const SchemaNode* leaf) {
  const std::string_view text = TextOf(parent, leaf);
  std::uint32_t number = 0;
  const auto parsed = std::from_chars(text.data(), text.data() + text.size(), number);
  return parsed.ec == std::errc() && parsed.ptr == text.data() + text.size() ? number : 0;
}

// Calls visit(entry) for each entry of a list.
template <typename Visit>
void ForEachEntry(const Node* parent, const SchemaNode* list, const Visit& visit) {
  if (const Node* found = ChildOf(parent, list); found != nullptr) {
    found->VisitEntries([&](const Node& entry) {
      visit(entry);
      return true;
    });
  }
}

// Calls visit(text) for each value of a leaf-list, or for the one value of a leaf.
template <typename Visit>
void ForEachValue(const Node* parent, const SchemaNode* leaf, const Visit& visit) {
  const Node* const found = ChildOf(parent, leaf);
  if (found == nullptr) {
    if (leaf != nullptr) {
      for (const std::string& value : leaf->defaults) {
        visit(std::string_view(value));
      }
    }
  } else if (found->role() == NodeRole::kLeafList) {
    found->VisitEntries([&](const Node& value) {
      visit(value.value());
      return true;
    });
  } else {
    visit(found->value());
  }
}

}  // namespace configsync
