// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

#include "configsync/admin/page_text.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "configsync/schema/print_json.h"

namespace configsync {
namespace {

constexpr std::size_t kValueWidthMax = 40;  // A longer one pushes its own meaning aside only.

struct Row {
  std::string setting, value, meaning;
};

class Page {
 public:
  // `node` may be null: nothing is configured there.
  void AddChildren(const SchemaNode& schema, const Node* node, const std::string& prefix) {
    for (const SchemaNode* child : schema.children) {
      if (!child->is_key) {
        Add(*child, node == nullptr ? nullptr : node->Child(*child), prefix + child->name);
      }
    }
  }

  void Add(const SchemaNode& schema, const Node* node, const std::string& name) {
    if (schema.is_leaf()) {
      rows_.push_back({name, LeafValue(schema, node), schema.description});
    } else if (schema.kind == NodeKind::kLeafList) {
      AddValues(schema, node, name);
    } else if (schema.is_list()) {
      AddEntries(schema, node, name);
    } else {
      AddChildren(schema, node, name + " ");
    }
  }

  [[nodiscard]] std::string Text() const {
    std::size_t setting_width = 0;
    std::size_t value_width = 0;
    for (const Row& row : rows_) {
      setting_width = std::max(setting_width, row.setting.size());
      value_width = std::max(value_width, std::min(row.value.size(), kValueWidthMax));
    }
    std::string text;
    for (const Row& row : rows_) {
      std::string line = Padded(row.setting, setting_width) + Padded(row.value, value_width);
      absl::StrAppend(&line, row.meaning);
      line.erase(line.find_last_not_of(' ') + 1);
      absl::StrAppend(&text, line, "\n");
    }
    return text + "\n*: a default. -: not set.\n";
  }

 private:
  static std::string Padded(const std::string& cell, std::size_t width) {
    return cell + std::string(width - std::min(width, cell.size()) + 2, ' ');
  }

  static std::string LeafValue(const SchemaNode& schema, const Node* node) {
    if (node != nullptr) {
      return ShownValue(*node);
    }
    return schema.defaults.empty() ? "-" : schema.defaults.front() + " *";
  }

  void AddValues(const SchemaNode& schema, const Node* node, const std::string& name) {
    std::vector<std::string> values;
    if (node != nullptr) {
      node->VisitEntries([&](const Node& value) {
        values.push_back(ShownValue(value));
        return true;
      });
    }
    rows_.push_back({name, values.empty() ? "-" : absl::StrJoin(values, ", "), schema.description});
  }

  void AddEntries(const SchemaNode& schema, const Node* list, const std::string& name) {
    const SchemaNode& key = *schema.children[0];
    if (schema.key_count == 1 && !key.values.empty()) {
      for (const std::string& value : key.values) {
        const Node* const entry = list == nullptr ? nullptr : list->Entry({&value, 1});
        AddChildren(schema, entry, absl::StrCat(name, " ", value, " "));
      }
      return;
    }
    if (list == nullptr || list->entry_count() == 0) {
      rows_.push_back({name, "none", absl::StrCat(schema.description, " It has ", Fields(schema))});
      return;
    }
    list->VisitEntries([&](const Node& entry) {
      std::string keys = name;
      for (std::size_t i = 0; i < entry.key_count(); ++i) {
        absl::StrAppend(&keys, " ", std::string(entry.key(i)));
      }
      AddChildren(schema, &entry, keys + " ");
      return true;
    });
  }

  // "name, address, rule (number, action)."
  static std::string Fields(const SchemaNode& schema) {
    std::vector<std::string> names;
    for (const SchemaNode* child : schema.children) {
      std::string inner = child->has_children() ? Fields(*child) : "";
      if (!inner.empty()) inner.pop_back();
      names.push_back(inner.empty() ? child->name : absl::StrCat(child->name, " (", inner, ")"));
    }
    return absl::StrJoin(names, ", ") + ".";
  }

  std::vector<Row> rows_{{"SETTING", "VALUE", "MEANING"}};
};

}  // namespace

std::string PageText(const Tree& tree, const Path& at) {
  Page page;
  const SchemaNode& schema = at.empty() ? tree.schema() : *at.back().node;
  const bool is_entry = !at.empty() && !at.back().keys.empty();
  if (schema.has_children() && (!schema.is_list() || is_entry)) {
    page.AddChildren(schema, tree.Find(at), "");
  } else {
    page.Add(schema, tree.Find(at), schema.name);
  }
  return page.Text();
}

}  // namespace configsync
