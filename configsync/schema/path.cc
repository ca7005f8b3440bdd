// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

#include "configsync/schema/path.h"

#include <string_view>

namespace configsync {

namespace {

// An XPath 1.0 literal has no escapes: a value with both kinds of quote is put together from parts
// that have one kind each.
void AppendQuoted(std::string& text, std::string_view value) {
  if (value.find('\'') == std::string_view::npos) {
    text.append("'").append(value).append("'");
    return;
  }
  if (value.find('"') == std::string_view::npos) {
    text.append("\"").append(value).append("\"");
    return;
  }
  text += "concat(";
  while (!value.empty()) {
    const char quote = value[0] == '\'' ? '"' : '\'';
    const std::string_view part = value.substr(0, value.find(quote));
    text.append(1, quote).append(part).append(1, quote);
    value.remove_prefix(part.size());
    text += value.empty() ? ")" : ",";
  }
}

}  // namespace

std::string PathText(const Path& path) {
  if (path.empty()) return "/";
  std::string text;
  for (const PathStep& step : path) {
    text.append("/").append(step.node->name);
    for (std::size_t i = 0; i < step.keys.size(); ++i) {
      const bool named = step.node->is_list() && i < step.node->children.size();
      text.append("[").append(named ? step.node->children[i]->name : ".").append("=");
      AppendQuoted(text, step.keys[i]);
      text += "]";
    }
  }
  return text;
}

}  // namespace configsync
