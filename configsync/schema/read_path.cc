// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

#include "configsync/schema/read_path.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "configsync/schema/explain.h"
#include "configsync/schema/limits.h"
#include "configsync/schema/path_maker.h"
#include "configsync/schema/problem_codes.h"
#include "configsync/schema/secret_text.h"
#include "configsync/schema/text.h"

namespace configsync {
namespace {

// "/a/b[k='v']". Blanks may stand inside brackets.
class PathParser {
 public:
  PathParser(std::string_view text, PathMaker& maker) : text_(text), maker_(maker) {}

  bool Parse() {
    if (text_.size() > kPathTextBytesMax) {
      return maker_.Refuse(
          problem_code::kBadPath, "",
          absl::StrCat("the path has ", text_.size(), " bytes; at most ", kPathTextBytesMax),
          "shorten it");
    }
    if (text_ == "/") return true;
    if (text_.empty()) return Bad("'/'");
    while (at_ < text_.size()) {
      if (!Take('/')) return Bad("'/' before a name");
      const std::string_view name = TakeName();
      if (name.empty()) return Bad("a name");
      if (!maker_.Descend(name) || !Predicates()) return false;
    }
    return true;
  }

 private:
  struct Predicate {
    std::string name;  // "." of a leaf-list.
    std::string value;
  };

  bool Predicates() {
    std::vector<Predicate> given;
    while (Take('[')) {
      Predicate predicate;
      SkipBlanks();
      predicate.name = Take('.') ? "." : std::string(TakeName());
      if (predicate.name.empty()) return Bad("a key's name, or '.' for a value");
      SkipBlanks();
      if (!Take('=')) return Bad("'='");
      SkipBlanks();
      if (!Literal(predicate.value, /*may_concat=*/true)) return false;
      SkipBlanks();
      if (!Take(']')) return Bad("']'");
      given.push_back(std::move(predicate));
    }
    return given.empty() || UsePredicates(given);
  }

  // Keys in any order; each once, and all of them.
  bool UsePredicates(const std::vector<Predicate>& given) {
    const SchemaNode& node = maker_.node();
    const bool is_list = node.is_list();
    if (!is_list && node.kind != NodeKind::kLeafList) {
      return maker_.Refuse(problem_code::kBadPath, given[0].name, "is a key where there is no list",
                           "leave the brackets out");
    }
    for (const Predicate& predicate : given) {
      const SchemaNode* key = is_list ? node.Child(predicate.name) : nullptr;
      if (is_list ? key == nullptr || !key->is_key : predicate.name != ".") {
        return maker_.Refuse(problem_code::kBadPath, predicate.name, "is no key here",
                             absl::StrCat("give ", maker_.KeyNames()));
      }
    }
    if (!is_list) {
      if (given.size() == 1) return maker_.AddKey(given[0].value);
      return maker_.Refuse(problem_code::kBadPath, "", "a path names one value", "give one");
    }
    for (std::size_t i = 0; i < node.key_count; ++i) {
      const SchemaNode& key = *node.children[i];
      const auto is_this = [&](const Predicate& p) { return node.Child(p.name) == &key; };
      if (std::ranges::count_if(given, is_this) != 1) {
        return maker_.Refuse(problem_code::kIncompletePath, key.name,
                             "is a key and must stand exactly once",
                             absl::StrCat("give each once: ", maker_.KeyNames()));
      }
      if (!maker_.AddKey(std::ranges::find_if(given, is_this)->value)) return false;
    }
    return true;
  }

  // 'text', "text", or concat(…) of such.
  bool Literal(std::string& value, bool may_concat) {
    constexpr std::string_view kConcat = "concat(";
    if (may_concat && text_.substr(at_).starts_with(kConcat)) {
      at_ += kConcat.size();
      do {
        SkipBlanks();
        if (!Literal(value, /*may_concat=*/false)) return false;
        SkipBlanks();
      } while (Take(','));
      return Take(')') || Bad("')'");
    }
    const char quote = at_ < text_.size() ? text_[at_] : '\0';
    if (quote != '\'' && quote != '"') return Bad("a value in quotes");
    const std::size_t end = text_.find(quote, at_ + 1);
    if (end == std::string_view::npos) return Bad("the closing quote");
    value += text_.substr(at_ + 1, end - at_ - 1);
    at_ = end + 1;
    return true;
  }

