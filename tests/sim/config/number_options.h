// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

// The command line of a simulator: flags, and options that want a number.

#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

namespace configsync {

struct NumberOptions {
  struct Flag {
    std::string_view name;
    bool* value;
  };
  struct Number {
    std::string_view name;
    std::uint64_t* value;
  };

  const char* program;
  const char* help;  // Printed for --help and -h.
  std::vector<Flag> flags;
  std::vector<Number> numbers;
};

// Sets what the command line names. The exit status if the program ends here: 0 after the help, 2
// for what is wrong, which is said on standard error.
std::optional<int> ReadOptions(const NumberOptions& options, int argc, char** argv);

// Says what is wrong with the command line; 2.
int Usage(const char* program, std::string_view problem);

}  // namespace configsync
