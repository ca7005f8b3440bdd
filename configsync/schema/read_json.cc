// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

#include "configsync/schema/read_json.h"

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <nlohmann/json.hpp>
#include <unordered_set>
#include <utility>

#include "absl/strings/str_cat.h"
#include "configsync/schema/explain.h"
#include "configsync/schema/limits.h"
#include "configsync/schema/print_json.h"
#include "configsync/schema/problem_codes.h"
#include "configsync/schema/secret_text.h"
#include "configsync/schema/text.h"

namespace configsync {
namespace {

enum class FrameKind : std::uint8_t {
  kObject,   // A container or entry.
  kEntries,  // The array of a list.
  kValues,   // The array of a leaf-list.
  kEmpty,    // The array of a leaf of type empty.
  kSkipped,  // Below something that was refused.
};

enum class Token : std::uint8_t { kString, kNumber, kBoolean, kNull, kObject, kArray };

const char* NameOf(Token token) {
  switch (token) {
    case Token::kString:
      return "a string";
    case Token::kNumber:
      return "a number";
    case Token::kBoolean:
      return "a boolean";
    case Token::kNull:
      return "null";
    case Token::kObject:
      return "an object";
    case Token::kArray:
      return "an array";
  }
  return "";
}

struct Frame {
  FrameKind kind = FrameKind::kSkipped;
  const SchemaNode* schema = nullptr;
  std::uint64_t seen = 0;                 // Children by their place: at most kChildrenMax.
  std::size_t count = 0;                  // Of arrays: elements so far.
  std::unordered_set<std::string> known;  // Of arrays: keys or values so far.
};

// An entry that is being read.
struct OpenEntry {
  std::size_t depth = 0;          // Of its step in the path.
  std::size_t number = 0;         // In its array, from 1.
  std::vector<std::string> keys;  // As far as they are known.
  std::size_t key_count = 0;      // That are known.
  bool broken = false;            // A key is not good.
  std::size_t first_edit = 0;     // What came before the keys gets them when they come.
};

// nlohmann's SAX interface; its names are its own.
class Reader {
 public:
  Reader(const Schema& schema, Problems& problems) : schema_(schema), problems_(problems) {}

  std::vector<Edit> TakeEdits() { return std::move(edits_); }
  [[nodiscard]] const std::vector<std::size_t>& secrets() const { return secrets_; }
  // Where a syntax error is; npos: there is none.
  [[nodiscard]] std::size_t error_at() const { return error_at_; }

  bool null() { return OnScalar(Token::kNull, ""); }
  bool boolean(bool value) { return OnScalar(Token::kBoolean, value ? "true" : "false"); }
  bool number_integer(std::int64_t value) { return OnNumber(value); }
  bool number_unsigned(std::uint64_t value) { return OnNumber(value); }
  bool number_float(double, const std::string& text) { return OnScalar(Token::kNumber, text); }
  bool string(std::string& value) { return OnScalar(Token::kString, value); }
  bool binary(std::vector<std::uint8_t>&) { return false; }  // JSON has none.
  bool start_object(std::size_t) { return OnStart(Token::kObject); }
  bool start_array(std::size_t) { return OnStart(Token::kArray); }

  bool key(std::string& name) {
    Frame& frame = frames_.back();
    pending_ = nullptr;
    if (frame.kind != FrameKind::kObject) return true;
    pending_ = frame.schema->Child(name);
    if (pending_ == nullptr) {
      AddUnknown(*frame.schema, name);
      return true;
    }
    const auto place = std::ranges::find(frame.schema->children, pending_);
    const std::uint64_t bit = 1ULL << ((place - frame.schema->children.begin()) & 63);
    if ((frame.seen & bit) != 0) {
      Add(problem_code::kDuplicateMember, pending_, "", "stands twice in one object",
          "remove one of them");
      pending_ = nullptr;
    }
    frame.seen |= bit;
    return true;
  }

  bool end_object() {
    const Frame& frame = frames_.back();
    if (frame.kind == FrameKind::kObject && frame.schema->is_list()) EndEntry(frame);
    return OnEnd();
  }

  bool end_array() {
    const Frame& frame = frames_.back();
    if (frame.kind == FrameKind::kEmpty && frame.count != 1) {
      Add(problem_code::kWrongJsonType, nullptr, "", "is not [null]", "write [null]");
    }
    return OnEnd();
  }

  bool parse_error(std::size_t position, const std::string&, const nlohmann::json::exception&) {
    error_at_ = position;
    return false;
  }

