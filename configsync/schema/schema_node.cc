// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

#include "configsync/schema/schema_node.h"

#include <algorithm>

namespace configsync {
namespace {

bool IsLetter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }

bool IsNameCharacter(char c) {
  return IsLetter(c) || (c >= '0' && c <= '9') || c == '_' || c == '.' || c == '-';
}

}  // namespace

const SchemaNode* SchemaNode::Child(std::string_view child_name) const {
  const std::size_t colon = child_name.find(':');
  const bool qualified = colon != std::string_view::npos;
  const std::string_view local_name = qualified ? child_name.substr(colon + 1) : child_name;
  for (const SchemaNode* child : children) {
    if (child->name == local_name && (!qualified || child->module == child_name.substr(0, colon))) {
      return child;
    }
  }
  return nullptr;
}

bool SchemaNode::IsReference(std::string_view value) const {
  if (leafref_targets.empty() || type == LeafType::kLeafref) {
    return leafref_target != nullptr;
  }
  return !value.empty() && IsLetter(value[0]) && std::ranges::all_of(value, IsNameCharacter) &&
         std::ranges::find(values, value) == values.end();
}

}  // namespace configsync
