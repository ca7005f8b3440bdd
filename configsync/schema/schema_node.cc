// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

#include "configsync/schema/schema_node.h"

namespace configsync {

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

}  // namespace configsync
