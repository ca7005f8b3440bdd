// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

#include "configsync/tree/edit_codec.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"

namespace configsync {

namespace {

constexpr std::string_view kHeader = "lockstep-edits 1";

bool IsControl(char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; }

std::size_t KeyCountOf(const SchemaNode& node) {
  if (node.is_list()) return node.key_count;
  return node.kind == NodeKind::kLeafList ? 1 : 0;
}

std::string_view KeyNameOf(const SchemaNode& node, std::size_t i) {
  return node.is_list() ? std::string_view(node.children[i]->name) : ".";
}

void AppendQuoted(std::string& text, std::string_view value) {
  static constexpr std::string_view kDigits = "0123456789abcdef";
  text += '"';
  for (const char c : value) {
    if (c == '"' || c == '\\') {
      (text += '\\') += c;
    } else if (IsControl(c)) {
      text += "\\x";
      text += kDigits[static_cast<unsigned char>(c) >> 4];
      text += kDigits[static_cast<unsigned char>(c) & 15];
    } else {
      text += c;
    }
  }
  text += '"';
}

void AppendStep(std::string& text, const PathStep& step) {
  const SchemaNode& node = *step.node;
  text += '/';
  if (node.parent == nullptr || node.parent->module != node.module) {
    text.append(node.module).append(":");
  }
  text += node.name;
  for (std::size_t i = 0; i < step.keys.size(); ++i) {
    text.append("[").append(KeyNameOf(node, i)).append("=");
    AppendQuoted(text, step.keys[i]);
    text += ']';
  }
}

// One line, from left to right. After a mistake everything fails.
class LineReader {
 public:
  explicit LineReader(std::string_view line) : rest_(line) {}

  [[nodiscard]] bool at_end() const { return rest_.empty(); }
  [[nodiscard]] bool NextIs(char c) const { return rest_.starts_with(c); }

  bool Skip(std::string_view text) {
    if (!rest_.starts_with(text)) return false;
    rest_.remove_prefix(text.size());
    return true;
  }

  // Up to any of `ends`, which stays.
  std::string_view Word(std::string_view ends) {
    const std::string_view word = rest_.substr(0, rest_.find_first_of(ends));
    rest_.remove_prefix(word.size());
    return word;
  }

  // A number of at most two digits.
  bool Number(std::size_t& number) {
    const std::string_view word = Word(" ");
    if (word.empty() || word.size() > 2) return false;
    number = 0;
    for (const char c : word) {
      if (c < '0' || c > '9') return false;
      number = number * 10 + static_cast<std::size_t>(c - '0');
    }
    return true;
  }

  bool Quoted(std::string& value) {
    value.clear();
    if (!Skip("\"")) return false;
    while (!Skip("\"")) {
      const std::string_view plain = rest_.substr(0, rest_.find_first_of("\\\""));
      if (std::any_of(plain.begin(), plain.end(), IsControl)) return false;
      value += plain;
      rest_.remove_prefix(plain.size());
      if (rest_.starts_with('\\') && !Escaped(value)) return false;
      if (rest_.empty()) return false;
    }
    return value.size() <= kValueBytesMax;
  }

 private:
  bool Escaped(std::string& value) {
    if (Skip("\\\"") || Skip("\\\\")) {
      value += *(rest_.data() - 1);
      return true;
    }
    if (!Skip("\\x") || rest_.size() < 2) return false;
    const int high = DigitOf(rest_[0]);
    const int low = DigitOf(rest_[1]);
    if (high < 0 || low < 0 || !IsControl(static_cast<char>(high * 16 + low))) return false;
    value += static_cast<char>(high * 16 + low);
    rest_.remove_prefix(2);
    return true;
  }

  static int DigitOf(char c) {
    if (c >= '0' && c <= '9') return c - '0';
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
  }

  std::string_view rest_;
};

// Each function returns what is wrong, or null.
class EditReader {
 public:
  explicit EditReader(const SchemaNode& root) : root_(&root) {}

  const char* Read(std::string_view line, Edit& edit) {
    LineReader reader(line);
    if (reader.Skip("set ")) {
      edit.op = EditOp::kSet;
    } else if (reader.Skip("delete ")) {
      edit.op = EditOp::kDelete;
    } else if (reader.Skip("move ")) {
      edit.op = EditOp::kMove;
    } else {
      return "it begins with none of set, delete, move";
    }
    std::size_t shared = 0;
    if (!reader.Number(shared) || shared > path_.size()) {
      return "the number of steps that stay is none, or more than there are";
    }
    path_.resize(shared);
    if (const char* wrong = ReadSteps(reader); wrong != nullptr) return wrong;
    if (path_.empty()) return "the path is empty";
    edit.path = path_;
    if (edit.op == EditOp::kSet && path_.back().node->is_leaf()) {
      if (!reader.Skip(" ") || !reader.Quoted(edit.value)) return "the leaf has no good value";
    }
    if (const char* wrong = ReadPlace(reader, edit); wrong != nullptr) return wrong;
    return reader.at_end() ? nullptr : "there is more than an edit";
  }

