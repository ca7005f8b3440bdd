// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

#include "configsync/schema/validate.h"

#include <libyang/libyang.h>

#include <memory>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "configsync/schema/problem_codes.h"
#include "configsync/schema/text.h"

namespace configsync {
namespace {

// libyang's own texts quote the value and speak of patterns. Ours name the type; but what a module
// says (error-message) is better than both.
bool IsOfModule(std::string_view message) {
  return !message.empty() && !message.starts_with("Unsatisfied ") &&
         !message.starts_with("Invalid ") && !message.starts_with("Value ") &&
         !message.starts_with("Unknown ");
}

std::string RemedyFor(const SchemaNode& node, std::string_view value) {
  if (node.type == LeafType::kEnumeration || node.type == LeafType::kBoolean) {
    const std::string_view nearest = Nearest(value, node.values);
    return nearest.empty() ? absl::StrCat("give one of: ", absl::StrJoin(node.values, ", "))
                           : absl::StrCat("did you mean ", std::string(nearest), "?");
  }
  return absl::StrCat("give a value of the type: ", node.type_text,
                      node.units.empty() ? "" : absl::StrCat(", in ", node.units));
}

// "/lockstep-policy:policy/rule[name='a:b']/x" → "/policy/rule[name='a:b']/x".
std::string WithoutModules(std::string_view path) {
  std::string text;
  char quote = 0;
  std::size_t name_at = 0;  // In `text`.
  for (const char c : path) {
    if (quote != 0) {
      quote = c == quote ? 0 : quote;
    } else if (c == '\'' || c == '"') {
      quote = c;
    } else if (c == ':') {
      text.resize(name_at);
      continue;
    }
    text += c;
    if (quote == 0 && (c == '/' || c == '[')) name_at = text.size();
  }
  return text;
}

// A message of libyang 2.1 may end with its place: `… (Data location "/m:a/b".)`.
std::string PlaceIn(const ly_err_item& error) {
  for (const char* source : {error.path, error.msg}) {
    const std::string_view text = source == nullptr ? "" : source;
    constexpr std::string_view kBefore = "ata location \"";
    const std::size_t at = text.find(kBefore);
    if (at == std::string_view::npos) continue;
    const std::string_view place = text.substr(at + kBefore.size());
    const std::size_t end = place.find("\", line");
    const std::size_t last = end != std::string_view::npos ? end : place.find("\".");
    return WithoutModules(
        place.substr(0, last == std::string_view::npos ? place.rfind('"') : last));
  }
  const std::string_view path = error.path == nullptr ? "" : error.path;
  return path.starts_with('/') ? WithoutModules(path) : std::string();
}

// The node at a data path, as far as its names go.
const SchemaNode* NodeAt(const SchemaNode& root, std::string_view place) {
  const SchemaNode* node = &root;
  std::string name;
  char quote = 0;
  int depth = 0;
  for (std::size_t i = 0; i <= place.size(); ++i) {
    const char c = i < place.size() ? place[i] : '/';
    if (quote != 0) {
      quote = c == quote ? 0 : quote;
    } else if (c == '\'' || c == '"') {
      quote = c;
    } else if (c == '[' || c == ']') {
      depth += c == '[' ? 1 : -1;
    } else if (depth == 0 && c == '/') {
      const SchemaNode* child = name.empty() ? node : node->Child(name);
      if (child == nullptr) return node;
      node = child;
      name.clear();
    } else if (depth == 0) {
      name += c;
    }
  }
  return node;
}

// Codes of problems are upper-case; the tags of RFC 7950, as "must-violation", are not.
bool IsCode(const char* tag) {
  return tag != nullptr && *tag != 0 &&
         std::string_view(tag).find_first_not_of("ABCDEFGHIJKLMNOPQRSTUVWXYZ_") ==
             std::string_view::npos;
}

}  // namespace

std::string TakeError(ly_ctx& context) {
  std::string text;
  const ly_err_item* first = ly_err_first(&context);
  if (first != nullptr) {
    const ly_err_item* last = first->prev;  // The one that says what began it comes first.
    text = first->msg == nullptr ? "no reason given" : first->msg;
    if (first->path != nullptr) absl::StrAppend(&text, " (", first->path, ")");
    if (last != first && last->msg != nullptr) absl::StrAppend(&text, "; ", last->msg);
  }
  ly_err_clean(&context, nullptr);
  return text;
}

bool CanonicalByLibyang(ly_ctx& context, const SchemaNode& node, std::string_view value,
                        std::string_view path_text, std::string& canonical, Problems& problems) {
  const char* canonical_text = nullptr;
  const auto* compiled = static_cast<const lysc_node*>(node.origin);
  const LY_ERR error = lyd_value_validate(&context, compiled, value.data(), value.size(), nullptr,
                                          nullptr, &canonical_text);
  if ((error == LY_SUCCESS || error == LY_EINCOMPLETE) && canonical_text != nullptr) {
    canonical = canonical_text;
    lydict_remove(&context, canonical_text);
    return true;
  }
  const ly_err_item* item = ly_err_first(&context);
  const std::string_view message = item == nullptr || item->msg == nullptr ? "" : item->msg;
  std::string text = IsOfModule(message) && node.type != LeafType::kUnion
                         ? std::string(message)
                         : absl::StrCat("is not of the type ", node.type_text);
  ly_err_clean(&context, nullptr);
  problems.Add({.code = std::string(problem_code::kBadValue),
                .path = std::string(path_text),
                .value = node.secret ? "" : ShortText(value),
                .text = std::move(text),
                .remedy = RemedyFor(node, node.secret ? "" : value)});
  return false;
}

void ValidateByLibyang(ly_ctx& context, const SchemaNode& root, const std::string& json,
                       Problems& problems) {
  lyd_node* tree = nullptr;
  LY_ERR error = LY_SUCCESS;
  if (json.find_first_not_of("{} \n") != std::string::npos) {
    error = lyd_parse_data_mem(&context, json.c_str(), LYD_JSON, LYD_PARSE_STRICT | LYD_PARSE_ONLY,
                               0, &tree);
  }
  if (error == LY_SUCCESS) {
    error = lyd_validate_all(&tree, &context, LYD_VALIDATE_NO_STATE, nullptr);
  }
  const std::unique_ptr<lyd_node, void (*)(lyd_node*)> owner(tree, lyd_free_all);
  if (error == LY_SUCCESS) return;
  const ly_err_item* item = ly_err_first(&context);
  Problem problem{.code = std::string(problem_code::kInvalid),
                  .path = {},
                  .value = {},
                  .text = "the configuration is not valid",
                  .remedy = "correct it there"};
  if (item != nullptr && IsCode(item->apptag)) {
    problem.code = item->apptag;  // The module has a name of its own for this mistake.
  }
  if (item != nullptr && item->msg != nullptr) {
    problem.path = PlaceIn(*item);
    const std::string_view message = item->msg;
    // libyang's own messages may quote values: of a secret only a module's message is told.
    if (!NodeAt(root, problem.path)->secret || IsOfModule(message)) {
      problem.text = std::string(message.substr(0, message.find(" (Data location")));
    }
  }
  ly_err_clean(&context, nullptr);
  problems.Add(std::move(problem));
}

}  // namespace configsync
