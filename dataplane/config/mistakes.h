// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

// Collects the mistakes of a configuration, so that an operator sees all of them at once.
//
// Threads: none of its own.  Memory: one string pair per mistake, at most kMistakesMax.

#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace dataplane {

inline constexpr std::size_t kMistakesMax = 200;  // A file of nonsense must not print for minutes.

struct Mistake {
  std::string path;  // "interfaces[1].address"
  std::string text;  // "10.1.0.0/33": …
};

class Mistakes {
 public:
  // A field has a value that cannot stand. `value` is quoted, escaped and shortened.
  void Add(std::string_view path, std::string_view value, std::string_view problem);
  void Add(std::string_view path, std::uint64_t value, std::string_view problem);
  // A field or object is missing, or no single value is to blame.
  void Add(std::string_view path, std::string_view problem);

  // What paths begin with from here on: "forwarding." where that message lies in another.
  void SetPrefix(std::string_view prefix) { prefix_ = prefix; }

  [[nodiscard]] const std::vector<Mistake>& list() const { return list_; }
  [[nodiscard]] std::size_t omitted_count() const { return omitted_count_; }

 private:
  std::string prefix_;
  std::vector<Mistake> list_;
  std::size_t omitted_count_ = 0;  // Beyond kMistakesMax.
};

// "rules[3]" and "rules[3].action": paths as operators count, from 0 like the parser's repeated
// fields.
std::string Item(std::string_view list, std::size_t index);
std::string Item(std::string_view parent, std::string_view list, std::size_t index);
std::string Field(std::string_view item, std::string_view field);

// Quoted, on one line, at most about 80 bytes: safe to print whatever an operator's file contains.
std::string Quoted(std::string_view value);

}  // namespace dataplane
