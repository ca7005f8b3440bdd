// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

#include "tools/lockstepctl/table_diff.h"

#include <algorithm>

#include "absl/strings/str_split.h"

namespace lockstepctl {
namespace {

// "session tcp CLIENT SERVER", then pairs of a field's name and its value.
constexpr std::string_view kSessionTable = "session ";
constexpr int kSessionKeyWords = 4;

std::string_view KeyOf(std::string_view line) {
  if (!line.starts_with(kSessionTable)) return line;
  std::size_t end = 0;
  for (int word = 0; word < kSessionKeyWords && end != std::string_view::npos; ++word) {
    end = line.find(' ', word == 0 ? 0 : end + 1);
  }
  return line.substr(0, end);
}

std::string_view TableOf(std::string_view line) { return line.substr(0, line.find(' ')); }

std::vector<std::string> WordsOf(std::string_view text) {
  return absl::StrSplit(absl::string_view(text.data(), text.size()), ' ', absl::SkipEmpty());
}

// Field i of a line is the words 2 i and 2 i + 1 behind the key. A field that only one side has
// differs from "-".
std::vector<FieldDifference> FieldsThatDiffer(std::string_view first, std::string_view second) {
  const std::vector<std::string> a = WordsOf(first);
  const std::vector<std::string> b = WordsOf(second);
  const auto value_of = [](const std::vector<std::string>& words, const std::string& name) {
    for (std::size_t i = 0; i + 1 < words.size(); i += 2) {
      if (words[i] == name) return words[i + 1];
    }
    return std::string("-");
  };
  std::vector<FieldDifference> fields;
  const auto compare = [&](const std::string& name) {
    FieldDifference field{name, value_of(a, name), value_of(b, name)};
    if (field.first != field.second) fields.push_back(std::move(field));
  };
  for (std::size_t i = 0; i < a.size(); i += 2) compare(a[i]);
  for (std::size_t i = 0; i < b.size(); i += 2) {
    if (value_of(a, b[i]) == "-") compare(b[i]);
  }
  return fields;
}

// A source and its line at hand.
class Side {
 public:
  explicit Side(LineSource& source) : source_(source) {}

  absl::Status Advance() {
    const absl::StatusOr<bool> next = source_.Next(line_);
    if (!next.ok()) return next.status();
    at_end_ = !*next;
    return absl::OkStatus();
  }
  [[nodiscard]] bool at_end() const { return at_end_; }
  [[nodiscard]] std::string_view line() const { return line_; }
  [[nodiscard]] std::string_view key() const { return KeyOf(line_); }
  [[nodiscard]] std::string_view rest() const { return line().substr(key().size()); }

 private:
  LineSource& source_;
  std::string line_;
  bool at_end_ = false;
};

// Below, equal or above zero, as the first line's entry comes before, is, or comes after the
// second.
int Compare(const Side& first, const Side& second) {
  if (first.at_end() || second.at_end()) return first.at_end() ? 1 : -1;
  return first.key().compare(second.key());
}

}  // namespace

absl::StatusOr<TableDiff> DiffDumps(LineSource& first_source, LineSource& second_source,
                                    const std::function<void(const Difference&)>& on_difference) {
  TableDiff diff;
  Side first(first_source);
  Side second(second_source);
  if (absl::Status status = first.Advance(); !status.ok()) return status;
  if (absl::Status status = second.Advance(); !status.ok()) return status;
  while (!first.at_end() || !second.at_end()) {
    const int order = Compare(first, second);
    const Side& smaller = order <= 0 ? first : second;
    const std::string_view table = TableOf(smaller.line());
    auto found = diff.find(table);
    if (found == diff.end()) found = diff.emplace(table, TableDiffCounts{}).first;
    TableDiffCounts& counts = found->second;
    if (order != 0) {
      ++(order < 0 ? counts.only_first : counts.only_second);
      on_difference({order < 0 ? DifferenceKind::kOnlyFirst : DifferenceKind::kOnlySecond,
                     smaller.key(),
                     smaller.line(),
                     {}});
    } else if (first.line() == second.line()) {
      ++counts.equal;
    } else {
      ++counts.changed;
      on_difference({DifferenceKind::kChanged,
                     first.key(),
                     {},
                     FieldsThatDiffer(first.rest(), second.rest())});
    }
    if (order <= 0) {
      if (absl::Status status = first.Advance(); !status.ok()) return status;
    }
    if (order >= 0) {
      if (absl::Status status = second.Advance(); !status.ok()) return status;
    }
  }
  return diff;
}

}  // namespace lockstepctl