 private:
  template <typename T>
  bool OnNumber(T value) {
    char text[24];
    const auto end = std::to_chars(std::begin(text), std::end(text), value).ptr;
    return OnScalar(Token::kNumber, std::string_view(text, static_cast<std::size_t>(end - text)));
  }

  bool OnScalar(Token token, std::string_view value) {
    if (frames_.empty()) return RefuseTop(token);
    Frame& frame = frames_.back();
    switch (frame.kind) {
      case FrameKind::kSkipped:
        return true;
      case FrameKind::kObject:
        if (pending_ == nullptr) return true;
        path_.push_back({pending_, {}});
        if (pending_->is_leaf()) {
          OnLeaf(token, value);
        } else {
          AddWrongType(token, value);
        }
        path_.pop_back();
        return CountNode();
      case FrameKind::kEntries:
        ++frame.count;
        AddWrongType(token, value);
        return true;
      case FrameKind::kValues:
        OnElement(frame, token, value);
        return CountNode();
      case FrameKind::kEmpty:
        frame.count += token == Token::kNull ? 1 : 2;
        if (frame.count == 1) edits_.push_back({EditOp::kSet, path_, "", std::nullopt});
        return true;
    }
    return true;
  }

  // A leaf's value; `path_` ends with it.
  void OnLeaf(Token token, std::string_view value) {
    const SchemaNode& leaf = *path_.back().node;
    if (!HasForm(leaf, token)) {
      if (leaf.is_key) open_.back().broken = true;
      AddWrongType(token, value);
      return;
    }
    if (leaf.secret) {  // Its place must be known first: FinishSecrets.
      secrets_.push_back(edits_.size());
      edits_.push_back({EditOp::kSet, path_, std::string(value), std::nullopt});
      return;
    }
    std::string canonical;
    const bool good = Canonical(leaf, value, canonical);
    if (leaf.is_key) {
      OnKey(leaf, good, std::move(canonical));
    } else if (good) {
      edits_.push_back({EditOp::kSet, path_, std::move(canonical), std::nullopt});
    }
  }

  // A key of the innermost entry; `path_` ends with it. With the last one the entry has its place.
  void OnKey(const SchemaNode& leaf, bool good, std::string canonical) {
    OpenEntry& entry = open_.back();
    const auto& children = leaf.parent->children;
    const auto place = std::ranges::find(children, &leaf) - children.begin();
    entry.keys[static_cast<std::size_t>(place)] = std::move(canonical);
    entry.broken = entry.broken || !good;
    if (++entry.key_count < entry.keys.size() || entry.broken) return;
    path_[entry.depth].keys = entry.keys;
    for (std::size_t i = entry.first_edit; i < edits_.size(); ++i) {
      edits_[i].path[entry.depth].keys = entry.keys;
    }
    path_.pop_back();
    edits_.push_back({EditOp::kSet, path_, "", std::nullopt});
    if (!frames_[frames_.size() - 2].known.insert(Joined(entry.keys)).second) {
      Add(problem_code::kDuplicateEntry, nullptr, "", "stands twice in the list",
          "remove one of them, or give it another key");
    }
    path_.push_back({&leaf, {}});
  }

  static std::string Joined(const std::vector<std::string>& keys) {
    if (keys.size() == 1) return keys[0];
    std::string joined;
    for (const std::string& key : keys) absl::StrAppend(&joined, key.size(), ":", key);
    return joined;
  }

  // A value of a leaf-list; `path_` ends with the leaf-list.
  void OnElement(Frame& list, Token token, std::string_view value) {
    ++list.count;
    const SchemaNode& leaf_list = *list.schema;
    if (!HasForm(leaf_list, token)) {
      AddWrongType(token, value);
      return;
    }
    std::string canonical;
    if (!Canonical(leaf_list, value, canonical)) return;
    if (!list.known.insert(canonical).second) {
      Add(problem_code::kDuplicateEntry, nullptr, ShortText(canonical), "stands twice in the array",
          "remove one of them");
      return;
    }
    Edit& edit = edits_.emplace_back(Edit{EditOp::kSet, path_, "", std::nullopt});
    edit.path.back().keys.push_back(std::move(canonical));
  }

  void EndEntry(const Frame& entry) {
    for (std::uint32_t i = 0; i < entry.schema->key_count; ++i) {
      if ((entry.seen & (1ULL << i)) == 0) {
        Add(problem_code::kMissingKey, entry.schema->children[i], "",
            "is a key of the list and missing", "add it");
      }
    }
    open_.pop_back();
  }

