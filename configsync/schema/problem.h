// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

// What is wrong with a configuration, in a form that people and machines can act on.
//
// Threads: values only.

#pragma once

#include <cstddef>
#include <string>
#include <utility>
#include <vector>

namespace configsync {

struct Problem {
  std::string code;    // Named cause, "UNKNOWN_PATH"; names are in schema/problem_codes.h.
  std::string path;    // Where; empty: the whole configuration.
  std::string value;   // The actual value, shortened; empty for a secret.
  std::string text;    // What is wrong, with the limit.
  std::string remedy;  // What to do.
  friend bool operator==(const Problem&, const Problem&) = default;
};

// Everything that is wrong, not only the first; beyond the limit only counted.
inline constexpr std::size_t kProblemsMax = 1'000;

struct Problems {
  std::vector<Problem> list;
  std::size_t omitted_count = 0;
  [[nodiscard]] bool empty() const { return list.empty(); }
  void Add(Problem problem) {
    if (list.size() < kProblemsMax) {
      list.push_back(std::move(problem));
    } else {
      ++omitted_count;
    }
  }
};

}  // namespace configsync
