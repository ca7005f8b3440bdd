// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

// Reads the command line. Commands and options are rows of two tables, so help and parsing agree.
//
// Threads: start-up only.

#pragma once

#include <optional>
#include <string>

#include "tools/lockstepctl/request.h"

namespace lockstepctl {

// Text to print instead of running a command: help, version or a usage error.
struct Leave {
  int status = kStatusDone;  // kStatusDone: to stdout; else to stderr.
  std::string text;
};

// Fills `request` and returns nothing, or says what to print.
std::optional<Leave> ReadCommandLine(int argc, const char* const* argv, Request& request);

}  // namespace lockstepctl
