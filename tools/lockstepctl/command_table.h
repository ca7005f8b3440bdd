// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

// Commands and options as rows: help, parsing and completion are made from them.
//
// Threads: constants only.

#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "tools/lockstepctl/request.h"

namespace lockstepctl {

// A noun, or a verb under a noun. A noun with `verb` set does something by itself: its default
// verb.
struct Command {
  std::string_view noun;
  std::string_view name;  // Empty: the noun itself; "edit begin": a verb under a noun's part.
  Verb verb;              // kNone: a verb must follow.
  std::string_view help;
  std::string_view examples;
};

using Target = std::variant<std::string Request::*, std::vector<std::string> Request::*,
                            std::uint32_t Request::*, std::uint64_t Request::*, bool Request::*>;

struct Option {
  std::string_view noun;  // Empty: every command.
  std::string_view name;  // Verb it belongs to; empty: the noun itself.
  const char* flags;
  const char* argument;  // As in help; nullptr for a switch.
  const char* help;
  Target target;
  bool is_required = false;
};

// A noun comes before its verbs. What the dataplane answers, what lockstep-configd does, what it
// does with other nodes, and who those are.
[[nodiscard]] std::array<std::span<const Command>, 4> AllCommands();
[[nodiscard]] std::array<std::span<const Option>, 4> AllOptions();

// Parts of the above, in a file each.
[[nodiscard]] std::span<const Command> NodeCommands();
[[nodiscard]] std::span<const Option> NodeOptions();
[[nodiscard]] std::span<const Command> ConfigCommands();
[[nodiscard]] std::span<const Option> ConfigOptions();
[[nodiscard]] std::span<const Command> SyncCommands();
[[nodiscard]] std::span<const Option> SyncOptions();
[[nodiscard]] std::span<const Command> DeviceCommands();
[[nodiscard]] std::span<const Option> DeviceOptions();

}  // namespace lockstepctl
