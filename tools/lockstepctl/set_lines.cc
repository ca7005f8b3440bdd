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

// Words of one line; none if a quote is not closed.
std::optional<std::vector<std::string>> WordsOf(std::string_view line) {
  std::vector<std::string> words;
  std::string word;
  bool is_open = false;  // A word has begun, though it may be empty: "".
  char quote = 0;
  for (std::size_t i = 0; i < line.size(); ++i) {
    const char c = line[i];
    if (quote != 0) {
      if (c == quote) {
        quote = 0;
      } else if (c == '\\' && quote == '"' && i + 1 < line.size()) {
        word += line[++i];
      } else {
        word += c;
      }
    } else if (c == '"' || c == '\'') {
      quote = c;
      is_open = true;
    } else if (c == ' ' || c == '\t' || c == '\r') {
      if (is_open) {
        words.push_back(word);
      }
      word.clear();
      is_open = false;
    } else if (c == '#' && !is_open) {
      break;
    } else {
      word += c;
      is_open = true;
    }
  }
  if (is_open) {
    words.push_back(word);
  }
  return quote == 0 ? std::optional(words) : std::nullopt;
}

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
  std::size_t number = 0;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    const std::string_view line = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    ++number;
    const std::optional<std::vector<std::string>> words = WordsOf(line);
    std::string fault = words.has_value() ? "" : "a quote is not closed";
    if (words.has_value() && !words->empty()) {
      fault = ReadEdit(*words, *request.add_edits());
    }
    if (!fault.empty()) {
      return absl::InvalidArgumentError(absl::StrCat("line ", number, ": ", fault));
    }
    if (static_cast<std::size_t>(request.edits_size()) > kSetLinesMax) {
      return absl::InvalidArgumentError(absl::StrCat("line ", number, ": more than ", kSetLinesMax,
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