  std::string_view TakeName() {
    const std::size_t begin = at_;
    while (at_ < text_.size() &&
           std::string_view("/[]='\" ").find(text_[at_]) == std::string_view::npos) {
      ++at_;
    }
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

  bool Bad(std::string_view expected) {
    return maker_.Refuse(
        problem_code::kBadPath, text_.substr(std::min(at_, text_.size())),
        absl::StrCat("at byte ", at_, " of the path should stand ", std::string(expected)),
        "write it as /policy/rule[name='web']/action");
  }

  std::string_view text_;
  PathMaker& maker_;
  std::size_t at_ = 0;
};

bool IsTextPath(std::span<const std::string> words) {
  return !words.empty() && words[0].starts_with('/');
}

// As many words as make a path; the others are left. False: a problem was added.
bool TakePathWords(std::span<const std::string>& words, PathMaker& maker) {
  if (words.size() > kWordsMax) {
    return maker.Refuse(problem_code::kTooManyWords, "",
                        absl::StrCat("has ", words.size(), " words; at most ", kWordsMax),
                        "give one path");
  }
  if (IsTextPath(words)) {
    if (!PathParser(words[0], maker).Parse()) return false;
    words = words.subspan(1);  // Words may go on from there.
  }
  while (!words.empty()) {
    if (maker.WantsKey()) {
      if (!maker.AddKey(words[0])) return false;
    } else if (maker.path().empty() || maker.node().has_children()) {
      if (!maker.Descend(words[0])) return false;
    } else {
      return true;
    }
    words = words.subspan(1);
  }
  return true;
}

// Either all keys of a list are given, or none.
bool CheckKeys(PathMaker& maker) {
  if (!maker.WantsKey() || maker.path().back().keys.empty()) return true;
  return maker.Refuse(problem_code::kIncompletePath, "",
                      "some keys of the list are missing, at the end of the words",
                      absl::StrCat("give ", maker.KeyNames()));
}

bool RefuseRest(std::span<const std::string> words, PathMaker& maker) {
  return maker.Refuse(problem_code::kTooManyWords, words[0],
                      absl::StrCat("the path has ended before; words too many: ", words.size()),
                      "leave them out, or put a text with blanks in quotes");
}

// What kSet needs: a leaf and a value, or something that can be made by itself.
bool FinishSet(const Schema& schema, std::span<const std::string> words, PathMaker& maker,
               std::string& value, Problems& problems) {
  const SchemaNode& node = maker.node();
  const auto incomplete = [&](std::string remedy) {
    return maker.Refuse(problem_code::kIncompletePath, "", "there is nothing to set here yet",
                        std::move(remedy));
  };
  if (maker.WantsKey()) return incomplete(absl::StrCat("give ", maker.KeyNames()));
  if (!node.is_leaf()) {
    if (maker.path().empty() || node.kind == NodeKind::kContainer) {
      return incomplete("go on to one of: " + ChildrenText(node));
    }
    return words.empty() || RefuseRest(words, maker);
  }
  const bool is_empty_type = node.json == JsonForm::kEmpty;
  if (words.empty() && !is_empty_type) {
    return incomplete(absl::StrCat("give a value: ", node.type_text));
  }
  if (words.size() > (is_empty_type ? 0u : 1u)) {
    return RefuseRest(words.subspan(is_empty_type ? 0 : 1), maker);
  }
  if (is_empty_type) return true;
  std::string given = words[0];
  if (node.secret && !Unmask(nullptr, maker.path(), given, problems)) return false;
  return schema.Canonical(node, given, PathText(maker.path()), value, problems);
}

}  // namespace

std::optional<Path> ParsePath(const Schema& schema, std::string_view text, Problems& problems) {
  PathMaker maker(schema, problems);
  if (!PathParser(text, maker).Parse()) return std::nullopt;
  return maker.TakePath();
}

std::optional<Path> ReadPathWords(const Schema& schema, std::span<const std::string> words,
                                  Problems& problems) {
  PathMaker maker(schema, problems);
  if (!TakePathWords(words, maker) || !CheckKeys(maker)) return std::nullopt;
  if (!words.empty()) {
    RefuseRest(words, maker);
    return std::nullopt;
  }
  return maker.TakePath();
}

std::optional<Path> ReadPlaceWords(const Schema& schema, std::span<const std::string> words) {
  Problems ignored;
  PathMaker maker(schema, ignored);
  if (!TakePathWords(words, maker) || !words.empty()) return std::nullopt;
  return maker.TakePath();
}

std::optional<Edit> ReadEditWords(const Schema& schema, EditOp op,
                                  std::span<const std::string> words, Problems& problems) {
  PathMaker maker(schema, problems);
  Edit edit{op, {}, "", std::nullopt};
  if (!TakePathWords(words, maker) || !CheckKeys(maker)) return std::nullopt;
  if (op == EditOp::kSet) {
    if (!FinishSet(schema, words, maker, edit.value, problems)) return std::nullopt;
  } else if (!words.empty()) {
    RefuseRest(words, maker);
    return std::nullopt;
  } else if (maker.path().empty()) {
    maker.Refuse(problem_code::kIncompletePath, "", "the whole configuration is meant",
                 "name what is meant");
    return std::nullopt;
  }
  edit.path = maker.TakePath();
  return edit;
}

}  // namespace configsync
