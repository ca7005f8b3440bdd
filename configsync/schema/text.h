// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

// Text that a configuration may hold: UTF-8 with the characters that YANG allows (RFC 7950, 14).
//
// Threads: values only.

#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace configsync {

// Offset of the first byte that is not UTF-8 (RFC 3629); npos: all of it is.
[[nodiscard]] std::size_t FindNonUtf8(std::string_view text);

// Offset of the first byte that is not UTF-8 or begins a character that no value may have: a
// control character but tab, line feed and carriage return, or a noncharacter; npos: none.
[[nodiscard]] std::size_t FindIllegalText(std::string_view text);

// `value` for a problem: at most kProblemValueBytesMax, printable, whole characters.
[[nodiscard]] std::string ShortText(std::string_view value);

// The one of `names` that is nearest to `word`, if it is near enough to be meant; else empty.
// Cost: O(names · length²), of the first 1,000 names.
template <typename Names>
[[nodiscard]] std::string_view Nearest(std::string_view word, const Names& names);

// Number of changed, added, left out or swapped characters between two words; `limit` + 1 if there
// are more than `limit`, or a word is longer than 64.
[[nodiscard]] std::size_t EditDistance(std::string_view a, std::string_view b, std::size_t limit);

template <typename Names>
std::string_view Nearest(std::string_view word, const Names& names) {
  std::string_view nearest;
  std::size_t best = word.size() < 4 ? 2 : 3;  // One change in a short word, two in a longer one.
  std::size_t count = 0;
  for (const auto& name : names) {
    if (++count > 1'000) break;
    const std::size_t distance = EditDistance(word, name, best - 1);
    if (distance < best) {
      best = distance;
      nearest = name;
    }
  }
  return nearest;
}

}  // namespace configsync
