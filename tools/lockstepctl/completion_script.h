// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

// Completion for shells, made from the tables of commands and options.
//
// Threads: values only.

#pragma once

#include <string>

namespace lockstepctl {

// Commands and options come from the script itself; paths and values are asked of lockstep-configd
// by `config complete`, within two seconds, and silently: without an answer nothing is offered.
[[nodiscard]] std::string BashCompletionScript();

}  // namespace lockstepctl
