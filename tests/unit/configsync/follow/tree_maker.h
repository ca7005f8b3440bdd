// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

// Configurations of our own modules, written as short lines:
//
//   /policy/rule[web]/action permit      a leaf
//   /policy/rule[web]/source 10.0.0.0/8  a value of a leaf-list
//   /ha/failover                         something that has no value

#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "configsync/schema/schema.h"
#include "configsync/tree/tree.h"

namespace configsync {

class TreeMaker {
 public:
  TreeMaker() {
    auto schema = Schema::Load(LOCKSTEP_YANG_FOLDER);
    EXPECT_TRUE(schema.ok()) << schema.status();
    schema_ = *std::move(schema);
  }

  [[nodiscard]] const Schema& schema() const { return *schema_; }
  [[nodiscard]] Tree Empty() const { return Tree(schema_->root(), SecretKey{}); }

  [[nodiscard]] Tree Make(const std::vector<std::string>& lines) const {
    return With(Empty(), lines);
  }

  // `tree` with more lines.
  [[nodiscard]] Tree With(const Tree& tree, const std::vector<std::string>& lines) const {
    std::vector<Edit> edits;
    edits.reserve(lines.size());
    for (const std::string& line : lines) {
      edits.push_back(EditOf(line));
    }
    auto made = tree.Apply(edits);
    EXPECT_TRUE(made.ok()) << made.status();
    return made.ok() ? *std::move(made) : tree;
  }

 private:
  [[nodiscard]] Edit EditOf(std::string_view line) const {
    const std::size_t space = std::min(line.find(' '), line.size());
    const std::string value(line.substr(std::min(space + 1, line.size())));
    std::string_view rest = line.substr(0, space);
    Edit edit;
    const SchemaNode* node = &schema_->root();
    while (!rest.empty()) {
      rest.remove_prefix(1);  // The slash.
      std::size_t end = rest.find('/');
      const std::size_t open = rest.find('[');
      std::string key;
      if (open < end) {
        const std::size_t close = rest.find(']');
        key = rest.substr(open + 1, close - open - 1);
        end = rest.find('/', close);
      }
      const std::string_view name = rest.substr(0, std::min(open, end));
      const SchemaNode* const child = node->Child(name);
      if (child == nullptr) {
        ADD_FAILURE() << "no node " << name << " in " << line;
        return edit;
      }
      node = child;
      edit.path.push_back({node, {}});
      if (!key.empty()) {
        edit.path.back().keys.push_back(key);
      }
      rest.remove_prefix(std::min(end, rest.size()));
    }
    if (node->kind == NodeKind::kLeafList) {
      edit.path.back().keys.push_back(value);
    } else {
      edit.value = value;
    }
    return edit;
  }

  std::unique_ptr<Schema> schema_;
};

}  // namespace configsync
