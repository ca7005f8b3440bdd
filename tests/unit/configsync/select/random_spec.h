// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

// Random selections over a tree, with places that are there.

#pragma once

#include <algorithm>
#include <cstdint>
#include <random>
#include <string>
#include <vector>

#include "configsync/select/selection.h"
#include "tests/unit/configsync/schema/our_schema.h"

namespace configsync {

class RandomSpec {
 public:
  RandomSpec(std::uint32_t seed, const Tree& tree) : random_(seed) {
    Path path;
    Collect(tree.root(), path);
  }

  SelectionSpec Next() {
    SelectionSpec spec;
    spec.mode = Below(2) == 0 ? Mode::kActivePassive : Mode::kActiveActive;
    spec.virtual_router_sync = Below(2) == 0;
    spec.qos_sync = Below(2) == 0;
    if (Below(2) == 0) spec.floating_addresses = {"10.0.0.1"};
    const std::uint32_t share = 1 + Below(10);
    for (std::string& name : CategoriesOf(OurSchema().root())) {
      if (Below(10) < share) spec.categories.push_back(std::move(name));
    }
    spec.has_map = Below(3) != 0;
    if (spec.has_map) {
      std::uint32_t number = 0;
      for (std::uint32_t i = Below(12); i > 0; --i) {
        spec.rules.push_back({number += 1 + Below(5), Below(3) != 0, Place(true)});
      }
    }
    for (std::uint32_t i = Below(3) == 0 ? Below(10) : 0; i > 0; --i) {
      spec.dependencies.push_back(Place(false));
    }
    std::ranges::sort(spec.dependencies);
    // Not std::ranges::unique: clang 14 does not take the library's.
    spec.dependencies.erase(std::unique(spec.dependencies.begin(), spec.dependencies.end()),
                            spec.dependencies.end());
    return spec;
  }

 private:
  std::uint32_t Below(std::uint32_t limit) {
    return std::uniform_int_distribution<std::uint32_t>(0, limit - 1)(random_);
  }

  std::string Place(bool may_be_open) {
    if (paths_.empty()) return "/policy";
    const Path& path = paths_[Below(static_cast<std::uint32_t>(paths_.size()))];
    const auto length = 1 + Below(static_cast<std::uint32_t>(path.size()));
    const Path cut(path.begin(), path.begin() + length);
    if (!may_be_open || Below(3) != 0) return PathText(cut);
    std::string text;
    for (const PathStep& step : cut) text += "/" + (Below(4) == 0 ? "*" : step.node->name);
    return text;
  }

  void Collect(const Node& node, Path& path) {
    if (!path.empty()) paths_.push_back(path);
    for (const NodePtr& child : node.children()) {
      path.push_back({&child->schema(), {}});
      Collect(*child, path);
      path.pop_back();
    }
    node.VisitEntries([&](const Node& entry) {
      for (std::size_t i = 0; i < entry.key_count(); ++i) {
        path.back().keys.emplace_back(entry.key(i));
      }
      Collect(entry, path);
      path.back().keys.clear();
      return true;
    });
  }

  std::mt19937 random_;
  std::vector<Path> paths_;
};

}  // namespace configsync
