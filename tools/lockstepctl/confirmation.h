// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

// A name typed again before a node is overwritten (F75).
//
// Threads: one.

#pragma once

#include <cstdio>
#include <string>

#include "absl/status/statusor.h"

namespace lockstepctl {

// What the operator typed: of `given` (--confirm) if it is not empty, else asked for on `out` and
// read from `in`, if `is_terminal`. Errors: kInvalidArgument: no terminal and nothing given;
// kAborted: something else was typed, or nothing.
absl::StatusOr<std::string> Confirmation(const std::string& must_type, const std::string& given,
                                         bool is_terminal, std::FILE* in, std::FILE* out);

}  // namespace lockstepctl