 private:
  const char* ReadSteps(LineReader& reader) {
    if (!reader.Skip(" /")) return nullptr;
    do {
      const SchemaNode* parent = path_.empty() ? root_ : path_.back().node;
      const std::string_view name = reader.Word("/[ ");
      const bool is_qualified = name.find(':') != std::string_view::npos;
      const SchemaNode* node = parent->Child(name);
      if (node == nullptr || is_qualified != (node->module != parent->module)) {
        return "the schema has no such node";
      }
      if (path_.size() >= kPathStepsMax) return "the path has too many steps";
      path_.push_back({node, {}});
      if (const char* wrong = ReadKeys(reader); wrong != nullptr) return wrong;
    } while (reader.Skip("/"));
    return nullptr;
  }

  const char* ReadKeys(LineReader& reader) {
    PathStep& step = path_.back();
    while (reader.Skip("[")) {
      if (step.keys.size() >= KeyCountOf(*step.node)) return "a step has too many keys";
      const std::string_view name = KeyNameOf(*step.node, step.keys.size());
      if (!reader.Skip(name) || !reader.Skip("=")) return "a key has another name";
      if (!reader.Quoted(step.keys.emplace_back()) || !reader.Skip("]")) {
        return "a key is not a good text";
      }
    }
    const bool is_whole = step.keys.empty() || step.keys.size() == KeyCountOf(*step.node);
    return is_whole ? nullptr : "a step has too few keys";
  }

  static const char* ReadPlace(LineReader& reader, Edit& edit) {
    if (reader.Skip(" first")) {
      edit.after.emplace();
    } else if (reader.Skip(" after")) {
      edit.after.emplace();
      while (reader.Skip(" ")) {
        if (edit.after->size() >= KeyCountOf(*edit.path.back().node)) {
          return "the place has too many keys";
        }
        if (!reader.Quoted(edit.after->emplace_back())) return "the place is not a good text";
      }
      if (edit.after->empty()) return "the place has no keys";
    }
    return nullptr;
  }

  const SchemaNode* root_;
  Path path_;  // Of the line before.
};

absl::Status Refuse(std::size_t line, const std::string& why) {
  return absl::InvalidArgumentError(absl::StrCat("stored edits, line ", line, ": ", why));
}

}  // namespace

std::string EncodeEdits(std::span<const Edit> edits) {
  static constexpr const char* kNames[] = {"set ", "delete ", "move "};
  std::string text = std::string(kHeader) + "\n";
  Path before;
  for (const Edit& edit : edits) {
    const std::size_t most = std::min(before.size(), edit.path.size());
    std::size_t shared = 0;
    while (shared < most && before[shared] == edit.path[shared]) ++shared;
    text += kNames[static_cast<std::size_t>(edit.op)];
    text += std::to_string(shared);
    if (shared < edit.path.size()) text += ' ';
    for (std::size_t i = shared; i < edit.path.size(); ++i) AppendStep(text, edit.path[i]);
    if (edit.op == EditOp::kSet && edit.path.back().node->is_leaf()) {
      text += ' ';
      AppendQuoted(text, edit.value);
    }
    if (edit.after) text += edit.after->empty() ? " first" : " after";
    for (const std::string& key : edit.after.value_or(After())) {
      text += ' ';
      AppendQuoted(text, key);
    }
    text += '\n';
    before = edit.path;
  }
  return text;
}

absl::StatusOr<std::vector<Edit>> DecodeEdits(std::string_view text, const SchemaNode& root) {
  if (text.size() > kEditTextBytesMax) {
    return absl::InvalidArgumentError(
        absl::StrCat("stored edits: ", text.size(), " bytes; the limit is ", kEditTextBytesMax));
  }
  if (text.empty()) return Refuse(1, "there is nothing, not even a heading");
  std::vector<Edit> edits;
  EditReader reader(root);
  for (std::size_t line = 1; !text.empty(); ++line) {
    const std::size_t end = text.find('\n');
    if (end == std::string_view::npos) return Refuse(line, "the line does not end");
    const std::string_view line_text = text.substr(0, end);
    text.remove_prefix(end + 1);
    if (line == 1) {
      if (line_text != kHeader) return Refuse(line, "this is no list of edits that is known here");
      continue;
    }
    if (edits.size() >= kEditsMax) {
      return Refuse(line, absl::StrCat("more than ", kEditsMax, " edits"));
    }
    const char* wrong = reader.Read(line_text, edits.emplace_back());
    if (wrong != nullptr) return Refuse(line, wrong);
  }
  return edits;
}

}  // namespace configsync
