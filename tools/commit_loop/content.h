// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

// What commit number k of the campaign writes: the same number in many places of the configuration,
// so that a revision that is not whole shows two numbers. tools/drilllib/crash_judge.py knows the
// same from the other side.
//
// Threads: pure functions.

#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace commit_loop {

inline constexpr std::uint64_t kTurns = 64;  // Entries that commits change in turn.

struct Setting {
  std::string path;
  std::string value;
};

// Marks in five subtrees, and one entry of an ordered list out of kTurns.
[[nodiscard]] std::vector<Setting> ContentOf(std::uint64_t number);

}  // namespace commit_loop
