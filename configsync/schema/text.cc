// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

#include "configsync/schema/text.h"

#include <algorithm>
#include <array>
#include <cstdint>

#include "configsync/schema/limits.h"

namespace configsync {
namespace {

constexpr std::size_t kWordBytesMax = 64;

// Length of the UTF-8 character at `at`, and its code point; 0: there is none. RFC 3629, 4: no
// overlong forms, no surrogates, nothing beyond U+10FFFF.
std::size_t DecodeAt(std::string_view text, std::size_t at, std::uint32_t& point) {
  const auto byte = [&](std::size_t i) -> std::uint32_t {
    return at + i < text.size() ? static_cast<unsigned char>(text[at + i]) : 0u;
  };
  const auto tail = [&](std::size_t i) { return (byte(i) & 0xc0u) == 0x80u; };
  const std::uint32_t first = byte(0);
  if (first < 0x80) {
    point = first;
    return 1;
  }
  if (first >= 0xc2 && first < 0xe0 && tail(1)) {
    point = (first & 0x1fu) << 6 | (byte(1) & 0x3fu);
    return 2;
  }
  if (first >= 0xe0 && first < 0xf0 && tail(1) && tail(2)) {
    point = (first & 0xfu) << 12 | (byte(1) & 0x3fu) << 6 | (byte(2) & 0x3fu);
    return point >= 0x800 && (point < 0xd800 || point > 0xdfff) ? 3 : 0;
  }
  if (first >= 0xf0 && first < 0xf5 && tail(1) && tail(2) && tail(3)) {
    point =
        (first & 7u) << 18 | (byte(1) & 0x3fu) << 12 | (byte(2) & 0x3fu) << 6 | (byte(3) & 0x3fu);
    return point >= 0x10000 && point <= 0x10ffff ? 4 : 0;
  }
  return 0;
}

bool IsLegal(std::uint32_t point) {
  if (point < 0x20) return point == '\t' || point == '\n' || point == '\r';
  return (point & 0xfffeu) != 0xfffeu && (point < 0xfdd0 || point > 0xfdef);
}

template <typename Legal>
std::size_t FindBad(std::string_view text, const Legal& legal) {
  for (std::size_t at = 0; at < text.size();) {
    std::uint32_t point = 0;
    const std::size_t bytes = DecodeAt(text, at, point);
    if (bytes == 0 || !legal(point)) return at;
    at += bytes;
  }
  return std::string_view::npos;
}

}  // namespace

std::size_t FindNonUtf8(std::string_view text) {
  return FindBad(text, [](std::uint32_t) { return true; });
}

std::size_t FindIllegalText(std::string_view text) { return FindBad(text, IsLegal); }

std::string ShortText(std::string_view value) {
  std::string text;
  for (std::size_t at = 0; at < value.size();) {
    std::uint32_t point = 0;
    const std::size_t bytes = DecodeAt(value, at, point);
    const bool printable = bytes != 0 && point >= 0x20 && point != 0x7f && IsLegal(point);
    if (text.size() + std::max<std::size_t>(bytes, 1) > kProblemValueBytesMax) {
      return text + "...";
    }
    text += printable ? value.substr(at, bytes) : std::string_view("?");
    at += std::max<std::size_t>(bytes, 1);
  }
  return text;
}

std::size_t EditDistance(std::string_view a, std::string_view b, std::size_t limit) {
  const std::size_t longer = std::max(a.size(), b.size());
  const std::size_t shorter = std::min(a.size(), b.size());
  if (longer > kWordBytesMax || longer - shorter > limit) return limit + 1;
  // Three rows of the table of optimal string alignment.
  std::array<std::array<std::size_t, kWordBytesMax + 1>, 3> rows{};
  for (std::size_t j = 0; j <= b.size(); ++j) rows[0][j] = j;
  for (std::size_t i = 1; i <= a.size(); ++i) {
    auto& row = rows[i % 3];
    const auto& above = rows[(i + 2) % 3];
    const auto& two_above = rows[(i + 1) % 3];
    row[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      row[j] = std::min({above[j] + 1, row[j - 1] + 1, above[j - 1] + (a[i - 1] != b[j - 1])});
      if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1]) {
        row[j] = std::min(row[j], two_above[j - 2] + 1);
      }
    }
  }
  return std::min(rows[a.size() % 3][b.size()], limit + 1);
}

}  // namespace configsync
