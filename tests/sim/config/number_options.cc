// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

#include "tests/sim/config/number_options.h"

#include <algorithm>
#include <charconv>
#include <cstdio>
#include <string>

namespace configsync {

int Usage(const char* program, std::string_view problem) {
  std::fprintf(stderr, "%s: %.*s; see %s --help\n", program, static_cast<int>(problem.size()),
               problem.data(), program);
  return 2;
}

std::optional<int> ReadOptions(const NumberOptions& options, int argc, char** argv) {
  for (int i = 1; i < argc; ++i) {
    const std::string_view name = argv[i];
    if (name == "--help" || name == "-h") {
      std::fputs(options.help, stdout);
      return 0;
    }
    if (const auto flag = std::ranges::find(options.flags, name, &NumberOptions::Flag::name);
        flag != options.flags.end()) {
      *flag->value = true;
      continue;
    }
    const auto number = std::ranges::find(options.numbers, name, &NumberOptions::Number::name);
    if (number == options.numbers.end()) {
      return Usage(options.program, "unknown option '" + std::string(name) + "'");
    }
    if (i + 1 == argc) return Usage(options.program, std::string(name) + " wants a number");
    const std::string_view text = argv[++i];
    const auto read = std::from_chars(text.data(), text.data() + text.size(), *number->value);
    if (read.ec != std::errc() || read.ptr != text.data() + text.size()) {
      return Usage(options.program,
                   std::string(name) + " wants a number, not '" + std::string(text) + "'");
    }
  }
  return std::nullopt;
}

}  // namespace configsync
