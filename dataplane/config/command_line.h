// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

// Command line of lockstep-dataplane.
//
// Threads: start-up only.

#pragma once

#include <optional>
#include <string>
#include <variant>

#include "dataplane/config/options.h"

namespace dataplane {

// The program ends here: print `output` to stdout (status 0) or stderr, and exit with `status`.
struct ExitRequest {
  int status = 0;  // 0 done, 2 usage or a mistake in the node file.
  std::string output;
};

// Reads the arguments and, for --config, the node file.
// Returns the options to run with, or what to print before leaving (--check, --print-config,
// --help, --version, or any mistake).
std::variant<Options, ExitRequest> ReadCommandLine(int argc, const char* const* argv);

}  // namespace dataplane
