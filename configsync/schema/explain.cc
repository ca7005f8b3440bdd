// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

#include "configsync/schema/explain.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "configsync/schema/text.h"

namespace configsync {

std::string ListText(const std::vector<std::string_view>& names) {
  static constexpr std::size_t kListedMax = 12;
  std::string text;
  for (std::size_t i = 0; i < std::min(names.size(), kListedMax); ++i) {
    if (i > 0) text += ", ";
    text += names[i];
  }
  return names.size() > kListedMax ? text + ", …" : text;
}

std::string ChildrenText(const SchemaNode& node) {
  std::vector<std::string_view> names;
  for (const SchemaNode* child : node.children) names.emplace_back(child->name);
  return ListText(names);
}

std::string UnknownRemedy(const SchemaNode& parent, std::string_view name) {
  std::vector<std::string_view> names;
  for (const SchemaNode* child : parent.children) names.emplace_back(child->name);
  const std::size_t colon = name.find(':');
  const bool qualified = colon != std::string_view::npos;
  const std::string_view local_name = qualified ? name.substr(colon + 1) : name;
  if (const SchemaNode* child = parent.Child(local_name); child != nullptr) {
    return absl::StrCat("it is of module ", child->module, ": write ", child->module, ":",
                        child->name, ", or leave the module out");
  }
  const std::string_view nearest = Nearest(local_name, names);
  return nearest.empty() ? "known here: " + ChildrenText(parent)
                         : "did you mean " + std::string(nearest) + "?";
}

std::string JsonRemedy(const SchemaNode& node) {
  switch (node.kind) {
    case NodeKind::kContainer:
    case NodeKind::kPresenceContainer:
      return "write an object: { … }";
    case NodeKind::kList:
      return "write an array of objects: [ { … } ]";
    case NodeKind::kLeafList:
    case NodeKind::kLeaf:
      break;
  }
  const bool is_list = node.kind == NodeKind::kLeafList;
  switch (node.json) {
    case JsonForm::kString:
      return absl::StrCat(is_list ? "write an array of strings: " : "write a string, in quotes: ",
                          node.type_text);
    case JsonForm::kNumber:
      return absl::StrCat(
          is_list ? "write an array of numbers: " : "write a number, without quotes: ",
          node.type_text);
    case JsonForm::kBoolean:
      return "write true or false, without quotes";
    case JsonForm::kEmpty:
      return "write [null]";
  }
  return {};
}

}  // namespace configsync