  static bool HasForm(const SchemaNode& leaf, Token token) {
    switch (leaf.json) {
      case JsonForm::kString:
        return token == Token::kString;
      case JsonForm::kNumber:
        return token == Token::kNumber;
      case JsonForm::kBoolean:
        return token == Token::kBoolean;
      case JsonForm::kEmpty:
        return false;  // [null] is an array.
    }
    return false;
  }

  bool OnStart(Token token) {
    if (frames_.size() >= kJsonDepthMax) {
      Add(problem_code::kJsonTooDeep, nullptr, "",
          absl::StrCat("is nested deeper than ", kJsonDepthMax, " levels"),
          "a configuration is never that deep: look for brackets that are not closed");
      return false;
    }
    if (frames_.empty() && token == Token::kArray) return RefuseTop(token);
    Frame frame;
    if (frames_.empty()) {
      frame.kind = FrameKind::kObject;
      frame.schema = &schema_.root();
    } else if (Frame& above = frames_.back(); above.kind == FrameKind::kObject) {
      StartMember(token, frame);
    } else if (above.kind == FrameKind::kEntries) {
      StartEntry(token, above, frame);
    } else if (above.kind == FrameKind::kValues || above.kind == FrameKind::kEmpty) {
      ++above.count;
      AddWrongType(token, "");
    }
    pending_ = nullptr;
    frames_.push_back(std::move(frame));
    return CountNode();
  }

  // An object or array as a member's value: what it is for depends on the member.
  void StartMember(Token token, Frame& frame) {
    if (pending_ == nullptr) return;
    path_.push_back({pending_, {}});
    frame.schema = pending_;
    const bool is_array = token == Token::kArray;
    switch (pending_->kind) {
      case NodeKind::kContainer:
      case NodeKind::kPresenceContainer:
        frame.kind = is_array ? FrameKind::kSkipped : FrameKind::kObject;
        if (!is_array && pending_->kind == NodeKind::kPresenceContainer) {
          edits_.push_back({EditOp::kSet, path_, "", std::nullopt});
        }
        break;
      case NodeKind::kList:
        frame.kind = is_array ? FrameKind::kEntries : FrameKind::kSkipped;
        break;
      case NodeKind::kLeafList:
        frame.kind = is_array ? FrameKind::kValues : FrameKind::kSkipped;
        break;
      case NodeKind::kLeaf:
        frame.kind = is_array && pending_->json == JsonForm::kEmpty ? FrameKind::kEmpty
                                                                    : FrameKind::kSkipped;
        break;
    }
    if (frame.kind == FrameKind::kSkipped) {
      AddWrongType(token, "");
      path_.pop_back();
    }
  }

  void StartEntry(Token token, Frame& list, Frame& frame) {
    ++list.count;
    if (token != Token::kObject) {
      AddWrongType(token, "");
      return;
    }
    frame.kind = FrameKind::kObject;
    frame.schema = list.schema;
    OpenEntry& entry = open_.emplace_back();
    entry.depth = path_.size() - 1;
    entry.number = list.count;
    entry.keys.resize(list.schema->key_count);
    entry.first_edit = edits_.size();
  }

  bool OnEnd() {
    const Frame& frame = frames_.back();
    const bool is_entry = frame.kind == FrameKind::kObject && frame.schema->is_list();
    if (is_entry) {
      path_.back().keys.clear();
    } else if (frame.kind != FrameKind::kSkipped && !path_.empty()) {
      path_.pop_back();
    }
    frames_.pop_back();
    pending_ = nullptr;
    return true;
  }

  bool CountNode() {
    if (++node_count_ <= kJsonNodesMax) return true;
    AddAt(problem_code::kTooManyNodes, "", "",
          absl::StrCat("has more than ", kJsonNodesMax, " nodes"), "load it in parts");
    return false;
  }

  bool Canonical(const SchemaNode& leaf, std::string_view value, std::string& canonical) {
    const std::size_t before = problems_.list.size();
    if (schema_.Canonical(leaf, value, "", canonical, problems_)) return true;
    if (problems_.list.size() > before) problems_.list.back().path = PlaceHere();
    return false;
  }

