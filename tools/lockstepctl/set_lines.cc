// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

#include "tools/lockstepctl/set_lines.h"

#include <algorithm>
#include <optional>
#include <string>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"

namespace lockstepctl {
namespace {

using lockstep::admin::EditText;

// Takes commands off the front of a text, as a shell would split them.
class Splitter {
 public:
  explicit Splitter(std::string_view text) : text_(text) {}

  [[nodiscard]] bool is_at_end() const { return text_.empty(); }
  [[nodiscard]] std::size_t line() const { return line_; }  // Where the last command began.

  // Words of the next line; more lines where a quote goes on. None if it is not closed.
  std::optional<std::vector<std::string>> Next() {
    line_ = next_line_;
    words_.clear();
    word_.reset();
    quote_ = 0;
    while (!text_.empty()) {
      const char c = Take();
      if (c == '\n' && quote_ == 0) {
        break;
      }
      Put(c);
    }
    EndWord();
    return quote_ == 0 ? std::optional(words_) : std::nullopt;
  }

 private:
  char Take() {
    const char c = text_.front();
    text_.remove_prefix(1);
    next_line_ += c == '\n' ? 1 : 0;
    return c;
  }

  void Put(char c) {
    if (c == quote_ && quote_ != 0) {
      quote_ = 0;
    } else if (c == '\\' && quote_ != '\'' && !text_.empty()) {
      Add(Take());
    } else if (quote_ != 0) {
      Add(c);
    } else if (c == '"' || c == '\'') {
      quote_ = c;
      word_ = word_.value_or("");  // It may stay empty, and is a word all the same.
    } else if (c == ' ' || c == '\t' || c == '\r') {
      EndWord();
    } else if (c == '#' && !word_.has_value()) {
      text_.remove_prefix(std::min(text_.find('\n'), text_.size()));
    } else {
      Add(c);
    }
  }

  void Add(char c) {
    if (!word_.has_value()) {
      word_.emplace();
    }
    word_->push_back(c);
  }

  void EndWord() {
    if (word_.has_value()) {
      words_.push_back(*std::move(word_));
    }
    word_.reset();
  }

  std::string_view text_;
  std::size_t line_ = 1;
  std::size_t next_line_ = 1;
  std::vector<std::string> words_;
  std::optional<std::string> word_;  // None: between words.
  char quote_ = 0;
};

// What is wrong with the line; empty: it is an edit.
std::string ReadEdit(std::vector<std::string> words, EditText& edit) {
  const std::string verb = words.front();
  edit.set_op(verb == "set"      ? EditText::SET
              : verb == "delete" ? EditText::DELETE
              : verb == "move"   ? EditText::MOVE
                                 : EditText::OP_UNSPECIFIED);
  if (edit.op() == EditText::OP_UNSPECIFIED) {
    return "begins with none of set, delete, move";
  }
  words.erase(words.begin());
  if (edit.op() == EditText::MOVE) {
    const auto after = std::find(words.rbegin(), words.rend(), "after");
    if (!words.empty() && words.back() == "first") {
      edit.set_first(true);
      words.pop_back();
    } else if (after != words.rend() && after != words.rbegin()) {
      edit.mutable_after()->Add(after.base(), words.end());
      words.erase(after.base() - 1, words.end());
    } else {
      return "a move ends with `first`, or `after` and the keys of an entry";
    }
  }
  if (words.empty()) {
    return "names no place";
  }
  edit.mutable_words()->Add(words.begin(), words.end());
  return "";
}

}  // namespace

absl::StatusOr<lockstep::admin::EditRequest> ReadSetLines(std::string_view text) {
  lockstep::admin::EditRequest request;
  Splitter splitter(text);
  while (!splitter.is_at_end()) {
    const std::optional<std::vector<std::string>> words = splitter.Next();
    std::string fault = words.has_value() ? "" : "a quote is not closed";
    if (words.has_value() && !words->empty()) {
      fault = ReadEdit(*words, *request.add_edits());
    }
    if (!fault.empty()) {
      return absl::InvalidArgumentError(absl::StrCat("line ", splitter.line(), ": ", fault));
    }
    if (static_cast<std::size_t>(request.edits_size()) > kSetLinesMax) {
      return absl::InvalidArgumentError(absl::StrCat("line ", splitter.line(), ": more than ",
                                                     kSetLinesMax,
                                                     " edits; split the file, or load JSON"));
    }
  }
  return request;
}

absl::StatusOr<std::uint32_t> ReadDuration(std::string_view option, std::string_view text) {
  std::uint32_t unit_s = 1;
  std::string_view digits = text;
  if (!text.empty()) {
    const std::string_view::size_type unit = std::string_view("smhd").find(text.back());
    if (unit != std::string_view::npos) {
      constexpr std::uint32_t kUnits[] = {1, 60, 3'600, 86'400};
      unit_s = kUnits[unit];
      digits.remove_suffix(1);
    }
  }
  std::uint64_t count = 0;
  const bool is_number = !digits.empty() &&
                         digits.find_first_not_of("0123456789") == std::string_view::npos &&
                         absl::SimpleAtoi(absl::string_view(digits.data(), digits.size()), &count);
  if (!is_number || count > UINT32_MAX / unit_s) {
    return absl::InvalidArgumentError(absl::StrCat(std::string(option), " '", std::string(text),
                                                   "': a time is like 300, 90s, 5m, 1h or 1d"));
  }
  return static_cast<std::uint32_t>(count) * unit_s;
}

}  // namespace lockstepctl
