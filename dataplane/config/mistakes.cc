// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

#include "dataplane/config/mistakes.h"

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"

namespace dataplane {
namespace {

constexpr std::size_t kQuotedBytesMax = 80;

absl::string_view View(std::string_view text) { return {text.data(), text.size()}; }

}  // namespace

void Mistakes::Add(std::string_view path, std::string_view problem) {
  if (list_.size() == kMistakesMax) {
    ++omitted_count_;
    return;
  }
  list_.push_back({absl::StrCat(prefix_, View(path)), std::string(problem)});
}

void Mistakes::Add(std::string_view path, std::string_view value, std::string_view problem) {
  Add(path, absl::StrCat(Quoted(value), ": ", View(problem)));
}

void Mistakes::Add(std::string_view path, std::uint64_t value, std::string_view problem) {
  Add(path, absl::StrCat(value, ": ", View(problem)));
}

std::string Item(std::string_view list, std::size_t index) {
  return absl::StrCat(View(list), "[", index, "]");
}

std::string Item(std::string_view parent, std::string_view list, std::size_t index) {
  return absl::StrCat(View(parent), ".", View(list), "[", index, "]");
}

std::string Field(std::string_view item, std::string_view field) {
  return absl::StrCat(View(item), ".", View(field));
}

std::string Quoted(std::string_view value) {
  const bool is_long = value.size() > kQuotedBytesMax;
  const std::string escaped = absl::CHexEscape(View(value.substr(0, kQuotedBytesMax)));
  return absl::StrCat("\"", escaped, is_long ? "...\"" : "\"");
}

}  // namespace dataplane
