// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

// From a node down a path.

#pragma once

#include <span>

#include "configsync/schema/path.h"
#include "configsync/tree/node.h"

namespace configsync {

// Null: not there, or the path does not fit. Cost: O(steps · log n).
[[nodiscard]] inline const Node* FindNode(const Node& top, std::span<const PathStep> path) {
  const Node* node = &top;
  for (const PathStep& step : path) {
    if (step.node == nullptr) return nullptr;
    node = node->Child(*step.node);
    if (node != nullptr && !step.keys.empty()) node = node->Entry(step.keys);
    if (node == nullptr) return nullptr;
  }
  return node;
}

}  // namespace configsync