  // PathText, but an entry whose keys are not known yet has its number: "/policy/rule[3]".
  [[nodiscard]] std::string PlaceHere() const {
    std::string text;
    auto entry = open_.begin();
    for (std::size_t i = 0; i < path_.size(); ++i) {
      text += PathText({path_[i]});
      if (entry != open_.end() && entry->depth == i) {
        if (path_[i].keys.empty()) absl::StrAppend(&text, "[", entry->number, "]");
        ++entry;
      }
    }
    return text.empty() ? "/" : text;
  }

  void AddAt(std::string_view code, std::string path, std::string value, std::string text,
             std::string remedy) {
    problems_.Add(
        {std::string(code), std::move(path), std::move(value), std::move(text), std::move(remedy)});
  }

  // At `path_`, or at a child of it.
  void Add(std::string_view code, const SchemaNode* child, std::string value, std::string text,
           std::string remedy) {
    std::string place = PlaceHere();
    if (child != nullptr) place = (place == "/" ? "" : place) + "/" + child->name;
    AddAt(code, std::move(place), std::move(value), std::move(text), std::move(remedy));
  }

  void AddWrongType(Token token, std::string_view value) {
    const SchemaNode& node = *path_.back().node;
    const bool in_list = frames_.back().kind == FrameKind::kEntries;
    Add(problem_code::kWrongJsonType, nullptr, node.secret ? "" : ShortText(value),
        absl::StrCat(in_list ? "an element is " : "is ", NameOf(token)), JsonRemedy(node));
  }

  void AddUnknown(const SchemaNode& parent, std::string_view name) {
    const std::string place = PlaceHere();
    AddAt(problem_code::kUnknownPath, absl::StrCat(place == "/" ? "" : place, "/", ShortText(name)),
          "", "the schema has no such member", UnknownRemedy(parent, name));
  }

  bool RefuseTop(Token token) {
    AddAt(problem_code::kWrongJsonType, "/", "", absl::StrCat("the text is ", NameOf(token)),
          "a configuration is an object: { … }");
    return false;
  }

  const Schema& schema_;
  Problems& problems_;
  std::vector<Edit> edits_;
  std::vector<std::size_t> secrets_;  // Edits whose values are not judged yet.
  std::vector<Frame> frames_;
  Path path_;                            // Of what is open, without skipped frames.
  std::vector<OpenEntry> open_;          // From the outermost on.
  const SchemaNode* pending_ = nullptr;  // Member whose value comes next; null: it is skipped.
  std::size_t node_count_ = 0;
  std::size_t error_at_ = std::string_view::npos;
};

// Byte `at` as people count: lines and columns from 1.
std::string LineAndColumn(std::string_view text, std::size_t at) {
  const std::string_view before = text.substr(0, std::min(at, text.size()));
  const auto line = 1 + std::ranges::count(before, '\n');
  const std::size_t line_start = before.rfind('\n') + 1;  // npos + 1 is 0.
  return absl::StrCat("line ", line, ", column ", before.size() - line_start + 1);
}

}  // namespace

std::vector<Edit> ReadJson(const Schema& schema, std::string_view json,
                           const JsonReadOptions& options, Problems& problems) {
  const auto refuse = [&](std::string_view code, std::string text, std::string remedy) {
    problems.Add({std::string(code), "", "", std::move(text), std::move(remedy)});
  };
  if (json.size() > kJsonBytesMax) {
    refuse(problem_code::kJsonTooBig,
           absl::StrCat("has ", json.size(), " bytes; at most ", kJsonBytesMax),
           "load it in parts");
    return {};
  }
  if (const std::size_t at = FindNonUtf8(json); at != std::string_view::npos) {
    refuse(problem_code::kBadText,
           absl::StrCat("byte ", at, " (", LineAndColumn(json, at), ") is not UTF-8"),
           "save the text in UTF-8");
    return {};
  }
  Reader reader(schema, problems);
  nlohmann::json::sax_parse(json.begin(), json.end(), &reader);
  if (const std::size_t at = reader.error_at(); at != std::string_view::npos) {
    const bool is_end = at > json.size() || json.find_first_not_of(" \t\r\n", at) == json.npos;
    refuse(problem_code::kBadJson,
           absl::StrCat(is_end ? "ends too early" : "syntax error", " at ",
                        LineAndColumn(json, at == 0 ? 0 : at - 1)),
           is_end ? "the text is cut off, or brackets or quotes are not closed"
                  : "correct it there, or just before");
  }
  std::vector<Edit> edits = reader.TakeEdits();
  FinishSecrets(schema, options, reader.secrets(), edits, problems);
  return edits;
}

}  // namespace configsync
