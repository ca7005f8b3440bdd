// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

#include "configsync/select/location.h"

#include <algorithm>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"

namespace configsync {
namespace {

class Parser {
 public:
  explicit Parser(std::string_view text) : text_(text) {}

  absl::StatusOr<Location> Parse() {
    if (text_.size() > kPathTextBytesMax) {
      return absl::InvalidArgumentError(
          absl::StrCat("the location has ", text_.size(), " bytes; at most ", kPathTextBytesMax));
    }
    Location location;
    if (text_ == "/") return location;
    if (text_.empty()) return Expected("'/'");
    while (at_ < text_.size()) {
      if (!Take('/')) return Expected("'/' before a name");
      LocationStep step;
      step.name = TakeName();
      if (step.name.empty()) return Expected("a name or *");
      while (Take('[')) {
        LocationKey key;
        if (!TakeKey(key)) return Expected("[key='value']");
        step.keys.push_back(std::move(key));
      }
      location.push_back(std::move(step));
      if (location.size() > kPathStepsMax) {
        return absl::InvalidArgumentError(
            absl::StrCat("the location has more than ", kPathStepsMax, " steps"));
      }
    }
    return location;
  }

 private:
  [[nodiscard]] absl::Status Expected(const char* what) const {
    return absl::InvalidArgumentError(absl::StrCat("expected ", what, " at character ", at_ + 1));
  }

  // Behind '['.
  bool TakeKey(LocationKey& key) {
    SkipBlanks();
    key.name = Take('.') ? "." : std::string(TakeName());
    SkipBlanks();
    if (key.name.empty() || !Take('=')) return false;
    SkipBlanks();
    if (!TakeValue(key.value)) return false;
    SkipBlanks();
    return Take(']');
  }

  // 'text', "text", or concat(…) of such.
  bool TakeValue(std::string& value) {
    constexpr std::string_view kConcat = "concat(";
    if (!text_.substr(at_).starts_with(kConcat)) return TakeLiteral(value);
    at_ += kConcat.size();
    do {
      SkipBlanks();
      if (!TakeLiteral(value)) return false;
      SkipBlanks();
    } while (Take(','));
    return Take(')');
  }

  bool TakeLiteral(std::string& value) {
    const char quote = at_ < text_.size() ? text_[at_] : '\0';
    if (quote != '\'' && quote != '"') return false;
    const std::size_t end = text_.find(quote, at_ + 1);
    if (end == std::string_view::npos) return false;
    value += text_.substr(at_ + 1, end - at_ - 1);
    at_ = end + 1;
    return true;
  }

  std::string_view TakeName() {
    const std::size_t begin = at_;
    constexpr std::string_view kNoName = "/[]='\" \t\n";
    while (at_ < text_.size() && kNoName.find(text_[at_]) == std::string_view::npos) ++at_;
    return text_.substr(begin, at_ - begin);
  }

  bool Take(char c) {
    if (at_ >= text_.size() || text_[at_] != c) return false;
    ++at_;
    return true;
  }

  void SkipBlanks() {
    while (at_ < text_.size() && (text_[at_] == ' ' || text_[at_] == '\t')) ++at_;
  }

  std::string_view text_;
  std::size_t at_ = 0;
};

// Place of the key in the list; npos: none.
std::size_t KeyIndex(const SchemaNode& node, const std::string& name) {
  if (node.kind == NodeKind::kLeafList) return name == "." ? 0 : std::string::npos;
  if (!node.is_list()) return std::string::npos;
  const SchemaNode* key = node.Child(name);
  if (key == nullptr || !key->is_key) return std::string::npos;
  const auto found = std::ranges::find(node.children, key);
  return static_cast<std::size_t>(found - node.children.begin());
}

bool IsNamed(const std::string& name, const SchemaNode& node) {
  if (name == node.name) return true;
  return name.size() == node.module.size() + 1 + node.name.size() &&
         name.starts_with(node.module) && name.ends_with(node.name) &&
         name[node.module.size()] == ':';
}

void Collect(const Location& location, std::size_t step, const SchemaNode& node,
             std::vector<const SchemaNode*>& found) {
  if (step == location.size()) {
    found.push_back(&node);
    return;
  }
  for (const SchemaNode* child : node.children) {
    if (Fits(location[step], *child)) Collect(location, step + 1, *child, found);
  }
}

}  // namespace

absl::StatusOr<Location> ParseLocation(std::string_view text) { return Parser(text).Parse(); }

bool Fits(const LocationStep& step, const SchemaNode& node) {
  if (!step.is_any() && !IsNamed(step.name, node)) return false;
  return std::ranges::all_of(step.keys, [&](const LocationKey& key) {
    return KeyIndex(node, key.name) != std::string::npos;
  });
}

bool KeysFit(const LocationStep& step, const PathStep& path) {
  return std::ranges::all_of(step.keys, [&](const LocationKey& key) {
    if (key.is_any()) return true;
    const std::size_t index = KeyIndex(*path.node, key.name);
    return index < path.keys.size() && path.keys[index] == key.value;
  });
}

std::size_t NamedKeys(const LocationStep& step) {
  return static_cast<std::size_t>(
      std::ranges::count_if(step.keys, [](const LocationKey& key) { return !key.is_any(); }));
}

std::vector<const SchemaNode*> NodesAt(const Location& location, const SchemaNode& root) {
  std::vector<const SchemaNode*> found;
  Collect(location, 0, root, found);
  return found;
}

Path PathOfText(std::string_view text, const SchemaNode& root) {
  const absl::StatusOr<Location> location = ParseLocation(text);
  if (!location.ok()) return {};
  Path path;
  const SchemaNode* node = &root;
  for (const LocationStep& step : *location) {
    node = node->Child(step.name);
    if (node == nullptr || !Fits(step, *node)) return {};
    PathStep made{node, {}};
    const std::size_t key_count = node->is_list() ? node->key_count : 1;
    if (!step.keys.empty()) {
      if (step.keys.size() != key_count) return {};
      made.keys.resize(key_count);
      for (const LocationKey& key : step.keys) made.keys[KeyIndex(*node, key.name)] = key.value;
    }
    const bool is_open = node->is_list() && made.keys.empty();
    path.push_back(std::move(made));
    if (is_open && path.size() < location->size()) return {};
  }
  return path;
}

}  // namespace configsync
